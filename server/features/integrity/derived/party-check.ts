import type { Ledger } from '../../../entries/entry-store';
import { KEPT_DAYS, partyId, totalsOf } from '../../dashboard/activity-service';
import { spanStart } from './span-start';
import type { Select } from './projection-break';

const DAY_MS = 86_400_000;

/** Where the counter stands: entries up to `position` are counted; totals are as of `day` (since 1970, UTC) or wait to be. */
export interface Place {
  readonly position: number;
  readonly day: number;
}

interface Parties {
  readonly select: Select;
  /** `Dialect.useIndex`. */
  readonly useIndex: (index: string) => string;
  readonly ledger: Ledger;
  /** How many are compared at once. */
  readonly atOnce: number;
}

/** Counts the entries of each party anew: what is wrong with its days and its totals. */
export async function checkParties(parties: Parties, place: Place): Promise<string[]> {
  const faults: string[] = [];
  for (const side of ['actor', 'target'] as const)
    for (const slice of await slicesOf(parties, side))
      faults.push(...(await checkSlice(parties, place, { side, slice })));
  return faults;
}

/** Parties of a side that are compared at once: all, or those of a type whose ids lie in a range. */
interface Slice {
  readonly type?: string;
  /** The first id; before it lie none of the slice. */
  readonly from?: string;
  /** The id behind the last. */
  readonly until?: string;
}

/** Every party there is or should be lies in one of them. */
async function slicesOf(parties: Parties, side: string): Promise<Slice[]> {
  const { select, ledger, atOnce } = parties;
  const [all] = await select('SELECT COUNT(*) FROM party_totals WHERE ledger_id = ? AND side = ?', [ledger.id, side]);
  if (Number(all?.[0] ?? 0) <= atOnce) return [{}];
  const types = await select(
    `SELECT type FROM party_totals WHERE ledger_id = ? AND side = ? UNION SELECT type FROM party_days WHERE ledger_id = ? AND side = ? UNION SELECT DISTINCT ${side}_type FROM entries WHERE ledger_id = ?`,
    [ledger.id, side, ledger.id, side, ledger.id],
  );
  const slices: Slice[] = [];
  for (const [type] of types) {
    const cuts = await cutsOf(parties, side, String(type));
    for (let i = 0; i <= cuts.length; i += 1)
      slices.push({
        type: String(type),
        ...(i === 0 ? {} : { from: cuts[i - 1] as string }),
        ...(i === cuts.length ? {} : { until: cuts[i] as string }),
      });
  }
  return slices;
}

/** Ids between which lie so many parties, or somewhat more. */
async function cutsOf({ select, ledger, atOnce }: Parties, side: string, type: string): Promise<string[]> {
  const cuts: string[] = [];
  for (let id = ''; ;) {
    const sql = `SELECT id FROM party_totals WHERE ledger_id = ? AND side = ? AND type = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ${atOnce}`;
    const [row] = await select(sql, [ledger.id, side, type, id]);
    if (!row) return cuts;
    id = String(row[0]);
    // An entry's id may end with spaces, which `partyId` takes off: what is less than a space would put it behind the cut.
    if ([...id].every((character) => character > ' ')) cuts.push(id);
  }
}

async function checkSlice(
  { select, ledger, useIndex }: Parties,
  { position, day }: Place,
  { side, slice }: { readonly side: 'actor' | 'target'; readonly slice: Slice },
): Promise<string[]> {
  const totals = new Map<string, { week: number; month: number; dueDay: number }>();
  const within = conditionOf(slice, 'type', 'id');
  const ofParties = (columns: string, table: string) => select(`SELECT type, id, ${columns} FROM ${table} WHERE ledger_id = ? AND side = ?${within.text}`, [ledger.id, side, ...within.bindings]); // prettier-ignore
  for (const [type, id, week, month, dueDay] of await ofParties('entries_7, entries_30, due_day', 'party_totals'))
    totals.set(keyOf(side, type, id), { week: Number(week), month: Number(month), dueDay: Number(dueDay) });
  const kept = new Map<string, Map<number, number>>();
  for (const [type, id, on, entries] of await ofParties('day, entries', 'party_days'))
    daysOf(kept, keyOf(side, type, id)).set(Number(on), Number(entries));
  // Totals that wait to be brought up to the day still count what was kept then.
  const oldest = [...totals.values()].reduce((first, { dueDay }) => Math.min(first, dueDay - 1), day);
  const counted = new Map<string, Map<number, number>>();
  const among = conditionOf(slice, `${side}_type`, `${side}_id`);
  // All of them are read as they lie; a planner may take that for the cheapest way to a few, too.
  const hint = slice.type === undefined ? '' : useIndex(`entries_${side}`);
  const sql = `SELECT ${side}_type, ${side}_id, ${spanStart(DAY_MS)} AS day_start, COUNT(*) FROM entries ${hint} WHERE ledger_id = ?${among.text} AND seq <= ? AND occurred_at >= ? GROUP BY ${side}_type, ${side}_id, day_start`;
  const bindings = [ledger.id, ...among.bindings, position, (oldest - KEPT_DAYS + 1) * DAY_MS];
  for (const [type, id, start, entries] of await select(sql, bindings)) {
    const days = daysOf(counted, keyOf(side, type, partyId(id as string | null)));
    const on = Number(start) / DAY_MS;
    days.set(on, (days.get(on) ?? 0) + Number(entries));
  }
  return [...new Set([...totals.keys(), ...kept.keys(), ...counted.keys()])].flatMap((key) => {
    const total = totals.get(key);
    const asOf = total ? total.dueDay - 1 : day;
    const days = new Map([...(counted.get(key) ?? [])].filter(([on]) => on > asOf - KEPT_DAYS));
    const fault = faultOf(total, kept.get(key) ?? new Map<number, number>(), days, asOf);
    return fault === undefined ? [] : [`${(JSON.parse(key) as string[]).join(' ')}: ${fault}`];
  });
}

/** What is appended to a condition. Who has no id comes before all ids. */
function conditionOf({ type, from, until }: Slice, typeColumn: string, idColumn: string) {
  const parts: [string, string][] = [];
  if (type !== undefined) parts.push([` AND ${typeColumn} = ?`, type]);
  if (from !== undefined) parts.push([` AND ${idColumn} >= ?`, from]);
  if (until !== undefined) parts.push([from === undefined ? ` AND (${idColumn} IS NULL OR ${idColumn} < ?)` : ` AND ${idColumn} < ?`, until]); // prettier-ignore
  return { text: parts.map(([text]) => text).join(''), bindings: parts.map(([, value]) => value) };
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

function dateOf(day: number): string {
  const at = new Date(day * DAY_MS);
  return Number.isNaN(at.getTime()) ? `day ${day}` : at.toISOString().slice(0, 10);
}
