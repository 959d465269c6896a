import { isDatabaseAway } from '../db/dialect';
import type { AppendItem, AppendResult, EntryStore, Ledger, QuarantinedItem } from './entry-store';

/**
 * Groups what concurrent requests want to store into one transaction a ledger (group commit): while one batch is on its way
 * to the disk, the next gathers and is linked; on a server its transaction waits already for the head. Resolves when the batch is durable; a failure of the shared transaction is
 * everybody's.
 */
export interface Appender {
  append(
    ledger: Ledger,
    items: readonly AppendItem[],
    quarantined: readonly QuarantinedItem[],
  ): Promise<readonly AppendResult[]>;
  /** Resolves when nothing is waiting any more. */
  drain(): Promise<void>;
  /** Items waiting for a commit, for the metrics and for turning work away. */
  readonly waiting: number;
}

interface Request {
  readonly ledger: Ledger;
  readonly items: readonly AppendItem[];
  readonly quarantined: readonly QuarantinedItem[];
  resolve(results: readonly AppendResult[]): void;
  reject(error: unknown): void;
}

interface Committed {
  readonly request: Request;
  readonly results: readonly AppendResult[];
}

const MAX_BATCH = 2_000;

interface AppenderOptions {
  /** Told after each commit that moved a head. */
  readonly onCommit?: (ledger: string, seq: number, hash: string) => void;
}

export function createAppender(store: EntryStore, { onCommit }: AppenderOptions = {}): Appender {
  const queues = new Map<number, Request[]>();
  const running = new Map<number, number>();
  const syncing = new Map<number, Promise<void>>();
  let onDrained: (() => void)[] = [];
  let waiting = 0;

  /** One of the transactions that may be open for a ledger at a time. */
  async function run(ledger: Ledger): Promise<void> {
    const queue = queues.get(ledger.id) ?? [];
    while (queue.length > 0) {
      await turnOfTheEventLoop();
      let taken: readonly Request[] | undefined;
      const committed = await commitOrSplit(ledger, () => (taken ??= takeBatch(queue)));
      // The next batch is linked while this one goes to the disk; one is on its way there at a time.
      const before = syncing.get(ledger.id);
      const settled = Promise.resolve(before).then(() => settle(taken ?? [], committed));
      syncing.set(ledger.id, settled);
      await before;
    }
    running.set(ledger.id, (running.get(ledger.id) ?? 1) - 1);
  }

  /** The requests that were committed; the others have their answer. */
  async function commitOrSplit(ledger: Ledger, take: () => readonly Request[]): Promise<Committed[]> {
    try {
      return await commit(ledger, take);
    } catch (error) {
      const batch = take();
      // One request may hold what the store refuses; alone, each gets its own answer.
      if (batch.length > 1 && !isDatabaseAway(error)) return await commitEach(ledger, batch);
      for (const request of batch) request.reject(error);
      return [];
    }
  }

  async function commitEach(ledger: Ledger, batch: readonly Request[]): Promise<Committed[]> {
    const committed: Committed[] = [];
    for (const request of batch) {
      try {
        committed.push(...(await commit(ledger, () => [request])));
      } catch (error) {
        request.reject(error);
      }
    }
    return committed;
  }

  async function commit(ledger: Ledger, take: () => readonly Request[]): Promise<Committed[]> {
    const results = await store.commit(ledger, () => ({
      items: take().flatMap((request) => request.items),
      quarantined: take().flatMap((request) => request.quarantined),
    }));
    let at = 0;
    return take().map((request) => {
      at += request.items.length;
      return { request, results: results.slice(at - request.items.length, at) };
    });
  }

  /** Answers once the disk has it. Never rejects. */
  async function settle(batch: readonly Request[], committed: readonly Committed[]): Promise<void> {
    try {
      if (committed.length > 0) await store.sync();
      const results = committed.flatMap((one) => one.results);
      const newest = results.flatMap((result) => (result.outcome === 'appended' ? result.receipts : [])).at(-1);
      if (newest) onCommit?.(newest.ledger, newest.seq, newest.hash);
      for (const { request, results } of committed) request.resolve(results);
    } catch (error) {
      for (const { request } of committed) request.reject(error);
    }
    for (const request of batch) waiting -= request.items.length + request.quarantined.length;
    if (waiting > 0) return;
    for (const tell of onDrained) tell();
    onDrained = [];
  }

  return {
    append(ledger, items, quarantined) {
      return new Promise((resolve, reject) => {
        const queue = queues.get(ledger.id) ?? [];
        queues.set(ledger.id, queue);
        queue.push({ ledger, items, quarantined, resolve, reject });
        waiting += items.length + quarantined.length;
        const lanes = running.get(ledger.id) ?? 0;
        if (lanes >= store.lanes) return;
        running.set(ledger.id, lanes + 1);
        void run(ledger);
      });
    },
    drain() {
      return waiting === 0 ? Promise.resolve() : new Promise((resolve) => onDrained.push(resolve));
    },
    get waiting() {
      return waiting;
    },
  };
}

/** Lets in what arrived during the last commit, so that it shares the next one: a commit blocks the loop on SQLite. */
async function turnOfTheEventLoop(): Promise<void> {
  // The first may run before the loop has looked for arrivals, the second does not.
  for (let i = 0; i < 2; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

function takeBatch(queue: Request[]): Request[] {
  const batch: Request[] = [];
  let size = 0;
  while (queue.length > 0) {
    const next = queue[0] as Request;
    const weight = next.items.length + next.quarantined.length;
    if (batch.length > 0 && size + weight > MAX_BATCH) break;
    batch.push(next);
    size += weight;
    queue.shift();
  }
  return batch;
}
