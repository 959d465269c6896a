/** Numbers from `from` to `to`, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Numbers that are missing. `settled`: the bridge does not hold them any more either. */
export interface Hole extends Range {
  readonly missing: number;
  readonly settled: boolean;
}

/**
 * Ranges (in order, apart from each other) with more numbers in them. `again` are numbers that were there already: a bridge
 * gives each once.
 */
export function addNumbers(
  ranges: readonly Range[],
  numbers: readonly number[],
): { readonly ranges: Range[]; readonly again: number[] } {
  const again: number[] = [];
  const all = [...ranges];
  for (const number of numbers) {
    const at = lastStartingAtOrBefore(all, number);
    const below = all[at];
    const above = all[at + 1];
    if (below && number <= below.to) again.push(number);
    else if (below?.to === number - 1 && above?.from === number + 1)
      all.splice(at, 2, { from: below.from, to: above.to });
    else if (below?.to === number - 1) all[at] = { from: below.from, to: number };
    else if (above?.from === number + 1) all[at + 1] = { from: number, to: above.to };
    else all.splice(at + 1, 0, { from: number, to: number });
  }
  return { ranges: all, again };
}

/** Joins neighbours that are no further apart than the step, so that a database which counts by three is one range too. */
export function joinSteps(ranges: readonly Range[], step: number): Range[] {
  const joined: Range[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last && range.from - last.to <= step) joined[joined.length - 1] = { from: last.from, to: range.to };
    else joined.push(range);
  }
  return joined;
}

/** Numbers come in order, so the search begins at the end. */
function lastStartingAtOrBefore(ranges: readonly Range[], number: number): number {
  let [low, high] = [0, ranges.length];
  if (high > 0 && (ranges[high - 1] as Range).from <= number) return high - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle] as Range).from <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface SequenceState {
  /** What arrived, in order. */
  readonly ranges: readonly Range[];
  /** The first number that is expected. */
  readonly base: number | null;
  /** Neighbours differ by at most this: the auto-increment step of the billing database. */
  readonly step: number;
  /** Everything below this has left the bridge's outbox; null where it did not say. */
  readonly settledBelow: number | null;
  /** Numbers that the bridge holds back for a person. */
  readonly parked: readonly number[];
}

/**
 * Where numbers are missing. A database that counts by more than one may skip numbers by itself, so that only neighbours
 * further apart than its step prove that something is missing.
 */
export function findHoles({ ranges, base, step, settledBelow, parked }: SequenceState): Hole[] {
  const there = [...addNumbers(ranges, [...parked].sort((a, b) => a - b)).ranges].filter((range) => base === null || range.to >= base); // prettier-ignore
  const holes: Hole[] = [];
  let last = base === null ? null : base - step;
  const end = settledBelow === null ? [] : [{ from: settledBelow, to: settledBelow }];
  for (const range of [...there, ...end]) {
    if (last !== null && range.from - last > step) holes.push(...parts({ from: last + 1, to: range.from - 1 }));
    last = Math.max(last ?? range.to, range.to);
  }
  return holes;

  /** What the bridge may still send is one hole, what it cannot another. */
  function parts({ from, to }: Range): Hole[] {
    const first = base === null ? from : Math.max(from, base);
    if (settledBelow === null || settledBelow > to) return [holeOf(first, to, settledBelow !== null)];
    if (settledBelow <= first) return [holeOf(first, to, false)];
    return [holeOf(first, settledBelow - 1, true), holeOf(settledBelow, to, false)];
  }

  function holeOf(from: number, to: number, settled: boolean): Hole {
    return { from, to, settled, missing: Math.max(1, Math.floor((to - from + 1) / step)) };
  }
}

export function overlap(a: Range, b: Range): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/** What of `range` none of the others covers. */
export function withoutRanges(range: Range, others: readonly Range[]): Range[] {
  let left: Range[] = [range];
  for (const other of others) {
    left = left.flatMap((one) => {
      if (!overlap(one, other)) return [one];
      const below = one.from < other.from ? [{ from: one.from, to: other.from - 1 }] : [];
      const above = one.to > other.to ? [{ from: other.to + 1, to: one.to }] : [];
      return [...below, ...above];
    });
  }
  return left;
}
