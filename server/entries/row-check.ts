import { coverOf, createErasureCover, type AppliedErasure, type ErasureCover } from '../core/erasure-cover';
import { checkSeal, type LedgerNames, type SealCheck } from '../core/verify';
import type { EntryRow } from './entry-row';
import type { ErasureReader } from './erasure-reader';
import type { Ledger } from './ledger';
import type { RetiredProof } from './retired-proof';

/** Checks entries that have been read, each by itself, and knows what was erased. */
export type RowCheck = (row: EntryRow, epochKey: Buffer | undefined) => Promise<RowSeal>;

export interface RowSeal extends SealCheck {
  /** What was erased from the ledger; empty unless the entry misses something. */
  readonly erasures: readonly AppliedErasure[];
}

/**
 * Asks what was erased when the first entry misses values, and only then: after it was read, since an erasure is told before any
 * value goes. For entries read before the check was made.
 */
export function createRowCheck(
  erasures: ErasureReader,
  ledger: Ledger,
  options: { readonly reuse?: boolean; readonly prove?: RetiredProof } = {},
): RowCheck {
  const names: LedgerNames = { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id };
  let reading: Promise<{ applied: readonly AppliedErasure[]; cover: ErasureCover }> | undefined;

  async function read() {
    const applied = await erasures.readAll(ledger, options);
    return { applied, cover: createErasureCover(coverOf(applied)) };
  }

  return async (row, epochKey) => {
    const seen = checkSeal(row, names, epochKey);
    if (!seen.breaks.some((one) => one.kind === 'commitment')) return { ...seen, erasures: [] };
    const { applied, cover } = await (reading ??= read());
    return { ...checkSeal(row, names, epochKey, cover), erasures: applied };
  };
}
