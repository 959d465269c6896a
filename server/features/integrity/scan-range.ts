import { GENESIS_PREV_HASH } from '../../core/chain';
import type { ProofRule } from '../../core/epoch-rotation';
import { createErasureCover, type CoverData } from '../../core/erasure-cover';
import { createLeafScan, tileOf, type TileScan } from '../../core/leaf-scan';
import { createPrunedRuns, type PrunedRun } from '../../core/pruned-runs';
import { TILE_WIDTH } from '../../core/tile';
import { createLedgerScan, type KnownHead, type LedgerNames, type ScanResult } from '../../core/verify';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { TreeReader } from '../../entries/tree-reader';

/** One range of a ledger to check. Plain data: it may go to another thread. */
export interface RangeRequest {
  readonly ledger: Ledger;
  readonly names: LedgerNames;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Chain keys by epoch, hex. */
  readonly keys: readonly (readonly [number, string])[];
  readonly knownHeads: readonly KnownHead[];
  /** What certificates in the chain say was pruned. */
  readonly pruned: readonly PrunedRun[];
  readonly proofRule: ProofRule;
  /** What was erased. */
  readonly cover: CoverData;
  /** How far the stored Merkle tree reaches, and for which sizes a root is wanted (leaf-scan.ts). */
  readonly tree: { readonly size: number; readonly cuts: readonly number[] };
}

/** What was found, with the tiles of the Merkle tree that the range touches. */
export interface RangeResult extends ScanResult {
  readonly tiles: readonly TileScan[];
}

/** Rows checked between two words about how far it is: each wakes the thread that listens. */
const TURN = 1_000;
/** Tiles read at once, with the rows that they are made of. */
const TILES = 64;

/** Reads a range row by row and checks each as it comes: none is kept, so that a range of any size takes the same memory. */
export async function scanRange(
  store: Pick<EntryStore, 'eachInRange' | 'findBySeq'> & Pick<TreeReader, 'readLeafTiles'>,
  request: RangeRequest,
  onProgress: (rows: number) => void,
): Promise<RangeResult> {
  const { ledger, fromSeq, toSeq } = request;
  const keys = new Map(request.keys.map(([epoch, key]) => [epoch, Buffer.from(key, 'hex')]));
  const before = fromSeq === 1 ? undefined : await store.findBySeq(ledger, fromSeq - 1);
  const scan = createLedgerScan({
    names: request.names,
    fromSeq,
    toSeq,
    prevHash:
      fromSeq === 1 ? GENESIS_PREV_HASH : (before?.hash ?? createPrunedRuns(request.pruned).hashAt(fromSeq - 1)),
    before,
    proofRule: request.proofRule,
    findEpochKey: (epoch) => keys.get(epoch),
    knownHeads: request.knownHeads,
    pruned: request.pruned,
    cover: createErasureCover(request.cover),
  });

  const leaves = createLeafWalk(request);
  let unsaid = 0;
  const check = (row: EntryRow) => {
    leaves.add(row, scan.add(row));
    unsaid += 1;
    if (unsaid < TURN) return;
    onProgress(unsaid);
    unsaid = 0;
  };
  const lastTile = tileOf(toSeq);
  const readTiles = (from: number) => store.readLeafTiles(ledger, tilesBetween(from, Math.min(from + TILES - 1, lastTile))); // prettier-ignore
  let next = readTiles(tileOf(fromSeq));
  for (let tile = tileOf(fromSeq); tile <= lastTile; tile += TILES) {
    leaves.stored(await next);
    const lastHere = Math.min(tile + TILES - 1, lastTile);
    if (lastHere < lastTile) next = readTiles(lastHere + 1);
    // Awaited later; where the rows cannot be read, nobody asks for them any more.
    next.catch(() => undefined);
    const rows = {
      fromSeq: Math.max(fromSeq, tile * TILE_WIDTH + 1),
      toSeq: Math.min(toSeq, (lastHere + 1) * TILE_WIDTH),
    };
    await store.eachInRange(ledger, rows, check);
    leaves.closeTo(lastHere);
  }
  onProgress(unsaid);
  return { ...scan.finish(), tiles: leaves.scanned };
}

function tilesBetween(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_none, at) => first + at);
}

/** Goes through the tiles of a range with the scan; those of which every entry is missing too. */
function createLeafWalk({ fromSeq, toSeq, tree }: RangeRequest) {
  const scan = createLeafScan({ toSeq, treeSize: tree.size, cuts: tree.cuts });
  const scanned: TileScan[] = [];
  let tiles: ReadonlyMap<number, Buffer> = new Map();
  let next = tileOf(fromSeq);
  let isOpen = false;

  function open(tile: number): void {
    closeTo(tile - 1);
    if (!isOpen) scan.open(tile, tiles.get(tile));
    isOpen = true;
  }

  /** Ends the tiles up to this one, whether anything was added to them or not. */
  function closeTo(tile: number): void {
    for (; next <= tile; next += 1) {
      if (!isOpen) scan.open(next, tiles.get(next));
      scanned.push(scan.close());
      isOpen = false;
    }
  }

  return {
    scanned: scanned as readonly TileScan[],
    /** What the tree has of the tiles that come now. */
    stored(read: ReadonlyMap<number, Buffer>): void {
      tiles = read;
    },
    add(row: EntryRow, isSealed: boolean): void {
      const tile = tileOf(row.seq);
      if (!isOpen || tile > next) open(tile);
      scan.add(row, isSealed);
    },
    closeTo,
  };
}
