import { commitTo, digestIn, isDigestSealed, isEntryHash, isSameHash } from './chain';
import { refsOf, type Side } from './data-subject';
import { createEpochWatch, isValidByProof, type ProofRule } from './epoch-rotation';
import type { ErasureCover } from './erasure-cover';
import { countIn, createPrunedRuns, type PrunedRun } from './pruned-runs';
import { readAsStored, readRecordFields, type LedgerNames, type RecordFields } from './record-fields';
import { parseRecord, RECORD_FORMAT } from './sealed-record';
import type { StoredEntry } from './stored-entry';
import { isoTime } from './stored-time';
import { decodeHexHash, isHexHash } from './strict-hex';

export type { LedgerNames } from './record-fields';

/** CONTRACT section 3. `content`: the record does not give its hash. `projection`: a column differs from the record. */
export type BreakKind =
  'content' | 'projection' | 'linkage' | 'gap' | 'duplicate' | 'truncated' | 'rewritten' | 'commitment' | 'certificate';

export interface Break {
  readonly seq: number;
  readonly id: string | null;
  readonly kind: BreakKind;
  readonly detail: string;
  /** RFC 3339; null where no row says it. */
  readonly receivedAt: string | null;
}

export type Verdict = 'intact' | 'broken' | 'cannot_tell';

export interface SealCheck {
  readonly breaks: readonly Break[];
  /**
   * The chain key of the entry's epoch was not at hand, or that of the erasure which explains missing values: what can be checked
   * without it was.
   */
  readonly unverifiable: boolean;
  /** The second of the two: no proof of the entry itself makes up for it. */
  readonly isUnexplained: boolean;
  /** Format of the record, where it can be read. */
  readonly format: string | undefined;
}

/**
 * Whether one stored entry is what was sealed: its record gives its hash (given the hash before it that the row names), every
 * indexed column equals the record, and the erasable values fit their commitments or were erased (`cover`). Its place among others
 * is not looked at.
 */
export function checkSeal(
  entry: StoredEntry,
  names: LedgerNames,
  epochKey: Buffer | undefined,
  cover?: ErasureCover,
): SealCheck {
  const breaks: Break[] = [];
  const found = (kind: BreakKind, detail: string) => breaks.push(breakAt(entry, kind, detail));

  const isIntact = epochKey !== undefined && isSealIntact(entry, names, epochKey);
  if (isIntact && isAsSealed(entry, names, epochKey)) return AS_SEALED;
  if (epochKey && !isIntact) found('content', 'the sealed record does not give the hash that stands beside it');
  // What somebody wrote over must be read whole to say what it is.
  const record = (isIntact ? readRecordFields(entry.record) : undefined) ?? parseRecord(entry.record);
  if (!record) {
    found('content', 'the sealed record cannot be read');
    const first = onlyFirst(breaks, 'content');
    return { breaks: first, unverifiable: epochKey === undefined, isUnexplained: false, format: undefined };
  }
  const columns = differingColumns(entry, record, names);
  if (columns.length > 0) found('projection', `differs from the sealed record: ${columns.join(', ')}`);
  const commitments = [
    ...digestFault(entry, record, names, epochKey, cover),
    ...valuesFault('actor', entry.actorSalt, entry.actorBody, record, cover),
    ...valuesFault('subject', entry.subjectSalt, entry.subjectBody, record, cover),
  ];
  const faults = commitments.filter((fault) => fault !== UNPROVEN);
  if (faults.length > 0) found('commitment', faults.join('; '));
  const isUnexplained = faults.length < commitments.length;
  return { breaks, unverifiable: epochKey === undefined || isUnexplained, isUnexplained, format: record.format };
}

const AS_SEALED: SealCheck = { breaks: [], unverifiable: false, isUnexplained: false, format: RECORD_FORMAT };

