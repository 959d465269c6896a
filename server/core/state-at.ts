import type { JsonValue } from './canonical-json';
import { sameValue } from './changes';
import type { Change } from './event';
import { isSecretMark } from './redact';

/** What one entry says of the thing that it is about. */
export interface StateStep {
  readonly seq: number;
  /** Entries of one item share it. */
  readonly eventId: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly occurredAt: string;
  /** Type of the thing. */
  readonly targetType: string;
  readonly action: string;
  readonly outcome: string;
  readonly changes: readonly Change[];
  /** Some of its changes were erased, nobody knows of which fields. */
  readonly isErased: boolean;
}

/** The entry that something is known by. */
export interface StateSource {
  readonly seq: number;
  readonly at: string;
}

/**
 * Two entries that do not fit together: after `from` the field had one value, before `to` it had another. `outside`: nothing that
 * was recorded in between can have changed it. `unseen`: entries in between came without values. `erased`: values of entries in
 * between were erased.
 */
export interface StateGap {
  readonly field: string;
  readonly from: StateSource & { readonly value: JsonValue };
  readonly to: StateSource & { readonly value: JsonValue };
  readonly reason: 'outside' | 'unseen' | 'erased';
  /** Sequence numbers of the entries in between that `reason` speaks of. */
  readonly between: readonly number[];
  /** The moment lies in the gap: which of the two values held then cannot be told. */
  readonly holdsMoment: boolean;
}

export interface FieldState {
  readonly field: string;
  /** `set`: by the entry `source`. `before`: no entry up to the moment tells, the next one says what it was until then. */
  readonly known: 'set' | 'before';
  /** A mark for a secret (redact.ts) where `isSecret`. */
  readonly value: JsonValue;
  readonly isSecret: boolean;
  readonly source: StateSource;
}

export interface StateAt {
  readonly existence: { readonly kind: 'created' | 'deleted'; readonly source: StateSource } | null;
  /** In the order of their names. A field that no entry tells of is not among them. */
  readonly fields: readonly FieldState[];
  /** Oldest first. */
  readonly gaps: readonly StateGap[];
  /** Entries up to the moment whose changes were erased: they may have set more than `fields` tells. */
  readonly erased: readonly StateSource[];
  /** Entries up to the moment that changed the thing and came without values. */
  readonly unseen: readonly StateSource[];
}

interface Held extends StateSource {
  readonly value: JsonValue;
  /** The value that the same entry says was there before; undefined where it does not say. */
  readonly before?: JsonValue | undefined;
  readonly eventId: string;
}

/**
 * What is known of a thing at a moment (RFC 3339; what happened at it is in), by the entries about it in any order: they are
 * folded in the order in which things happened. What failed or was refused changed nothing. Entries after the moment serve for
 * what they say of the time before them.
 */
export function stateAt(steps: readonly StateStep[], moment: string): StateAt {
  const inOrder = steps.filter(isEffective).sort(byTime);
  const fold = createFold();
  const past = inOrder.filter((step) => step.occurredAt <= moment);
  for (const step of past) fold.take(step, { isPast: true });
  const fields = fold.fields();
  for (const step of inOrder.slice(past.length)) fold.take(step, { isPast: false });
  return {
    existence: fold.existence(moment),
    fields: [...fields, ...fold.foretold(fields)].sort((a, b) => (a.field < b.field ? -1 : 1)),
    gaps: fold.gaps(moment),
    erased: past.filter(({ isErased }) => isErased).map(sourceOf),
    unseen: past.filter(isUnseen).map(sourceOf),
  };
}

