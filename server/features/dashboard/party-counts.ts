import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';
import { totalsOf } from './party-totals';

export type PartySide = 'actor' | 'target';

/** Somebody who did something, or what it was done to: type and id alone, so that no name outlives its erasure. */
export interface Party {
  readonly side: PartySide;
  readonly type: string;
  /** '' where there is none. */
  readonly id: string;
}

/** So many entries more (or fewer) on a day, counted in days since 1970 in UTC. */
export interface PartyChange extends Party {
  readonly day: number;
  readonly entries: number;
}

/** What is kept of entries of a party: those of the last 30 days. */
export const KEPT_DAYS = 30;

/** MySQL takes two ids for one that differ in spaces at their end: here they are one everywhere. */
export function partyId(id: string | null): string {
  return (id ?? '').replace(/ +$/, '');
}

interface KnownParty extends Party {
  readonly days: Map<number, number>;
}

/**
 * Brings `party_days` and `party_totals` in line with changes, as of `today`; parties without a change are brought up to that
 * day. The caller holds the position of the ledger: what is read here is written back whole.
 */
export async function countParties(
  { dialect }: Database,
  trx: Knex,
  ledger: Ledger,
  touched: readonly (Party | PartyChange)[],
  today: number,
): Promise<void> {
  const parties = new Map<string, KnownParty>();
  for (const { side, type, id } of touched) parties.set(keyOf(side, type, id), { side, type, id, days: new Map() });
  const groups = groupByType([...parties.values()]);
  for (const { side, type, ids } of groups) {
    const rows = await dialect.selectArrays(
      trx,
      `SELECT id, day, entries FROM party_days WHERE ledger_id = ? AND side = ? AND type = ? AND id IN (${ids.map(() => '?').join(',')})`,
      [ledger.id, side, type, ...ids],
    );
    for (const [id, day, entries] of rows)
      parties.get(keyOf(side, type, String(id)))?.days.set(Number(day), Number(entries));
  }

  const changed = new Set<string>();
  for (const change of touched) {
    if (!('day' in change)) continue;
    const key = keyOf(change.side, change.type, change.id);
    const days = parties.get(key)?.days;
    if (!days || (change.day <= today - KEPT_DAYS && !days.has(change.day))) continue;
    days.set(change.day, (days.get(change.day) ?? 0) + change.entries);
    changed.add(`${key} ${change.day}`);
  }

  const [days, totals]: [(string | number)[][], (string | number)[][]] = [[], []];
  const emptyDays = new Map<number, Party[]>();
  const emptyTotals: Party[] = [];
  for (const [key, party] of parties) {
    const place = [ledger.id, party.side, party.type, party.id];
    for (const [day, entries] of party.days) {
      if (entries > 0 && day > today - KEPT_DAYS) {
        if (changed.has(`${key} ${day}`)) days.push([...place, day, entries]);
      } else {
        party.days.delete(day);
        const empty = emptyDays.get(day) ?? [];
        empty.push(party);
        emptyDays.set(day, empty);
      }
    }
    const total = totalsOf(party.days, today);
    if (total) totals.push([...place, total.week, total.month, total.dueDay]);
    else emptyTotals.push(party);
  }
  for (const [day, some] of emptyDays)
    for (const { side, type, ids } of groupByType(some))
      await trx('party_days').where({ ledger_id: ledger.id, side, type, day }).whereIn('id', ids).delete();
  for (const { side, type, ids } of groupByType(emptyTotals))
    await trx('party_totals').where({ ledger_id: ledger.id, side, type }).whereIn('id', ids).delete();
  const key = ['ledger_id', 'side', 'type', 'id'];
  await dialect.insertRows(trx, 'party_days', [...key, 'day', 'entries'], days, {
    onConflict: { key: [...key, 'day'], set: ['entries = new(entries)'] },
  });
  const figures = ['entries_7', 'entries_30', 'due_day'];
  await dialect.insertRows(trx, 'party_totals', [...key, ...figures], totals, {
    onConflict: { key, set: figures.map((name) => `${name} = new(${name})`) },
  });
}

/** Parties whose totals are another on `today` than when they were counted. */
export async function findDue(
  { dialect }: Database,
  trx: Knex,
  ledger: Ledger,
  today: number,
  limit: number,
): Promise<Party[]> {
  const rows = await dialect.selectArrays(
    trx,
    'SELECT side, type, id FROM party_totals WHERE ledger_id = ? AND due_day <= ? ORDER BY due_day LIMIT ?',
    [ledger.id, today, limit],
  );
  return rows.map(([side, type, id]) => ({ side: side as PartySide, type: String(type), id: String(id) }));
}

function groupByType(parties: readonly Party[]): { side: PartySide; type: string; ids: string[] }[] {
  const groups = new Map<string, { side: PartySide; type: string; ids: string[] }>();
  for (const { side, type, id } of parties) {
    const group = groups.get(`${side} ${type}`) ?? { side, type, ids: [] };
    group.ids.push(id);
    groups.set(`${side} ${type}`, group);
  }
  return [...groups.values()];
}

function keyOf(side: string, type: string, id: string): string {
  return JSON.stringify([side, type, id]);
}
