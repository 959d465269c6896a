import type { Knex } from 'knex';
import { CATEGORIES, SEVERITIES } from '../../core/event';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';

/** A quarter of an hour: every zone in use is ahead of or behind UTC by a whole number of them, so that local days are exact. */
export const SLOT_MS = 900_000;

/** What is counted of an entry. */
export interface CountedEntry {
  /** Milliseconds. */
  readonly occurredAt: number;
  readonly category: string;
  readonly severity: string;
}

const COLUMNS: readonly string[] = [...CATEGORIES, ...SEVERITIES];

export function slotOf(ms: number): number {
  return Math.floor(ms / SLOT_MS);
}

/** Adds entries to the counters of their slots (`sign` 1) or takes them out (-1). The caller holds the position of the ledger. */
export async function countSlots(
  { dialect }: Database,
  trx: Knex,
  ledger: Ledger,
  entries: readonly CountedEntry[],
  sign: 1 | -1,
): Promise<void> {
  const slots = new Map<number, number[]>();
  for (const { occurredAt, category, severity } of entries) {
    const slot = slotOf(occurredAt);
    const counts = slots.get(slot) ?? COLUMNS.map(() => 0);
    slots.set(slot, counts);
    for (const column of [COLUMNS.indexOf(category), COLUMNS.indexOf(severity)])
      if (column >= 0) counts[column] = (counts[column] ?? 0) + sign;
  }
  const rows = [...slots].sort(([a], [b]) => a - b).map(([slot, counts]) => [ledger.id, slot, ...counts]);
  await dialect.insertRows(trx, 'activity_slots', ['ledger_id', 'slot', ...COLUMNS], rows, {
    onConflict: {
      key: ['ledger_id', 'slot'],
      set: COLUMNS.map((column) => `${column} = activity_slots.${column} + new(${column})`),
    },
  });
  if (sign === 1) return;
  const empty = Object.fromEntries(COLUMNS.map((column) => [column, 0]));
  await trx('activity_slots')
    .where({ ledger_id: ledger.id, ...empty })
    .whereIn('slot', [...slots.keys()])
    .delete();
}
