import type { Database } from '../../db/connection';

/** What one reader did of one kind within a quarter of an hour. */
export interface WindowRow {
  tenant_id: number;
  /** Milliseconds since 1970. */
  started_at: number;
  kind: string;
  /** A digest of who it is about. */
  reader: string;
  /** JSON: who, and where from. */
  origin: string;
  /** After the first. */
  more: number;
  /** JSON: a list of what it was about, the first at 0. */
  details: string;
}

export type WindowKey = Pick<WindowRow, 'tenant_id' | 'started_at' | 'kind' | 'reader'>;

/** Shared by all sidecars, so that they count together and a restart forgets nothing. */
export interface AccessWindowStore {
  /** Whether this is the first of its window; of two at once, one is. */
  open(row: WindowRow): Promise<boolean>;
  /** One more; `detail` is kept while there are fewer than `max`. */
  add(key: WindowKey, detail: string, max: number): Promise<void>;
  /** Windows that began before `before`, the oldest first. */
  listOver(before: number, limit: number): Promise<WindowRow[]>;
  close(key: WindowKey): Promise<void>;
}

export function createAccessWindowStore({ knex: db, dialect }: Database): AccessWindowStore {
  const windows = () => db<WindowRow>('access_windows');
  const at = ({ tenant_id, started_at, kind, reader }: WindowKey) => ({ tenant_id, started_at, kind, reader });
  return {
    async open(row) {
      if (await windows().where(at(row)).first('kind')) return false;
      try {
        await windows().insert(row);
        return true;
      } catch (error) {
        if (dialect.isDuplicate(error)) return false;
        throw error;
      }
    },
    async add(key, detail, max) {
      await windows().where(at(key)).increment('more', 1);
      const row = await windows().where(at(key)).first();
      const details = row ? (JSON.parse(row.details) as unknown[]).map((one) => JSON.stringify(one)) : [];
      if (!row || details.length >= max || details.includes(detail)) return;
      // Another sidecar that wrote here in between keeps its own; the number counts both.
      const grown = `[${[...details, detail].join(',')}]`;
      await windows().where(at(key)).where({ details: row.details }).update({ details: grown });
    },
    listOver: (before, limit) => windows().where('started_at', '<', before).orderBy('started_at').limit(limit),
    async close(key) {
      await windows().where(at(key)).delete();
    },
  };
}
