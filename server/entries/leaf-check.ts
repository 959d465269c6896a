import { tileOf } from '../core/leaf-scan';
import { HASH_BYTES, leafText } from '../core/merkle';
import { TILE_WIDTH } from '../core/tile';
import type { Ledger } from './ledger';
import type { TreeReader } from './tree-reader';

interface SealedRow {
  readonly seq: number;
  readonly record: string;
}

/** Whether the leaf of each entry stands in the stored Merkle tree: by sequence number; undefined where the tree has none yet. */
export type LeafCheck = (
  ledger: Ledger,
  rows: readonly SealedRow[],
) => Promise<ReadonlyMap<number, boolean | undefined>>;

/** Tiles of 8 KiB that are held at once. */
const BATCH = 64;

export function createLeafCheck(trees: Pick<TreeReader, 'readLeafTiles'>): LeafCheck {
  return async (ledger, rows) => {
    const found = new Map<number, boolean | undefined>();
    const places = rows.filter((row) => Number.isSafeInteger(row.seq) && row.seq > 0);
    const tiles = [...new Set(places.map((row) => tileOf(row.seq)))];
    for (let at = 0; at < tiles.length; at += BATCH) {
      const some = tiles.slice(at, at + BATCH);
      const stored = await trees.readLeafTiles(ledger, some);
      for (const { seq, record } of places) {
        const tile = tileOf(seq);
        if (!some.includes(tile)) continue;
        const start = (seq - 1 - tile * TILE_WIDTH) * HASH_BYTES;
        const leaf = stored.get(tile)?.toString('latin1', start, start + HASH_BYTES);
        found.set(seq, leaf?.length === HASH_BYTES ? leaf === leafText(record) : undefined);
      }
    }
    return found;
  };
}
