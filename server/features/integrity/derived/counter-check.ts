import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import { dayNumber } from '../../../entries/day-number';
import type { Ledger } from '../../../entries/entry-store';
import { spanStart } from './span-start';
import { projectionBreak } from './projection-break';

const DAY_MS = 86_400_000;

type Group = readonly [day: number, category: string, severity: string];
type Counts = readonly [entries: number, minSeq: number, maxSeq: number];

/** Counts the entries anew and compares: dashboards, totals and date filters rest on the kept counters. */
export async function checkCounters(database: Database, ledger: Ledger): Promise<Break[]> {
  const { kept, counted } = await readSnapshot(database, async (trx) => {
    const select = (sql: string) => database.dialect.selectArrays(trx, sql, [ledger.id]);
    return {
      kept: await select('SELECT day, category, severity, entries, min_seq, max_seq FROM day_counters WHERE ledger_id = ?'), // prettier-ignore
      counted: await select(
        `SELECT ${spanStart(DAY_MS)} AS day_start, category, severity, COUNT(*), MIN(seq), MAX(seq) FROM entries WHERE ledger_id = ? GROUP BY day_start, category, severity`,
      ),
    };
  });
  const keyOf = (group: Group) => group.join(' ');
  const expected = new Map(
    counted.map(([day, category, severity, ...counts]) => {
      const group: Group = [dayNumber(Number(day)), String(category), String(severity)];
      return [keyOf(group), { group, counts: counts.map(Number) as unknown as Counts }];
    }),
  );
  const breaks: Break[] = [];
  const found = (seq: number, group: Group, detail: string) =>
    breaks.push(projectionBreak(seq, `counter of ${group.join(', ')}: ${detail}`));
  for (const [day, category, severity, ...cells] of kept) {
    const group: Group = [Number(day), String(category), String(severity)];
    const [entries, minSeq, maxSeq] = cells.map(Number) as unknown as Counts;
    const truth = expected.get(keyOf(group));
    expected.delete(keyOf(group));
    if (!truth) found(minSeq, group, `says ${entries} entries, there are none`);
    else if (truth.counts[0] !== entries) found(truth.counts[1], group, `says ${entries} entries, there are ${truth.counts[0]}`); // prettier-ignore
    // The range may only be too wide: a batch that was rolled back never narrows it.
    else if (!(minSeq <= truth.counts[1] && maxSeq >= truth.counts[2]))
      found(truth.counts[1], group, `says entries ${minSeq} to ${maxSeq}, they are ${truth.counts[1]} to ${truth.counts[2]}`); // prettier-ignore
  }
  for (const { group, counts } of expected.values()) found(counts[1], group, `is gone, there are ${counts[0]} entries`);
  return breaks;
}
