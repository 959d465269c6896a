import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import type { EntryReader } from '../../entries/entry-reader';
import type { EntryRow } from '../../entries/entry-row';
import type { Ledger } from '../../entries/ledger';

/** The entries that name a data subject in their columns; whether their records do is for the reader to look. */
export interface SubjectEntries {
  /** The next of them behind `after`, in order, up to `through`. */
  read(ledger: Ledger, options: ReadOptions, trx?: Knex): Promise<EntryRow[]>;
  /** The other parts of the items that entries are parts of. */
  readParts(ledger: Ledger, entries: readonly EntryRow[], trx?: Knex): Promise<EntryRow[]>;
}

interface ReadOptions {
  readonly ref: string;
  readonly after: number;
  readonly through: number;
  readonly limit: number;
}

export function createSubjectEntries({ knex: db, dialect }: Database, reader: EntryReader): SubjectEntries {
  return {
    async read(ledger, { ref, after, through, limit }, trx = db) {
      const [type, id] = splitRef(ref);
      const by = (index: string, columns: string) =>
        `SELECT seq FROM (SELECT seq FROM entries ${dialect.useIndex(index)} WHERE ledger_id = ? AND ${columns} AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?) AS ${index}_found`;
      const within = [after, through, limit];
      const parts = [
        { sql: by('entries_actor', 'actor_type = ? AND actor_id = ?'), bindings: [ledger.id, type, id, ...within] },
        { sql: by('entries_target', 'target_type = ? AND target_id = ?'), bindings: [ledger.id, type, id, ...within] },
        ...(type === 'client'
          ? [{ sql: by('entries_client', 'client_id = ?'), bindings: [ledger.id, id, ...within] }]
          : []),
      ];
      const sql = `${parts.map((part) => part.sql).join(' UNION ')} ORDER BY seq LIMIT ?`;
      const found = await dialect.selectArrays(trx, sql, [...parts.flatMap((part) => part.bindings), limit]);
      const rows = await reader.readMany(ledger, found.map(([seq]) => Number(seq)), trx); // prettier-ignore
      return rows.sort((a, b) => a.seq - b.seq);
    },

    async readParts(ledger, entries, trx = db) {
      if (entries.length === 0) return [];
      const ids = [...new Set(entries.map((entry) => entry.eventId))];
      const sql = `SELECT seq FROM entries ${dialect.useIndex('entries_event')} WHERE tenant_id = ? AND event_id IN (${ids.map(() => '?').join(',')}) AND ledger_id = ?`;
      const found = await dialect.selectArrays(trx, sql, [ledger.tenant.id, ...ids, ledger.id]);
      const own = new Set(entries.map((entry) => entry.seq));
      const others = found.map(([seq]) => Number(seq)).filter((seq) => !own.has(seq));
      return (await reader.readMany(ledger, others, trx)).sort((a, b) => a.seq - b.seq);
    },
  };
}

function splitRef(ref: string): [type: string, id: string] {
  const colon = ref.indexOf(':');
  return [ref.slice(0, colon), ref.slice(colon + 1)];
}
