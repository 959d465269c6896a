import { EMPTY_ROOT, HASH_BYTES, rootOfHashes, rootOfLeaves } from './merkle';
import { TILE_WIDTH } from './tile';

/** A tree's right edge: the hashes of the partial tile of each level, from level 0 up; what is missing is empty. */
export interface TreeEdge {
  readonly size: number;
  readonly levels: readonly Buffer[];
}

/** A tile as it stands after the growth, whole or partial. */
export interface GrownTile {
  readonly level: number;
  readonly tile: number;
  readonly hashes: Buffer;
}

/** Appends leaves. `tiles` are those that changed, in order of level and place. */
export function growTiles(
  edge: TreeEdge,
  leaves: readonly Buffer[],
): { readonly edge: TreeEdge; readonly tiles: readonly GrownTile[] } {
  const tiles: GrownTile[] = [];
  const levels: Buffer[] = [];
  let added = leaves;
  for (let level = 0; level < edge.levels.length || added.length > 0; level += 1) {
    const width = TILE_WIDTH ** (level + 1);
    let tile = Math.floor(edge.size / width);
    let open = edge.levels[level] ?? Buffer.alloc(0);
    const whole: Buffer[] = [];
    for (let at = 0; at < added.length;) {
      const room = TILE_WIDTH - open.length / HASH_BYTES;
      open = Buffer.concat([open, ...added.slice(at, at + room)]);
      at += room;
      tiles.push({ level, tile, hashes: open });
      if (open.length < TILE_WIDTH * HASH_BYTES) break;
      whole.push(rootOfHashes(open));
      open = Buffer.alloc(0);
      tile += 1;
    }
    levels.push(open);
    added = whole;
  }
  return { edge: { size: edge.size + leaves.length, levels }, tiles };
}

/** The root of the tree that ends in this edge. */
export function rootOfEdge({ levels }: TreeEdge): Buffer {
  let root: Buffer | undefined;
  // What is left over at a level stands as the last, uneven member of the level above.
  for (const open of levels) {
    const members = [...hashesIn(open), ...(root ? [root] : [])];
    if (members.length > 0) root = rootOfLeaves(members);
  }
  return root ?? EMPTY_ROOT;
}

export function hashesIn(tile: Buffer): Buffer[] {
  return Array.from({ length: tile.length / HASH_BYTES }, (_none, at) =>
    tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}
