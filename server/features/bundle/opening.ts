import { canonicalJson } from '../../core/canonical-json';
import { parseRecord, type SealedRecord } from '../../core/sealed-record';
import type { StoredEntry } from '../../core/stored-entry';
import { isCommittedTo } from '../../core/verify';

/** The erasable values of one side of an entry with the salt that opens their commitment (docs/format.md). */
export interface Opening {
  readonly seq: string;
  readonly side: 'actor' | 'subject';
  readonly ref: string;
  readonly salt: string;
  /** The canonical text that the commitment covers. */
  readonly body: string;
}

/** Lines of `openings.ndjson` for an entry: none for a side that has no values or lost them. */
export function openingsOf(entry: StoredEntry): string[] {
  const record = parseRecord(entry.record);
  if (!record) return [];
  const line = (side: Opening['side'], salt: string | null, body: string | null) => {
    const ref = record.subjects[side];
    if (ref === null || salt === null || body === null) return [];
    return [`${canonicalJson({ seq: String(entry.seq), side, ref, salt, body })}\n`];
  };
  return [...line('actor', entry.actorSalt, entry.actorBody), ...line('subject', entry.subjectSalt, entry.subjectBody)];
}

export function parseOpening(line: string): Opening | undefined {
  try {
    const { seq, side, ref, salt, body } = JSON.parse(line) as Partial<Record<keyof Opening, unknown>>;
    const isText = [seq, ref, salt, body].every((value) => typeof value === 'string');
    return isText && (side === 'actor' || side === 'subject') && /^[0-9a-f]{64}$/.test(salt as string)
      ? ({ seq, side, ref, salt, body } as Opening)
      : undefined;
  } catch {
    return undefined;
  }
}

export function fitsCommitment(opening: Opening, record: SealedRecord): boolean {
  const sealed = record.commitments[opening.side];
  return (
    sealed !== null && record.subjects[opening.side] === opening.ref && isCommittedTo(opening, opening.ref, sealed)
  );
}
