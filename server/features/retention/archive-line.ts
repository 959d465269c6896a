import { parseRecord } from '../../core/sealed-record';
import type { StoredEntry } from '../../core/stored-entry';
import type { Ledger } from '../../entries/entry-store';
import { ArchiveError } from './archive-file';

const CELLS = 8;

/**
 * An entry as a line of an archive: its hashes, the values beside it and its record as they are stored, parted by tabs. A value
 * that is not there is empty. Nothing of it can hold a tab or a line feed: hex digits, and JSON that writes them as `\t` and `\n`.
 */
export function toArchiveLine(entry: StoredEntry): string {
  const { hash, prevHash, digest, actorSalt, actorBody, subjectSalt, subjectBody, record } = entry;
  return `${hash}\t${prevHash}\t${digest ?? ''}\t${actorSalt ?? ''}\t${actorBody ?? ''}\t${subjectSalt ?? ''}\t${subjectBody ?? ''}\t${record}\n`;
}

/** The entry behind a line, as it would stand in the store. Throws ArchiveError where it cannot be read. */
export function fromArchiveLine(line: string, ledger: Ledger): StoredEntry {
  const cells = line.split('\t');
  const [hash = '', prevHash = '', digest, actorSalt, actorBody, subjectSalt, subjectBody, text = ''] = cells;
  const record = cells.length === CELLS ? parseRecord(text) : undefined;
  if (!record) throw new ArchiveError('a line of it is no entry');
  const orNull = (value: string | undefined) => (value === undefined || value === '' ? null : value);
  return {
    ledgerId: ledger.id,
    seq: Number(record.seq),
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
    digest: orNull(digest),
    actorSalt: orNull(actorSalt),
    actorBody: orNull(actorBody),
    subjectSalt: orNull(subjectSalt),
    subjectBody: orNull(subjectBody),
  };
}
