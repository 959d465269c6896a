import { canonicalJson, canonicalText, type JsonObject, type JsonValue } from './canonical-json';
import { commitTo } from './chain';
import type { AuditEvent } from './event';
import { splitEvent, type ErasableValues } from './erasable';

/** Every version of the sealed record there ever was, oldest first: a reader knows all. docs/format.md describes them. */
export const RECORD_FORMATS = ['sealtrail/1'] as const;
/** The version that is written. A newer one begins with an epoch of its own. */
export const RECORD_FORMAT = 'sealtrail/1';

/** Whether one format came before another; what is no format is older than all. */
export function isOlderFormat(format: string, than: string, formats: readonly string[] = RECORD_FORMATS): boolean {
  return formats.indexOf(format) < formats.indexOf(than);
}

/** Whose ledger an event goes to, and what is known of the entry before its place in it is. */
export interface EntryOrigin {
  readonly id: string;
  readonly tenant: string;
  readonly ledger: string;
  readonly receivedAt: string;
}

/** The erasable values of one data subject as stored beside the record. */
export interface SaltedValues {
  /** 64 hex digits. */
  readonly salt: string;
  /** Canonical text of the values. */
  readonly body: string;
}

/**
 * Everything about an entry that does not depend on its place, so that it can be made before the ledger's head is locked, and in
 * another thread: plain data only. The record is cut where the epoch and the sequence number belong.
 */
export interface PresealedEntry {
  readonly id: string;
  readonly eventId: string;
  readonly part: number;
  /** Milliseconds since 1970. */
  readonly occurredAt: number;
  readonly receivedAt: number;
  readonly category: string;
  readonly severity: string;
  readonly action: string;
  readonly outcome: string;
  readonly actorType: string;
  readonly actorId: string | null;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly clientId: string | null;
  readonly via: string | null;
  readonly hook: string | null;
  /** The record up to the epoch, between epoch and sequence number, and after it. */
  readonly recordParts: readonly [string, string, string];
  readonly actorValues: SaltedValues | null;
  readonly subjectValues: SaltedValues | null;
}

/**
 * Seals all of an event but its place. `salts` is 64 fresh random bytes: 32 for the actor's values, 32 for the subject's.
 * Throws CanonicalJsonError for a value that RFC 8785 cannot write.
 */
export function presealEvent(event: AuditEvent, origin: EntryOrigin, salts: Buffer): PresealedEntry {
  const split = splitEvent(event);
  const actor = salted(split.actor, salts.subarray(0, 32));
  const subject = salted(split.subject, salts.subarray(32, 64));
  const { source } = event;
  const occurredAt = Date.parse(event.occurredAt);
  const receivedAt = Date.parse(origin.receivedAt);

  // Members in the order of their names, as RFC 8785 wants them; written out, because every event passes here.
  const t = canonicalText;
  const beforeEpoch =
    `{"acting_as":${t(event.actor.actingAs)},"action":${t(event.action)},` +
    `"actor":{"id":${t(event.actor.id)},"role":${t(event.actor.role)},"type":${t(event.actor.type)}},` +
    `"category":${t(event.category)},"changes":${canonicalJson(split.sealedChanges as unknown as JsonValue)},"client":${t(event.client)},` +
    `"commitments":{"actor":${t(actor?.commitment ?? null)},"subject":${t(subject?.commitment ?? null)}},"epoch":"`;
  const beforeSeq =
    `","format":${t(RECORD_FORMAT)},"id":${t(origin.id)},"ledger":${t(origin.ledger)},"occurred_at":${t(event.occurredAt)},` +
    `"outcome":${t(event.outcome)},"received_at":${t(origin.receivedAt)},"seq":"`;
  const afterSeq =
    `","severity":${t(event.severity)},"source":{"bridge":${t(source.bridge)},"event_id":${t(source.eventId)},"hook":${t(source.hook)},` +
    `"kind":${t(source.kind)},"part":"${source.part}","payload":${canonicalJson(split.sealedPayload)},"script":${t(event.script)},` +
    `"sent_at":${t(source.sentAt)},"seq":${t(source.seq)},"skew_ms":"${receivedAt - occurredAt}"},` +
    `"subjects":{"actor":${t(actor?.ref ?? null)},"subject":${t(subject?.ref ?? null)}},` +
    `"target":{"id":${t(event.target.id)},"type":${t(event.target.type)}},"tenant":${t(origin.tenant)},"via":${t(event.via)}}`;
  return {
    id: origin.id,
    eventId: source.eventId,
    part: source.part,
    occurredAt,
    receivedAt,
    category: event.category,
    severity: event.severity,
    action: event.action,
    outcome: event.outcome,
    actorType: event.actor.type,
    actorId: event.actor.id,
    targetType: event.target.type,
    targetId: event.target.id,
    clientId: event.client,
    via: event.via,
    hook: source.hook,
    recordParts: [beforeEpoch, beforeSeq, afterSeq],
    actorValues: actor?.values ?? null,
    subjectValues: subject?.values ?? null,
  };
}

/** The sealed record at its place: canonical text, whose bytes are what the hash covers. */
export function recordAt(entry: PresealedEntry, epoch: number, seq: number): string {
  const [beforeEpoch, beforeSeq, afterSeq] = entry.recordParts;
  return `${beforeEpoch}${epoch}${beforeSeq}${seq}${afterSeq}`;
}

export interface EntryPlace extends EntryOrigin {
  readonly seq: number;
  readonly epoch: number;
}

export interface SealedEntry {
  readonly record: string;
  readonly actorValues: SaltedValues | null;
  readonly subjectValues: SaltedValues | null;
}

/** Both steps at once: what an event becomes at a place (core/vectors/record has examples). */
export function sealEvent(event: AuditEvent, place: EntryPlace, salts: Buffer): SealedEntry {
  const entry = presealEvent(event, place, salts);
  return {
    record: recordAt(entry, place.epoch, place.seq),
    actorValues: entry.actorValues,
    subjectValues: entry.subjectValues,
  };
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
    const record = JSON.parse(text) as Record<string, unknown> | null;
    if (!record || !RECORD_FORMATS.some((format) => format === record['format'])) return undefined;
    // Whoever wrote over a record may have kept its format and nothing else.
    const parts = ['actor', 'changes', 'commitments', 'source', 'subjects', 'target'].map((name) => record[name]);
    const isWhole =
      parts.every((part) => typeof part === 'object' && part !== null) && Array.isArray(record['changes']);
    return isWhole ? (record as unknown as SealedRecord) : undefined;
  } catch {
    return undefined;
  }
}
