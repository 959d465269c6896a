import type { Ledger } from '../../entries/entry-store';
import type { RawFilter } from './entry-filter';
import type { EntryView } from './entry-view';

/**
 * `request`: told by the same item, or by the same account through the same script and session within two seconds. `around`:
 * the neighbours in the chain, whatever they are about.
 */
export const RELATIONS = ['request', 'target', 'session', 'actor', 'around'] as const;
export type Relation = (typeof RELATIONS)[number];

export interface RelatedGroup {
  readonly relation: Relation;
  /** Ascending by sequence number, without the entry itself. */
  readonly entries: readonly EntryView[];
  /** The log that holds all of them; null where no filter does. */
  readonly filter: RawFilter | null;
  /** Entries looked at on either side, where the relation is in no index: what lies further off is not found. */
  readonly window: number | null;
}

export interface RelatedOptions {
  /** Nearest entries of each relation on either side, 1 to 20. */
  readonly perSide: number;
  /** Only entries of this actor (`admin:7`) are told of. */
  readonly scope?: { readonly actor: string } | undefined;
}

/** The entries that a reader of one entry asks for next. A few positions of an index each, whatever the size of the ledger. */
export interface RelatedService {
  /** Groups without an entry are left out. */
  find(ledger: Ledger, entry: EntryView, options: RelatedOptions): Promise<RelatedGroup[]>;
}
