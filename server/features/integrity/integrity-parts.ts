import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import type { RetiredProof } from '../../entries/retired-proof';
import type { TreeReader } from '../../entries/tree-reader';
import type { BridgeService } from '../access/bridge-service';
import type { ChainStatus } from '../monitor/heartbeat-service';
import type { CertificateService } from '../retention/certificate-service';
import { createBridgeStateCheck } from './derived/bridge-state-check';
import { createDerivedChecks } from './derived/derived-checks';
import { createEntryCheck, type EntryCheckService } from './entry-check-service';
import type { HeldNote } from './evidence';
import type { HeadNotes } from './head-notes';
import { createRangeScanner } from './range-scanner';
import { createVerificationStore, type VerificationStore } from './verification-store';
import { createVerifyService, type VerifyService } from './verify-service';

interface IntegrityPartsDeps {
  readonly databaseUrl: string;
  /** Of a server, which answers while a verification runs: threads of its own do all of the work. */
  readonly isThreadWanted: boolean;
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  /** Of reports and breaks; derived from the master key. */
  readonly reportKey: Buffer;
  readonly trees: TreeReader;
  readonly erasures: ErasureReader;
  readonly headNotes: HeadNotes;
  readonly proveRetired: RetiredProof;
  readonly certificates: CertificateService;
  readonly findVkeys: (ledger: Ledger) => Promise<readonly string[]>;
  readonly heldCheckpoints: (ledger: Ledger) => Promise<HeldNote[]>;
  readonly bridges: BridgeService;
  /** Names what somebody changed in the database of what is known of a bridge, besides its own row. */
  readonly listChanged: readonly ((bridgeId: string) => Promise<string[]>)[];
}

/** What verifies, and what verifications found, joined. */
export interface IntegrityParts {
  readonly verifier: VerifyService;
  readonly verifications: VerificationStore;
  readonly entryCheck: EntryCheckService;
  /** What the latest verifications say of a ledger. */
  readonly findChain: (ledger: Ledger) => Promise<ChainStatus>;
}

export function createIntegrityParts(deps: IntegrityPartsDeps): IntegrityParts {
  const { databaseUrl, database, store, keyRing, trees, erasures, findVkeys, bridges } = deps;
  const verifications = createVerificationStore(database, deps.reportKey);
  const checkBridgeState = createBridgeStateCheck({
    bridges,
    listsOfChanged: [(id) => bridges.listChanged(id), ...deps.listChanged],
  });
  return {
    verifications,
    verifier: createVerifyService({
      database,
      store,
      trees,
      keyRing,
      headNotes: deps.headNotes,
      scanner: createRangeScanner({ databaseUrl, store: { ...store, ...trees }, isThreadWanted: deps.isThreadWanted }),
      evidence: { findVkeys, heldCheckpoints: deps.heldCheckpoints },
      derived: createDerivedChecks(databaseUrl, database, checkBridgeState),
      certificates: deps.certificates,
      findMark: (ledger) => verifications.findMark(ledger),
      erasures,
    }),
    entryCheck: createEntryCheck({
      database,
      store,
      trees,
      keyRing,
      findVkeys,
      erasures,
      proveRetired: deps.proveRetired,
    }),
    async findChain(ledger) {
      const state = await verifications.findState(ledger);
      return state ? { status: state.verdict, at: state.at } : { status: 'never_verified', at: null };
    },
  };
}
