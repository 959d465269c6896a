import type { JsonObject } from './canonical-json';
import { hmacSha256 } from './hmac';
import { isOlderFormat, parseRecord, type SealedRecord } from './sealed-record';
import type { StoredEntry } from './stored-entry';

/** The action of every entry about chain keys; `phase` in its payload says which. */
export const ROTATION_ACTION = 'audit.key_rotated';

/**
 * What the ledger itself says about its chain keys. `closed` is the last entry of an epoch and sealed with its key; `opened` is the
 * first one of the next and sealed with the new key; `retired` tells that the key of a closed epoch was destroyed.
 */
export type KeyNotice =
  | { readonly phase: 'closed'; readonly fromEpoch: number; readonly toEpoch: number; readonly checkValue: string }
  | {
      readonly phase: 'opened';
      readonly fromEpoch: number;
      readonly toEpoch: number;
      readonly checkValue: string;
      readonly recordFormat: string;
    }
  | { readonly phase: 'retired'; readonly epoch: number; readonly firstSeq: number; readonly lastSeq: number };

const CHECK_TAG = Buffer.from('sealtrail.check.v1\0', 'latin1');

/** 16 hex digits that tell chain keys apart and say nothing else about them (core/vectors/check-value). */
export function checkValueOf(chainKey: Buffer): string {
  return hmacSha256(chainKey, CHECK_TAG).slice(0, 16);
}

export function noticePayload(notice: KeyNotice, ledger: string): JsonObject {
  if (notice.phase === 'retired')
    return {
      phase: notice.phase,
      ledger,
      epoch: String(notice.epoch),
      first_seq: String(notice.firstSeq),
      last_seq: String(notice.lastSeq),
    };
  return {
    phase: notice.phase,
    ledger,
    from_epoch: String(notice.fromEpoch),
    to_epoch: String(notice.toEpoch),
    check_value: notice.checkValue,
    ...(notice.phase === 'opened' ? { record_format: notice.recordFormat } : {}),
  };
}

/** The notice in a record, or undefined where it is none. Only the program itself writes them: `source.kind` is `own`. */
export function readKeyNotice(record: SealedRecord | undefined): KeyNotice | undefined {
  if (record?.action !== ROTATION_ACTION || record.source.kind !== 'own') return undefined;
  const { phase, ...payload } = record.source.payload;
  const text = (name: string) => (typeof payload[name] === 'string' ? payload[name] : '');
  const number = (name: string) => (/^[1-9]\d{0,14}$/.test(text(name)) ? Number(text(name)) : 0);
  switch (phase) {
    case 'closed':
    case 'opened': {
      const turn = { fromEpoch: number('from_epoch'), toEpoch: number('to_epoch'), checkValue: text('check_value') };
      return phase === 'closed' ? { phase, ...turn } : { phase, ...turn, recordFormat: text('record_format') };
    }
    case 'retired':
      return { phase, epoch: number('epoch'), firstSeq: number('first_seq'), lastSeq: number('last_seq') };
    default:
      return undefined;
  }
}

export interface EpochFault {
  readonly kind: 'linkage' | 'content';
  readonly detail: string;
}

/**
 * Watches the epochs and record formats of entries that come in order. An epoch changes only from an entry under the old key that
 * names the new key to an entry under that key, and never back; within an epoch all records have one format, and no epoch has an
 * older one than the epoch before. That the entries are sealed is checked elsewhere.
 */
export interface EpochWatch {
  /** `format`: that of the entry's record, undefined where the record cannot be read. */
  add(entry: StoredEntry, format: string | undefined): readonly EpochFault[];
  /** What stood between is gone: the next entry is not compared with the one before the hole, but for its order. */
  skip(): void;
}

interface WatchOptions {
  /** The entry before the first one, where there is one. */
  readonly before: StoredEntry | undefined;
  readonly findEpochKey: (epoch: number) => Buffer | undefined;
}

const NOTHING: readonly EpochFault[] = [];

export function createEpochWatch({ before, findEpochKey }: WatchOptions): EpochWatch {
  let previous = before;
  let epoch = before?.epoch ?? 0;
  let format = before && parseRecord(before.record)?.format;

  return {
    add(entry, ofEntry) {
      const faults: EpochFault[] = [];
      const [was, from] = [epoch, previous];
      epoch = entry.epoch === was ? was : epochOf(entry, was);
      previous = entry;
      if (epoch < was) faults.push(fault(`epoch ${epoch} after epoch ${was}: epochs never go back`));
      if (from) faults.push(...turnFaults(from, entry, was, epoch, findEpochKey));
      faults.push(...formatFaults(format, ofEntry, epoch === was));
      format = ofEntry ?? format;
      return faults.length === 0 ? NOTHING : faults;
    },
    skip() {
      previous = undefined;
    },
  };
}

