import { setImmediate } from 'node:timers/promises';
import type { Knex } from 'knex';
import { BLOCK } from '../../core/seq-set';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { createFollower, type Follower } from '../../entries/follower';
import { buildBlock } from './block-builder';
import { createBlockStore } from './block-store';
import { wordsOf, wordTerms } from './entry-terms';
import { readWords, writeWords } from './fresh-words';

// What the derived check compares.
export { createBlockStore, type BlockInfo } from './block-store';
export { completeKeys, sharedKeys, wordsOf, wordTerms } from './entry-terms';
export { readWords } from './fresh-words';

/** Fills the index of words and sets behind the commits. */
export interface SearchIndexer extends Follower {
  /**
   * Keeps the index still until the transaction ends: to be called before entries are read whose values are about to go, or their
   * words might come back. What it gives brings the index in line with what is left of an entry.
   */
  hold(trx: Knex.Transaction, ledger: Ledger): Promise<(before: EntryRow, after: EntryRow) => Promise<void>>;
  /** Keeps the index still until the transaction ends: to be called before entries are read that are about to go. */
  lock(trx: Knex.Transaction, ledger: Ledger): Promise<void>;
  /** Under `lock`: takes entries out that are deleted in the same transaction, as far as `through`; `isEnd`: no more will follow. */
  forget(trx: Knex.Transaction, ledger: Ledger, entries: IndexedEntries, options: ForgetOptions): Promise<void>;
}

/** Entries in the order of their numbers, and every word that the index has of any of them. */
export interface IndexedEntries {
  readonly seqs: readonly number[];
  readonly words: readonly string[];
}

interface ForgetOptions {
  readonly through: number;
  readonly isEnd: boolean;
}

