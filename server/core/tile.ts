import { HASH_BYTES, joinSubtrees, nodeHash } from './merkle';

/** Hashes in a whole tile: a subtree of height 8 (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/**
 * The hashes of tile `tile` at level `level`, 32 bytes each, at least as many as the tree in question has there. Level 0 are
 * leaves; a hash at a higher level is the root of a whole tile below it.
 */
export type ReadTile = (level: number, tile: number) => Promise<Buffer>;

/** A tile as its address names it; `width` is below 256 for a partial one. */
export interface TilePlace {
  readonly level: number | 'entries';
  readonly tile: number;
  readonly width: number;
}

/** `tile/0/x001/x234/067`, `tile/entries/000.p/12`. */
export function formatTilePath({ level, tile, width }: TilePlace): string {
  const digits = String(tile);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const path = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Undefined for what no tile is called: every tile has one name. */
export function parseTilePath(path: string): TilePlace | undefined {
  const match = /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(
    path,
  );
  if (!match) return undefined;
  const [, level = '', groups = '', width = String(TILE_WIDTH)] = match;
  const place: TilePlace = {
    level: level === 'entries' ? level : Number(level),
    tile: Number(groups.replace(/[x/]/g, '')),
    width: Number(width),
  };
  return formatTilePath(place) === path ? place : undefined;
}

/** How many hashes a tree of `size` leaves has in a tile; 0 where it has no such tile. */
export function tileWidth(size: number, level: number, tile: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.min(Math.max(hashes - tile * TILE_WIDTH, 0), TILE_WIDTH);
}

/** The root of the first `size` leaves. */
export async function rootFromTiles(size: number, read: ReadTile): Promise<Buffer> {
  return rootOfRange(0, size, remembered(read));
}

/** RFC 6962, section 2.1.1; the leaf's sibling first. Reads at most two tiles a level. */
export async function proveInclusion(index: number, size: number, read: ReadTile): Promise<Buffer[]> {
  if (!isRange(index, size)) throw new RangeError(`a tree of ${size} leaves has no leaf ${index}`);
  const tiles = remembered(read);
  const proof: Buffer[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + split(to - from);
    const isLeft = index < middle;
    proof.unshift(await (isLeft ? rootOfRange(middle, to, tiles) : rootOfRange(from, middle, tiles)));
    if (isLeft) to = middle;
    else from = middle;
  }
  return proof;
}

/** RFC 6962, section 2.1.2. Empty for equal sizes. Reads at most two tiles a level. */
export async function proveConsistency(oldSize: number, newSize: number, read: ReadTile): Promise<Buffer[]> {
  if (!isRange(oldSize - 1, newSize))
    throw new RangeError(`no tree of ${oldSize} leaves lies within one of ${newSize}`);
  const tiles = remembered(read);
  const proof: Buffer[] = [];
  let from = 0;
  let to = newSize;
  while (to !== oldSize) {
    const middle = from + split(to - from);
    const isLeft = oldSize <= middle;
    proof.unshift(await (isLeft ? rootOfRange(middle, to, tiles) : rootOfRange(from, middle, tiles)));
    if (isLeft) to = middle;
    else from = middle;
  }
  return from === 0 ? proof : [await rootOfRange(from, to, tiles), ...proof];
}

/** Where the tree over `length` leaves divides: the largest power of two below it. */
function split(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}

/** `from` lies where a subtree of this length or larger begins. */
async function rootOfRange(from: number, to: number, read: ReadTile): Promise<Buffer> {
  const subtrees: Buffer[] = [];
  let at = from;
  for (let height = heightOf(to - from); at < to; height -= 1) {
    if (2 ** height > to - at) continue;
    subtrees.push(await rootOfSubtree(height, at / 2 ** height, read));
    at += 2 ** height;
  }
  return joinSubtrees(subtrees);
}

function heightOf(length: number): number {
  let height = 0;
  while (2 ** (height + 1) <= length) height += 1;
  return height;
}

/** The root of the `index`-th whole subtree with 2^height leaves. */
export async function rootOfSubtree(height: number, index: number, read: ReadTile): Promise<Buffer> {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const first = index * count;
  const tile = Math.floor(first / TILE_WIDTH);
  const hashes = await read(level, tile);
  const start = first - tile * TILE_WIDTH;
  if (hashes.length < (start + count) * HASH_BYTES)
    throw new RangeError(`tile ${tile} of level ${level} has ${hashes.length} bytes, too few`);
  return rootOfWhole(hashes.subarray(start * HASH_BYTES, (start + count) * HASH_BYTES));
}

/** `hashes`: a power of two of them. */
function rootOfWhole(hashes: Buffer): Buffer {
  if (hashes.length === HASH_BYTES) return hashes;
  const middle = hashes.length / 2;
  return nodeHash(rootOfWhole(hashes.subarray(0, middle)), rootOfWhole(hashes.subarray(middle)));
}

/** Each tile is read once. */
function remembered(read: ReadTile): ReadTile {
  const tiles = new Map<string, Promise<Buffer>>();
  return (level, tile) => {
    const key = `${level}/${tile}`;
    const known = tiles.get(key) ?? read(level, tile);
    tiles.set(key, known);
    return known;
  };
}

function isRange(index: number, size: number): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
}
