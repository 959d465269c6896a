import { canonicalJson, type JsonObject } from '../../core/canonical-json';
import { parseRecord } from '../../core/sealed-record';
import type { StoredEntry } from '../../core/stored-entry';
import type { Ledger } from '../../entries/entry-store';
import { ArchiveError } from './archive-file';

const VALUES = [
  ['actor_body', 'actorBody'],
  ['actor_salt', 'actorSalt'],
  ['digest', 'digest'],
  ['subject_body', 'subjectBody'],
  ['subject_salt', 'subjectSalt'],
] as const;

/** An entry as a line of an archive: its record, its hashes and the values beside it. The other columns repeat the record. */
export function toArchiveLine(entry: StoredEntry): string {
  const values = Object.fromEntries(VALUES.map(([name, field]) => [name, entry[field]]));
  const { hash, prevHash, record } = entry;
  return `${canonicalJson({ ...values, hash, prev_hash: prevHash, record, seq: String(entry.seq) })}\n`;
}

/** The entry behind a line, as it would stand in the store. Throws ArchiveError where it cannot be read. */
export function fromArchiveLine(line: string, ledger: Ledger): StoredEntry {
  const json = parseLine(line);
  const texts = ['hash', 'prev_hash', 'record', 'seq'].map((name) => json[name]);
  const values = VALUES.map(([name, field]) => [field, json[name]] as const);
  if (
    !texts.every((text) => typeof text === 'string') ||
    !values.every(([, value]) => value === null || typeof value === 'string')
  )
    // prettier-ignore
    throw new ArchiveError('a line of it is no entry');
  const [hash = '', prevHash = '', text = '', seq = ''] = texts;
  const record = parseRecord(text);
  if (!record) throw new ArchiveError(`the record of entry ${seq} cannot be read`);
  return {
    ...(Object.fromEntries(values) as Pick<StoredEntry, (typeof VALUES)[number][1]>),
    ledgerId: ledger.id,
    seq: Number(seq),
    id: record.id,
    tenantId: ledger.tenant.id,
    eventId: record.source.event_id,
    part: Number(record.source.part),
    epoch: Number(record.epoch),
    occurredAt: Date.parse(record.occurred_at),
    receivedAt: Date.parse(record.received_at),
    category: record.category,
    severity: record.severity,
    action: record.action,
    outcome: record.outcome,
    actorType: record.actor.type,
    actorId: record.actor.id,
    targetType: record.target.type,
    targetId: record.target.id,
    clientId: record.client,
    via: record.via,
    hook: record.source.hook,
    prevHash,
    hash,
    record: text,
  };
}

function parseLine(line: string): JsonObject {
  try {
    return JSON.parse(line) as JsonObject;
  } catch (error) {
    throw new ArchiveError('a line of it is no entry', { cause: error });
  }
}
