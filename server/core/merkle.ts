import { hash } from 'node:crypto';
import { Scratch } from './scratch';

/** The Merkle tree of RFC 6962, section 2.1, with SHA-256. A hash is 32 bytes; leaves count from 0. */
export const HASH_BYTES = 32;

/** The root of a tree without leaves. */
export const EMPTY_ROOT = sha256('');

const leaf = new Scratch();

/** `record`: the sealed record as stored. */
export function leafHash(record: string): Buffer {
  return Buffer.from(leafText(record), 'latin1');
}

/** The same as a string with one character a byte: cheap to compare. */
export function leafText(record: string): string {
  // A UTF-16 unit takes at most three bytes.
  const bytes = leaf.reserve(1 + record.length * 3);
  bytes[0] = 0;
  return hash('sha256', leaf.first(bytes, 1 + bytes.write(record, 1, 'utf8')), 'binary');
}

// Filled anew by every call; nothing here waits between filling and hashing.
const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(pair, 1, 0, HASH_BYTES);
  right.copy(pair, 1 + HASH_BYTES, 0, HASH_BYTES);
  return sha256(pair);
}

export function rootOfLeaves(leaves: readonly Buffer[]): Buffer {
  return rootOfHashes(Buffer.concat(leaves));
}

/** The same of leaves that stand one behind the other, as in a tile. */
export function rootOfHashes(leaves: Buffer): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  const hashes = Buffer.from(leaves);
  // Each level in the place of the one below; a last one without a partner goes up as it is.
  for (let width = hashes.length / HASH_BYTES; width > 1; width = Math.ceil(width / 2)) {
    for (let at = 0; at < width; at += 2) {
      const end = Math.min(at + 2, width) * HASH_BYTES;
      hashes.copy(pair, 1, at * HASH_BYTES, end);
      const place = (at / 2) * HASH_BYTES;
      if (at + 1 < width) hashes.write(hash('sha256', pair, 'binary'), place, HASH_BYTES, 'latin1');
      else hashes.copyWithin(place, at * HASH_BYTES, end);
    }
  }
  return Buffer.from(hashes.subarray(0, HASH_BYTES));
}

/** A tree that only grows at its right edge: the roots of its whole subtrees, O(log n) of them, and nothing else. */
export interface MerkleFrontier {
  add(leaf: Buffer): void;
  readonly size: number;
  /** Of what was added so far. */
  root(): Buffer;
}

export function createMerkleFrontier(): MerkleFrontier {
  /** Largest subtree first. */
  const subtrees: Buffer[] = [];
  let size = 0;
  return {
    add(leaf) {
      let node = leaf;
      // One whole subtree ends here for each factor 2 of the new size.
      for (let rest = (size += 1); rest % 2 === 0; rest /= 2) node = nodeHash(subtrees.pop() as Buffer, node);
      subtrees.push(node);
    },
    get size() {
      return size;
    },
    root: () => joinSubtrees(subtrees),
  };
}

/** The root over neighbouring whole subtrees, largest first. */
export function joinSubtrees(subtrees: readonly Buffer[]): Buffer {
  if (subtrees.length === 0) return EMPTY_ROOT;
  return subtrees.reduceRight((right, left) => nodeHash(left, right));
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Buffer;
  /** The leaf's sibling first. */
  readonly proof: readonly Buffer[];
  readonly root: Buffer;
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion({ index, size, leaf, proof, root }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let at = index;
  let last = size - 1;
  let node = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && node.equals(root);
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Buffer;
  readonly newRoot: Buffer;
  readonly proof: readonly Buffer[];
}

/** RFC 9162, section 2.1.4.2. An empty tree proves nothing: it is the beginning of every other. */
export function verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize === 0 || oldSize > newSize) return false;
  if (!areHashes([oldRoot, newRoot, ...proof])) return false;
  if (oldSize === newSize) return proof.length === 0 && oldRoot.equals(newRoot);
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  if (!first || proof.length === 0) return false;
  let at = oldSize - 1;
  let last = newSize - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  let oldNode = first;
  let newNode = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldNode = nodeHash(sibling, oldNode);
      newNode = nodeHash(sibling, newNode);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      newNode = nodeHash(newNode, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && oldNode.equals(oldRoot) && newNode.equals(newRoot);
}

/** Plain division: a shift would cut sizes above 2^31. */
function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(values: readonly Buffer[]): boolean {
  return values.every((value) => value.length === HASH_BYTES);
}

function sha256(data: string | Buffer): Buffer {
  return Buffer.from(hash('sha256', data, 'hex'), 'hex');
}
