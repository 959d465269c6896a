import { setImmediate } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Database } from '../db/connection';
import { ENTRY_FROM, ENTRY_SELECT, fromCells, type EntryRow } from './entry-row';
import type { Ledger } from './ledger';

export interface ReadOptions {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly limit: number;
}

/** The reading half of the store: entries with the erasable values beside them. Needs no key. */
export interface EntryReader {
  /** Entries by sequence number, ascending, `fromSeq` and `toSeq` included. */
  readRange(ledger: Ledger, options: ReadOptions, trx?: Knex): Promise<EntryRow[]>;
  /**
   * The same one after the other, each gone when `visit` comes back: whoever reads all of a ledger keeps nothing of it. What `visit`
   * throws ends it.
   */
  eachInRange(
    ledger: Ledger,
    range: Pick<ReadOptions, 'fromSeq' | 'toSeq'>,
    visit: (row: EntryRow) => void,
  ): Promise<void>;
  /**
   * Rows whose number is none that an entry has: below 1, above `lastSeq`, or in SQLite no number at all. Up to `limit` of either end,
   * the outermost first.
   */
  readOutside(ledger: Ledger, options: { readonly lastSeq: number; readonly limit: number }): Promise<EntryRow[]>;
  findBySeq(ledger: Ledger, seq: number): Promise<EntryRow | undefined>;
  readMany(ledger: Ledger, seqs: readonly number[], trx?: Knex): Promise<EntryRow[]>;
}

/** Rows of SQLite read in one go. */
const TURN = 250;

export function createEntryReader({ knex: db, dialect }: Database): EntryReader {
  const select = `SELECT ${ENTRY_SELECT} FROM ${ENTRY_FROM} WHERE e.ledger_id = ?`;
  return {
    async eachInRange(ledger, { fromSeq, toSeq }, visit) {
      const sql = `${select} AND e.seq >= ? AND e.seq <= ? ORDER BY e.seq`;
      // SQLite has one connection for everybody, and works in our own thread.
      const step = dialect.name === 'sqlite' ? TURN : toSeq - fromSeq + 1;
      for (let from = fromSeq; from <= toSeq; from += step) {
        const bindings = [ledger.id, from, Math.min(toSeq, from + step - 1)];
        await dialect.eachArray(db, sql, bindings, (cells) => visit(fromCells(cells)));
        await setImmediate();
      }
    },
    async readRange(ledger, { fromSeq, toSeq, limit }, trx = db) {
      const rows = await dialect.selectArrays(trx, `${select} AND e.seq >= ? AND e.seq <= ? ORDER BY e.seq LIMIT ?`, [
        ledger.id,
        fromSeq,
        toSeq,
        limit,
      ]);
      return rows.map(fromCells);
    },
    async readOutside(ledger, { lastSeq, limit }) {
      // SQLite puts words and bytes behind every number.
      const above = dialect.selectArrays(db, `${select} AND e.seq > ? ORDER BY e.seq DESC LIMIT ?`, [ledger.id, lastSeq, limit]); // prettier-ignore
      const below = dialect.selectArrays(db, `${select} AND e.seq < 1 ORDER BY e.seq LIMIT ?`, [ledger.id, limit]);
      return [...(await above), ...(await below)].map(fromCells);
    },
    async findBySeq(ledger, seq) {
      const [cells] = await dialect.selectArrays(db, `${select} AND e.seq = ?`, [ledger.id, seq]);
      return cells && fromCells(cells);
    },
    async readMany(ledger, seqs, trx = db) {
      if (seqs.length === 0) return [];
      const rows = await dialect.selectArrays(trx, `${select} AND e.seq IN (${seqs.map(() => '?').join(',')})`, [
        ledger.id,
        ...seqs,
      ]);
      return rows.map(fromCells);
    },
  };
}
