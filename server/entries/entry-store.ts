import type { Knex } from 'knex';
import { digestIn, macHead } from '../core/chain';
import { isHexHash } from '../core/strict-hex';
import type { Database } from '../db/connection';
import type { Cell } from '../db/dialect';
import { retriedTransaction } from '../db/retried-transaction';
import type { AppendItem, AppendResult, Head, QuarantinedItem, Receipt } from './append';
import { createEntryReader, type EntryReader } from './entry-reader';
import { ENTRY_COLUMNS, VALUE_COLUMNS } from './entry-row';
import type { KeyRing } from './key-ring';
import type { Ledger } from './ledger';
import { createLinker, type KnownEvents, type Linker } from './link-batch';

export type { AppendItem, AppendResult, Head, QuarantinedItem, Receipt } from './append';
export type { Ledger } from './ledger';

/**
 * The append-only store.
 *
 * `append` links the items in the order given and commits them in one transaction: after it resolves they are durable,
 * after it rejects none of them is stored. Calling it again with the same items gives the first receipts. It may be called
 * from several processes at once; the ledger's head row, locked by primary key, puts them in order.
 */
export interface EntryStore extends EntryReader {
  append(
    ledger: Ledger,
    items: readonly AppendItem[],
    quarantined?: readonly QuarantinedItem[],
  ): Promise<AppendResult[]>;
  /**
   * `append` up to the commit, which SQLite ends before the disk has it: nobody may be told of it before `sync` resolves. `take` is
   * called when the head is locked, and again with the same answer when the transaction lost a race.
   */
  commit(ledger: Ledger, take: () => Batch): Promise<AppendResult[]>;
  /** How many calls of `commit` for one ledger are worth having at once: on a server the next waits there for the head. */
  readonly lanes: number;
  /** Resolves when all that was committed before the call is durable. */
  sync(): Promise<void>;
  /**
   * Runs `work` in one transaction with the head of the ledger locked: what it appends and what it writes itself is committed
   * together or not at all. It may run again when the transaction lost a race. Durable when it resolves.
   */
  withHead<T>(ledger: Ledger, work: (locked: LockedHead) => Promise<T>): Promise<T>;
  findLedger(name: string): Promise<Ledger | undefined>;
  /** Every ledger, or the tenant's. */
  listLedgers(tenantId?: number): Promise<Ledger[]>;
  findHead(ledger: Ledger): Promise<Head | undefined>;
  /** Highest sequence number that any row has, whatever the head says. */
  findLastSeq(ledger: Ledger): Promise<number>;
}

/** What one transaction stores. */
interface Batch {
  readonly items: readonly AppendItem[];
  readonly quarantined: readonly QuarantinedItem[];
}

/** A ledger that nobody else appends to before `work` ends. */
export interface LockedHead {
  readonly trx: Knex.Transaction;
  /** The head now, behind what was appended so far. */
  readonly head: Pick<Head, 'seq' | 'hash' | 'epoch'>;
  append(items: readonly AppendItem[]): Promise<readonly AppendResult[]>;
  /** What is appended from here on belongs to this epoch. Its key is given: it is nobody else's before the commit. */
  enterEpoch(epoch: number, key: Buffer): void;
}

interface StoreDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  /** Told after each commit that made entries, before it is durable: the leaves of the entries up to `lastSeq`. */
  readonly onLeaves?: (ledger: Ledger, lastSeq: number, leaves: readonly Buffer[]) => void;
}

const MAX_ATTEMPTS = 8;
/** Entries that are linked at a time: as many as one prepared statement takes. Few at first, so that a server soon has work. */
const PART = 64;
const FIRST_PART = 16;

/** What an append writes, but for the head. */
const APPENDED = {
  entries: { columns: ENTRY_COLUMNS },
  entry_values: { columns: VALUE_COLUMNS },
  day_counters: {
    columns: ['ledger_id', 'day', 'category', 'severity', 'entries', 'min_seq', 'max_seq'],
    onConflict: {
      key: ['ledger_id', 'day', 'category', 'severity'],
      set: ['entries = day_counters.entries + new(entries)', 'max_seq = new(max_seq)'],
    },
  },
} as const;

export class AppendError extends Error {
  override name = 'AppendError';
}