/** What the record says where it differs from the column: the column alone is its own finding. */
function epochOf(entry: StoredEntry, was: number): number {
  const record = parseRecord(entry.record);
  return record ? Number(record.epoch) : was;
}

function turnFaults(
  from: StoredEntry,
  to: StoredEntry,
  was: number,
  now: number,
  findEpochKey: WatchOptions['findEpochKey'],
): EpochFault[] {
  if (now === was) {
    const closed = from.action === ROTATION_ACTION ? readKeyNotice(parseRecord(from.record)) : undefined;
    // Where only the column of this entry was changed, it is in the new epoch.
    const goesOn = closed?.phase === 'closed' && Number(parseRecord(to.record)?.epoch) !== closed.toEpoch;
    return goesOn ? [fault(`epoch ${was} goes on after the entry that closed it`)] : [];
  }
  if (now < was) return [];
  const last = parseRecord(from.record);
  // Only the column of the entry before was changed: the turn was already there.
  if (last && Number(last.epoch) === now) return [];
  const closed = readKeyNotice(last);
  if (closed?.phase !== 'closed' || closed.fromEpoch !== was || closed.toEpoch !== now)
    return [fault(`epoch ${now} begins without an entry of epoch ${was} that names its key`)];
  const first = parseRecord(to.record);
  const opened = readKeyNotice(first);
  if (opened?.phase !== 'opened' || opened.toEpoch !== now || opened.checkValue !== closed.checkValue)
    return [fault(`epoch ${now} does not begin with the entry that its rotation made`)];
  if (opened.recordFormat !== first?.format)
    return [{ kind: 'content', detail: `the record is of format ${first?.format ?? '?'}, its epoch of format ${opened.recordFormat}` }]; // prettier-ignore
  const key = findEpochKey(now);
  return key && checkValueOf(key) !== closed.checkValue
    ? [fault(`epoch ${now} is sealed with another key than the one that epoch ${was} named`)]
    : [];
}

function formatFaults(before: string | undefined, now: string | undefined, isSameEpoch: boolean): EpochFault[] {
  if (before === undefined || now === undefined || before === now) return [];
  if (isOlderFormat(now, before))
    return [{ kind: 'content', detail: `the record is of format ${now}, after records of format ${before}` }];
  return isSameEpoch
    ? [{ kind: 'content', detail: `the record is of format ${now}, the others of its epoch of format ${before}` }]
    : [];
}

function fault(detail: string): EpochFault {
  return { kind: 'linkage', detail };
}

/** A row of `epochs`, as far as the ledger says what must stand in it. */
export interface EpochRowFacts {
  readonly epoch: number;
  readonly checkValue: string | null;
  readonly openedSeq: number;
  readonly closedSeq: number | null;
  readonly isRetired: boolean;
}

/** A notice at its place in the ledger, its seal checked. */
export type PlacedNotice = KeyNotice & { readonly seq: number };

/** What a row of `epochs` should say, by the ledger's own entries. Epoch 1 begins with the ledger, without an entry that names its key. */
export function expectedEpoch(epoch: number, notices: readonly PlacedNotice[]): EpochRowFacts | undefined {
  const opening = notices.find((one) => one.phase === 'closed' && one.toEpoch === epoch);
  const closing = notices.find((one) => one.phase === 'closed' && one.fromEpoch === epoch);
  if (!opening && epoch !== 1) return undefined;
  return {
    epoch,
    checkValue: opening?.phase === 'closed' ? opening.checkValue : null,
    openedSeq: opening ? opening.seq + 1 : 1,
    closedSeq: closing?.seq ?? null,
    isRetired: notices.some((one) => one.phase === 'retired' && one.epoch === epoch),
  };
}

/** Names of the columns of a row of `epochs` that differ from what the ledger says. */
export function differingEpochColumns(row: EpochRowFacts, expected: EpochRowFacts): string[] {
  const differing: string[] = [];
  // A store older than check values has none until the key is used next.
  if (row.checkValue !== null && expected.checkValue !== null && row.checkValue !== expected.checkValue)
    differing.push('check_value');
  if (row.openedSeq !== expected.openedSeq) differing.push('opened_seq');
  if (row.closedSeq !== expected.closedSeq) differing.push('closed_seq');
  if (row.isRetired !== expected.isRetired) differing.push('retired_at');
  return differing;
}

/** Which entries count as valid without their chain key: those of retired epochs that a checkpoint held outside covers. */
export interface ProofRule {
  readonly retiredEpochs: readonly number[];
  /** Size of the largest checkpoint held outside whose signature and root fit the tree; 0 without one. */
  readonly provenSize: number;
}

/** The scan must have compared the entry's leaf hash with that tree: the rule alone proves nothing. */
export function isValidByProof(entry: Pick<StoredEntry, 'epoch' | 'seq'>, rule: ProofRule): boolean {
  return entry.seq <= rule.provenSize && rule.retiredEpochs.includes(entry.epoch);
}
