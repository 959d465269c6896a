import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../db/connection';
import type { Appender } from '../../entries/appender';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import type { ArchiveKey } from './archive-file';
import { createArchivePlaces } from './archive-places';
import { createArchiveService, type ArchiveService } from './archive-service';
import { createCertificateService, type CertificateService } from './certificate-service';
import { createHoldService, type HoldService } from './hold-service';
import { createLeaseStore } from '../../entries/lease-store';
import { createLedgerFacts, type LedgerFacts, type ReadLeaves } from '../../entries/ledger-facts';
import { createPruneArchiver } from './prune-archiver';
import { createPruneDeleter, type DeleterDeps } from './prune-deleter';
import { createPruneMaker, type SignedTree } from './prune-maker';
import { createPrunePlanner } from './prune-plan';
import { createPruneService, type PruneService } from './prune-service';
import { createPruneStore } from './prune-store';
import { createRetentionService, type RetentionService } from './retention-service';

interface RetentionPartsDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly erasures: ErasureReader;
  readonly appender: Appender;
  readonly dataDir: string;
  /** A second folder for archives. */
  readonly archiveCopyDir: string | undefined;
  readonly archiveKey: ArchiveKey;
  readonly tree: {
    /** A checkpoint over everything there is now. Throws PruneRefusedError where none may be signed. */
    readonly signCheckpoint: (ledger: Ledger) => Promise<SignedTree>;
    readonly signNote: (text: string, origin: string) => string;
    readonly vkeysOf: (ledger: Ledger) => Promise<readonly string[]>;
    readonly readLeaves: ReadLeaves;
  };
  readonly index: DeleterDeps['index'];
  /** The counters of the dashboard, held still while entries go; what it gives takes those out of them. */
  readonly holdCounters: DeleterDeps['holdCounters'];
  /** Readers behind the commits, brought up to the newest entry. */
  readonly catchUp: () => Promise<void>;
  readonly now: () => Date;
  /** Told after each durable step of a prune. */
  readonly onStep?: (step: string) => void;
}

/** What keeps, holds, prunes and archives, joined. */
export interface RetentionParts {
  readonly retention: RetentionService;
  readonly holds: HoldService;
  readonly pruner: PruneService;
  readonly archives: ArchiveService;
  readonly certificates: CertificateService;
  readonly facts: LedgerFacts;
}

const YIELD_MS = 20;
const MAX_WAIT_MS = 240;

export function createRetentionParts(deps: RetentionPartsDeps): RetentionParts {
  const { database, store, keyRing, appender, tree, now } = deps;
  const onStep = deps.onStep === undefined ? {} : { onStep: deps.onStep };
  const facts = createLedgerFacts({ database, keyRing, store, appender, readLeaves: tree.readLeaves, now });
  const leases = createLeaseStore(database, now);
  const prunes = createPruneStore(database.knex);
  const planner = createPrunePlanner(database, store);
  const places = createArchivePlaces(deps.dataDir, deps.archiveCopyDir);
  const holds = createHoldService({ database, facts, leases, now });
  const retention = createRetentionService({ database, facts, now });
  const archiver = createPruneArchiver({
    database,
    store,
    keyRing,
    erasures: deps.erasures,
    readLeaves: tree.readLeaves,
    untilQuiet,
  });

  /** New events come first; but a stream of them that never ends must not keep a prune waiting for ever. */
  async function untilQuiet(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (let waited = 0; appender.waiting > 0 && waited < MAX_WAIT_MS; waited += YIELD_MS) await pause(YIELD_MS);
  }

  return {
    facts,
    retention,
    holds,
    pruner: createPruneService({
      retention,
      holds,
      leases,
      prunes,
      planner,
      maker: createPruneMaker({
        prunes,
        planner,
        archiver,
        places,
        holds,
        facts,
        archiveKey: deps.archiveKey,
        signCheckpoint: tree.signCheckpoint,
        signNote: tree.signNote,
        now,
        ...onStep,
      }),
      deleter: createPruneDeleter({
        database,
        store,
        prunes,
        index: deps.index,
        holdCounters: deps.holdCounters,
        isBusy: () => appender.waiting > 0,
        now,
        ...onStep,
      }),
      catchUp: deps.catchUp,
      untilQuiet,
      now,
    }),
    archives: createArchiveService({
      database,
      store,
      keyRing,
      erasures: deps.erasures,
      prunes,
      places,
      archiveKey: deps.archiveKey,
      ...tree,
    }),
    certificates: createCertificateService({ facts, prunes, vkeysOf: tree.vkeysOf }),
  };
}
