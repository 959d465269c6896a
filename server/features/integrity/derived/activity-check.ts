import { CATEGORIES, SEVERITIES } from '../../../core/event';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { DAY, POSITION, SLOT_MS } from '../../dashboard/activity-service';
import { checkParties, type Place } from './party-check';
import { projectionBreak, type Select } from './projection-break';
import { spanStart } from './span-start';

const COLUMNS: readonly string[] = [...CATEGORIES, ...SEVERITIES];

/** Parties that are compared at once; they take some ten megabytes. */
const AT_ONCE = 5_000;

/** Counts the entries anew and compares: the charts of the dashboard and its top lists rest on these counters. */
export async function checkActivity(database: Database, ledger: Ledger, atOnce = AT_ONCE): Promise<Break[]> {
  return readSnapshot(database, async (trx) => {
    const select: Select = (sql, bindings) => database.dialect.selectArrays(trx, sql, bindings);
    const positionOf = async (name: string) =>
      Number((await select('SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?', [name, ledger.id]))[0]?.[0] ?? 0); // prettier-ignore
    const place = { position: await positionOf(POSITION), day: await positionOf(DAY) };
    const head = Number((await select('SELECT seq FROM heads WHERE ledger_id = ?', [ledger.id]))[0]?.[0] ?? 0);
    if (place.position > head)
      return [breakAt(`says that ${place.position} entries are counted, the ledger has ${head}`)];
    const useIndex = (index: string) => database.dialect.useIndex(index);
    const ofParties = await checkParties({ select, useIndex, ledger, atOnce }, place);
    return [...(await checkSlots(select, ledger, place)), ...ofParties.map(breakAt)];
  });
}

async function checkSlots(select: Select, ledger: Ledger, { position }: Place): Promise<Break[]> {
  const kept = await select(`SELECT slot, ${COLUMNS.join(', ')} FROM activity_slots WHERE ledger_id = ?`, [ledger.id]);
  const counted = await select(
    `SELECT ${spanStart(SLOT_MS)} AS slot_start, category, severity, COUNT(*) FROM entries WHERE ledger_id = ? AND seq <= ? GROUP BY slot_start, category, severity`,
    [ledger.id, position],
  );
  const expected = new Map<number, number[]>();
  for (const [start, category, severity, entries] of counted) {
    const slot = Number(start) / SLOT_MS;
    const counts = expected.get(slot) ?? COLUMNS.map(() => 0);
    expected.set(slot, counts);
    for (const column of [COLUMNS.indexOf(String(category)), COLUMNS.indexOf(String(severity))])
      if (column >= 0) counts[column] = (counts[column] ?? 0) + Number(entries);
  }
  const breaks: Break[] = [];
  for (const [slot, ...cells] of kept) {
    const counts = expected.get(Number(slot)) ?? COLUMNS.map(() => 0);
    const isThere = expected.delete(Number(slot));
    const wrong = COLUMNS.flatMap((column, i) =>
      Number(cells[i]) === counts[i] ? [] : [`${column} ${Number(cells[i])} for ${counts[i]}`],
    );
    if (wrong.length > 0 || !isThere) breaks.push(breakAt(`quarter-hour ${timeOf(Number(slot))}: ${isThere ? wrong.join(', ') : 'there are no entries'}`)); // prettier-ignore
  }
  for (const slot of expected.keys()) breaks.push(breakAt(`quarter-hour ${timeOf(slot)}: is gone`));
  return breaks;
}

function timeOf(slot: number): string {
  const at = new Date(slot * SLOT_MS);
  return Number.isNaN(at.getTime()) ? String(slot) : at.toISOString().slice(0, 16);
}

function breakAt(detail: string): Break {
  return projectionBreak(0, `activity: ${detail}`);
}
