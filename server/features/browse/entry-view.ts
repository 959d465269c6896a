import type { JsonObject, JsonValue } from '../../core/canonical-json';
import { SIDES, type Side } from '../../core/data-subject';
import { findErasure, type AppliedErasure } from '../../core/erasure-cover';
import type { Change } from '../../core/event';
import { parseRecord, type SealedRecord } from '../../core/sealed-record';
import { storedTime } from '../../core/stored-time';
import type { EntryRow } from '../../entries/entry-row';

/**
 * As an entry stands when it is read. `valid`: the record gives its hash and is the leaf of the Merkle tree, its columns and its
 * commitments agree. `unverifiable`: its chain key is not at hand.
 */
export type ChainStatus = 'valid' | 'broken' | 'unverifiable';

/** An entry as CONTRACT section 5 has it. Erased values are null and named in `erased`. */
export interface EntryView {
  readonly seq: number;
  readonly id: string;
  readonly tenant: string;
  readonly ledger: string;
  readonly occurred_at: string;
  readonly received_at: string;
  readonly category: string;
  readonly action: string;
  readonly severity: string;
  readonly outcome: string;
  readonly actor: {
    readonly type: string;
    readonly id: string | null;
    readonly name: string | null;
    readonly role: string | null;
    readonly acting_as: string | null;
  };
  readonly target: { readonly type: string; readonly id: string | null; readonly label: string | null };
  readonly client: string | null;
  readonly ip: string | null;
  readonly user_agent: string | null;
  readonly via: string | null;
  readonly reason: string | null;
  readonly changes: readonly Change[];
  readonly source: {
    readonly bridge: string | null;
    readonly event_id: string;
    readonly part: number;
    readonly kind: string;
    readonly hook: string | null;
    readonly seq: string | null;
    readonly sent_at: string | null;
    readonly skew_ms: number | null;
    readonly script: string | null;
    readonly payload: JsonObject;
  };
  readonly integrity: {
    readonly prev_hash: string;
    readonly hash: string;
    readonly epoch: number;
    readonly status: ChainStatus;
  };
  readonly erased: readonly string[];
  /** The entries that say so, and what each of them took. */
  readonly erasures: readonly { readonly seq: number; readonly at: string; readonly fields: readonly string[] }[];
}

interface ActorValues {
  readonly name?: string;
  readonly ip?: string;
  readonly user_agent?: string;
}
interface SubjectValues {
  readonly label?: string;
  readonly reason?: string;
  readonly changes?: readonly Change[];
  readonly payload?: JsonObject;
}

/**
 * An entry for reading, from its sealed record and the erasable values beside it. What an index column says is shown only
 * where the record itself cannot be read (somebody changed it), so that a broken entry can still be looked at. Values that are gone
 * were erased only where one of the `applied` erasures says so; otherwise they are missing, and the entry is broken.
 */
export function viewEntry(
  row: EntryRow,
  names: { readonly tenant: string; readonly ledger: string },
  status: ChainStatus,
  applied: readonly AppliedErasure[] = [],
): EntryView {
  const record = parseRecord(row.record);
  const actor = valuesOf<ActorValues>(row.actorBody);
  const subject = valuesOf<SubjectValues>(row.subjectBody);
  const erasures = record ? erasuresOf(row, record, applied) : [];
  return {
    seq: row.seq,
    id: row.id,
    tenant: names.tenant,
    ledger: names.ledger,
    occurred_at: record?.occurred_at ?? storedTime(row.occurredAt),
    received_at: record?.received_at ?? storedTime(row.receivedAt),
    category: record?.category ?? row.category,
    action: record?.action ?? row.action,
    severity: record?.severity ?? row.severity,
    outcome: record?.outcome ?? row.outcome,
    actor: {
      type: record?.actor.type ?? row.actorType,
      id: record?.actor.id ?? row.actorId,
      name: actor.name ?? null,
      role: record?.actor.role ?? null,
      acting_as: record?.acting_as ?? null,
    },
    target: {
      type: record?.target.type ?? row.targetType,
      id: record?.target.id ?? row.targetId,
      label: subject.label ?? null,
    },
    client: record?.client ?? row.clientId,
    ip: actor.ip ?? null,
    user_agent: actor.user_agent ?? null,
    via: record?.via ?? row.via,
    reason: subject.reason ?? null,
    changes: [...(record?.changes ?? []), ...(subject.changes ?? [])],
    source: {
      bridge: record?.source.bridge ?? null,
      event_id: row.eventId,
      part: row.part,
      kind: record?.source.kind ?? 'hook',
      hook: record?.source.hook ?? row.hook,
      seq: record?.source.seq ?? null,
      sent_at: record?.source.sent_at ?? null,
      skew_ms: record ? Number(record.source.skew_ms) : null,
      script: record?.source.script ?? null,
      payload: { ...record?.source.payload, ...subject.payload },
    },
    integrity: { prev_hash: row.prevHash, hash: row.hash, epoch: row.epoch, status },
    erased: erasures.flatMap((one) => one.fields),
    erasures,
  };
}

const SIDE_FIELDS: Readonly<Record<Side, readonly string[]>> = {
  actor: ['actor.name', 'ip', 'user_agent'],
  subject: ['target.label', 'reason', 'changes', 'source.payload'],
};

function erasuresOf(row: EntryRow, record: SealedRecord, applied: readonly AppliedErasure[]): EntryView['erasures'] {
  const bodies = { actor: row.actorBody, subject: row.subjectBody };
  return SIDES.flatMap((side) => {
    if (!record.commitments[side] || bodies[side] !== null) return [];
    const erasure = findErasure(applied, side, record.subjects[side], row.seq);
    return erasure ? [{ seq: erasure.seq, at: erasure.at, fields: SIDE_FIELDS[side] }] : [];
  });
}

function valuesOf<T extends object>(body: string | null): Partial<T> {
  if (body === null) return {};
  try {
    const value = JSON.parse(body) as JsonValue;
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : {};
  } catch {
    return {};
  }
}
