import type { PresealedEntry } from '../core/sealed-record';
import type { StoredEntry } from '../core/stored-entry';
import type { Cell } from '../db/dialect';

/** A row of `entries` with the erasable values beside it. */
export type EntryRow = StoredEntry;

/** Property and column, in the order in which rows are written and read. */
const ENTRY_FIELDS = [
  ['ledgerId', 'ledger_id'],
  ['seq', 'seq'],
  ['id', 'id'],
  ['tenantId', 'tenant_id'],
  ['eventId', 'event_id'],
  ['part', 'part'],
  ['epoch', 'epoch'],
  ['occurredAt', 'occurred_at'],
  ['receivedAt', 'received_at'],
  ['category', 'category'],
  ['severity', 'severity'],
  ['action', 'action'],
  ['outcome', 'outcome'],
  ['actorType', 'actor_type'],
  ['actorId', 'actor_id'],
  ['targetType', 'target_type'],
  ['targetId', 'target_id'],
  ['clientId', 'client_id'],
  ['via', 'via'],
  ['hook', 'hook'],
  ['prevHash', 'prev_hash'],
  ['hash', 'hash'],
  ['record', 'record'],
] as const;

const VALUE_FIELDS = [
  ['digest', 'digest'],
  ['actorSalt', 'actor_salt'],
  ['actorBody', 'actor_body'],
  ['subjectSalt', 'subject_salt'],
  ['subjectBody', 'subject_body'],
] as const;

export const ENTRY_COLUMNS: readonly string[] = ENTRY_FIELDS.map(([, column]) => column);
export const VALUE_COLUMNS: readonly string[] = ['ledger_id', 'seq', ...VALUE_FIELDS.map(([, column]) => column)];

/** The select list that `fromCells` reads, for `entries e LEFT JOIN entry_values v`. */
export const ENTRY_SELECT = [
  ...ENTRY_FIELDS.map(([, column]) => `e.${column}`),
  ...VALUE_FIELDS.map(([, column]) => `v.${column}`),
].join(', ');
export const ENTRY_FROM = 'entries e LEFT JOIN entry_values v ON v.ledger_id = e.ledger_id AND v.seq = e.seq';

export function fromCells(cells: readonly Cell[]): EntryRow {
  // By position: destructuring so many would walk an iterator for every row.
  return {
    ledgerId: cells[0], seq: cells[1], id: cells[2], tenantId: cells[3], eventId: cells[4], part: cells[5], epoch: cells[6], occurredAt: cells[7], receivedAt: cells[8], category: cells[9], severity: cells[10], action: cells[11], outcome: cells[12], actorType: cells[13], actorId: cells[14], targetType: cells[15], targetId: cells[16], clientId: cells[17], via: cells[18], hook: cells[19], prevHash: cells[20], hash: cells[21], record: cells[22], digest: cells[23], actorSalt: cells[24], actorBody: cells[25], subjectSalt: cells[26], subjectBody: cells[27],
  } as EntryRow; // prettier-ignore
}

interface Place {
  readonly ledgerId: number;
  readonly tenantId: number;
  readonly epoch: number;
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly record: string;
}

export function toEntryCells(entry: PresealedEntry, place: Place): Cell[] {
  return [
    place.ledgerId, place.seq, entry.id, place.tenantId, entry.eventId, entry.part, place.epoch, entry.occurredAt, entry.receivedAt, entry.category,
    entry.severity, entry.action, entry.outcome, entry.actorType, entry.actorId, entry.targetType, entry.targetId, entry.clientId, entry.via, entry.hook,
    place.prevHash, place.hash, place.record,
  ]; // prettier-ignore
}

export function toValueCells(
  entry: PresealedEntry,
  place: { readonly ledgerId: number; readonly seq: number; readonly digest: string | null },
): Cell[] {
  const { actorValues, subjectValues } = entry;
  return [
    place.ledgerId, place.seq, place.digest, actorValues?.salt ?? null, actorValues?.body ?? null, subjectValues?.salt ?? null, subjectValues?.body ?? null,
  ]; // prettier-ignore
}
