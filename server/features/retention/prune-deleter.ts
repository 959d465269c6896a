import type { Knex } from 'knex';
import { isKept } from '../../core/kept-entries';
import { SEGMENT } from '../../core/prune-certificate';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import { dayNumber } from '../../entries/day-number';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { PruneStore } from './prune-store';

/** Keeps counters still until the transaction ends, and gives what takes entries out of them. */
type HoldCounters = (trx: Knex.Transaction, ledger: Ledger) => Promise<(rows: readonly EntryRow[]) => Promise<void>>;

export interface DeleterDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly prunes: PruneStore;
  /** Takes entries out of the search, as far as `through`. */
  readonly forget: (
    trx: Knex.Transaction,
    ledger: Ledger,
    rows: readonly EntryRow[],
    options: { readonly through: number; readonly isEnd: boolean },
  ) => Promise<void>;
  readonly holdCounters: HoldCounters;
  /** True while new events wait for a commit. */
  readonly isBusy: () => boolean;
  readonly now: () => Date;
  /** Told after each transaction; tests end a process there. */
  readonly onStep?: (step: string) => void;
}

/** Segments in one transaction while nobody waits for the database; else one. */
const SEGMENTS = 2;

/** Deletes what a prune in state `deleting` covers, some segments a transaction: entries, values, words of the search, counters. */
export function createPruneDeleter(deps: DeleterDeps) {
  const { database, store, prunes, now, onStep } = deps;
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
      await deps.forget(trx, ledger, going, { through: toSeq, isEnd: toSeq >= prune.toSeq });
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
