import type { Ledger } from '../../entries/entry-store';

/**
 * The Merkle tree of a ledger (RFC 6962) over its sealed records, kept as tiles behind the commits: the leaf of entry `seq` has
 * index `seq - 1`. Leaf hashes stay when entries are pruned. What is not built yet is asked of `catchUp` first.
 */
export interface TreeService {
  /** Builds up to the head and answers the size then. Throws TreeGapError where an entry is missing that no tile holds yet. */
  catchUp(ledger: Ledger): Promise<number>;
  /** Leaves that are built. */
  size(ledger: Ledger): Promise<number>;
  /** Entries that are not in the tree yet, over all ledgers. */
  countBehind(): Promise<number>;
  rootAt(ledger: Ledger, size: number): Promise<Buffer>;
  /** Undefined while the entry is not in the tree. */
  leafAt(ledger: Ledger, seq: number): Promise<Buffer | undefined>;
  /** Of entry `seq` in the tree of `size` leaves; the leaf's sibling first. Throws RangeError where there is none. */
  inclusionProof(ledger: Ledger, seq: number, size: number): Promise<Buffer[]>;
  consistencyProof(ledger: Ledger, oldSize: number, newSize: number): Promise<Buffer[]>;
  /** The hashes of a tile as far as it is built, 32 bytes each. */
  readTile(ledger: Ledger, level: number, tile: number): Promise<Buffer | undefined>;
}

/** An entry is gone before its leaf was built: nothing can be said of the tree from there on. */
export class TreeGapError extends Error {
  override name = 'TreeGapError';
}