function createFold() {
  const held = new Map<string, Held>();
  const foretold = new Map<string, Held>();
  const found: Omit<StateGap, 'holdsMoment'>[] = [];
  const lifeEvents: { readonly kind: 'created' | 'deleted'; readonly source: StateSource }[] = [];
  const silent: StateStep[] = [];

  return {
    take(step: StateStep, { isPast }: { readonly isPast: boolean }): void {
      const source = { ...sourceOf(step), eventId: step.eventId };
      const life = lifeOf(step);
      const isCreation = life === 'created';
      // What is made anew has nothing to do with what had its number before.
      if (isCreation) held.clear();
      // A report that knows of no value before is not one of values that were empty.
      const knowsBefore = isCreation || step.changes.some(({ before }) => (before ?? null) !== null);
      for (const { field, before, after } of step.changes) {
        const last = held.get(field);
        if (last && isToldAgain(last, step, before, after)) continue;
        if (knowsBefore && before !== undefined) {
          if (last && !isCreation && !fits(last.value, before)) found.push(gapOf(field, last, { ...source, value: before }, silent)); // prettier-ignore
          if (!isPast && !last && !foretold.has(field) && !isCreation)
            foretold.set(field, { ...source, value: before });
        }
        // A deletion ends the thing, it does not empty its fields one by one.
        if (life !== 'deleted' || after !== null) held.set(field, { ...source, before, value: after ?? null });
        else if (!last && before !== undefined) held.set(field, { ...source, value: before });
      }
      if (life !== null) lifeEvents.push({ kind: life, source: sourceOf(step) });
      if (step.isErased || isUnseen(step)) silent.push(step);
    },
    fields: (): FieldState[] => [...held].map(([field, one]) => stateOf(field, 'set', one)),
    foretold(known: readonly FieldState[]): FieldState[] {
      const names = new Set(known.map(({ field }) => field));
      return [...foretold].filter(([field]) => !names.has(field)).map(([field, one]) => stateOf(field, 'before', one));
    },
    existence: (moment: string) => lifeEvents.filter(({ source }) => source.at <= moment).at(-1) ?? null,
    gaps: (moment: string): StateGap[] =>
      found
        .filter(({ from }) => from.at <= moment)
        .map((gap) => ({ ...gap, holdsMoment: gap.to.at > moment }))
        .sort((a, b) => a.to.seq - b.to.seq),
  };
}

/** Actions whose name says that something of the thing is another now. */
const ALTERING = new RegExp(
  '(accepted|activated|applied|cancelled|changed|closed|deactivated|disabled|downgraded|edited|enabled|extended|flagged|merged|' +
    'paid|paused|provisioned|refunded|registered|reissued|removed|renewed|reopened|reset|resumed|revoked|suspended|terminated|' +
    'unpaid|unsuspended|updated|upgraded)$',
);

const ADDED_OR_TAKEN = /[._](added|created|deleted|removed)$/;
/** So long after a change the same one may be told again: by another part of the item, or by a comparison of tables. */
const AGAIN_MS = 3_600_000;

/** What is added to a thing or taken from it, a note or a credit, has fields of its own: they are not the thing's. */
function isEffective(step: StateStep): boolean {
  const isOfAPart = ADDED_OR_TAKEN.test(step.action) && lifeOf(step) === null;
  return step.outcome !== 'failure' && step.outcome !== 'denied' && !isOfAPart;
}

/** Whether the thing itself began or ended. */
function lifeOf({ action, targetType }: StateStep): 'created' | 'deleted' | null {
  const [subject, what] = action.split('.');
  if (subject !== targetType) return null;
  return what === 'created' || what === 'added' ? 'created' : what === 'deleted' ? 'deleted' : null;
}

/** A hook and the row behind it report one change twice: that is no proof of somebody having turned it back in between. */
function isToldAgain(last: Held, { eventId, occurredAt }: StateStep, before: JsonValue, after: JsonValue): boolean {
  if (!sameValue(last.before, before) || !sameValue(last.value, after)) return false;
  return last.eventId === eventId || Date.parse(occurredAt) - Date.parse(last.at) <= AGAIN_MS;
}

function isUnseen({ action, changes, isErased }: StateStep): boolean {
  return changes.length === 0 && !isErased && ALTERING.test(action);
}

function byTime(a: StateStep, b: StateStep): number {
  return a.occurredAt < b.occurredAt ? -1 : a.occurredAt > b.occurredAt ? 1 : a.seq - b.seq;
}

/** A secret is only known to be one: it can be compared with nothing. */
function fits(a: JsonValue, b: JsonValue): boolean {
  return isSecretMark(a) || isSecretMark(b) || sameValue(a, b);
}

function gapOf(field: string, from: Held, to: Held, silent: readonly StateStep[]): Omit<StateGap, 'holdsMoment'> {
  const between = silent.filter((step) => byTime(step, at(from)) > 0 && byTime(step, at(to)) < 0);
  const erased = between.filter(({ isErased }) => isErased);
  const reason = erased.length > 0 ? 'erased' : between.length > 0 ? 'unseen' : 'outside';
  const meant = reason === 'erased' ? erased : between;
  return { field, from: valueAt(from), to: valueAt(to), reason, between: meant.map(({ seq }) => seq) };
}

function valueAt({ seq, at: when, value }: Held): StateGap['from'] {
  return { seq, at: when, value };
}

function at({ seq, at: occurredAt }: StateSource): StateStep {
  return { seq, eventId: '', targetType: '', occurredAt, action: '', outcome: '', changes: [], isErased: false };
}

function sourceOf({ seq, occurredAt }: StateStep): StateSource {
  return { seq, at: occurredAt };
}

function stateOf(field: string, known: FieldState['known'], { seq, at: when, value }: Held): FieldState {
  return { field, known, value, isSecret: isSecretMark(value), source: { seq, at: when } };
}
