import type { Database } from '../db/connection';
import type { Ledger } from './ledger';

/** A row of `trees`, as far as a check needs it. Roots are hex. */
export interface StoredTree {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly signedSize: number;
  readonly signedRoot: string;
}

/** A row of `checkpoints`. */
export interface CheckpointRow {
  readonly id: number;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly note: string;
  readonly signedAt: number;
}

/** The stored Merkle tree and its checkpoints, for whoever checks them: as they stand, nothing is believed. */
export interface TreeReader {
  findTree(ledger: Ledger): Promise<StoredTree | undefined>;
  readTile(ledger: Ledger, level: number, tile: number): Promise<Buffer | undefined>;
  /** Tiles of level 0 from `first` to `last`, by their number. */
  readLeafTiles(ledger: Ledger, tiles: readonly number[]): Promise<Map<number, Buffer>>;
  /** The largest. */
  findNewestCheckpoint(ledger: Ledger): Promise<CheckpointRow | undefined>;
  /** In order of their id, from the one after `afterId`. */
  listCheckpoints(ledger: Ledger, afterId: number, limit: number): Promise<CheckpointRow[]>;
}

export function createTreeReader({ knex: db, dialect }: Database): TreeReader {
  return {
    async findTree(ledger) {
      const sql = 'SELECT origin, size, root, signed_size, signed_root FROM trees WHERE ledger_id = ?';
      const [cells] = await dialect.selectArrays(db, sql, [ledger.id]);
      if (!cells) return undefined;
      const [origin, size, root, signedSize, signedRoot] = cells as [string, number, string, number, string];
      return { origin, size, root, signedSize, signedRoot };
    },
    async readTile(ledger, level, tile) {
      const sql = 'SELECT hashes FROM tree_tiles WHERE ledger_id = ? AND level = ? AND tile = ?';
      const [cells] = await dialect.selectArrays(db, sql, [ledger.id, level, tile]);
      return cells?.[0] as Buffer | undefined;
    },
    async readLeafTiles(ledger, tiles) {
      if (tiles.length === 0) return new Map();
      const sql = `SELECT tile, hashes FROM tree_tiles WHERE ledger_id = ? AND level = 0 AND tile IN (${tiles.map(() => '?').join(',')})`;
      const rows = (await dialect.selectArrays(db, sql, [ledger.id, ...tiles])) as [number, Buffer][];
      return new Map(rows);
    },
    findNewestCheckpoint: async (ledger) =>
      (await selectCheckpoints('ORDER BY size DESC, id DESC LIMIT 1', [ledger.id]))[0],
    listCheckpoints: (ledger, afterId, limit) =>
      selectCheckpoints('AND id > ? ORDER BY id LIMIT ?', [ledger.id, afterId, limit]),
  };

  async function selectCheckpoints(rest: string, bindings: readonly number[]): Promise<CheckpointRow[]> {
    const sql = `SELECT id, origin, size, root, note, signed_at FROM checkpoints WHERE ledger_id = ? ${rest}`;
    const rows = (await dialect.selectArrays(db, sql, bindings)) as [number, string, number, string, string, number][];
    return rows.map(([id, origin, size, root, note, signedAt]) => ({ id, origin, size, root, note, signedAt }));
  }
}
