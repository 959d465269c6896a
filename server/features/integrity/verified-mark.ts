import { tileOf } from '../../core/leaf-scan';
import { HASH_BYTES, rootOfHashes } from '../../core/merkle';
import { TILE_WIDTH } from '../../core/tile';
import { EMPTY_SWEEP, type SweepState } from '../../core/tree-sweep';
import type { Ledger } from '../../entries/entry-store';
import type { TreeReader } from '../../entries/tree-reader';

/** The newest place up to which a verification found nothing, as its sealed report says. */
export interface Mark {
  readonly seq: number;
  readonly hash: string;
  /** Root over the first `seq` leaves, hex. */
  readonly root: string;
  readonly finishedAt: string;
}

/**
 * The tree before the tile in which the entry of the mark stands, from the stored tiles. Nothing of it is believed: the root at
 * the mark must come out of it. Undefined where the tiles are not there.
 */
export async function sweepOfMark(
  trees: Pick<TreeReader, 'readTile'>,
  ledger: Ledger,
  mark: Mark,
): Promise<SweepState | undefined> {
  const tiles = tileOf(mark.seq);
  const subtrees: [number, string][] = [];
  let top = 1;
  while (tiles >= TILE_WIDTH ** top) top += 1;
  for (let level = top; level >= 1; level -= 1) {
    const hashes = Math.floor((tiles * TILE_WIDTH) / TILE_WIDTH ** level);
    const tile = Math.floor(hashes / TILE_WIDTH);
    const width = hashes - tile * TILE_WIDTH;
    if (width === 0) continue;
    const stored = await trees.readTile(ledger, level, tile);
    if (!stored || stored.length < width * HASH_BYTES) return undefined;
    subtrees.push(...joined(stored.subarray(0, width * HASH_BYTES), level * 8));
  }
  return { ...EMPTY_SWEEP, tiles, subtrees };
}

/** Neighbouring roots of one height as the fewest whole subtrees, largest first. */
function joined(hashes: Buffer, height: number): [number, string][] {
  const subtrees: [number, string][] = [];
  let width = hashes.length / HASH_BYTES;
  let at = 0;
  for (let part = TILE_WIDTH; part >= 1; part /= 2) {
    if (width < part) continue;
    subtrees.push([height + Math.log2(part), rootOfWhole(hashes.subarray(at * HASH_BYTES, (at + part) * HASH_BYTES))]);
    at += part;
    width -= part;
  }
  return subtrees;
}

function rootOfWhole(hashes: Buffer): string {
  return rootOfHashes(hashes).toString('hex');
}
