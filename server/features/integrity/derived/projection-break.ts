import type { Break } from '../../../core/verify';
import type { Ledger } from '../../../entries/entry-store';

/** Reads in the snapshot of a check. */
export type Select = (sql: string, bindings: readonly (string | number)[]) => Promise<unknown[][]>;

/** A table says something else than the entries; `seq` is 0 where it is about none of them. */
export function projectionBreak(seq: number, detail: string): Break {
  return { seq, id: null, kind: 'projection', detail, receivedAt: null };
}

/**
 * From this number on every entry is there. What was pruned, or will be by a prune that has begun, lies before it: an entry that a
 * hold or its kind kept among those need not be the last that spoke of a row. 1 where nothing was pruned.
 */
export async function completeFrom(select: Select, ledger: Ledger): Promise<number> {
  const [pruned] = await select("SELECT MAX(to_seq) FROM prunes WHERE ledger_id = ? AND state IN ('deleting', 'done')", [ledger.id]); // prettier-ignore
  return Number(pruned?.[0] ?? 0) + 1;
}
