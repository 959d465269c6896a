import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import type { CheckpointReason, StoredCheckpoint } from './checkpoint-service';

/** Rows of `checkpoints`. Every call takes the connection or transaction it runs in. */
export interface CheckpointStore {
  insert(trx: Knex.Transaction, ledger: Ledger, checkpoint: StoredCheckpoint): Promise<void>;
  /** The one signed last, of one origin where it is given. */
  findLatest(db: Knex, ledger: Ledger, origin?: string): Promise<StoredCheckpoint | undefined>;
  /** Largest first; beyond `limit` the rest of the last size. */
  list(
    db: Knex,
    ledger: Ledger,
    options: { readonly limit: number; readonly beforeSize?: number },
  ): Promise<StoredCheckpoint[]>;
  /** The smallest of an origin over at least `size` entries: the one signed first. */
  findCovering(db: Knex, ledger: Ledger, origin: string, size: number): Promise<StoredCheckpoint | undefined>;
  /** The one signed last of each origin. */
  listOrigins(db: Knex, ledger: Ledger): Promise<string[]>;
}

const COLUMNS = ['ledger_id', 'origin', 'size', 'root', 'note', 'reason', 'signed_at'];
const SELECT = `SELECT ${COLUMNS.slice(1).join(', ')} FROM checkpoints WHERE ledger_id = ?`;

export function createCheckpointStore({ dialect }: Database): CheckpointStore {
  async function select(
    db: Knex,
    ledger: Ledger,
    rest: string,
    bindings: readonly Cell[],
  ): Promise<StoredCheckpoint[]> {
    const rows = await dialect.selectArrays(db, `${SELECT} ${rest}`, [ledger.id, ...bindings]);
    return rows.map((cells) => {
      const [origin, size, root, note, reason, signedAt] = cells as [string, number, string, string, string, number];
      return { ledger: ledger.name, origin, size, root, note, reason: reason as CheckpointReason, signedAt };
    });
  }

  return {
    async insert(trx, ledger, { origin, size, root, note, reason, signedAt }) {
      await dialect.insertRows(trx, 'checkpoints', COLUMNS, [[ledger.id, origin, size, root, note, reason, signedAt]]);
    },

    async findLatest(db, ledger, origin) {
      const [latest] =
        origin === undefined
          ? await select(db, ledger, 'ORDER BY id DESC LIMIT 1', [])
          : await select(db, ledger, 'AND origin = ? ORDER BY size DESC LIMIT 1', [origin]);
      return latest;
    },

    async list(db, ledger, { limit, beforeSize = Number.MAX_SAFE_INTEGER }) {
      const rows = await select(db, ledger, 'AND size < ? ORDER BY size DESC, id DESC LIMIT ?', [beforeSize, limit]);
      const last = rows.at(-1);
      if (!last || rows.length < limit) return rows;
      const ties = await select(db, ledger, 'AND size = ? ORDER BY id DESC', [last.size]);
      return [...rows.filter(({ size }) => size !== last.size), ...ties];
    },

    async findCovering(db, ledger, origin, size) {
      const [first] = await select(db, ledger, 'AND origin = ? AND size >= ? ORDER BY size LIMIT 1', [origin, size]);
      return first;
    },

    async listOrigins(db, ledger) {
      const sql = 'SELECT origin FROM checkpoints WHERE ledger_id = ? GROUP BY origin ORDER BY MAX(id) DESC';
      return (await dialect.selectArrays(db, sql, [ledger.id])).map(([origin]) => String(origin));
    },
  };
}
