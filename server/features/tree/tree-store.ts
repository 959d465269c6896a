import type { Knex } from 'knex';
import { EMPTY_ROOT, HASH_BYTES, leafHash } from '../../core/merkle';
import { TILE_WIDTH, tileWidth } from '../../core/tile';
import { hashesIn, type GrownTile, type TreeEdge } from '../../core/tile-growth';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';

/** A row of `trees`. Roots are hex; `signedSize` is 0 where nothing was signed under this origin. */
export interface TreeRow {
  readonly origin: string;
  readonly originNo: number;
  readonly size: number;
  readonly root: string;
  readonly signedSize: number;
  readonly signedRoot: string;
  readonly state: 'open' | 'stopped';
  readonly stoppedDetail: string | null;
  readonly stoppedAt: number | null;
}

/** Rows of `trees` and `tree_tiles`. Every call takes the connection or transaction it runs in. */
export interface TreeStore {
  find(db: Knex, ledger: Ledger): Promise<TreeRow | undefined>;
  /** The row for update, made with `origin` where there is none: whoever holds it is the only one who builds or signs. */
  lock(trx: Knex.Transaction, ledger: Ledger, origin: string): Promise<TreeRow>;
  update(trx: Knex.Transaction, ledger: Ledger, part: Partial<TreeRow>): Promise<void>;
  readTile(db: Knex, ledger: Ledger, level: number, tile: number): Promise<Buffer | undefined>;
  /** The right edge of the tree of `size` leaves. */
  readEdge(db: Knex, ledger: Ledger, size: number): Promise<TreeEdge>;
  writeTiles(trx: Knex.Transaction, ledger: Ledger, tiles: readonly GrownTile[]): Promise<void>;
  /**
   * Leaves of the entries from `fromSeq` to `toSeq`, as far as they follow without a gap. That of an entry which is gone is
   * taken from its tile, where it was built before.
   */
  readLeaves(db: Knex, ledger: Ledger, range: { readonly fromSeq: number; readonly toSeq: number }): Promise<Buffer[]>;
}

const COLUMNS = {
  origin: 'origin',
  originNo: 'origin_no',
  size: 'size',
  root: 'root',
  signedSize: 'signed_size',
  signedRoot: 'signed_root',
  state: 'state',
  stoppedDetail: 'stopped_detail',
  stoppedAt: 'stopped_at',
} as const satisfies Record<keyof TreeRow, string>;
const SELECT = `SELECT ${Object.values(COLUMNS).join(', ')} FROM trees WHERE ledger_id = ?`;

export function createTreeStore({ dialect }: Database): TreeStore {
  async function find(db: Knex, ledger: Ledger, lock = ''): Promise<TreeRow | undefined> {
    const [cells] = await dialect.selectArrays(db, `${SELECT}${lock}`, [ledger.id]);
    return (
      cells && (Object.fromEntries(Object.keys(COLUMNS).map((name, at) => [name, cells[at]])) as unknown as TreeRow)
    );
  }

  async function readTile(db: Knex, ledger: Ledger, level: number, tile: number): Promise<Buffer | undefined> {
    const sql = 'SELECT hashes FROM tree_tiles WHERE ledger_id = ? AND level = ? AND tile = ?';
    const [cells] = await dialect.selectArrays(db, sql, [ledger.id, level, tile]);
    return cells?.[0] as Buffer | undefined;
  }

  return {
    find: (db, ledger) => find(db, ledger),

    async lock(trx, ledger, origin) {
      const found = await find(trx, ledger, dialect.forUpdate);
      if (found) return found;
      // Only now: on MySQL an insert that finds the row shares a lock on it, and two who share it then wait for each other.
      const empty = EMPTY_ROOT.toString('hex');
      const row = [ledger.id, origin, 1, 0, empty, 0, empty, 'open'];
      const columns = ['ledger_id', 'origin', 'origin_no', 'size', 'root', 'signed_size', 'signed_root', 'state'];
      await dialect.insertRows(trx, 'trees', columns, [row], { onConflict: 'ignore' });
      const made = await find(trx, ledger, dialect.forUpdate);
      if (!made) throw new Error(`the tree of ledger ${ledger.name} is gone`);
      return made;
    },

    async update(trx, ledger, part) {
      const changed = Object.fromEntries(
        Object.entries(part).map(([name, value]) => [COLUMNS[name as keyof TreeRow], value]),
      );
      await trx('trees').where({ ledger_id: ledger.id }).update(changed);
    },

    readTile,

    async readEdge(db, ledger, size) {
      const levels: Buffer[] = [];
      for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
        const tile = Math.floor(size / TILE_WIDTH ** (level + 1));
        const width = tileWidth(size, level, tile) * HASH_BYTES;
        const hashes = width === 0 ? Buffer.alloc(0) : await readTile(db, ledger, level, tile);
        if (!hashes || hashes.length < width)
          throw new Error(`tile ${tile} of level ${level} of ledger ${ledger.name} is missing`);
        levels.push(hashes.subarray(0, width));
      }
      return { size, levels };
    },

    async writeTiles(trx, ledger, tiles) {
      const rows = tiles.map(({ level, tile, hashes }) => [ledger.id, level, tile, hashes]);
      await dialect.insertRows(trx, 'tree_tiles', ['ledger_id', 'level', 'tile', 'hashes'], rows, {
        onConflict: { key: ['ledger_id', 'level', 'tile'], set: ['hashes = new(hashes)'] },
      });
    },

    async readLeaves(db, ledger, { fromSeq, toSeq }) {
      const sql = 'SELECT seq, record FROM entries WHERE ledger_id = ? AND seq >= ? AND seq <= ? ORDER BY seq';
      const leaves: Buffer[] = [];
      for (const [seq, record] of await dialect.selectArrays(db, sql, [ledger.id, fromSeq, toSeq])) {
        const kept = await readKept(db, ledger, fromSeq + leaves.length, Number(seq) - 1);
        leaves.push(...kept);
        if (Number(seq) !== fromSeq + leaves.length) return leaves;
        leaves.push(leafHash(String(record)));
      }
      return [...leaves, ...(await readKept(db, ledger, fromSeq + leaves.length, toSeq))];
    },
  };

  /** Leaves of entries that are gone, from tiles that were built while they were there. */
  async function readKept(db: Knex, ledger: Ledger, fromSeq: number, toSeq: number): Promise<Buffer[]> {
    const leaves: Buffer[] = [];
    for (let seq = fromSeq; seq <= toSeq;) {
      const tile = Math.floor((seq - 1) / TILE_WIDTH);
      const start = seq - 1 - tile * TILE_WIDTH;
      const kept = hashesIn((await readTile(db, ledger, 0, tile)) ?? Buffer.alloc(0)).slice(start);
      if (kept.length === 0) return leaves;
      leaves.push(...kept.slice(0, toSeq - seq + 1));
      seq = fromSeq + leaves.length;
    }
    return leaves;
  }
}
