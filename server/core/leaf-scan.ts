import { HASH_BYTES, leafText, rootOfHashes } from './merkle';
import { TILE_WIDTH } from './tile';
import type { StoredEntry } from './stored-entry';
import { isoTime } from './stored-time';

export interface LeafScanOptions {
  readonly toSeq: number;
  /** Leaves that the stored tree has. */
  readonly treeSize: number;
  /** Sizes of trees whose roots are wanted, and that are no multiple of TILE_WIDTH; ascending, `toSeq` among them. */
  readonly cuts: readonly number[];
}

/** What the entries of one tile of level 0 give, beside what is stored. Roots are hex. Plain data, for threads. */
export interface TileScan {
  readonly tile: number;
  /** False for a last tile that the range ends in. */
  readonly isWhole: boolean;
  /** Of a whole tile; null where an entry is missing that no stored leaf stands for. */
  readonly root: string | null;
  /** The same over the stored leaves, where they are others. */
  readonly storedRoot: string | null;
  /** Entries that are sealed, and not the ones whose leaves are stored. */
  readonly differing: readonly { readonly seq: number; readonly id: string; readonly receivedAt: string | null }[];
  /** The tree should have leaves here that are not stored. */
  readonly isMissing: boolean;
  /** Roots over the leaves of this tile up to a size that was asked for. */
  readonly cuts: readonly { readonly size: number; readonly root: string | null; readonly storedRoot: string | null }[];
}

/** Checks the leaves of a range, tile after tile. */
export interface LeafScan {
  /** `stored`: the tile as the tree has it. */
  open(tile: number, stored: Buffer | undefined): void;
  /** `isSealed`: a record whose own seal is broken is named for that already. */
  add(entry: Pick<StoredEntry, 'seq' | 'id' | 'record' | 'receivedAt'>, isSealed: boolean): void;
  close(): TileScan;
}

export function tileOf(seq: number): number {
  return Math.floor((seq - 1) / TILE_WIDTH);
}

export function createLeafScan({ toSeq, treeSize, cuts }: LeafScanOptions): LeafScan {
  let tile = 0;
  let stored = '';
  let isMissing = false;
  let isDifferent = false;
  let differing: TileScan['differing'][number][] = [];
  let nextCut = 0;
  const leaves: (string | undefined)[] = new Array<string | undefined>(TILE_WIDTH);

  const storedLeaf = (at: number) => {
    const leaf = stored.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    return leaf.length === HASH_BYTES ? leaf : undefined;
  };

  /** Tiles and cuts both ascend. */
  function takeCuts(): readonly number[] {
    const upTo = (isIn: (size: number) => boolean) => {
      let at = nextCut;
      while (at < cuts.length && isIn(cuts[at] as number)) at += 1;
      return at;
    };
    nextCut = upTo((size) => tileOf(size) < tile);
    const first = nextCut;
    nextCut = upTo((size) => tileOf(size) === tile && size <= toSeq);
    return cuts.slice(first, nextCut);
  }

  return {
    open(next, hashes) {
      tile = next;
      const width = Math.min(Math.max(treeSize - tile * TILE_WIDTH, 0), TILE_WIDTH);
      stored = (hashes ?? Buffer.alloc(0)).toString('latin1', 0, width * HASH_BYTES);
      isMissing = stored.length < width * HASH_BYTES;
      isDifferent = false;
      differing = [];
      leaves.fill(undefined);
    },
    add({ seq, id, record, receivedAt }, isSealed) {
      const at = seq - 1 - tile * TILE_WIDTH;
      const leaf = leafText(record);
      leaves[at] = leaf;
      const other = storedLeaf(at);
      if (other === undefined || other === leaf) return;
      isDifferent = true;
      if (isSealed) differing.push({ seq, id, receivedAt: isoTime(receivedAt) });
    },
    close() {
      const width = Math.min(toSeq - tile * TILE_WIDTH, TILE_WIDTH);
      const own = Array.from({ length: width }, (_none, at) => leaves[at] ?? storedLeaf(at));
      const kept = isDifferent ? Array.from({ length: width }, (_none, at) => storedLeaf(at) ?? own[at]) : undefined;
      const here = takeCuts();
      return {
        tile,
        isWhole: width === TILE_WIDTH,
        root: width === TILE_WIDTH ? rootOf(own) : null,
        storedRoot: kept && width === TILE_WIDTH ? rootOf(kept) : null,
        differing,
        isMissing,
        cuts: here.map((size) => ({
          size,
          root: rootOf(own.slice(0, size - tile * TILE_WIDTH)),
          storedRoot: kept ? rootOf(kept.slice(0, size - tile * TILE_WIDTH)) : null,
        })),
      };
    },
  };
}

/** Hex; null where a leaf is not known. */
function rootOf(leaves: readonly (string | undefined)[]): string | null {
  if (leaves.includes(undefined)) return null;
  return rootOfHashes(Buffer.from(leaves.join(''), 'latin1')).toString('hex');
}
