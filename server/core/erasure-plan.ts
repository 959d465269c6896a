import { SIDES, refsOf, type Side } from './data-subject';
import type { ErasedSide, ErasureCover, ErasureScope } from './erasure-cover';
import { parseRecord, type SealedRecord } from './sealed-record';
import { createRangeList, type SeqRange } from './seq-ranges';
import type { StoredEntry } from './stored-entry';
import { isCommittedTo } from './verify';

/**
 * How the values of one side stand. `present`: as sealed. `altered`: what stands there is not what was sealed.
 * `erased`: gone, and an earlier erasure says so. `missing`: gone, and nothing says why.
 */
export type SideState = 'none' | 'present' | 'altered' | 'erased' | 'missing';

export interface ErasurePlan {
  readonly scope: ErasureScope;
  /** Entries whose values would go, on either side. */
  readonly entries: number;
  readonly sides: Readonly<Record<Side, number>>;
  /** Among them, those whose values are not what was sealed. */
  readonly altered: number;
  /** Entries whose values are gone although nothing says why: an erasure must not explain them. */
  readonly missing: number;
}

/** Finds what an erasure of `ref` takes, from all entries that name it, in order of their sequence numbers. Constant memory. */
export interface ErasurePlanner {
  /** Gives the sides whose values would go. */
  add(entry: StoredEntry): readonly Side[];
  /** Another part of an item that loses values: its digest goes too, since it is made from the same values. */
  addPart(entry: StoredEntry): void;
  finish(): ErasurePlan;
}

export function createErasurePlanner(ref: string, cover: ErasureCover): ErasurePlanner {
  const ranges = { actor: createSideRanges(), subject: createSideRanges() };
  const digests = createRangeList();
  const counts = { entries: 0, actor: 0, subject: 0, altered: 0, missing: 0 };

  return {
    add(entry) {
      const record = parseRecord(entry.record);
      if (!record) return [];
      const refs = refsOf(record);
      const states = SIDES.filter((side) => refs[side] === ref).map((side) => {
        const state = sideState(entry, record, side, cover);
        if (!isDigestMissing(entry, record, cover)) return { side, state };
        // The range must not explain by the way where the digest went.
        return { side, state: state === 'present' ? ('altered' as const) : ('missing' as const) };
      });
      for (const { side, state } of states) ranges[side].add(entry.seq, state);
      if (states.some(({ state }) => state === 'missing')) counts.missing += 1;
      if (states.some(({ state }) => state === 'altered')) counts.altered += 1;
      const going = states.filter(({ state }) => state === 'present' || state === 'altered').map(({ side }) => side);
      if (going.length > 0) counts.entries += 1;
      for (const side of going) counts[side] += 1;
      return going;
    },
    addPart(entry) {
      if (entry.digest !== null) digests.add(entry.seq);
    },
    finish: () => ({
      scope: { ref, actor: ranges.actor.read(), subject: ranges.subject.read(), digests: digests.ranges() },
      entries: counts.entries,
      sides: { actor: counts.actor, subject: counts.subject },
      altered: counts.altered,
      missing: counts.missing,
    }),
  };
}

export function sideState(entry: StoredEntry, record: SealedRecord, side: Side, cover: ErasureCover): SideState {
  const [sealed, ref] = [record.commitments[side], record.subjects[side]];
  const [salt, body] = side === 'actor' ? [entry.actorSalt, entry.actorBody] : [entry.subjectSalt, entry.subjectBody];
  // What somebody put beside a record that knows of no values is not the data subject's to erase.
  if (sealed === null || ref === null) return 'none';
  if (salt === null && body === null) {
    const found = cover.findSide(side, ref, entry.seq);
    return found === 'erased' || found === 'altered' ? 'erased' : 'missing';
  }
  return salt !== null && body !== null && isCommittedTo({ salt, body }, ref, sealed) ? 'present' : 'altered';
}

function isDigestMissing(entry: StoredEntry, record: SealedRecord, cover: ErasureCover): boolean {
  if (entry.digest !== null || record.source.kind === 'own') return false;
  return cover.findDigest(refsOf(record), entry.seq) !== 'erased';
}

/** One range from the first entry that loses values to the last, broken only where it would cover what nobody erased. */
function createSideRanges(): { add(seq: number, state: SideState): void; read(): ErasedSide } {
  const erased: [number, number][] = [];
  const altered = createRangeList();
  let isOpen = false;
  return {
    add(seq, state) {
      if (state === 'missing') isOpen = false;
      if (state === 'altered') altered.add(seq);
      if (state !== 'present') return;
      const last = erased.at(-1);
      if (isOpen && last) last[1] = seq;
      else erased.push([seq, seq]);
      isOpen = true;
    },
    read: () => ({ erased, altered: altered.ranges() }),
  };
}

/** A scope as several, none with more ranges than `most`: an entry is to stay small. */
export function splitScope(scope: ErasureScope, most: number): ErasureScope[] {
  const all = [
    ...scope.actor.erased.map((range) => ['actor', 'erased', range] as const),
    ...scope.actor.altered.map((range) => ['actor', 'altered', range] as const),
    ...scope.subject.erased.map((range) => ['subject', 'erased', range] as const),
    ...scope.subject.altered.map((range) => ['subject', 'altered', range] as const),
    ...scope.digests.map((range) => ['digests', 'erased', range] as const),
  ];
  const pieces: ErasureScope[] = [];
  for (let at = 0; at < all.length; at += most) {
    const some = all.slice(at, at + most);
    const of = (part: 'actor' | 'subject' | 'digests', kind: 'erased' | 'altered'): SeqRange[] =>
      some.filter((one) => one[0] === part && one[1] === kind).map((one) => one[2]);
    pieces.push({
      ref: scope.ref,
      actor: { erased: of('actor', 'erased'), altered: of('actor', 'altered') },
      subject: { erased: of('subject', 'erased'), altered: of('subject', 'altered') },
      digests: of('digests', 'erased'),
    });
  }
  return pieces;
}
