import { setImmediate } from 'node:timers/promises';
import { GENESIS_PREV_HASH } from '../../core/chain';
import type { ProofRule } from '../../core/epoch-rotation';
import { createErasureCover, type CoverData } from '../../core/erasure-cover';
import { createLeafScan, tileOf, type TileScan } from '../../core/leaf-scan';
import { createPrunedRuns, type PrunedRun } from '../../core/pruned-runs';
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

/** Two chunks are in memory at a time; larger ones outlive the collector's young space and are copied again and again. */
const CHUNK = 250;
/** Rows checked before the thread looks at what the database has sent meanwhile: a full socket keeps the database waiting. */
const TURN = 100;

/** Reads a range in chunks and checks it; the next chunk is on its way while one is checked. */
export async function scanRange(
  store: Pick<EntryStore, 'readRange' | 'findBySeq'> & Pick<TreeReader, 'readLeafTiles'>,
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

  const leaves = createLeafWalk(store, request);
  await leaves.goTo(tileOf(fromSeq));
  const readChunk = (from: number) => store.readRange(ledger, { fromSeq: from, toSeq, limit: CHUNK });
  let next = readChunk(fromSeq);
  for (;;) {
    const rows = await next;
    const last = rows.at(-1);
    if (last && rows.length === CHUNK) next = readChunk(last.seq + 1);
    for (const [at, row] of rows.entries()) {
      if (tileOf(row.seq) > leaves.tile()) await leaves.goTo(tileOf(row.seq));
      leaves.add(row, scan.add(row));
      if (at % TURN === TURN - 1) await setImmediate();
    }
    onProgress(rows.length);
    if (!last || rows.length < CHUNK) return { ...scan.finish(), tiles: await leaves.finish() };
  }
}

/** Tiles read at once. */
const TILES = 32;

/** Goes through the tiles of a range with the scan; those of which every entry is missing too. */
function createLeafWalk(store: Pick<TreeReader, 'readLeafTiles'>, { ledger, toSeq, tree }: RangeRequest) {
  const scan = createLeafScan({ toSeq, treeSize: tree.size, cuts: tree.cuts });
  const lastTile = tileOf(toSeq);
  const scanned: TileScan[] = [];
  let stored: ReadonlyMap<number, Buffer> = new Map();
  let storedTo = -1;
  let current = -1;

  async function open(tile: number): Promise<void> {
    if (tile > storedTo) {
      storedTo = Math.min(tile + TILES - 1, lastTile);
      stored = await store.readLeafTiles(
        ledger,
        Array.from({ length: storedTo - tile + 1 }, (_none, at) => tile + at),
      );
    }
    scan.open(tile, stored.get(tile));
    current = tile;
  }

  async function goTo(tile: number): Promise<void> {
    if (current < 0) return open(tile);
    while (current < tile) {
      scanned.push(scan.close());
      await open(current + 1);
    }
  }

  return {
    tile: () => current,
    goTo,
    add: (row: EntryRow, isSealed: boolean) => scan.add(row, isSealed),
    async finish(): Promise<TileScan[]> {
      await goTo(lastTile);
      scanned.push(scan.close());
      return scanned;
    },
  };
}
