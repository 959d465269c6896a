import type { Break } from '../../../core/verify';

/** Reads in the snapshot of a check. */
export type Select = (sql: string, bindings: readonly (string | number)[]) => Promise<unknown[][]>;

/** A table says something else than the entries; `seq` is 0 where it is about none of them. */
export function projectionBreak(seq: number, detail: string): Break {
  return { seq, id: null, kind: 'projection', detail, receivedAt: null };
}
