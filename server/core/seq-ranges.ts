/** Sequence numbers as ranges, both ends included, in order and apart from each other. */
export type SeqRange = readonly [first: number, last: number];

/** As written into records: `1-5,9,12-40`; empty for none. */
export function formatRanges(ranges: readonly SeqRange[]): string {
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

/** What `formatRanges` wrote, or undefined for a text that is not in that form. */
export function parseRanges(text: string): SeqRange[] | undefined {
  if (text === '') return [];
  const ranges: SeqRange[] = [];
  let behind = 0;
  for (const part of text.split(',')) {
    const [, from, to] = /^([1-9]\d{0,15})(?:-([1-9]\d{0,15}))?$/.exec(part) ?? [];
    const range: SeqRange = [Number(from), Number(to ?? from)];
    const isInOrder = range[0] > behind && range[1] >= range[0] && Number.isSafeInteger(range[1]);
    if (from === undefined || !isInOrder) return undefined;
    ranges.push(range);
    behind = range[1];
  }
  return ranges;
}

/** Ranges in any order, overlapping or not, as few as say the same. */
export function mergeRanges(ranges: readonly SeqRange[]): SeqRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** Whether one of merged ranges holds the number: O(log n). */
export function holdsSeq(ranges: readonly SeqRange[], seq: number): boolean {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = ranges[middle] as SeqRange;
    if (seq < first) high = middle - 1;
    else if (seq > last) low = middle + 1;
    else return true;
  }
  return false;
}

/** Collects numbers, as a rule in ascending order: neighbours that come one after the other share a range. */
export function createRangeList(): { add(seq: number): void; ranges(): SeqRange[] } {
  const ranges: [number, number][] = [];
  return {
    add(seq) {
      const last = ranges.at(-1);
      if (last && seq >= last[0] && seq <= last[1] + 1) last[1] = Math.max(last[1], seq);
      else ranges.push([seq, seq]);
    },
    ranges: () => mergeRanges(ranges),
  };
}
