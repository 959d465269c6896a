import type { Knex } from 'knex';
import { SEGMENT } from '../../core/prune-certificate';
import { createPrunedRuns, type PrunedRuns } from '../../core/pruned-runs';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import { dayNumber } from '../../entries/day-number';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { PruneRefusedError } from './prune-archiver';
import type { Prune, PruneStore } from './prune-store';
import { openStoredRuns } from './stored-runs';

/** Keeps counters still until the transaction ends, and gives what takes entries out of them. */
type HoldCounters = (trx: Knex.Transaction, ledger: Ledger) => Promise<(rows: readonly EntryRow[]) => Promise<void>>;

/** Where the search finds entries: what it holds of some, worked out without the database, and how they are taken out of it. */
interface SearchIndex {
  entriesOf(rows: readonly EntryRow[]): IndexedEntries;
  /** Keeps it still until the transaction ends: an erasure changes values and words under the same lock. */
  lock(trx: Knex.Transaction, ledger: Ledger): Promise<void>;
  forget(
    trx: Knex.Transaction,
    ledger: Ledger,
    entries: IndexedEntries,
    options: { readonly through: number; readonly isEnd: boolean },
  ): Promise<void>;
}

interface IndexedEntries {
  readonly seqs: readonly number[];
  readonly words: readonly string[];
}

/** Neighbouring segments, read and ready to be deleted. */
interface Step {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly rows: readonly EntryRow[];
  readonly going: readonly EntryRow[];
  readonly indexed: IndexedEntries;
}

export interface DeleterDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly prunes: PruneStore;
  readonly index: SearchIndex;
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
  /** Of the present prune, read while a server deletes the step before. SQLite works in this thread, on one connection. */
  let ahead: { readonly id: string; readonly step: Promise<Step | undefined> } | undefined;
  let certified: { readonly id: string; readonly runs: PrunedRuns } | undefined;

  /** What the certificate lets go, whatever this build would keep today. */
  function runsOf(prune: Prune): PrunedRuns {
    if (certified?.id !== prune.id) {
      const runs = openStoredRuns([prune]);
      if (runs.length === 0) throw new PruneRefusedError('its certificate cannot be read: run verify');
      certified = { id: prune.id, runs: createPrunedRuns(runs) };
    }
    return certified.runs;
  }

  async function readStep(
    ledger: Ledger,
    range: readonly [number, number],
    runs: PrunedRuns,
    trx?: Knex.Transaction,
  ): Promise<Step> {
    const [fromSeq, toSeq] = range;
    const rows = await store.readRange(ledger, { fromSeq, toSeq, limit: toSeq - fromSeq + 1 }, trx);
    const going = rows.filter(({ seq }) => runs.contains(seq));
    return { fromSeq, toSeq, rows, going, indexed: deps.index.entriesOf(going) };
  }

  function readAhead(ledger: Ledger, prune: Prune, fromSeq: number): void {
    if (dialect.name === 'sqlite' || fromSeq > prune.toSeq) return;
    // Where it fails, the transaction reads for itself.
    const step = readStep(ledger, [fromSeq, endOf(fromSeq, prune.toSeq)], runsOf(prune)).catch(() => undefined);
    ahead = { id: prune.id, step };
  }

  /** Values may have been erased since they were read, and the index says of an entry what it still has. */
  async function isAsRead(trx: Knex.Transaction, ledger: Ledger, { fromSeq, toSeq, rows }: Step): Promise<boolean> {
    const sql = 'SELECT COUNT(actor_body), COUNT(subject_body) FROM entry_values WHERE ledger_id = ? AND seq BETWEEN ? AND ?'; // prettier-ignore
    const [counts] = await dialect.selectArrays(trx, sql, [ledger.id, fromSeq, toSeq]);
    const read = [rows.filter((row) => row.actorBody !== null), rows.filter((row) => row.subjectBody !== null)];
    return read.every((some, at) => some.length === Number(counts?.[at]));
  }

  /** What is about to go, so that a server need not ask the table of prunes for each row. */
  async function tellTrigger(trx: Knex.Transaction, range: readonly (number | null)[]): Promise<void> {
    const sql = 'SET @sealtrail_prune_ledger = ?, @sealtrail_prune_from = ?, @sealtrail_prune_to = ?';
    if (dialect.name === 'mysql') await trx.raw(sql, [...range]);
  }

  function endOf(fromSeq: number, lastSeq: number): number {
    const segments = deps.isBusy() ? 1 : SEGMENTS;
    return Math.min(fromSeq + segments * SEGMENT - 1, lastSeq);
  }

  /** False when nothing is left. Two processes at the same prune take turns at its row. */
  async function deleteSome(ledger: Ledger, id: string): Promise<boolean> {
    const ready = ahead?.id === id ? await ahead.step : undefined;
    ahead = undefined;
    const isMore = await retriedTransaction(database, async (trx) => {
      const prune = await prunes.lock(trx, id);
      if (prune?.state !== 'deleting') return false;
      const takeFromActivity = await deps.holdCounters(trx, ledger);
      await deps.index.lock(trx, ledger);
      const runs = runsOf(prune);
      const fromSeq = prune.deletedTo + 1;
      const isReady = ready?.fromSeq === fromSeq && ready.toSeq <= prune.toSeq;
      const step = isReady && (await isAsRead(trx, ledger, ready)) ? ready : await readStep(ledger, [fromSeq, endOf(fromSeq, prune.toSeq)], runs, trx); // prettier-ignore
      const { toSeq, rows, going } = step;
      readAhead(ledger, prune, toSeq + 1);
      const staying = rows.flatMap(({ seq }) => (runs.contains(seq) ? [] : [seq]));
      await deps.index.forget(trx, ledger, step.indexed, { through: toSeq, isEnd: toSeq >= prune.toSeq });
      await tellTrigger(trx, [ledger.id, fromSeq, toSeq]);
      for (const table of ['entry_values', 'entries'])
        await trx.raw(`DELETE FROM ${table} WHERE ${within(staying)}`, [ledger.id, fromSeq, toSeq, ...staying]);
      await tellTrigger(trx, [null, null, null]);
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
