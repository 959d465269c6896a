import { HASH_BYTES } from '../../core/merkle';
import { proveConsistency, proveInclusion, rootFromTiles, TILE_WIDTH, type ReadTile } from '../../core/tile';
import { growTiles, rootOfEdge } from '../../core/tile-growth';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { HandedLeaves } from './handed-leaves';
import { TreeGapError, type TreeService } from './tree-service';
import type { TreeStore } from './tree-store';

interface TreeDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly trees: TreeStore;
  /** Leaves of what this process stored itself; the others are read back from the store. */
  readonly handedLeaves: HandedLeaves;
  /** The first origin of a ledger, for a tree that has none yet. */
  readonly firstOrigin: (ledger: Ledger) => Promise<string>;
}

/** Entries in one transaction: four tiles, so that ingest never waits long for the one connection of SQLite. */
const CHUNK = 4 * TILE_WIDTH;

export function createTreeService({ database, store, trees, handedLeaves, firstOrigin }: TreeDeps): TreeService {
  const db = database.knex;

  /** Tiles and size move together; the locked row keeps two processes from doing the same work. */
  async function build(ledger: Ledger, origin: string, head: number): Promise<number> {
    const built = await retriedTransaction(database, async (trx) => {
      const { size } = await trees.lock(trx, ledger, origin);
      if (size >= head) return size;
      // Up to where a tile ends, so that the next chunk begins with a new one.
      const toSeq = Math.min(head, (Math.floor(size / TILE_WIDTH) + CHUNK / TILE_WIDTH) * TILE_WIDTH);
      const range = { fromSeq: size + 1, toSeq };
      const handed = handedLeaves.find(ledger, range);
      const leaves = handed.length > 0 ? handed : await trees.readLeaves(trx, ledger, range);
      if (leaves.length === 0) throw new TreeGapError(`entry ${size + 1} is missing and was not in the tree yet`);
      const grown = growTiles(await trees.readEdge(trx, ledger, size), leaves);
      await trees.writeTiles(trx, ledger, grown.tiles);
      await trees.update(trx, ledger, { size: grown.edge.size, root: rootOfEdge(grown.edge).toString('hex') });
      return grown.edge.size;
    });
    handedLeaves.forget(ledger, built);
    return built;
  }

  const tilesOf =
    (ledger: Ledger): ReadTile =>
    async (level, tile) => {
      const hashes = await trees.readTile(db, ledger, level, tile);
      if (!hashes) throw new RangeError(`tile ${tile} of level ${level} of ledger ${ledger.name} is missing`);
      return hashes;
    };

  return {
    async catchUp(ledger) {
      const head = (await store.findHead(ledger))?.seq ?? 0;
      let size = (await trees.find(db, ledger))?.size ?? 0;
      if (size >= head) return size;
      const origin = await firstOrigin(ledger);
      while (size < head) {
        size = await build(ledger, origin, head);
        // What waits to be stored goes first.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return size;
    },

    async size(ledger) {
      return (await trees.find(db, ledger))?.size ?? 0;
    },

    async countBehind() {
      const sql = 'SELECT SUM(h.seq - COALESCE(t.size, 0)) FROM heads h LEFT JOIN trees t ON t.ledger_id = h.ledger_id';
      const [cells] = await database.dialect.selectArrays(db, sql, []);
      return Number(cells?.[0] ?? 0);
    },

    rootAt: (ledger, size) => rootFromTiles(size, tilesOf(ledger)),

    async leafAt(ledger, seq) {
      const tile = Math.floor((seq - 1) / TILE_WIDTH);
      const start = (seq - 1 - tile * TILE_WIDTH) * HASH_BYTES;
      const leaf = (await trees.readTile(db, ledger, 0, tile))?.subarray(start, start + HASH_BYTES);
      return leaf?.length === HASH_BYTES ? leaf : undefined;
    },

    inclusionProof: (ledger, seq, size) => proveInclusion(seq - 1, size, tilesOf(ledger)),
    consistencyProof: (ledger, oldSize, newSize) => proveConsistency(oldSize, newSize, tilesOf(ledger)),
    readTile: (ledger, level, tile) => trees.readTile(db, ledger, level, tile),
  };
}
