import type { Database } from '../../db/connection';
import { dayNumber } from '../../entries/day-number';

const DAY_MS = 86_400_000;

/** What the kept counters say about a range of time. */
export interface DayCount {
  /** Entries of all days that the range touches. */
  readonly entries: number;
  /** Between these sequence numbers lies every entry of those days. */
  readonly minSeq: number;
  readonly maxSeq: number;
  readonly firstDay: number;
  readonly lastDay: number;
  /** The range begins and ends at midnight UTC, so that the counters count exactly it. */
  readonly wholeDays: boolean;
}

/** `after` and `before` in milliseconds, half-open; null is open. */
export async function countDays(
  database: Database,
  ledgerId: number,
  after: number | null,
  before: number | null,
): Promise<DayCount> {
  const firstDay = after === null ? 0 : dayNumber(after);
  const lastDay = before === null ? 99_999_999 : dayNumber(before - 1);
  const [row] = await database.dialect.selectArrays(
    database.knex,
    'SELECT SUM(entries), MIN(min_seq), MAX(max_seq) FROM day_counters WHERE ledger_id = ? AND day >= ? AND day <= ?',
    [ledgerId, firstDay, lastDay],
  );
  const isMidnight = (time: number | null) => time === null || time % DAY_MS === 0;
  return {
    entries: Number(row?.[0] ?? 0),
    minSeq: Number(row?.[1] ?? 0),
    maxSeq: Number(row?.[2] ?? 0),
    firstDay,
    lastDay,
    wholeDays: isMidnight(after) && isMidnight(before),
  };
}

/** Entries of a ledger that are not there any more because they were pruned: sequence numbers go on behind them. */
export async function countPruned(database: Database, ledgerId: number): Promise<number> {
  const sql = 'SELECT SUM(deleted) FROM prunes WHERE ledger_id = ?';
  const [row] = await database.dialect.selectArrays(database.knex, sql, [ledgerId]);
  return Number(row?.[0] ?? 0);
}
