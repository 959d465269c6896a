import { canonicalJson, type JsonObject, type JsonValue } from './canonical-json';
import { commitTo } from './chain';
import type { AuditEvent } from './event';
import { splitEvent, type ErasableValues } from './erasable';

/** The version of the sealed record; a reader knows every version there ever was. docs/format.md describes it. */
export const RECORD_FORMAT = 'sealtrail/1';

/** Where an event becomes an entry: decided while the ledger's head is locked. */
export interface EntryPlace {
  readonly id: string;
  readonly tenant: string;
  readonly ledger: string;
  readonly seq: number;
  readonly epoch: number;
  readonly receivedAt: string;
}

/** The erasable values of one data subject as stored beside the record. */
export interface SaltedValues {
  /** 64 hex digits. */
  readonly salt: string;
  /** Canonical text of the values. */
  readonly body: string;
}

export interface SealedEntry {
  /** Canonical text; its bytes are what the hash covers. */
  readonly record: string;
  readonly actorValues: SaltedValues | null;
  readonly subjectValues: SaltedValues | null;
}

/**
 * The sealed record of an event at its place, and the erasable values that stay outside it.
 * `salts` is 64 fresh random bytes: 32 for the actor's values, 32 for the subject's.
 */
export function sealEvent(event: AuditEvent, place: EntryPlace, salts: Buffer): SealedEntry {
  const split = splitEvent(event);
  const actor = salted(split.actor, salts.subarray(0, 32));
  const subject = salted(split.subject, salts.subarray(32, 64));
  const { source } = event;
  const record = canonicalJson({
    acting_as: event.actor.actingAs,
    action: event.action,
    actor: { id: event.actor.id, role: event.actor.role, type: event.actor.type },
    category: event.category,
    changes: split.sealedChanges as unknown as JsonValue,
    client: event.client,
    commitments: { actor: actor?.commitment ?? null, subject: subject?.commitment ?? null },
    epoch: String(place.epoch),
    format: RECORD_FORMAT,
    id: place.id,
    ledger: place.ledger,
    occurred_at: event.occurredAt,
    outcome: event.outcome,
    received_at: place.receivedAt,
    seq: String(place.seq),
    severity: event.severity,
    source: {
      bridge: source.bridge,
      event_id: source.eventId,
      hook: source.hook,
      kind: source.kind,
      part: String(source.part),
      payload: split.sealedPayload,
      script: event.script,
      sent_at: source.sentAt,
      seq: source.seq,
      skew_ms: String(Date.parse(place.receivedAt) - Date.parse(event.occurredAt)),
    },
    subjects: { actor: actor?.ref ?? null, subject: subject?.ref ?? null },
    target: { id: event.target.id, type: event.target.type },
    tenant: place.tenant,
    via: event.via,
  });
  return { record, actorValues: actor?.values ?? null, subjectValues: subject?.values ?? null };
}

function salted(side: ErasableValues | null, salt: Buffer) {
  if (side === null) return null;
  const body = canonicalJson(side.values);
  return { ref: side.ref, commitment: commitTo(salt, side.ref, body), values: { salt: salt.toString('hex'), body } };
}

/** A sealed record as read back. Fields are named as in the record. */
export interface SealedRecord {
  readonly acting_as: string | null;
  readonly action: string;
  readonly actor: { readonly id: string | null; readonly role: string | null; readonly type: string };
  readonly category: string;
  readonly changes: readonly { readonly field: string; readonly before: JsonValue; readonly after: JsonValue }[];
  readonly client: string | null;
  readonly commitments: { readonly actor: string | null; readonly subject: string | null };
  readonly epoch: string;
  readonly format: string;
  readonly id: string;
  readonly ledger: string;
  readonly occurred_at: string;
  readonly outcome: string;
  readonly received_at: string;
  readonly seq: string;
  readonly severity: string;
  readonly source: {
    readonly bridge: string | null;
    readonly event_id: string;
    readonly hook: string | null;
    readonly kind: string;
    readonly part: string;
    readonly payload: JsonObject;
    readonly script: string | null;
    readonly sent_at: string | null;
    readonly seq: string | null;
    readonly skew_ms: string;
  };
  readonly subjects: { readonly actor: string | null; readonly subject: string | null };
  readonly target: { readonly id: string | null; readonly type: string };
  readonly tenant: string;
  readonly via: string | null;
}

/** The record behind a stored text, or undefined when the text is no record of a known format. */
export function parseRecord(text: string): SealedRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<SealedRecord> | null;
    return record?.format === RECORD_FORMAT ? (record as SealedRecord) : undefined;
  } catch {
    return undefined;
  }
}
