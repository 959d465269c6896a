import type { Knex } from 'knex';
import { isKept } from '../../core/kept-entries';
import { SEGMENT } from '../../core/prune-certificate';
import { tokenNumber } from '../../core/search-tokens';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import { dayNumber } from '../../entries/day-number';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { PruneStore } from './prune-store';

/** Keeps counters still until the transaction ends, and gives what takes entries out of them. */
export type HoldCounters = (trx: Knex.Transaction, ledger: Ledger) => Promise<(rows: readonly EntryRow[]) => Promise<void>>; // prettier-ignore

interface DeleterDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly prunes: PruneStore;
  /** The words under which the search index has an entry. */
  readonly tokensOf: (row: EntryRow) => ReadonlySet<string>;
  readonly holdCounters: HoldCounters;
  /** True while new events wait for a commit. */
  readonly isBusy: () => boolean;
  readonly now: () => Date;
  /** Told after each transaction; tests end a process there. */
  readonly onStep?: (step: string) => void;
}

/** More tokens in one statement, and a planner may prefer to walk the whole index. */
const TOKENS = 500;
/** Segments in one transaction while nobody waits for the database; else one. */
const SEGMENTS = 2;

/** Deletes what a prune in state `deleting` covers, some segments a transaction: entries, values, words of the search, counters. */
export function createPruneDeleter(deps: DeleterDeps) {
  const { database, store, prunes, tokensOf, now, onStep } = deps;
  const { dialect } = database;

  /** False when nothing is left. Two processes at the same prune take turns at its row. */
  async function deleteSome(ledger: Ledger, id: string): Promise<boolean> {
    const isMore = await retriedTransaction(database, async (trx) => {
      const prune = await prunes.lock(trx, id);
      if (prune?.state !== 'deleting') return false;
      const takeFromActivity = await deps.holdCounters(trx, ledger);
      const fromSeq = prune.deletedTo + 1;
      const segments = deps.isBusy() ? 1 : SEGMENTS;
      const toSeq = Math.min(fromSeq + segments * SEGMENT - 1, prune.toSeq);
      const rows = await store.readRange(ledger, { fromSeq, toSeq, limit: toSeq - fromSeq + 1 }, trx);
      const going = rows.filter((row) => !isKept(row.action));
      const staying = rows.flatMap((row) => (isKept(row.action) ? [row.seq] : []));
      await deleteTokens(trx, ledger, going);
      for (const table of ['entry_values', 'entries'])
        await trx.raw(`DELETE FROM ${table} WHERE ${within(staying)}`, [ledger.id, fromSeq, toSeq, ...staying]);
      if (going.length > 0) await takeFromCounters(trx, ledger, going);
      await takeFromActivity(going);
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
    const counts = new Map<string, [number, number, string, string, number, number, number]>();
    for (const row of rows) {
      const day = dayNumber(row.occurredAt);
      const key = `${day} ${row.category} ${row.severity}`;
      const count = counts.get(key);
      if (count) count[4] += 1;
      else counts.set(key, [ledger.id, day, row.category, row.severity, 1, row.seq, row.seq]);
    }
    const columns = ['ledger_id', 'day', 'category', 'severity', 'entries', 'min_seq', 'max_seq'];
    const key = columns.slice(0, 4);
    const set = ['entries = day_counters.entries - new(entries)'];
    await dialect.insertRows(trx, 'day_counters', columns, [...counts.values()], { onConflict: { key, set } });
    const days = [...counts.values()].map(([, day]) => day);
    await trx('day_counters')
      .where({ ledger_id: ledger.id })
      .whereBetween('day', [Math.min(...days), Math.max(...days)])
      .where('entries', '<=', 0)
      .delete();
  }

  return { deleteSome };
}

export type PruneDeleter = ReturnType<typeof createPruneDeleter>;

function within(staying: readonly number[]): string {
  const but = staying.length === 0 ? '' : ` AND seq NOT IN (${staying.map(() => '?').join(',')})`;
  return `ledger_id = ? AND seq BETWEEN ? AND ?${but}`;
}
