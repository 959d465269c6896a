import type { Knex } from 'knex';
import { isKept } from '../../core/kept-entries';
import { SEGMENT } from '../../core/prune-certificate';
import { tokenNumber } from '../../core/search-tokens';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import { retriedTransaction } from '../../db/retried-transaction';
import { dayNumber } from '../../entries/day-number';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { PruneStore } from './prune-store';

interface DeleterDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly prunes: PruneStore;
  /** The words under which the search index has an entry. */
  readonly tokensOf: (row: EntryRow) => ReadonlySet<string>;
  readonly now: () => Date;
  /** Told after each transaction; tests end a process there. */
  readonly onStep?: (step: string) => void;
}

/** More tokens in one statement, and a planner may prefer to walk the whole index. */
const TOKENS = 100;

/** Deletes what a prune in state `deleting` covers, a segment a transaction: entries, values, words of the search, counters. */
export function createPruneDeleter({ database, store, prunes, tokensOf, now, onStep }: DeleterDeps) {
  const { dialect } = database;

  /** False when nothing is left. Two processes at the same prune take turns at its row. */
  async function deleteSegment(ledger: Ledger, id: string): Promise<boolean> {
    const isMore = await retriedTransaction(database, async (trx) => {
      const prune = await prunes.lock(trx, id);
      if (prune?.state !== 'deleting') return false;
      const fromSeq = prune.deletedTo + 1;
      const toSeq = Math.min(fromSeq + SEGMENT - 1, prune.toSeq);
      const rows = await store.readRange(ledger, { fromSeq, toSeq, limit: SEGMENT }, trx);
      const going = rows.filter((row) => !isKept(row.action));
      const staying = rows.flatMap((row) => (isKept(row.action) ? [row.seq] : []));
      await deleteTokens(trx, ledger, going);
      for (const table of ['entry_values', 'entries'])
        await trx.raw(`DELETE FROM ${table} WHERE ${within(staying)}`, [ledger.id, fromSeq, toSeq, ...staying]);
      await takeFromCounters(trx, ledger, going);
      await prunes.moveOn(trx, id, toSeq, going.length);
      if (toSeq >= prune.toSeq) await prunes.done(trx, id, now().getTime());
      return toSeq < prune.toSeq;
    });
    onStep?.('deleted');
    return isMore;
  }

  async function deleteTokens(trx: Knex, ledger: Ledger, rows: readonly EntryRow[]): Promise<void> {
    const tokens = [...new Set(rows.flatMap((row) => [...tokensOf(row)].map(tokenNumber)))].sort((a, b) => a - b);
    // Entries that stay are few; their words are put back by nobody, so that they must not go.
    const [first, last] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0];
    const seqs = new Set(rows.map((row) => row.seq));
    const staying = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((seq) => !seqs.has(seq));
    const from = dialect.name === 'mysql' ? 'DELETE t FROM entry_tokens t FORCE INDEX (PRIMARY)' : 'DELETE FROM entry_tokens'; // prettier-ignore
    for (let at = 0; at < tokens.length; at += TOKENS) {
      const some = tokens.slice(at, at + TOKENS);
      const sql = `${from} WHERE ${within(staying)} AND token IN (${some.map(() => '?').join(',')})`;
      await trx.raw(sql, [ledger.id, first, last, ...staying, ...some]);
    }
  }

  /** The counters count what is there to be shown. */
  async function takeFromCounters(trx: Knex, ledger: Ledger, rows: readonly EntryRow[]): Promise<void> {
    const counts = new Map<string, { readonly key: readonly Cell[]; entries: number }>();
    for (const row of rows) {
      const key = [dayNumber(row.occurredAt), row.category, row.severity];
      const count = counts.get(key.join(' ')) ?? { key, entries: 0 };
      count.entries += 1;
      counts.set(key.join(' '), count);
    }
    const where = 'WHERE ledger_id = ? AND day = ? AND category = ? AND severity = ?';
    for (const { key, entries } of counts.values()) {
      await trx.raw(`UPDATE day_counters SET entries = entries - ? ${where}`, [entries, ledger.id, ...key]);
      await trx.raw(`DELETE FROM day_counters ${where} AND entries <= 0`, [ledger.id, ...key]);
    }
  }

  return { deleteSegment };
}

export type PruneDeleter = ReturnType<typeof createPruneDeleter>;

function within(staying: readonly number[]): string {
  const but = staying.length === 0 ? '' : ` AND seq NOT IN (${staying.map(() => '?').join(',')})`;
  return `ledger_id = ? AND seq BETWEEN ? AND ?${but}`;
}
