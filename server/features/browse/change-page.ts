import type { JsonValue } from '../../core/canonical-json';
import type { Change } from '../../core/event';
import { REDACTED, REDACTED_CHANGED } from '../../core/redact';
import { revealText, type PageContext } from '../../http/page-context';

export interface Segment {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** One side of a change: words, or a remark that stands for them ("(empty)"). */
interface ChangeSide {
  readonly remark: string;
  readonly segments: readonly Segment[];
}

export interface ChangeLine {
  /** As the hook calls it; never translated. */
  readonly field: string;
  readonly before: ChangeSide;
  readonly after: ChangeSide;
}

const MAX_WORDS = 400;

export function changeLines(changes: readonly Change[], ctx: PageContext): ChangeLine[] {
  return changes.map(({ field, before, after }) => {
    const words = diffWords(textOf(before), textOf(after), ctx.lng);
    const side = (value: JsonValue, other: Segment['kind']): ChangeSide => ({
      remark: remarkOn(value, ctx),
      segments: words.filter(({ kind }) => kind !== other),
    });
    return { field: revealText(field), before: side(before, 'added'), after: side(after, 'removed') };
  });
}

/**
 * What was taken out and what was put in, word by word (Chinese too: Intl knows its words). Long texts and texts that have
 * nothing in common are shown as replaced.
 */
export function diffWords(before: string, after: string, language: string): Segment[] {
  const [a, b] = [splitWords(before, language), splitWords(after, language)];
  const whole = [{ kind: 'removed', text: before } as const, { kind: 'added', text: after } as const].filter(
    ({ text }) => text !== '',
  );
  if (before === after) return before === '' ? [] : [{ kind: 'same', text: before }];
  if (a.length > MAX_WORDS || b.length > MAX_WORDS) return whole;
  const segments = joinRuns(bridgeGaps(joinRuns(walkDiff(a, b, commonLengths(a, b)))));
  return segments.some(({ kind, text }) => kind === 'same' && /[\p{L}\p{N}]/u.test(text)) ? segments : whole;
}

/** lengths[i][j]: how many words a from i and b from j have in common, in order. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = lengths[i] as number[];
      row[j] = a[i] === b[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
    }
  }
  return lengths;
}

function walkDiff(a: readonly string[], b: readonly string[], lengths: readonly (readonly number[])[]): Segment[] {
  const found: Segment[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ kind: 'same', text: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      found.push({ kind: 'removed', text: a[i] ?? '' });
      i += 1;
    } else {
      found.push({ kind: 'added', text: b[j] ?? '' });
      j += 1;
    }
  }
  return found;
}

/** A blank or a dot that stays between two changed words is shown as part of the change: "bank transfer", not two marks. */
function bridgeGaps(segments: readonly Segment[]): Segment[] {
  const isChanged = (segment: Segment | undefined) => segment !== undefined && segment.kind !== 'same';
  const bridged = segments.flatMap((segment, index): Segment[] => {
    const isGap = segment.kind === 'same' && !/[\p{L}\p{N}]/u.test(segment.text);
    if (!isGap || !isChanged(segments[index - 1]) || !isChanged(segments[index + 1])) return [segment];
    return [
      { kind: 'removed', text: segment.text },
      { kind: 'added', text: segment.text },
    ];
  });
  return sortRuns(bridged);
}

/** Within one stretch of changes, first everything removed and then everything added. */
function sortRuns(segments: readonly Segment[]): Segment[] {
  const sorted: Segment[] = [];
  let stretch: Segment[] = [];
  const flush = () => {
    sorted.push(...stretch.filter(({ kind }) => kind === 'removed'), ...stretch.filter(({ kind }) => kind === 'added'));
    stretch = [];
  };
  for (const segment of segments) {
    if (segment.kind !== 'same') stretch.push(segment);
    else {
      flush();
      sorted.push(segment);
    }
  }
  flush();
  return sorted;
}

function joinRuns(segments: readonly Segment[]): Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    if (last?.kind === segment.kind) joined[joined.length - 1] = { kind: last.kind, text: last.text + segment.text };
    else joined.push(segment);
  }
  return joined;
}

function splitWords(text: string, language: string): string[] {
  if (text.length > 20 * MAX_WORDS) return new Array<string>(MAX_WORDS + 1).fill('');
  return [...new Intl.Segmenter(language, { granularity: 'word' }).segment(text)].map(({ segment }) => segment);
}

function textOf(value: JsonValue): string {
  if (value === null || isHidden(value)) return '';
  return revealText(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
}

function isHidden(value: JsonValue): boolean {
  return value === REDACTED || value === REDACTED_CHANGED;
}

function remarkOn(value: JsonValue, { t }: PageContext): string {
  if (isHidden(value)) return t('entry:changed_not_shown');
  return value === null || value === '' ? t('entry:empty') : '';
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}
