import type { Break } from '../../../core/verify';
import type { Ledger } from '../../../entries/entry-store';

/** Reads in the snapshot of a check. */
export type Select = (sql: string, bindings: readonly (string | number)[]) => Promise<unknown[][]>;

/** A table says something else than the entries; `seq` is 0 where it is about none of them. */
export function projectionBreak(seq: number, detail: string): Break {
  return { seq, id: null, kind: 'projection', detail, receivedAt: null };
}

/** Whether the first entry is still there: else what was pruned may have told of a row that no entry tells of. */
export async function isWholeLedger(select: Select, ledger: Ledger): Promise<boolean> {
  const [first] = await select('SELECT seq FROM entries WHERE ledger_id = ? ORDER BY seq LIMIT 1', [ledger.id]);
  return Number(first?.[0] ?? 1) === 1;
}
