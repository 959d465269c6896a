import { diffArrays } from 'diff';

export interface Segment {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Longer texts are shown as replaced: to compare them word by word would take seconds. */
const MAX_CHARACTERS = 40_000;
/** Words taken out and put in, above which two texts have too little in common for a comparison to be read. */
const MAX_EDITS = 600;
const PATIENCE_MS = 150;

/**
 * What was taken out and what was put in, word by word (Chinese too: Intl knows its words). Long texts and texts that have
 * nothing in common are shown as replaced.
 */
export function diffWords(before: string, after: string, language: string): Segment[] {
  if (before === after) return before === '' ? [] : [{ kind: 'same', text: before }];
  const whole = [{ kind: 'removed', text: before } as const, { kind: 'added', text: after } as const].filter(
    ({ text }) => text !== '',
  );
  if (before.length + after.length > MAX_CHARACTERS) return whole;
  const parts = diffArrays(splitWords(before, language), splitWords(after, language), {
    maxEditLength: MAX_EDITS,
    timeout: PATIENCE_MS,
  });
  if (!parts) return whole;
  const found = parts.map(({ added, removed, value }): Segment => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value.join(''),
  }));
  const segments = joinRuns(bridgeGaps(found));
  return segments.some(({ kind, text }) => kind === 'same' && /[\p{L}\p{N}]/u.test(text)) ? segments : whole;
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
  return [...new Intl.Segmenter(language, { granularity: 'word' }).segment(text)].map(({ segment }) => segment);
}
