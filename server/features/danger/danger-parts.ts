import type { Logger } from 'pino';
import type { Config } from '../../config/config';
import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { BridgeService } from '../access/bridge-service';
import type { CredentialService } from '../access/credential-service';
import type { ApiTokenService } from '../access/token-service';
import type { AnchorService } from '../anchors/anchor-service';
import type { OwnEvents } from '../capture/own-events-service';
import type { VerifyService } from '../integrity/verify-service';
import type { ArchiveService } from '../retention/archive-service';
import type { HoldService } from '../retention/hold-service';
import type { PruneService } from '../retention/prune-service';
import type { LedgerFacts } from '../../entries/ledger-facts';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { MailService } from '../settings/mail-service';
import { createPurgeNews } from './purge-news';
import { createPurgePeople } from './purge-people';
import { createPurgeRunner, type PurgeRunner } from './purge-runner';
import { createPurgeService, type PurgeService } from './purge-service';
import { createUninstaller, type Uninstaller } from './uninstaller';

interface DangerPartsDeps {
  readonly config: Config;
  readonly logger: Logger;
  readonly mail: Pick<MailService, 'transport' | 'alertTo'>;
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly bridges: BridgeService;
  readonly tokens: ApiTokenService;
  readonly credentials: CredentialService;
  readonly ownEvents: OwnEvents;
  readonly checkpoints: CheckpointService;
  readonly anchors: Pick<AnchorService, 'sendNow'>;
  readonly verifier: Pick<VerifyService, 'verify'>;
  readonly retention: {
    readonly facts: LedgerFacts;
    readonly holds: HoldService;
    readonly pruner: PruneService;
    readonly archives: ArchiveService;
  };
  /** Whether a role, as sign-ins record it, may purge. */
  readonly mayPurge: (tenantId: number, role: string) => Promise<boolean>;
  /** How long a purge waits for its confirmation (ms). */
  readonly delayMs: number;
  /** The store without credentials. */
  readonly storeName: string;
  readonly now: () => Date;
}

/** What deletes and ends, joined. */
export interface DangerParts {
  readonly purges: PurgeService;
  readonly runner: PurgeRunner;
  readonly uninstaller: Uninstaller;
}

export function createDangerParts(deps: DangerPartsDeps): DangerParts {
  const { config, logger, store, ownEvents, checkpoints, retention, now } = deps;
  const { facts, holds, pruner, archives } = retention;
  const tell = createPurgeNews({ mail: deps.mail, publicUrl: config.publicUrl, logger });
  const purges = createPurgeService({
    facts,
    people: createPurgePeople({ facts, mayPurge: deps.mayPurge, now }),
    pruner,
    store,
    exclusively: (ledger, work) => holds.exclusively(ledger, work),
    findBreak,
    delayMs: deps.delayMs,
    tell,
    now,
  });
  const uninstaller = createUninstaller({
    ...deps,
    db: deps.database.knex,
    facts,
    publish,
    place: {
      dataDir: config.dataDir,
      masterKeyFile: config.masterKeyFile,
      store: deps.storeName,
      keyHint: deps.keyRing.fingerprint,
    },
  });
  const runner = createPurgeRunner({ purges, pruner, archives, facts, ownEvents, uninstaller, publish, tell });
  return { purges, runner, uninstaller };

  async function findBreak(ledger: Ledger, fromSeq: number): Promise<string | null> {
    const { ledgers } = await deps.verifier.verify({ ledger: ledger.name, fromSeq });
    const first = ledgers[0]?.broken[0];
    return first ? `entry ${first.seq}, ${first.kind}: ${first.detail}` : null;
  }

  /** An anchor that does not answer keeps nobody from what was confirmed: its copy is brought later. */
  async function publish(ledger: Ledger) {
    const signed = await checkpoints.sign(ledger, 'prune');
    await deps.anchors.sendNow(ledger).catch((error: unknown) => {
      logger.warn({ err: error }, 'a final checkpoint was not brought to every anchor');
    });
    return signed;
  }
}
