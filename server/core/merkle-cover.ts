import { joinSubtrees, nodeHash } from './merkle';

/**
 * One proof for many leaves of a tree: the roots of the largest whole subtrees that fill the holes between them. Together with the
 * leaves themselves they give the root. k leaves of n cost at most k log n hashes, all leaves none (docs/format.md).
 */
export interface CoverNode {
  /** Index of its first leaf. */
  readonly from: number;
  /** Leaves below it, a power of two. */
  readonly count: number;
}

/** The whole subtrees that fill `from` up to but not including `to`, from the left. */
export function* coverHole(from: number, to: number): Generator<CoverNode> {
  for (let at = from; at < to;) {
    let count = 1;
    while (at % (count * 2) === 0 && at + count * 2 <= to) count *= 2;
    yield { from: at, count };
    at += count;
  }
}

/** Puts leaves and subtrees together, from the left without holes. O(log n) memory. */
export interface CoverFold {
  readonly size: number;
  /** Throws RangeError for a subtree that cannot stand at this place. */
  add(hash: Buffer, count: number): void;
  root(): Buffer;
}

export function createCoverFold(): CoverFold {
  const subtrees: { readonly hash: Buffer; readonly count: number }[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(hash, count) {
      if (!Number.isSafeInteger(count) || count < 1 || !Number.isInteger(Math.log2(count)) || size % count !== 0)
        throw new RangeError(`no whole subtree of ${count} leaves begins at ${size}`);
      let node = { hash, count };
      while (subtrees.at(-1)?.count === node.count)
        node = { hash: nodeHash((subtrees.pop() as typeof node).hash, node.hash), count: node.count * 2 };
      subtrees.push(node);
      size += count;
    },
    root: () => joinSubtrees(subtrees.map(({ hash }) => hash)),
  };
}