/** Whether all that stands beside an intact record is there and fits. What is not so is looked at in full. */
function isAsSealed(entry: StoredEntry, names: LedgerNames, epochKey: Buffer): boolean {
  if (entry.digest === null) return false;
  const sealed = readAsStored(entry, names);
  return (
    sealed !== undefined &&
    isDigestSealed(epochKey, names.ledger, entry.seq, entry.digest) &&
    areValuesSealed(entry.actorSalt, entry.actorBody, sealed.subjects.actor, sealed.commitments.actor) &&
    areValuesSealed(entry.subjectSalt, entry.subjectBody, sealed.subjects.subject, sealed.commitments.subject)
  );
}

function areValuesSealed(
  salt: string | null,
  body: string | null,
  ref: string | null,
  commitment: string | null,
): boolean {
  if (salt === null || body === null || ref === null || commitment === null)
    return salt === null && body === null && commitment === null;
  return isCommittedTo({ salt, body }, ref, commitment);
}

function isSealIntact(
  { seq, prevHash, record, hash }: StoredEntry,
  { ledger }: LedgerNames,
  epochKey: Buffer,
): boolean {
  return isEntryHash(epochKey, { ledger, seq, prevHash }, record, hash);
}

/** Names of the columns that do not say what the record says. */
export function differingColumns(entry: StoredEntry, record: RecordFields, names: LedgerNames): string[] {
  const differing: string[] = [];
  const same = (column: string, stored: string | number | null, sealed: string | number | null | undefined) => {
    if (stored !== (sealed ?? null)) differing.push(column);
  };
  same('seq', String(entry.seq), record.seq);
  same('ledger_id', names.ledger, record.ledger);
  same('tenant_id', entry.tenantId === names.tenantId ? names.tenant : entry.tenantId, record.tenant);
  same('id', entry.id, record.id);
  same('event_id', entry.eventId, record.source.event_id);
  same('part', String(entry.part), record.source.part);
  same('epoch', String(entry.epoch), record.epoch);
  same('occurred_at', entry.occurredAt, Date.parse(record.occurred_at));
  same('received_at', entry.receivedAt, Date.parse(record.received_at));
  same('category', entry.category, record.category);
  same('severity', entry.severity, record.severity);
  same('action', entry.action, record.action);
  same('outcome', entry.outcome, record.outcome);
  same('actor_type', entry.actorType, record.actor.type);
  same('actor_id', entry.actorId, record.actor.id);
  same('target_type', entry.targetType, record.target.type);
  same('target_id', entry.targetId, record.target.id);
  same('client_id', entry.clientId, record.client);
  same('via', entry.via, record.via);
  same('hook', entry.hook, record.source.hook);
  return differing;
}

/** No fault and no proof: values are gone, and the entry that says why cannot be checked. */
const UNPROVEN = 'unproven';

function digestFault(
  entry: StoredEntry,
  record: RecordFields,
  names: LedgerNames,
  epochKey: Buffer | undefined,
  cover: ErasureCover | undefined,
): string[] {
  if (entry.digest === null) {
    if (record.source.kind === 'own') return [];
    const state = cover?.findDigest(refsOf(record), entry.seq);
    if (state === undefined) return ['the digest of the item is gone'];
    return state === 'unproven' ? [UNPROVEN] : [];
  }
  const digest = digestIn(entry.digest);
  if (!isHexHash(digest)) return ['the digest of the item cannot be read'];
  const isOurs = !epochKey || isDigestSealed(epochKey, names.ledger, entry.seq, entry.digest);
  return isOurs ? [] : ['the digest of the item differs from its seal'];
}

function valuesFault(
  side: Side,
  salt: string | null,
  body: string | null,
  record: RecordFields,
  cover: ErasureCover | undefined,
): string[] {
  const [sealed, ref] = [record.commitments[side], record.subjects[side]];
  if (salt === null && body === null) {
    if (sealed === null) return [];
    switch (ref === null ? undefined : cover?.findSide(side, ref, Number(record.seq))) {
      case 'erased':
        return [];
      case 'unproven':
        return [UNPROVEN];
      case 'altered':
        return [`the values of the ${side}, or the digest, were not what was sealed when they were erased`];
      case undefined:
        return [`the values of the ${side} are gone, and no entry says that they were erased`];
    }
  }
  if (sealed === null || ref === null) return [`values of the ${side} stand beside a record that knows of none`];
  if (salt === null || body === null) return [`the ${side}'s ${salt === null ? 'salt is' : 'values are'} missing`];
  return isCommittedTo({ salt, body }, ref, sealed) ? [] : [`the values of the ${side} differ from their commitment`];
}

