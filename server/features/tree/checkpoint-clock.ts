import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { StoppedLedgerError, type CheckpointService } from './checkpoint-service';

/** Signs checkpoints while the server runs: every 1,000 entries, every 15 minutes in which something happened, and at the end. */
export interface CheckpointClock {
  start(): void;
  /** Signs what is due now. */
  look(): Promise<void>;
  /** Signs what is not signed yet, if it was started. */
  stop(): Promise<void>;
}

interface ClockDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly checkpoints: CheckpointService;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

const MAX_ENTRIES = 1_000;
const MAX_AGE_MS = 15 * 60_000;
/** Under load a checkpoint covers what came in meanwhile, rather than that there were many in a second. */
const LOOK_MS = 10_000;
/** What tells of checkpoints would otherwise ask for the next one for ever. */
const ABOUT_CHECKPOINTS = [
  'audit.checkpoint_published',
  'audit.checkpoint_cosigned',
  'audit.checkpoint_refused',
  'audit.anchor_failed',
];

export function createCheckpointClock({ database, store, checkpoints, now, onError }: ClockDeps): CheckpointClock {
  let isRunning = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function isDue(ledger: Ledger): Promise<boolean> {
    const { state, latest, origin, behind } = await checkpoints.status(ledger);
    if (state === 'stopped' || behind === 0) return false;
    const isFirst = latest?.origin !== origin;
    // A time to come is none that we wrote: it would keep the next one back for as long.
    const isOld = Math.abs(now().getTime() - (latest?.signedAt ?? 0)) >= MAX_AGE_MS;
    return (isFirst || isOld || behind >= MAX_ENTRIES) && (await hasNews(ledger, isFirst ? 0 : latest.size));
  }

  async function hasNews(ledger: Ledger, signedSize: number): Promise<boolean> {
    const others = ABOUT_CHECKPOINTS.map(() => '?').join(',');
    const sql = `SELECT seq FROM entries WHERE ledger_id = ? AND seq > ? AND action NOT IN (${others}) ORDER BY seq LIMIT 1`;
    const bindings = [ledger.id, signedSize, ...ABOUT_CHECKPOINTS];
    return (await database.dialect.selectArrays(database.knex, sql, bindings)).length > 0;
  }

  async function signEach(reason: 'interval' | 'shutdown'): Promise<void> {
    for (const ledger of await store.listLedgers()) {
      try {
        if (reason === 'shutdown' || (await isDue(ledger))) await checkpoints.sign(ledger, reason);
      } catch (error) {
        // That a ledger is stopped was told when it was, and is told at each start.
        if (!(error instanceof StoppedLedgerError)) onError(error);
      }
    }
  }

  async function tellStopped(): Promise<void> {
    for (const ledger of await store.listLedgers()) {
      const { state, stoppedDetail } = await checkpoints.status(ledger);
      if (state === 'stopped') onError(new StoppedLedgerError(ledger.name, stoppedDetail ?? ''));
    }
  }

  function schedule(ms: number): void {
    timer = setTimeout(() => {
      looking = signEach('interval')
        .catch(onError)
        .finally(() => {
          looking = undefined;
          if (isRunning) schedule(LOOK_MS);
        });
    }, ms).unref();
  }

  return {
    look: () => signEach('interval'),
    start() {
      isRunning = true;
      looking = tellStopped()
        .catch(onError)
        .finally(() => {
          looking = undefined;
          if (isRunning) schedule(0);
        });
    },
    async stop() {
      if (!isRunning) return;
      isRunning = false;
      clearTimeout(timer);
      await looking;
      await signEach('shutdown').catch(onError);
    },
  };
}
