import type { PresealedEntry, SaltedValues } from '../../core/sealed-record';
import type { AppendItem } from '../../entries/entry-store';
import type { PreparedDelivery } from './prepare-delivery';

type Cell = string | number | null;
type Prepared = Extract<PreparedDelivery, { readonly ok: true }>;

/**
 * A prepared delivery as it goes from thread to thread: its items as one flat list. A structured clone names every member of
 * every object, which costs three times as much.
 */
export type PackedDelivery =
  Exclude<PreparedDelivery, { readonly ok: true }> | (Omit<Prepared, 'append'> & { readonly cells: readonly Cell[] });

export function packDelivery(prepared: PreparedDelivery): PackedDelivery {
  if (!prepared.ok) return prepared;
  const cells: Cell[] = [];
  for (const item of prepared.append) {
    cells.push(item.eventId, item.digest, item.entries.length);
    for (const entry of item.entries) packEntry(cells, entry);
  }
  const { aside, positions, installation, lastSeq } = prepared;
  return { ok: true, cells, aside, positions, installation, lastSeq };
}

export function unpackDelivery(packed: PackedDelivery): PreparedDelivery {
  if (!packed.ok) return packed;
  const { cells, ...rest } = packed;
  const append: AppendItem[] = [];
  for (let at = 0; at < cells.length;) {
    const [eventId, digest, count] = [cells[at] as string, cells[at + 1] as string, cells[at + 2] as number];
    at += 3;
    const entries: PresealedEntry[] = [];
    for (let entry = 0; entry < count; entry += 1, at += ENTRY_CELLS) entries.push(unpackEntry(cells, at, eventId));
    append.push({ eventId, digest, entries });
  }
  return { ...rest, append };
}

const ENTRY_CELLS = 22;

function packEntry(cells: Cell[], entry: PresealedEntry): void {
  const { recordParts, actorValues, subjectValues } = entry;
  cells.push(
    entry.id, entry.part, entry.occurredAt, entry.receivedAt, entry.category, entry.severity, entry.action, entry.outcome, entry.actorType,
    entry.actorId, entry.targetType, entry.targetId, entry.clientId, entry.via, entry.hook, recordParts[0], recordParts[1], recordParts[2],
    actorValues?.salt ?? null, actorValues?.body ?? null, subjectValues?.salt ?? null, subjectValues?.body ?? null,
  ); // prettier-ignore
}

function unpackEntry(cells: readonly Cell[], at: number, eventId: string): PresealedEntry {
  const text = (offset: number) => cells[at + offset] as string;
  const number = (offset: number) => cells[at + offset] as number;
  const maybe = (offset: number) => cells[at + offset] as string | null;
  return {
    id: text(0), eventId, part: number(1), occurredAt: number(2), receivedAt: number(3), category: text(4), severity: text(5), action: text(6),
    outcome: text(7), actorType: text(8), actorId: maybe(9), targetType: text(10), targetId: maybe(11), clientId: maybe(12), via: maybe(13),
    hook: maybe(14), recordParts: [text(15), text(16), text(17)], actorValues: values(maybe(18), maybe(19)),
    subjectValues: values(maybe(20), maybe(21)),
  }; // prettier-ignore
}

function values(salt: string | null, body: string | null): SaltedValues | null {
  return salt === null || body === null ? null : { salt, body };
}
