import type { Ledger } from '../../entries/entry-store';

/**
 * Leaves of entries that this process has just stored, so that the tree need not read them back. A convenience: whatever is
 * not here, because another process stored it or too much came at once, lies in the store.
 */
export interface HandedLeaves {
  add(ledger: Ledger, lastSeq: number, leaves: readonly Buffer[]): void;
  /** Those from `fromSeq` on, as far as they follow without a gap. */
  find(ledger: Ledger, range: { readonly fromSeq: number; readonly toSeq: number }): Buffer[];
  /** Those up to `seq` are in the tree. */
  forget(ledger: Ledger, seq: number): void;
}

/** Ten seconds of a heavy load; about 10 MiB. */
const MAX_LEAVES = 65_536;

interface Run {
  readonly firstSeq: number;
  readonly leaves: readonly Buffer[];
}

export function createHandedLeaves(): HandedLeaves {
  const runs = new Map<number, Run[]>();
  let kept = 0;

  return {
    add({ id }, lastSeq, leaves) {
      if (kept + leaves.length > MAX_LEAVES) return;
      const ours = runs.get(id) ?? [];
      runs.set(id, ours);
      const firstSeq = lastSeq - leaves.length + 1;
      // A number given twice: the database was put back under a running program, and what it stored before is void.
      while (ours.length > 0 && lastOf(ours.at(-1)) >= firstSeq) kept -= ours.pop()?.leaves.length ?? 0;
      ours.push({ firstSeq, leaves });
      kept += leaves.length;
    },

    find({ id }, { fromSeq, toSeq }) {
      const found: Buffer[] = [];
      for (const { firstSeq, leaves } of runs.get(id) ?? []) {
        const at = fromSeq + found.length - firstSeq;
        // Commits come in the order of their numbers, and so do the runs.
        if (at < 0) break;
        found.push(...leaves.slice(at, toSeq - firstSeq + 1));
      }
      return found;
    },

    forget({ id }, seq) {
      const ours = runs.get(id) ?? [];
      while (ours.length > 0 && lastOf(ours[0]) <= seq) kept -= ours.shift()?.leaves.length ?? 0;
    },
  };
}

function lastOf(run: Run | undefined): number {
  return run ? run.firstSeq + run.leaves.length - 1 : 0;
}
