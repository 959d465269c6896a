import type { TileScan } from './leaf-scan';
import { HASH_BYTES, joinSubtrees, nodeHash } from './merkle';
import { TILE_WIDTH, tileWidth } from './tile';
import type { Break, BreakKind } from './verify';

/** What somebody says the root of the first `size` leaves is: a checkpoint, a row of ours, a copy outside. */
export interface RootClaim {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** What it is when the entries give another root: theirs is wrong (`rewritten`), or the claim (`certificate`). */
  readonly kind: 'rewritten' | 'certificate';
  /** Names it: "the checkpoint of 12 entries". */
  readonly where: string;
}

/** Where a sweep stands, to go on in another process: whole subtrees by their height, largest first, hex. */
export interface SweepState {
  readonly tiles: number;
  readonly subtrees: readonly (readonly [height: number, root: string])[];
  /** False after entries that nothing stands for: no root can be told any more. */
  readonly isKnown: boolean;
  /** Of all leaves that were swept; null while it is not known. */
  readonly root: string | null;
}

export const EMPTY_SWEEP: SweepState = { tiles: 0, subtrees: [], isKnown: true, root: null };

interface SweepOptions {
  readonly treeSize: number;
  readonly claims: readonly RootClaim[];
  readonly readTile: (level: number, tile: number) => Promise<Buffer | undefined>;
  readonly state: SweepState;
  /** The tiles before the first one were not swept: each tile is compared with the tree above it, and no root can be told. */
  readonly isPart: boolean;
}

/** Takes the scanned tiles of level 0 in their order, and compares every hash above them and every root that is claimed. */
export interface TreeSweep {
  add(scan: TileScan): Promise<Break[]>;
  state(): SweepState;
}

const TILE_HEIGHT = 8;
export const OTHER_LEAF = 'its sealed record is not the one whose leaf stands in the Merkle tree';

export function createTreeSweep({ treeSize, claims, readTile, state, isPart }: SweepOptions): TreeSweep {
  const subtrees: { height: number; root: Buffer }[] = state.subtrees.map(([height, root]) => ({
    height,
    root: Buffer.from(root, 'hex'),
  }));
  let { tiles, isKnown, root: lastRoot } = state;
  let upper: { readonly key: string; readonly hashes: Buffer | undefined } | undefined;
  const claimsBySize = groupBySize(claims);

  /** The stored hash at a place above level 0; undefined where the tree does not reach. */
  async function storedHash(level: number, index: number): Promise<{ readonly hash: Buffer | undefined } | undefined> {
    const tile = Math.floor(index / TILE_WIDTH);
    const at = index - tile * TILE_WIDTH;
    if (tileWidth(treeSize, level, tile) <= at) return undefined;
    const key = `${level}/${tile}`;
    // Mostly level 1; a higher level is asked for once in 256 tiles.
    if (upper?.key !== key) upper = { key, hashes: await readTile(level, tile) };
    const hash = upper.hashes?.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    return { hash: hash?.length === HASH_BYTES ? hash : undefined };
  }

  /** Which of the two roots of a tile the tree above it was built over. */
  async function choose(
    scan: TileScan,
  ): Promise<{ readonly root: Buffer | null; readonly breaks: Break[]; readonly isStored: boolean }> {
    const own = scan.root === null ? null : Buffer.from(scan.root, 'hex');
    const kept = scan.storedRoot === null ? null : Buffer.from(scan.storedRoot, 'hex');
    const above = own === null ? undefined : await storedHash(1, scan.tile);
    const first = scan.tile * TILE_WIDTH + 1;
    const breaks: Break[] = [];
    if (scan.isMissing)
      breaks.push(
        aBreak(first, 'certificate', `leaves of the stored Merkle tree are missing (tile ${scan.tile} of level 0)`),
      );
    const isEdited = kept !== null && own !== null && above?.hash?.equals(own) === true;
    for (const entry of scan.differing)
      breaks.push(
        isEdited
          ? { ...entry, kind: 'certificate', detail: 'its leaf in the stored Merkle tree was changed' }
          : { ...entry, kind: 'rewritten', detail: OTHER_LEAF },
      );
    const isStored = kept !== null && !isEdited;
    const root = isStored ? kept : own;
    if (above && root && above.hash?.equals(root) !== true)
      breaks.push(
        aBreak(
          first,
          'certificate',
          `the stored Merkle tree differs from its own leaves (tile ${Math.floor(scan.tile / TILE_WIDTH)} of level 1)`,
        ),
      );
    return { root, breaks, isStored };
  }

  async function push(root: Buffer): Promise<Break[]> {
    const breaks: Break[] = [];
    let node: { height: number; root: Buffer } = { height: TILE_HEIGHT, root };
    tiles += 1;
    for (let last = subtrees.at(-1); last?.height === node.height; last = subtrees.at(-1)) {
      subtrees.pop();
      node = { height: node.height + 1, root: nodeHash(last.root, node.root) };
      if (node.height % TILE_HEIGHT !== 0) continue;
      const level = node.height / TILE_HEIGHT;
      const index = (tiles * TILE_WIDTH) / 2 ** node.height - 1;
      const above = await storedHash(level, index);
      if (above && above.hash?.equals(node.root) !== true)
        breaks.push(
          aBreak(
            index * 2 ** node.height + 1,
            'certificate',
            `the stored Merkle tree differs from its own leaves (tile ${Math.floor(index / TILE_WIDTH)} of level ${level})`,
          ),
        );
    }
    subtrees.push(node);
    return breaks;
  }

  function compare(size: number, root: Buffer): Break[] {
    const wrong = (claimsBySize.get(size) ?? []).filter((claim) => claim.root !== root.toString('hex'));
    return wrong.map((claim) => claimBreak(claim));
  }

  return {
    async add(scan) {
      const { root, breaks, isStored } = await choose(scan);
      if (isPart) return breaks;
      for (const cut of scan.cuts) {
        const part = isStored ? cut.storedRoot : cut.root;
        if (!isKnown || part === null) continue;
        const whole = joinSubtrees([...subtrees.map((one) => one.root), Buffer.from(part, 'hex')]);
        breaks.push(...compare(cut.size, whole));
        lastRoot = whole.toString('hex');
      }
      if (root === null) {
        // A tile that ends with the range has its root among the cuts.
        if (scan.isWhole || typeof scan.cuts.at(-1)?.root !== 'string') isKnown = false;
        return breaks;
      }
      breaks.push(...(await push(root)));
      if (!isKnown) return breaks;
      const size = tiles * TILE_WIDTH;
      const whole = joinSubtrees(subtrees.map((one) => one.root));
      lastRoot = whole.toString('hex');
      return [...breaks, ...compare(size, whole)];
    },
    state: () => ({
      tiles,
      subtrees: subtrees.map(({ height, root }) => [height, root.toString('hex')] as const),
      isKnown,
      root: isKnown ? lastRoot : null,
    }),
  };
}

function groupBySize(claims: readonly RootClaim[]): Map<number, RootClaim[]> {
  const groups = new Map<number, RootClaim[]>();
  for (const claim of claims) {
    const same = groups.get(claim.size);
    if (same) same.push(claim);
    else groups.set(claim.size, [claim]);
  }
  return groups;
}

/** The entries give another root than is claimed. */
export function claimBreak({ size, kind, where }: RootClaim): Break {
  const detail =
    kind === 'rewritten' ? `the entries up to here differ from ${where}` : `${where} does not fit the entries`;
  return aBreak(size, kind, detail);
}

function aBreak(seq: number, kind: BreakKind, detail: string): Break {
  return { seq, id: null, kind, detail, receivedAt: null };
}
