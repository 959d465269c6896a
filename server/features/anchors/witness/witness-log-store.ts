import { EMPTY_ROOT } from '../../../core/merkle';
import type { RowCell, RowMac } from '../../../core/row-mac';
import type { Database } from '../../../db/connection';

/** A log that we are a witness for, and the newest of its checkpoints that we signed. */
export interface WitnessedLog {
  readonly origin: string;
  readonly vkeys: readonly string[];
  readonly addedAt: number;
  readonly removedAt: number | null;
  /** 0 with the root of the empty tree (hex) while nothing was signed. */
  readonly size: number;
  readonly root: string;
  /** The log's note, our line under it, and when that was signed (milliseconds since 1970). */
  readonly note: string | null;
  readonly cosignature: string | null;
  readonly signedAt: number | null;
  /** The row is as we wrote it. */
  readonly isGenuine: boolean;
}

export interface WitnessLogStore {
  /** Also one that was removed. */
  find(origin: string): Promise<WitnessedLog | undefined>;
  /** Those that were not removed. */
  list(): Promise<WitnessedLog[]>;
  /** False when it is there already. */
  insert(log: WitnessedLog): Promise<boolean>;
  /**
   * Moves on from exactly this state; false when it is not the state any more, because somebody else was first. After true it is
   * on the disk.
   */
  change(from: WitnessedLog, to: Partial<Omit<WitnessedLog, 'origin' | 'isGenuine'>>): Promise<boolean>;
}

interface LogRow {
  origin: string;
  vkeys: string;
  added_at: number;
  removed_at: number | null;
  size: number;
  root: string;
  note: string | null;
  cosignature: string | null;
  signed_at: number | null;
  mac: string;
}

export function newWitnessedLog(origin: string, vkeys: readonly string[], addedAt: number): WitnessedLog {
  const root = EMPTY_ROOT.toString('hex');
  return { origin, vkeys, addedAt, removedAt: null, size: 0, root, note: null, cosignature: null, signedAt: null, isGenuine: true }; // prettier-ignore
}

export function createWitnessLogStore(database: Database, rowMac: RowMac): WitnessLogStore {
  const { knex: db, dialect } = database;
  const logs = () => db<LogRow>('witness_logs');

  function fromRow(row: LogRow): WitnessedLog {
    return {
      origin: row.origin,
      vkeys: row.vkeys.split('\n'),
      addedAt: row.added_at,
      removedAt: row.removed_at,
      size: row.size,
      root: row.root,
      note: row.note,
      cosignature: row.cosignature,
      signedAt: row.signed_at,
      isGenuine: rowMac.fits(row.mac, 'witness_logs', cellsOf(row)),
    };
  }

  function toRow(log: WitnessedLog): LogRow {
    const row: LogRow = {
      origin: log.origin,
      vkeys: log.vkeys.join('\n'),
      added_at: log.addedAt,
      removed_at: log.removedAt,
      size: log.size,
      root: log.root,
      note: log.note,
      cosignature: log.cosignature,
      signed_at: log.signedAt,
      mac: '',
    };
    return { ...row, mac: rowMac.of('witness_logs', cellsOf(row)) };
  }

  return {
    async find(origin) {
      const row = await logs().where({ origin }).first();
      return row && fromRow(row);
    },
    list: async () => (await logs().whereNull('removed_at').orderBy('added_at').orderBy('origin')).map(fromRow),
    async insert(log) {
      try {
        await logs().insert(toRow(log));
      } catch (error) {
        if (dialect.isDuplicate(error)) return false;
        throw error;
      }
      await database.sync();
      return true;
    },
    async change(from, to) {
      const { origin, ...changed } = toRow({ ...from, ...to });
      const rows = logs().where({ origin, mac: toRow(from).mac });
      if ((await rows.update(changed)) !== 1) return false;
      await database.sync();
      return true;
    },
  };
}

/** All but the MAC. */
function cellsOf(row: LogRow): RowCell[] {
  return [
    row.origin,
    row.vkeys,
    row.added_at,
    row.removed_at,
    row.size,
    row.root,
    row.note,
    row.cosignature,
    row.signed_at,
  ];
}
