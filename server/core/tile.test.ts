import { leafHash, rootOfLeaves, verifyConsistency, verifyInclusion } from './merkle';
import { growTiles, rootOfEdge, type TreeEdge } from './tile-growth';
import {
  formatTilePath,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  rootFromTiles,
  tileWidth,
  TILE_WIDTH,
} from './tile';

const SIZE = 70_000;
const LEAVES = Array.from({ length: SIZE }, (_none, at) => leafHash(String(at + 1)));

/** Tiles as a store keeps them, grown in steps of uneven length. */
function grow(size: number, steps: readonly number[]) {
  const tiles = new Map<string, Buffer>();
  let edge: TreeEdge = { size: 0, levels: [] };
  for (let turn = 0; edge.size < size; turn += 1) {
    const step = steps[turn % steps.length] ?? 1;
    const grown = growTiles(edge, LEAVES.slice(edge.size, Math.min(edge.size + step, size)));
    for (const { level, tile, hashes } of grown.tiles) tiles.set(`${level}/${tile}`, hashes);
    edge = grown.edge;
  }
  const reads: string[] = [];
  const read = (level: number, tile: number) => {
    reads.push(`${level}/${tile}`);
    return Promise.resolve(tiles.get(`${level}/${tile}`) ?? Buffer.alloc(0));
  };
  return { tiles, edge, read, reads };
}

const tree = grow(SIZE, [1, 255, 256, 257, 1000, 65_536]);

describe('tile names', () => {
  it.each([
    [{ level: 0, tile: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, tile: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 2, tile: 999, width: 1 }, 'tile/2/999.p/1'],
    [{ level: 63, tile: 1000, width: 255 }, 'tile/63/x001/000.p/255'],
    [{ level: 'entries' as const, tile: 42, width: 7 }, 'tile/entries/042.p/7'],
  ])('%j is %s, both ways', (place, path) => {
    expect(formatTilePath(place)).toBe(path);
    expect(parseTilePath(path)).toEqual(place);
  });

  it.each([
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/x001/x02/000',
    'tile/0/001/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/entry/000',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/000\n',
    'tile/0/x999/x999/x999/x999/x999/999',
  ])('%j is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe('the tiles of 70,000 leaves', () => {
  // The example of C2SP tlog-tiles, "Partial Tiles".
  it('are 273 whole and 1 partial at level 0, 1 whole and 1 partial at level 1, 1 partial at level 2', () => {
    const widths = (level: number) =>
      [...tree.tiles].filter(([key]) => key.startsWith(`${level}/`)).map(([, hashes]) => hashes.length / 32);
    expect([...new Set(widths(0))].sort()).toEqual([112, 256]);
    expect(widths(0)).toHaveLength(274);
    expect(widths(1)).toEqual([256, 17]);
    expect(widths(2)).toEqual([1]);
    expect(widths(3)).toEqual([]);
  });

  it('have the widths that the size says', () => {
    for (const [key, hashes] of tree.tiles) {
      const [level = 0, tile = 0] = key.split('/').map(Number);
      expect(tileWidth(SIZE, level, tile)).toBe(hashes.length / 32);
    }
    expect(tileWidth(SIZE, 0, 274)).toBe(0);
    expect(tileWidth(256, 1, 0)).toBe(1);
    expect(tileWidth(255, 1, 0)).toBe(0);
  });

  it('do not depend on the steps of the growth', () => {
    const other = grow(SIZE, [9_999]);
    expect([...other.tiles].sort()).toEqual([...tree.tiles].sort());
  });

  it('give the root, and so does their right edge', async () => {
    expect(rootOfEdge(tree.edge)).toEqual(rootOfLeaves(LEAVES));
    expect(await rootFromTiles(SIZE, tree.read)).toEqual(rootOfLeaves(LEAVES));
  });
});

describe('roots, of every size up to 600', () => {
  const sizes = Array.from({ length: 601 }, (_none, size) => size);

  it('come out of the tiles of a larger tree', async () => {
    for (const size of sizes) expect(await rootFromTiles(size, tree.read)).toEqual(rootOfLeaves(LEAVES.slice(0, size)));
  });

  it('come out of the edge', () => {
    let edge: TreeEdge = { size: 0, levels: [] };
    for (const size of sizes) {
      expect(rootOfEdge(edge)).toEqual(rootOfLeaves(LEAVES.slice(0, size)));
      edge = growTiles(edge, LEAVES.slice(size, size + 1)).edge;
    }
  });
});

describe('proofs', () => {
  const SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, SIZE];

  it('of inclusion verify', async () => {
    for (const size of SIZES)
      for (const index of new Set([0, 1, Math.floor(size / 2), size - 2, size - 1]))
        if (index >= 0 && index < size) {
          const proof = await proveInclusion(index, size, tree.read);
          const leaf = LEAVES[index] ?? Buffer.alloc(0);
          expect(verifyInclusion({ index, size, leaf, proof, root: rootOfLeaves(LEAVES.slice(0, size)) })).toBe(true);
        }
  });

  it('of consistency verify', async () => {
    const roots = new Map(SIZES.map((size) => [size, rootOfLeaves(LEAVES.slice(0, size))]));
    for (const oldSize of SIZES)
      for (const newSize of SIZES)
        if (oldSize <= newSize) {
          const proof = await proveConsistency(oldSize, newSize, tree.read);
          const [oldRoot, newRoot] = [roots.get(oldSize) as Buffer, roots.get(newSize) as Buffer];
          expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof })).toBe(true);
        }
  });

  it('read at most two tiles a level, each once', async () => {
    for (const index of [0, 255, 256, 12_345, 65_535, 65_536, SIZE - 1]) {
      tree.reads.length = 0;
      await proveInclusion(index, SIZE, tree.read);
      expect(tree.reads.length).toBeLessThanOrEqual(2 * 3);
      expect(new Set(tree.reads).size).toBe(tree.reads.length);
      tree.reads.length = 0;
      await proveConsistency(index + 1, SIZE, tree.read);
      expect(tree.reads.length).toBeLessThanOrEqual(2 * 3);
    }
  });

  it.each([
    [() => proveInclusion(8, 8, tree.read)],
    [() => proveInclusion(-1, 8, tree.read)],
    [() => proveConsistency(0, 8, tree.read)],
    [() => proveConsistency(9, 8, tree.read)],
  ])('are refused where there is nothing to prove', async (prove) => {
    await expect(prove()).rejects.toThrow(RangeError);
  });

  it('are refused where a tile is too short', async () => {
    const short = async (level: number, tile: number) => (await tree.read(level, tile)).subarray(0, 32);
    await expect(proveInclusion(5, TILE_WIDTH, short)).rejects.toThrow('too few');
  });
});