/** Written over by the next call. */
const saltBytes = Buffer.alloc(32);

/** Whether values are those that a record stands for. No secret is in it: the time that it takes may be known. */
export function isCommittedTo(
  values: { readonly salt: string; readonly body: string },
  ref: string,
  commitment: string,
): boolean {
  return decodeHexHash(values.salt, saltBytes) && commitTo(saltBytes, ref, values.body) === commitment;
}

// ---- a run of entries

/** A head noted outside the ledger at some time: a file of ours, or one that somebody kept. */
export interface KnownHead {
  readonly seq: number;
  readonly hash: string;
  readonly where: string;
}

export interface ScanOptions {
  readonly names: LedgerNames;
  readonly fromSeq: number;
  /** Last sequence number of the range; what should be there up to it is reported when missing. */
  readonly toSeq: number;
  /** Hash of the entry before `fromSeq`, the genesis value for 1, or undefined when that entry is missing. */
  readonly prevHash: string | undefined;
  /** The entry before `fromSeq`, where it is there. */
  readonly before: StoredEntry | undefined;
  readonly findEpochKey: (epoch: number) => Buffer | undefined;
  readonly proofRule?: ProofRule;
  readonly knownHeads?: readonly KnownHead[];
  /** What certificates in the chain say was pruned. */
  readonly pruned?: readonly PrunedRun[];
  readonly cover?: ErasureCover;
}

/** Checks entries that come in order of their sequence number. One pass, constant memory but for the breaks found. */
export interface LedgerScan {
  /** Whether the record gives its hash, or there is no key to tell. */
  add(entry: StoredEntry): boolean;
  finish(): ScanResult;
}

/** What the scan of a range found. Plain data: ranges may be scanned in different threads. */
export interface ScanResult {
  readonly scanned: number;
  readonly brokenRows: number;
  readonly unverifiable: number;
  /** Entries whose key is gone and whose proof stands for it. */
  readonly byProof: number;
  readonly lastHash: string | undefined;
  readonly breaks: readonly Break[];
  /** Sequence numbers that nothing stands at: first and last of each run, in order. */
  readonly gaps: readonly (readonly [number, number])[];
}

export function createLedgerScan(options: ScanOptions): LedgerScan {
  const breaks: Break[] = [];
  const gaps: [number, number][] = [];
  const pruned = createPrunedRuns(options.pruned ?? []);
  const known = new Map((options.knownHeads ?? []).map((head) => [head.seq, head]));
  let expectedSeq = options.fromSeq;
  let prevHash = options.prevHash;
  let scanned = 0;
  let unverifiable = 0;
  let byProof = 0;
  let brokenRows = 0;
  const epochs = createEpochWatch(options);

  function meetGap(from: number, to: number): void {
    gaps.push([from, to]);
    if (prevHash === undefined || pruned.follows(prevHash, from)) return;
    const detail = 'the entry before what was pruned is not the one that the certificate names';
    breaks.push({ seq: from, id: null, kind: 'linkage', detail, receivedAt: null });
  }

  return {
    add(entry) {
      const before = breaks.length;
      if (entry.seq > expectedSeq) {
        meetGap(expectedSeq, entry.seq - 1);
        epochs.skip();
        prevHash = pruned.hashAt(entry.seq - 1); // else what stood before is gone: the link cannot be checked
      }
      if (entry.seq < expectedSeq)
        breaks.push(breakAt(entry, 'duplicate', `sequence number ${entry.seq} stands here again`));
      else if (prevHash !== undefined && prevHash !== entry.prevHash) {
        breaks.push(
          breakAt(
            entry,
            'linkage',
            `does not follow the entry before it${entry.seq === 1 ? ' (the genesis value)' : ''}`,
          ),
        );
      }
      const check = checkSeal(entry, options.names, options.findEpochKey(entry.epoch), options.cover);
      breaks.push(...check.breaks);
      for (const fault of epochs.add(entry, check.format)) breaks.push(breakAt(entry, fault.kind, fault.detail));
      const noted = known.get(entry.seq);
      if (noted && !isSameHash(noted.hash, entry.hash))
        breaks.push(breakAt(entry, 'rewritten', `differs from the head noted in ${noted.where}`));
      scanned += 1;
      if (breaks.length > before) brokenRows += 1;
      else if (check.unverifiable && isProvenInstead(entry, check, options.proofRule)) byProof += 1;
      else if (check.unverifiable) unverifiable += 1;
      expectedSeq = entry.seq + 1;
      prevHash = entry.hash;
      return !check.breaks.some((one) => one.kind === 'content');
    },
    finish() {
      if (expectedSeq <= options.toSeq) meetGap(expectedSeq, options.toSeq);
      return {
        scanned,
        brokenRows,
        unverifiable,
        byProof,
        lastHash: expectedSeq > options.toSeq ? prevHash : undefined,
        breaks,
        gaps,
      };
    },
  };
}