interface IndexerDeps {
  readonly database: Database;
  readonly store: EntryStore;
  /** True while new events wait for a commit: they come first. */
  readonly isBusy: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Where the index of words is; an index of another kind would have another name, and begin at the first entry. */
export const WORDS_CONSUMER = 'words';
const CONSUMER = WORDS_CONSUMER;
const CHUNK = 200;
/** More words in one statement, and a planner may prefer to walk the whole index. */
const WORDS_AT_ONCE = 500;

export function createSearchIndexer({ database, store, isBusy, onError }: IndexerDeps): SearchIndexer {
  const { knex: db, dialect } = database;
  const blocks = createBlockStore(database);

  async function indexLedger(ledger: Ledger, mayGoOn: () => Promise<boolean>): Promise<void> {
    await ensurePosition(db, ledger);
    let isMore: boolean;
    do {
      const indexed = await db.transaction((trx) => indexChunk(trx, ledger));
      const built = await buildNext(ledger);
      // Not while anything is new: under a stream of events that never ends, whoever waits for the index would wait for ever.
      isMore = indexed === CHUNK || built;
    } while (isMore && (await mayGoOn()));
  }

  /** Words and position move together; the locked position row keeps two processes from doing the same work. */
  async function indexChunk(trx: Knex.Transaction, ledger: Ledger): Promise<number> {
    const from = (await lockPosition(trx, ledger)) + 1;
    const rows = await store.readRange(ledger, { fromSeq: from, toSeq: Number.MAX_SAFE_INTEGER, limit: CHUNK }, trx);
    const last = rows.at(-1);
    if (!last) return 0;
    const entries = rows.map((row) => ({ seq: row.seq, words: wordsOf(row) }));
    await insertWords(trx, ledger, entries);
    await writeWords(database, trx, ledger, entries);
    await trx('consumers').where({ name: CONSUMER, ledger_id: ledger.id }).update({ seq: last.seq });
    return rows.length;
  }

  /** Once all entries of a block are indexed, its sets are made of their words. False when there is nothing to do yet. */
  async function buildNext(ledger: Ledger): Promise<boolean> {
    const fromSeq = await blocks.findEnd(ledger);
    const [known] = await dialect.selectArrays(db, 'SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?', [CONSUMER, ledger.id]); // prettier-ignore
    if (Number(known?.[0] ?? 0) < fromSeq + BLOCK - 1) return false;
    await db.transaction(async (trx) => {
      // First of all: what is read behind it is what the one before left.
      await lockPosition(trx, ledger);
      // Another process may have made it meanwhile.
      if ((await blocks.findEnd(ledger, trx)) === fromSeq)
        await buildBlock(database, trx, ledger, { fromSeq, giveWay: () => setImmediate() });
    });
    return true;
  }

  async function insertWords(
    trx: Knex,
    ledger: Ledger,
    entries: readonly { readonly seq: number; readonly words: Iterable<string> }[],
  ): Promise<void> {
    const cells = entries.flatMap(({ seq, words }) => [...words].map((word): Cell[] => [ledger.id, word, seq]));
    // In key order, so that the index is filled page by page.
    cells.sort((a, b) => compareText(String(a[1]), String(b[1])) || Number(a[2]) - Number(b[2]));
    await dialect.insertRows(trx, 'entry_words', ['ledger_id', 'word', 'seq'], cells, { onConflict: 'ignore' });
  }

  async function lockPosition(trx: Knex.Transaction, ledger: Ledger): Promise<number> {
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
    const [had, has] = [wordsOf(before), wordsOf(after)];
    const gone = [...had].filter((word) => !has.has(word));
    // There is room for so many words only: some may come in for those that go.
    const come = [...has].filter((word) => !had.has(word));
    if (gone.length > 0)
      await trx('entry_words').where({ ledger_id: ledger.id, seq: after.seq }).whereIn('word', gone).delete();
    await insertWords(trx, ledger, [{ seq: after.seq, words: come }]);
    if ((await readWords(database, trx, ledger, { fromSeq: after.seq, toSeq: after.seq })).length > 0)
      return writeWords(database, trx, ledger, [{ seq: after.seq, words: has }]);
    const [from, to] = [wordTerms(had), wordTerms(has)];
    await blocks.move(trx, ledger, after.seq, {
      from: [...from].filter((term) => !to.has(term)),
      to: [...to].filter((term) => !from.has(term)),
    });
  }

  async function forgetWords(trx: Knex, ledger: Ledger, { seqs, words }: IndexedEntries): Promise<void> {
    const [first, last] = [seqs[0] ?? 0, seqs.at(-1) ?? 0];
    // Entries that stay are few; their words are put back by nobody, so that they must not go.
    const going = new Set(seqs);
    const staying = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((seq) => !going.has(seq));
    const within = `ledger_id = ? AND seq BETWEEN ? AND ?${staying.length === 0 ? '' : ` AND seq NOT IN (${marks(staying)})`}`;
    const range = [ledger.id, first, last, ...staying];
    const from = dialect.name === 'mysql' ? 'DELETE t FROM entry_words t FORCE INDEX (PRIMARY)' : 'DELETE FROM entry_words'; // prettier-ignore
    for (let at = 0; at < words.length; at += WORDS_AT_ONCE) {
      const some = words.slice(at, at + WORDS_AT_ONCE);
      await trx.raw(`${from} WHERE ${within} AND word IN (${marks(some)})`, [...range, ...some]);
    }
    await trx.raw(`DELETE FROM fresh_words WHERE ${within}`, range);
  }

  return {
    ...createFollower({ database, store, name: CONSUMER, isBusy, onError, follow: indexLedger }),
    async hold(trx, ledger) {
      await ensurePosition(trx, ledger);
      const position = await lockPosition(trx, ledger);
      return (before, after) => (after.seq > position ? Promise.resolve() : reindex(trx, ledger, before, after));
    },
    async lock(trx, ledger) {
      await lockPosition(trx, ledger);
    },
    async forget(trx, ledger, entries, options) {
      if (entries.seqs.length > 0) await forgetWords(trx, ledger, entries);
      await blocks.forget(trx, ledger, entries.seqs, options);
    },
  };
}

/** What `forget` takes out; asks no database. */
export function indexedEntries(rows: readonly EntryRow[]): IndexedEntries {
  const words = new Set<string>();
  for (const row of rows) for (const word of wordsOf(row)) words.add(word);
  // In the order of the index.
  return { seqs: rows.map((row) => row.seq), words: [...words].sort(compareText) };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(',');
}
