import { isSameHash } from './chain';

/** Entries that a prune took out, without one left between them. Plain data: it may go to another thread. */
export interface PrunedRun {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Hash of the entry before the run, and of its last one: the chain goes on behind it. */
  readonly prevHash: string;
  readonly lastHash: string;
}

type Range = readonly [number, number];

/** The runs of all certificates of a ledger, for a verifier that meets what is left of them. */
export interface PrunedRuns {
  /** Hash of the last entry of the run that ends at a place. */
  hashAt(seq: number): string | undefined;
  /** Whether the entry before a run that begins at `seq` is the one that its certificate names. */
  follows(prevHash: string, seq: number): boolean;
  contains(seq: number): boolean;
  /** What of the gaps no run covers; gaps are ordered and do not touch. */
  without(gaps: readonly Range[]): [number, number][];
}

/** `runs` in any order. */
export function createPrunedRuns(runs: readonly PrunedRun[]): PrunedRuns {
  const ordered = [...runs].sort((a, b) => a.fromSeq - b.fromSeq);
  const byEnd = new Map(ordered.map((run) => [run.toSeq, run]));
  const byStart = new Map(ordered.map((run) => [run.fromSeq, run]));

  /** Index of the first run that ends at or behind a place. */
  function firstAt(seq: number): number {
    let low = 0;
    let high = ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ordered[middle]?.toSeq ?? Infinity) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    hashAt: (seq) => byEnd.get(seq)?.lastHash,
    follows(prevHash, seq) {
      const run = byStart.get(seq);
      return run === undefined || isSameHash(run.prevHash, prevHash);
    },
    contains: (seq) => (ordered[firstAt(seq)]?.fromSeq ?? Infinity) <= seq,
    without(gaps) {
      const left: [number, number][] = [];
      for (const [from, to] of gaps) {
        let at = from;
        for (let i = firstAt(from); at <= to; i += 1) {
          const run = ordered[i];
          if (!run || run.fromSeq > to) {
            left.push([at, to]);
            break;
          }
          if (run.fromSeq > at) left.push([at, run.fromSeq - 1]);
          at = run.toSeq + 1;
        }
      }
      return left;
    },
  };
}

/** How many entries lie in ranges. */
export function countIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
