import type { Knex } from 'knex';
import type { JsonValue } from '../../core/canonical-json';
import { fieldToken, tokenize, tokenNumber } from '../../core/search-tokens';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { viewEntry } from './entry-view';

/** Fills the token index behind the commits: entries are its queue, a position in `consumers` says how far it is. */
export interface SearchIndexer {
  /** There may be new entries. */
  wake(): void;
  /** Works until every ledger is indexed to its head. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
  /** Entries that are not indexed yet, over all ledgers. */
  countBehind(): Promise<number>;
  /**
   * Keeps the index still until the transaction ends: to be called before entries are read whose values are about to go, or their
   * words might come back. What it gives brings the index in line with what is left of an entry.
   */
  hold(trx: Knex.Transaction, ledger: Ledger): Promise<(before: EntryRow, after: EntryRow) => Promise<void>>;
}

interface IndexerDeps {
  readonly database: Database;
  readonly store: EntryStore;
  /** True while new events wait for a commit: they come first. */
  readonly isBusy: () => boolean;
  readonly onError: (error: unknown) => void;
}

const CONSUMER = 'search';
const CHUNK = 200;
const POLL_MS = 1_000;
const YIELD_MS = 50;
const MAX_WAIT_MS = 2_000;
const MAX_TOKENS = 96;
const MAX_TEXT = 4_000;

export function createSearchIndexer({ database, store, isBusy, onError }: IndexerDeps): SearchIndexer {
  const { knex: db, dialect } = database;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;

  async function indexLedger(ledger: Ledger, options: { readonly politely: boolean }): Promise<void> {
    await ensurePosition(db, ledger);
    while (!stopped) {
      const done = await db.transaction((trx) => indexChunk(trx, ledger));
      if (done === 0) return;
      if (options.politely) await untilQuiet();
    }
  }

  /** New events come first; but a stream of them that never ends must not keep the index waiting for ever. */
  async function untilQuiet(): Promise<void> {
    const latest = Date.now() + MAX_WAIT_MS;
    do await pause(isBusy() ? YIELD_MS : 0);
    while (isBusy() && Date.now() < latest && !stopped);
  }

  /** Tokens and position move together; the locked position row keeps two processes from doing the same work. */
  async function indexChunk(trx: Knex.Transaction, ledger: Ledger): Promise<number> {
    const from = (await lockPosition(trx, ledger)) + 1;
    const rows = await store.readRange(ledger, { fromSeq: from, toSeq: Number.MAX_SAFE_INTEGER, limit: CHUNK }, trx);
    const last = rows.at(-1);
    if (!last) return 0;
    const cells: Cell[][] = [];
    for (const row of rows) for (const token of tokensOf(row)) cells.push([ledger.id, tokenNumber(token), row.seq]);
    // In key order, so that the index is filled page by page.
    cells.sort((a, b) => Number(a[1]) - Number(b[1]) || Number(a[2]) - Number(b[2]));
    await dialect.insertRows(trx, 'entry_tokens', ['ledger_id', 'token', 'seq'], cells, { onConflict: 'ignore' });
    await trx('consumers').where({ name: CONSUMER, ledger_id: ledger.id }).update({ seq: last.seq });
    return rows.length;
  }

  async function lockPosition(trx: Knex.Transaction, ledger: Ledger): Promise<number> {
    // A transaction of SQLite that reads first cannot write once another process has committed (entry-store.ts, lockHead).
    if (dialect.name === 'sqlite')
      await trx('consumers').where({ name: CONSUMER, ledger_id: ledger.id }).update({ name: CONSUMER });
    const [position] = await dialect.selectArrays(
      trx,
      `SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?${dialect.forUpdate}`,
      [CONSUMER, ledger.id],
    );
    return Number(position?.[0] ?? 0);
  }

  async function ensurePosition(db: Knex, ledger: Ledger): Promise<void> {
    await dialect.insertRows(db, 'consumers', ['name', 'ledger_id', 'seq'], [[CONSUMER, ledger.id, 0]], {
      onConflict: 'ignore',
    });
  }

  async function reindex(trx: Knex.Transaction, ledger: Ledger, before: EntryRow, after: EntryRow): Promise<void> {
    const numbers = (row: EntryRow) => new Set([...tokensOf(row)].map(tokenNumber));
    const [had, has] = [numbers(before), numbers(after)];
    const gone = [...had].filter((token) => !has.has(token));
    // There is room for so many words only: some may come in for those that go.
    const come = [...has].filter((token) => !had.has(token));
    if (gone.length > 0)
      await trx('entry_tokens').where({ ledger_id: ledger.id, seq: after.seq }).whereIn('token', gone).delete();
    const cells = come.map((token) => [ledger.id, token, after.seq]);
    await dialect.insertRows(trx, 'entry_tokens', ['ledger_id', 'token', 'seq'], cells, { onConflict: 'ignore' });
  }

  async function indexAll(options: { readonly politely: boolean }): Promise<void> {
    for (const ledger of await store.listLedgers()) await indexLedger(ledger, options);
  }

  function schedule(ms: number): void {
    if (stopped || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      working = indexAll({ politely: true })
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
      await working;
      await indexAll({ politely: false });
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
    async countBehind() {
      const [row] = await dialect.selectArrays(
        db,
        'SELECT SUM(h.seq - COALESCE(c.seq, 0)) FROM heads h LEFT JOIN consumers c ON c.ledger_id = h.ledger_id AND c.name = ?',
        [CONSUMER],
      );
      return Number(row?.[0] ?? 0);
    },
    async hold(trx, ledger) {
      await ensurePosition(trx, ledger);
      const position = await lockPosition(trx, ledger);
      return (before, after) => (after.seq > position ? Promise.resolve() : reindex(trx, ledger, before, after));
    },
  };
}

/** Who, what, on what, what changed and what the hook reported. */
export function tokensOf(row: EntryRow): Set<string> {
  const view = viewEntry(row, { tenant: '', ledger: '' }, 'valid');
  const tokens = new Set<string>([fieldToken('actor_type', view.actor.type)]);
  if (view.ip !== null) tokens.add(fieldToken('ip', view.ip));
  if (view.actor.name !== null) for (const word of tokenize(view.actor.name)) tokens.add(fieldToken('name', word));
  const texts = [
    view.actor.name,
    view.actor.id,
    view.target.label,
    view.target.id,
    view.action.replace(/[._]/g, ' '),
    view.reason,
    ...view.changes.flatMap((change) => [change.field, ...textsIn(change.before), ...textsIn(change.after)]),
    ...textsIn(view.source.payload),
  ];
  for (const text of texts) {
    if (text === null || tokens.size >= MAX_TOKENS) continue;
    for (const token of tokenize(text.slice(0, MAX_TEXT))) if (tokens.size < MAX_TOKENS) tokens.add(token);
  }
  return tokens;
}

function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (value === null || typeof value === 'boolean') return [];
  return Object.values<JsonValue>(value).flatMap(textsIn);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}
