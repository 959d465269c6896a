import type { Database } from '../db/connection';
import type { EntryStore, Ledger } from './entry-store';

/**
 * Work behind the commits: the entries are its queue, a position in `consumers` says how far it is. It wakes up when told, and looks
 * by itself each second, since another process may have stored something.
 */
export interface Follower {
  /** There may be new entries. */
  wake(): void;
  /** Works until every ledger is done to its head. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
  /** Entries that are still to come, over all ledgers. */
  countBehind(): Promise<number>;
}

interface FollowerDeps {
  readonly database: Database;
  readonly store: Pick<EntryStore, 'listLedgers'>;
  /** The name of its position in `consumers`. */
  readonly name: string;
  /** True while new events wait for a commit: they come first. */
  readonly isBusy: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Does in small transactions what there is to be done in a ledger, and ends where `mayGoOn` between two of them says no. */
  readonly follow: (ledger: Ledger, mayGoOn: () => Promise<boolean>) => Promise<void>;
}

const POLL_MS = 1_000;
const YIELD_MS = 50;
const MAX_WAIT_MS = 2_000;

export function createFollower({ database, store, name, isBusy, onError, follow }: FollowerDeps): Follower {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  /** How many wait for the end: with new events all the time, politeness would never come to it. */
  let waiting = 0;

  async function followAll(mayGoOn: () => Promise<boolean>): Promise<void> {
    for (const ledger of await store.listLedgers()) {
      if (stopped) return;
      await follow(ledger, mayGoOn);
    }
  }

  /** New events come first; but a stream of them that never ends must not keep the others waiting for ever. */
  async function whenQuiet(): Promise<boolean> {
    const latest = Date.now() + MAX_WAIT_MS;
    do await pause(isBusy() && waiting === 0 ? YIELD_MS : 0);
    while (isBusy() && waiting === 0 && Date.now() < latest && !stopped);
    return !stopped;
  }

  function schedule(ms: number): void {
    if (stopped || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      working = followAll(whenQuiet)
        .catch(onError)
        .finally(() => {
          working = undefined;
          schedule(POLL_MS);
        });
    }, ms).unref();
  }

  return {
    wake() {
      if (working !== undefined || timer !== undefined) return;
      schedule(YIELD_MS);
    },
    async catchUp() {
      waiting += 1;
      try {
        await working;
        await followAll(() => Promise.resolve(!stopped));
      } finally {
        waiting -= 1;
      }
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
    async countBehind() {
      const [row] = await database.dialect.selectArrays(
        database.knex,
        'SELECT SUM(h.seq - COALESCE(c.seq, 0)) FROM heads h LEFT JOIN consumers c ON c.ledger_id = h.ledger_id AND c.name = ?',
        [name],
      );
      return Number(row?.[0] ?? 0);
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}
