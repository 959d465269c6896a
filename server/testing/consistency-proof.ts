import { rootOfLeaves } from '../core/merkle';

/** From the tree over the first `size` leaves to that over all: RFC 6962, section 2.1.2, written by its definition. */
export function consistencyProof(size: number, leaves: readonly Buffer[]): Buffer[] {
  return size === 0 ? [] : subproof(size, leaves, true);
}

function subproof(size: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (size === leaves.length) return isWhole ? [] : [rootOfLeaves(leaves)];
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return size <= half
    ? [...subproof(size, leaves.slice(0, half), isWhole), rootOfLeaves(leaves.slice(half))]
    : [...subproof(size - half, leaves.slice(half), false), rootOfLeaves(leaves.slice(0, half))];
}
