import type { Knex } from 'knex';
import type { Ledger } from './entry-store';
import type { LedgerFact, LedgerFacts } from './ledger-facts';

/** What the entries of some actions come to. */
export interface Fold {
  /** An entry that fits its seal, each once and in order. */
  add(fact: LedgerFact): void;
}

/** What a ledger says by now. In a transaction that holds its head, nothing is said behind it until that ends. */
export type ReadFold<T> = (ledger: Ledger, within?: Knex) => Promise<T>;

/**
 * Reads what a ledger says about something out of its chain, which nobody writes without the key, instead of a table. An entry
 * that does not fit its seal says nothing; verify names it. What was read once is kept, and only what is new is read again.
 */
export function foldFacts<T extends Fold>(
  readFacts: LedgerFacts['read'],
  actions: readonly string[],
  create: (ledger: Ledger) => T,
): ReadFold<T> {
  const folds = new Map<number, { readonly fold: T; newest: number }>();
  return async (ledger, within) => {
    const known = folds.get(ledger.id) ?? { fold: create(ledger), newest: 0 };
    folds.set(ledger.id, known);
    for (const fact of await readFacts(ledger, actions, { afterSeq: known.newest, ...(within && { within }) })) {
      // Two requests may have read the same entries.
      if (fact.seq <= known.newest) continue;
      known.newest = fact.seq;
      if (fact.isSound) known.fold.add(fact);
    }
    return known.fold;
  };
}
