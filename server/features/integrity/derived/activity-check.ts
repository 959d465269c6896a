import { CATEGORIES, SEVERITIES } from '../../../core/event';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { DAY, KEPT_DAYS, partyId, POSITION, SLOT_MS, totalsOf } from '../../dashboard/activity-service';

const DAY_MS = 86_400_000;
const COLUMNS: readonly string[] = [...CATEGORIES, ...SEVERITIES];

type Select = (sql: string, bindings: readonly (string | number)[]) => Promise<unknown[][]>;

/** Where the counter stands: entries up to `position` are counted; totals are as of `day` (since 1970, UTC) or wait to be. */
interface Place {
  readonly position: number;
  readonly day: number;
}

/** Counts the entries anew and compares: the charts of the dashboard and its top lists rest on these counters. */
export async function checkActivity(database: Database, ledger: Ledger): Promise<Break[]> {
  return readSnapshot(database, async (trx) => {
    const select: Select = (sql, bindings) => database.dialect.selectArrays(trx, sql, bindings);
    const positionOf = async (name: string) =>
      Number((await select('SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?', [name, ledger.id]))[0]?.[0] ?? 0); // prettier-ignore
    const place = { position: await positionOf(POSITION), day: await positionOf(DAY) };
    const head = Number((await select('SELECT seq FROM heads WHERE ledger_id = ?', [ledger.id]))[0]?.[0] ?? 0);
    if (place.position > head)
      return [breakAt(`says that ${place.position} entries are counted, the ledger has ${head}`)];
    return [...(await checkSlots(select, ledger, place)), ...(await checkParties(select, ledger, place))];
  });
}

async function checkSlots(select: Select, ledger: Ledger, { position }: Place): Promise<Break[]> {
  const kept = await select(`SELECT slot, ${COLUMNS.join(', ')} FROM activity_slots WHERE ledger_id = ?`, [ledger.id]);
  const counted = await select(
    `SELECT ${startOf(SLOT_MS)} AS slot_start, category, severity, COUNT(*) FROM entries WHERE ledger_id = ? AND seq <= ? GROUP BY slot_start, category, severity`,
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

async function checkParties(select: Select, ledger: Ledger, { position, day }: Place): Promise<Break[]> {
  const totals = new Map<string, { week: number; month: number; dueDay: number }>();
  for (const [side, type, id, week, month, dueDay] of await select(
    'SELECT side, type, id, entries_7, entries_30, due_day FROM party_totals WHERE ledger_id = ?',
    [ledger.id],
  ))
    totals.set(keyOf(side, type, id), { week: Number(week), month: Number(month), dueDay: Number(dueDay) });
  const kept = new Map<string, Map<number, number>>();
  for (const [side, type, id, on, entries] of await select(
    'SELECT side, type, id, day, entries FROM party_days WHERE ledger_id = ?',
    [ledger.id],
  ))
    daysOf(kept, keyOf(side, type, id)).set(Number(on), Number(entries));
  // Totals that wait to be brought up to the day still count what was kept then.
  const oldest = [...totals.values()].reduce((first, { dueDay }) => Math.min(first, dueDay - 1), day);
  const counted = new Map<string, Map<number, number>>();
  for (const side of ['actor', 'target']) {
    const sql = `SELECT ${side}_type, ${side}_id, ${startOf(DAY_MS)} AS day_start, COUNT(*) FROM entries WHERE ledger_id = ? AND seq <= ? AND occurred_at >= ? GROUP BY ${side}_type, ${side}_id, day_start`;
    for (const [type, id, start, entries] of await select(sql, [
      ledger.id,
      position,
      (oldest - KEPT_DAYS + 1) * DAY_MS,
    ])) {
      const days = daysOf(counted, keyOf(side, type, partyId(id as string | null)));
      const on = Number(start) / DAY_MS;
      days.set(on, (days.get(on) ?? 0) + Number(entries));
    }
  }
  return [...new Set([...totals.keys(), ...kept.keys(), ...counted.keys()])].flatMap((key) => {
    const total = totals.get(key);
    const asOf = total ? total.dueDay - 1 : day;
    const days = new Map([...(counted.get(key) ?? [])].filter(([on]) => on > asOf - KEPT_DAYS));
    const fault = faultOf(total, kept.get(key) ?? new Map<number, number>(), days, asOf);
    return fault === undefined ? [] : [breakAt(`${(JSON.parse(key) as string[]).join(' ')}: ${fault}`)];
  });
}

function faultOf(
  total: { week: number; month: number; dueDay: number } | undefined,
  kept: ReadonlyMap<number, number>,
  counted: ReadonlyMap<number, number>,
  asOf: number,
): string | undefined {
  for (const on of new Set([...kept.keys(), ...counted.keys()])) {
    const [says, is] = [kept.get(on) ?? 0, counted.get(on) ?? 0];
    if (says !== is) return `says ${says} entries on ${dateOf(on)}, there are ${is}`;
  }
  const expected = totalsOf(counted, asOf);
  if (!total) return expected && 'its totals are gone';
  if (!expected) return 'has totals, there are no entries';
  if (total.week !== expected.week || total.month !== expected.month) return `says ${total.week} and ${total.month} entries, there are ${expected.week} and ${expected.month}`; // prettier-ignore
  return total.dueDay === expected.dueDay ? undefined : `stands until ${dateOf(total.dueDay)}, not ${dateOf(expected.dueDay)}`; // prettier-ignore
}

function daysOf(parties: Map<string, Map<number, number>>, key: string): Map<number, number> {
  const days = parties.get(key) ?? new Map<number, number>();
  parties.set(key, days);
  return days;
}

function keyOf(side: unknown, type: unknown, id: unknown): string {
  return JSON.stringify([side, type, id]);
}

/** The start of the span of time that an entry lies in, also before 1970. */
function startOf(ms: number): string {
  return `(occurred_at - ((occurred_at % ${ms}) + ${ms}) % ${ms})`;
}

function timeOf(slot: number): string {
  const at = new Date(slot * SLOT_MS);
  return Number.isNaN(at.getTime()) ? String(slot) : at.toISOString().slice(0, 16);
}

function dateOf(day: number): string {
  const at = new Date(day * DAY_MS);
  return Number.isNaN(at.getTime()) ? `day ${day}` : at.toISOString().slice(0, 10);
}

function breakAt(detail: string): Break {
  return { seq: 0, id: null, kind: 'projection', detail: `activity: ${detail}`, receivedAt: null };
}
