import type { JsonObject } from './canonical-json';
import { SIDES, type Side } from './data-subject';
import type { SealedRecord } from './sealed-record';
import { formatRanges, holdsSeq, mergeRanges, parseRanges, type SeqRange } from './seq-ranges';

export const ERASURE_ACTION = 'audit.erasure_applied';

/** Why values were erased, as the entry says it. */
export const ERASURE_BASES = ['request', 'objection', 'consent_withdrawn', 'obligation', 'no_longer_needed'] as const;
export type ErasureBasis = (typeof ERASURE_BASES)[number];

/** What an erasure says of one side of the entries that name its data subject there. */
export interface ErasedSide {
  /** Values in here are gone, or go: those of every entry whose side is the data subject. */
  readonly erased: readonly SeqRange[];
  /** Values that did not fit their commitment any more when they were erased: they stay a break. */
  readonly altered: readonly SeqRange[];
}

export interface ErasureScope {
  /** The data subject, as records name it: `client:5`. */
  readonly ref: string;
  readonly actor: ErasedSide;
  readonly subject: ErasedSide;
  /** Entries that do not name the data subject and lost their digest all the same: parts of an item whose values were erased. */
  readonly digests: readonly SeqRange[];
}

/** An entry `audit.erasure_applied`, read. */
export interface AppliedErasure extends ErasureScope {
  readonly seq: number;
  /** What the entries of one erasure share that was too large for one. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  /** False where the key of its epoch is not at hand, so that nobody can say whether the entry is genuine. */
  readonly isProven: boolean;
}

/** The members of the entry's payload that say what it covers. None of these names is one that `splitEvent` keeps apart. */
export function scopePayload(scope: ErasureScope): JsonObject {
  return {
    ref: scope.ref,
    actor_ranges: formatRanges(scope.actor.erased),
    actor_altered: formatRanges(scope.actor.altered),
    subject_ranges: formatRanges(scope.subject.erased),
    subject_altered: formatRanges(scope.subject.altered),
    digest_ranges: formatRanges(scope.digests),
  };
}

/**
 * What an entry says was erased; undefined for one that says nothing of the kind, or that no Sealtrail wrote. An erasure covers
 * only entries before its own. Whether the entry itself is genuine is for the caller to check.
 */
export function readErasure(record: SealedRecord, isProven: boolean): AppliedErasure | undefined {
  const { payload, kind, bridge } = record.source;
  if (record.action !== ERASURE_ACTION || kind !== 'own' || bridge !== null) return undefined;
  const seq = Number(record.seq);
  const ranges = (name: string) => {
    const text = payload[name];
    const found = typeof text === 'string' ? parseRanges(text) : undefined;
    return found && (found.at(-1)?.[1] ?? 0) < seq ? found : undefined;
  };
  const [actor, actorAltered] = [ranges('actor_ranges'), ranges('actor_altered')];
  const [subject, subjectAltered] = [ranges('subject_ranges'), ranges('subject_altered')];
  const digests = ranges('digest_ranges');
  const ref = payload['ref'];
  if (typeof ref !== 'string' || !actor || !actorAltered || !subject || !subjectAltered || !digests) return undefined;
  return {
    seq,
    id: record.source.event_id,
    at: record.occurred_at,
    isProven,
    ref,
    actor: { erased: actor, altered: actorAltered },
    subject: { erased: subject, altered: subjectAltered },
    digests,
  };
}

/** `altered`: erased, and not what was sealed. `unproven`: said by an entry that cannot be checked. */
export type ErasureState = 'erased' | 'altered' | 'unproven';

/** Merged ranges by what they say of whom. Plain data: it may go to another thread. */
export type CoverData = readonly (readonly [key: string, ranges: readonly SeqRange[]])[];

/** Which values are not there because they were erased. */
export interface ErasureCover {
  findSide(side: Side, ref: string, seq: number): ErasureState | undefined;
  /** Whether the digest of an entry went with the values of one of its `refs`, or with those of another part of its item. */
  findDigest(refs: Readonly<Record<Side, string>>, seq: number): ErasureState | undefined;
}

const DIGESTS = 'digests';
const sideKey = (state: ErasureState, side: Side, ref: string) => `${state} ${side} ${ref}`;

export function coverOf(erasures: readonly AppliedErasure[]): CoverData {
  const found = new Map<string, SeqRange[]>();
  const add = (key: string, ranges: readonly SeqRange[]) => {
    if (ranges.length > 0) found.set(key, [...(found.get(key) ?? []), ...ranges]);
  };
  for (const erasure of erasures) {
    const state = erasure.isProven ? 'erased' : 'unproven';
    for (const side of SIDES) {
      add(sideKey(state, side, erasure.ref), erasure[side].erased);
      add(sideKey(erasure.isProven ? 'altered' : 'unproven', side, erasure.ref), erasure[side].altered);
    }
    add(`${state} ${DIGESTS}`, erasure.digests);
  }
  return [...found].map(([key, ranges]) => [key, mergeRanges(ranges)] as const);
}

export function createErasureCover(data: CoverData): ErasureCover {
  const ranges = new Map(data);
  const holds = (key: string, seq: number) => holdsSeq(ranges.get(key) ?? [], seq);
  // What an erasure found altered stays so, whatever a later one covers.
  const findSide = (side: Side, ref: string, seq: number) =>
    (['altered', 'erased', 'unproven'] as const).find((state) => holds(sideKey(state, side, ref), seq));
  return {
    findSide,
    findDigest: (refs, seq) =>
      (['erased', 'unproven'] as const).find((state) => holds(`${state} ${DIGESTS}`, seq)) ??
      findSide('actor', refs.actor, seq) ??
      findSide('subject', refs.subject, seq),
  };
}

/** The first erasure that took the values of one side of an entry, altered or not. */
export function findErasure(
  erasures: readonly AppliedErasure[],
  side: Side,
  ref: string | null,
  seq: number,
): AppliedErasure | undefined {
  return erasures.find(
    (one) => one.ref === ref && (holdsSeq(one[side].erased, seq) || holdsSeq(one[side].altered, seq)),
  );
}