/** Whether an entry that its key cannot vouch for counts as valid by the tree. */
export function isProvenInstead(
  entry: StoredEntry,
  check: Pick<SealCheck, 'isUnexplained'>,
  rule: ProofRule | undefined,
): boolean {
  return rule !== undefined && !check.isUnexplained && isValidByProof(entry, rule);
}

export interface ScanSum {
  readonly scanned: number;
  readonly valid: number;
  readonly unverifiable: number;
  readonly byProof: number;
  readonly lastHash: string | undefined;
  readonly breaks: readonly Break[];
  /** Missing entries that a certificate accounts for. */
  readonly pruned: number;
}

/** The findings of ranges that follow each other, as one scan of the whole would have given them. */
export function mergeScans(
  scans: readonly ScanResult[],
  end: { readonly toSeq: number; readonly isHead: boolean; readonly pruned?: readonly PrunedRun[] },
): ScanSum {
  const gaps: [number, number][] = [];
  for (const [from, to] of scans.flatMap((scan) => scan.gaps)) {
    const last = gaps.at(-1);
    if (last?.[1] === from - 1) last[1] = to;
    else gaps.push([from, to]);
  }
  // What is missing at the end was cut off; elsewhere it was taken out.
  const unexplained = createPrunedRuns(end.pruned ?? []).without(gaps);
  const missing = unexplained.map(([from, to]) =>
    missingBreak(from, to, end.isHead && to === end.toSeq ? 'truncated' : 'gap'),
  );
  const sum = (read: (scan: ScanResult) => number) => scans.reduce((total, scan) => total + read(scan), 0);
  const [scanned, unverifiable] = [sum((scan) => scan.scanned), sum((scan) => scan.unverifiable)];
  return {
    scanned,
    unverifiable,
    byProof: sum((scan) => scan.byProof),
    valid: scanned - sum((scan) => scan.brokenRows) - unverifiable,
    lastHash: scans.at(-1)?.lastHash,
    pruned: countIn(gaps) - countIn(unexplained),
    breaks: [...scans.flatMap((scan) => scan.breaks), ...missing],
  };
}

/** `cannot_tell` when nothing was checked or something could not be; a break outweighs it. */
export function verdictOf(result: {
  readonly scanned: number;
  readonly unverifiable: number;
  readonly breaks: { readonly length: number };
}): Verdict {
  if (result.breaks.length > 0) return 'broken';
  return result.scanned === 0 || result.unverifiable > 0 ? 'cannot_tell' : 'intact';
}

function missingBreak(from: number, to: number, kind: BreakKind): Break {
  const detail = from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing (${to - from + 1})`;
  return { seq: from, id: null, kind, detail, receivedAt: null };
}

function breakAt(entry: StoredEntry, kind: BreakKind, detail: string): Break {
  const record = parseRecord(entry.record);
  return { seq: entry.seq, id: entry.id, kind, detail, receivedAt: record?.received_at ?? isoTime(entry.receivedAt) };
}

function onlyFirst(breaks: readonly Break[], kind: BreakKind): Break[] {
  return breaks.filter((one, at) => one.kind !== kind || breaks.findIndex((other) => other.kind === kind) === at);
}
