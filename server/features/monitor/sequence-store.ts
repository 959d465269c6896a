import type { Knex } from 'knex';
import type { JsonObject } from '../../core/canonical-json';
import type { Database } from '../../db/connection';
import type { Range } from './sequence-ranges';

/** How far a bridge's numbers are known. A run ends when the bridge begins to count again. */
export interface Sequence {
  readonly run: number;
  readonly runAt: number;
  readonly base: number | null;
  readonly highest: number | null;
  readonly step: number;
}

/** A hole as it was noticed, reported and closed. Times are milliseconds since 1970. */
export interface Gap extends Range {
  readonly id: number;
  readonly missing: number;
  readonly noticedAt: number;
  readonly detectedAt: number | null;
}

/** Something to record once. It waits in a table of its own, so that it is decided and noted in one transaction. */
export interface WatchReport {
  readonly action: string;
  readonly bridgeId: string;
  readonly once: string;
  readonly payload: JsonObject;
}

export interface SequenceStore {
  /** The sequence of a bridge, its row locked, made at first; undefined for a bridge that is not there. */
  lock(trx: Knex, bridgeId: string): Promise<Sequence | undefined>;
  save(trx: Knex, bridgeId: string, sequence: Sequence): Promise<void>;
  /** The ranges of a run that touch what lies between two numbers; all without them. */
  rangesNear(trx: Knex, bridgeId: string, run: number, from?: number, to?: number): Promise<Range[]>;
  replaceRanges(trx: Knex, bridgeId: string, run: number, old: readonly Range[], ranges: readonly Range[]): Promise<void>; // prettier-ignore
  openGaps(trx: Knex, bridgeId: string, run: number): Promise<Gap[]>;
  insertGap(trx: Knex, bridgeId: string, run: number, gap: Omit<Gap, 'id'>): Promise<void>;
  closeGap(trx: Knex, id: number, at: number, by: string): Promise<void>;
  forgetGaps(trx: Knex, ids: readonly number[]): Promise<void>;
  /** Does nothing when the same waits already. */
  report(trx: Knex, report: WatchReport): Promise<void>;
}

interface GapRow {
  id: number;
  bridge_id: string;
  run: number;
  from_seq: number;
  to_seq: number;
  missing: number;
  noticed_at: number;
  detected_at: number | null;
  closed_at: number | null;
  closed_by: string | null;
}

export function createSequenceStore({ dialect }: Database, now: () => Date): SequenceStore {
  return {
    async lock(trx, bridgeId) {
      const row = [bridgeId, 1, now().getTime()];
      // It writes first, as a transaction of SQLite must.
      await dialect.insertRows(trx, 'bridge_sequences', ['bridge_id', 'run', 'run_at'], [row], {
        onConflict: 'ignore',
      });
      const sql = `SELECT run, run_at, base_seq, highest_seq FROM bridge_sequences WHERE bridge_id = ?${dialect.forUpdate}`;
      const [found] = (await dialect.selectArrays(trx, sql, [bridgeId])) as [
        number,
        number,
        number | null,
        number | null,
      ][];
      const bridge = await trx<{ id: string; seq_step: number | null }>('bridges').where({ id: bridgeId }).first();
      if (!found || !bridge) return undefined;
      const [run, runAt, base, highest] = found;
      return { run, runAt, base, highest, step: bridge.seq_step ?? 1 };
    },

    async save(trx, bridgeId, { run, runAt, base, highest }) {
      const row = { run, run_at: runAt, base_seq: base, highest_seq: highest };
      await trx('bridge_sequences').where({ bridge_id: bridgeId }).update(row);
    },

    async rangesNear(trx, bridgeId, run, from = 0, to = Number.MAX_SAFE_INTEGER) {
      // A range that holds `from` begins before it: the last one that begins at or below.
      const sql = `SELECT from_seq, to_seq FROM bridge_ranges WHERE bridge_id = ? AND run = ? AND from_seq <= ? AND from_seq >=
        COALESCE((SELECT MAX(b.from_seq) FROM bridge_ranges b WHERE b.bridge_id = ? AND b.run = ? AND b.from_seq <= ?), 0)
        ORDER BY from_seq`;
      const rows = await dialect.selectArrays(trx, sql, [bridgeId, run, to, bridgeId, run, from]);
      return rows.map(([first, last]) => ({ from: Number(first), to: Number(last) }));
    },

    async replaceRanges(trx, bridgeId, run, old, ranges) {
      const kept = new Set(ranges.map((range) => `${range.from}-${range.to}`));
      const known = new Set(old.map((range) => `${range.from}-${range.to}`));
      const gone = old.filter((range) => !kept.has(`${range.from}-${range.to}`)).map((range) => range.from);
      for (let at = 0; at < gone.length; at += 500)
        await trx('bridge_ranges').where({ bridge_id: bridgeId, run }).whereIn('from_seq', gone.slice(at, at + 500)).delete(); // prettier-ignore
      const rows = ranges.filter((range) => !known.has(`${range.from}-${range.to}`)).map(({ from, to }) => [bridgeId, run, from, to]); // prettier-ignore
      await dialect.insertRows(trx, 'bridge_ranges', ['bridge_id', 'run', 'from_seq', 'to_seq'], rows);
    },

    async openGaps(trx, bridgeId, run) {
      const rows = await trx<GapRow>('bridge_gaps').where({ bridge_id: bridgeId, run }).whereNull('closed_at').orderBy('from_seq'); // prettier-ignore
      return rows.map((row) => ({
        id: row.id,
        from: row.from_seq,
        to: row.to_seq,
        missing: row.missing,
        noticedAt: row.noticed_at,
        detectedAt: row.detected_at,
      }));
    },

    async insertGap(trx, bridgeId, run, { from, to, missing, noticedAt, detectedAt }) {
      await trx<GapRow>('bridge_gaps').insert({
        bridge_id: bridgeId,
        run,
        from_seq: from,
        to_seq: to,
        missing,
        noticed_at: noticedAt,
        detected_at: detectedAt,
      });
    },

    async closeGap(trx, id, at, by) {
      await trx<GapRow>('bridge_gaps').where({ id }).update({ closed_at: at, closed_by: by });
    },

    async forgetGaps(trx, ids) {
      if (ids.length > 0)
        await trx<GapRow>('bridge_gaps')
          .whereIn('id', [...ids])
          .delete();
    },

    async report(trx, { action, bridgeId, once, payload }) {
      const row = [once, action, bridgeId, JSON.stringify(payload)];
      await dialect.insertRows(trx, 'watch_reports', ['once', 'action', 'bridge_id', 'payload'], [row], {
        onConflict: 'ignore',
      });
    },
  };
}