export function createEntryStore({ database, keyRing, onLeaves }: StoreDeps): EntryStore {
  const { knex: db, dialect } = database;

  async function commit(ledger: Ledger, take: () => Batch): Promise<AppendResult[]> {
    // Nearly always every event is new, and the unique key says so by itself: who is known is asked only after it refused.
    let look = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const batch = await database.appends.transaction((trx) => appendOnce(trx, ledger, take, { look }));
        if (batch.leaves.length > 0) onLeaves?.(ledger, batch.head.seq, batch.leaves);
        return batch.results;
      } catch (error) {
        const isDuplicate = dialect.isDuplicate(error);
        if ((!isDuplicate && !dialect.isRetriable(error)) || attempt === MAX_ATTEMPTS) throw error;
        look ||= isDuplicate;
      }
    }
  }

  async function appendOnce(
    trx: Knex.Transaction,
    ledger: Ledger,
    take: () => Batch,
    options: { readonly look: boolean },
  ): Promise<Linker> {
    const head = await lockHead(trx, ledger);
    const { items, quarantined } = take();
    const known = options.look
      ? await findKnown(trx, ledger.tenant.id, [...new Set(items.map((item) => item.eventId))])
      : new Map<string, never>();
    const epochKey = await openKey(trx, ledger, head.epoch);
    const linker = createLinker(ledger, { head, epochKey }, known);
    if (items.length > 0) await insertItems(trx, linker, items);
    if (linker.head.seq > head.seq) await moveHead(trx, ledger, head, { ...linker.head, epoch: head.epoch });
    await setAside(trx, ledger, quarantined);
    return linker;
  }

  async function withHead<T>(ledger: Ledger, work: (locked: LockedHead) => Promise<T>): Promise<T> {
    const result = await retriedTransaction({ ...database, knex: database.appends }, async (trx) => {
      const from = await lockHead(trx, ledger);
      let tip: LockedHead['head'] = from;
      let newKey: Buffer | undefined;
      const done = await work({
        trx,
        get head() {
          return tip;
        },
        async append(items) {
          const epochKey = newKey ?? (await openKey(trx, ledger, tip.epoch));
          const linker = createLinker(ledger, { head: tip, epochKey }, new Map());
          await insertItems(trx, linker, items);
          tip = { ...linker.head, epoch: tip.epoch };
          return linker.results;
        },
        enterEpoch(epoch, key) {
          tip = { ...tip, epoch };
          newKey = key;
        },
      });
      if (tip.seq !== from.seq || tip.epoch !== from.epoch) await moveHead(trx, ledger, from, tip);
      return done;
    });
    await database.sync();
    return result;
  }

  async function openKey(trx: Knex.Transaction, ledger: Ledger, epoch: number): Promise<Buffer> {
    const key = await keyRing.findEpochKey(trx, ledger.id, ledger.name, epoch);
    if (!key)
      throw new AppendError(
        `The chain key of ledger ${ledger.name}, epoch ${epoch}, cannot be opened with this master key.`,
      );
    return key;
  }

  /** The next items are linked while a server works on those before. */
  async function insertItems(trx: Knex.Transaction, linker: Linker, items: readonly AppendItem[]): Promise<void> {
    await dialect.insertMany(trx, APPENDED, async (write) => {
      for (const some of partsOf(items)) {
        const part = linker.link(some);
        write('entries', part.entries);
        write('entry_values', part.values);
        // What a server works on by itself leaves this thread time for what has arrived meanwhile. SQLite is this thread: an open
        // transaction would only last longer, and its lock with it.
        if (dialect.name !== 'sqlite') await new Promise((resolve) => setImmediate(resolve));
      }
      write('day_counters', linker.counters());
    });
  }

  async function lockHead(trx: Knex.Transaction, ledger: Ledger): Promise<Head> {
    const [cells] = await dialect.selectArrays(
      trx,
      `SELECT seq, hash, mac, epoch FROM heads WHERE ledger_id = ?${dialect.forUpdate}`,
      [ledger.id],
    );
    if (!cells) throw new AppendError(`Ledger ${ledger.name} has no head: its row was removed from the database.`);
    const head = toHead(cells);
    // What nobody could link an entry to is named here, before anything is written.
    if (!isHexHash(head.hash) || !Number.isSafeInteger(head.seq) || !Number.isSafeInteger(head.epoch))
      throw new AppendError(`The row that names the newest entry of ledger ${ledger.name} was changed: run sealtrail verify.`); // prettier-ignore
    return head;
  }

  /** The receipts and the digest of events that are stored already. */
  async function findKnown(trx: Knex.Transaction, tenantId: number, eventIds: readonly string[]): Promise<KnownEvents> {
    const known = new Map<string, { readonly digest: string | null; readonly receipts: Receipt[] }>();
    const stored = new Set<string>();
    for (let at = 0; at < eventIds.length; at += 500) {
      const some = eventIds.slice(at, at + 500);
      // From the index alone, whatever the planner thinks of a long list: nearly always the answer is "none".
      const sql = `SELECT event_id FROM entries ${dialect.useIndex('entries_event')} WHERE tenant_id = ? AND event_id IN (${placeholders(some)})`;
      for (const [id] of await dialect.selectArrays(trx, sql, [tenantId, ...some])) stored.add(String(id));
    }
    if (stored.size === 0) return known;
    const sql = `SELECT e.event_id, e.part, l.name, e.seq, e.hash, v.digest FROM entries e ${dialect.useIndex('entries_event')}
      JOIN ledgers l ON l.id = e.ledger_id LEFT JOIN entry_values v ON v.ledger_id = e.ledger_id AND v.seq = e.seq
      WHERE e.tenant_id = ? AND e.event_id IN (${placeholders([...stored])}) ORDER BY e.event_id, e.part`;
    for (const [id, part, ledger, seq, hash, digest] of (await dialect.selectArrays(trx, sql, [
      tenantId,
      ...stored,
    ])) as [string, number, string, number, string, string | null][]) {
      const entry = known.get(id) ?? { digest: digest && digestIn(digest), receipts: [] };
      entry.receipts.push({ id, part, ledger, seq, hash });
      known.set(id, entry);
    }
    return known;
  }

  async function moveHead(trx: Knex.Transaction, ledger: Ledger, from: Head, to: LockedHead['head']): Promise<void> {
    const mac = macHead(keyRing.headKey, ledger.name, to.seq, to.hash);
    const moved = await trx('heads')
      .where({ ledger_id: ledger.id, seq: from.seq, hash: from.hash })
      .update({ seq: to.seq, hash: to.hash, mac, epoch: to.epoch });
    if (moved !== 1) throw new AppendError(`The head of ledger ${ledger.name} moved while it was locked.`);
  }

  async function setAside(trx: Knex.Transaction, ledger: Ledger, items: readonly QuarantinedItem[]): Promise<void> {
    await dialect.insertRows(
      trx,
      'quarantine',
      ['tenant_id', 'bridge_id', 'digest', 'event_id', 'reason', 'detail', 'item', 'received_at'],
      items.map((item) => [
        ledger.tenant.id,
        item.bridgeId,
        item.digest,
        item.eventId,
        item.reason,
        item.detail,
        item.item,
        item.receivedAt,
      ]),
      { onConflict: 'ignore' },
    );
  }

  return {
    async append(ledger, items, quarantined = []) {
      const results = await commit(ledger, () => ({ items, quarantined }));
      await database.sync();
      return results;
    },

    commit,
    lanes: dialect.name === 'sqlite' ? 1 : 2,
    withHead,
    sync: () => database.sync(),

    async findLedger(name) {
      return (await selectLedgers('WHERE l.name = ?', [name]))[0];
    },

    listLedgers: (tenantId) =>
      tenantId === undefined ? selectLedgers('', []) : selectLedgers('WHERE l.tenant_id = ?', [tenantId]),

    async findHead(ledger) {
      const [cells] = await dialect.selectArrays(db, 'SELECT seq, hash, mac, epoch FROM heads WHERE ledger_id = ?', [
        ledger.id,
      ]);
      return cells && toHead(cells);
    },

    async findLastSeq(ledger) {
      // Words and bytes, which SQLite takes too, are larger than every number.
      const sql = 'SELECT MAX(seq) FROM entries WHERE ledger_id = ? AND seq <= ?';
      const [cells] = await dialect.selectArrays(db, sql, [ledger.id, Number.MAX_SAFE_INTEGER]);
      return Number(cells?.[0] ?? 0);
    },

    ...createEntryReader(database),
  };

  async function selectLedgers(where: string, bindings: readonly Cell[]): Promise<Ledger[]> {
    const sql = `SELECT l.id, l.name, t.id, t.slug FROM ledgers l JOIN tenants t ON t.id = l.tenant_id ${where} ORDER BY l.id`;
    const rows = (await dialect.selectArrays(db, sql, bindings)) as [number, string, number, string][];
    return rows.map(([id, name, tenantId, slug]) => ({ id, name, tenant: { id: tenantId, slug } }));
  }
}

/** Runs of items with up to FIRST_PART, then PART entries; an item with more is a run of its own. */
function partsOf(items: readonly AppendItem[]): AppendItem[][] {
  const parts: AppendItem[][] = [];
  let room = 0;
  for (const item of items) {
    if (item.entries.length > room) {
      room = parts.length === 0 ? FIRST_PART : PART;
      parts.push([]);
    }
    parts.at(-1)?.push(item);
    room -= item.entries.length;
  }
  return parts;
}

function placeholders(values: readonly unknown[]): string {
  return values.map(() => '?').join(',');
}

function toHead(cells: readonly Cell[]): Head {
  const [seq, hash, mac, epoch] = cells as [number, string, string, number];
  return { seq, hash, mac, epoch };
}
