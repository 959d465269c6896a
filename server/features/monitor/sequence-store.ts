import type { Knex } from 'knex';
import type { JsonObject } from '../../core/canonical-json';
import type { RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import { genuineStep, type BridgeRow } from '../access/bridge-service';
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

/** A row of `watch_reports`. */
export interface ReportCells {
  readonly once: string;
  readonly action: string;
  readonly bridge_id: string;
  readonly payload: string;
  readonly mac: string | null;
}

export interface SequenceStore {
  /**
   * The sequence of a bridge, its row locked, made at first; undefined for a bridge that is not there. Where somebody changed the row
   * in the database, it is what the ranges give.
   */
  lock(trx: Knex, bridgeId: string): Promise<Sequence | undefined>;
  save(trx: Knex, bridgeId: string, sequence: Sequence): Promise<void>;
  /** The ranges of a run that touch what lies between two numbers; all without them. None that somebody changed in the database. */
  rangesNear(trx: Knex, bridgeId: string, run: number, from?: number, to?: number): Promise<Range[]>;
  replaceRanges(trx: Knex, bridgeId: string, run: number, old: readonly Range[], ranges: readonly Range[]): Promise<void>; // prettier-ignore
  openGaps(trx: Knex, bridgeId: string, run: number): Promise<Gap[]>;
  insertGap(trx: Knex, bridgeId: string, run: number, gap: Omit<Gap, 'id'>): Promise<void>;
  closeGap(trx: Knex, id: number, at: number, by: string): Promise<void>;
  forgetGaps(trx: Knex, ids: readonly number[]): Promise<void>;
  /** What somebody changed of a bridge's numbers, by name. */
  listChanged(db: Knex, bridgeId: string): Promise<string[]>;
  /** Does nothing when the same waits already. */
  report(trx: Knex, report: WatchReport): Promise<void>;
  /** False for a report that somebody else wrote: it must not become an entry. */
  isGenuineReport(row: ReportCells): boolean;
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

interface RangeRow {
  run: number;
  from_seq: number;
  to_seq: number;
  mac: string | null;
}

interface SequenceRow {
  run: number;
  run_at: number;
  base_seq: number | null;
  highest_seq: number | null;
  mac: string | null;
}

interface StoreDeps {
  readonly database: Database;
  readonly rowMac: RowMac;
  readonly now: () => Date;
}

export function createSequenceStore({ database: { dialect }, rowMac, now }: StoreDeps): SequenceStore {
  const macOfRange = (bridgeId: string, run: number, { from, to }: Range) => rowMac.of('bridge_ranges', [bridgeId, run, from, to]); // prettier-ignore
  const sequenceCells = (bridgeId: string, row: Omit<SequenceRow, 'mac'>) => [bridgeId, row.run, row.run_at, row.base_seq, row.highest_seq]; // prettier-ignore
  const isGenuine = (bridgeId: string, { mac, ...row }: SequenceRow) => rowMac.fits(mac, 'bridge_sequences', sequenceCells(bridgeId, row)); // prettier-ignore
  const isGenuineRange = (bridgeId: string, { run, from_seq, to_seq, mac }: RangeRow) => rowMac.fits(mac, 'bridge_ranges', [bridgeId, run, from_seq, to_seq]); // prettier-ignore
  const rangesOf = (db: Knex, bridgeId: string) => db<RangeRow & { bridge_id: string }>('bridge_ranges').where({ bridge_id: bridgeId }).orderBy(['run', 'from_seq']); // prettier-ignore

  const isGenuineReport = ({ once, action, bridge_id, payload, mac }: ReportCells) => rowMac.fits(mac, 'watch_reports', [once, action, bridge_id, payload]); // prettier-ignore

  async function fromRanges(trx: Knex, bridgeId: string): Promise<Omit<Sequence, 'step'>> {
    const ranges = (await rangesOf(trx, bridgeId)).filter((row) => isGenuineRange(bridgeId, row));
    const run = ranges.at(-1)?.run ?? 1;
    const last = ranges.filter((row) => row.run === run);
    const [base, highest] = [last[0]?.from_seq ?? null, last.at(-1)?.to_seq ?? null];
    return { run, runAt: now().getTime(), base, highest };
  }

  return {
    async lock(trx, bridgeId) {
      const fresh = { run: 1, run_at: now().getTime(), base_seq: null, highest_seq: null };
      const cells = sequenceCells(bridgeId, fresh);
      const columns = ['bridge_id', 'run', 'run_at', 'base_seq', 'highest_seq', 'mac'];
      // It writes first, as a transaction of SQLite must.
      await dialect.insertRows(trx, 'bridge_sequences', columns, [[...cells, rowMac.of('bridge_sequences', cells)]], {
        onConflict: 'ignore',
      });
      const sql = `SELECT run, run_at, base_seq, highest_seq, mac FROM bridge_sequences WHERE bridge_id = ?${dialect.forUpdate}`;
      const [found] = (await dialect.selectArrays(trx, sql, [bridgeId])) as [number, number, number | null, number | null, string | null][]; // prettier-ignore
      const bridge = await trx<BridgeRow>('bridges').where({ id: bridgeId }).first();
      if (!found || !bridge) return undefined;
      const step = genuineStep(rowMac, bridge) ?? 1;
      const [run, runAt, base, highest, mac] = found;
      if (!isGenuine(bridgeId, { run, run_at: runAt, base_seq: base, highest_seq: highest, mac }))
        return { ...(await fromRanges(trx, bridgeId)), step };
      return { run, runAt, base, highest, step };
    },

    async save(trx, bridgeId, { run, runAt, base, highest }) {
      const row = { run, run_at: runAt, base_seq: base, highest_seq: highest };
      const mac = rowMac.of('bridge_sequences', sequenceCells(bridgeId, row));
      await trx('bridge_sequences')
        .where({ bridge_id: bridgeId })
        .update({ ...row, mac });
    },

    async listChanged(db, bridgeId) {
      const sequence = await db<SequenceRow & { bridge_id: string }>('bridge_sequences').where({ bridge_id: bridgeId }).first('run', 'run_at', 'base_seq', 'highest_seq', 'mac'); // prettier-ignore
      const ranges = (await rangesOf(db, bridgeId)).filter((row) => !isGenuineRange(bridgeId, row));
      const reports = await db<ReportCells>('watch_reports').where({ bridge_id: bridgeId });
      return [
        ...(sequence && !isGenuine(bridgeId, sequence) ? ['where its numbers begin'] : []),
        ...ranges.map((row) => `the numbers ${row.from_seq}-${row.to_seq} of run ${row.run}`),
        ...reports
          .filter((row) => !isGenuineReport(row))
          .map(({ action }) => `a report that waits to become ${action}`),
      ];
    },

    async rangesNear(trx, bridgeId, run, from = 0, to = Number.MAX_SAFE_INTEGER) {
      // A range that holds `from` begins before it: the last one that begins at or below.
      const sql = `SELECT from_seq, to_seq, mac FROM bridge_ranges WHERE bridge_id = ? AND run = ? AND from_seq <= ? AND from_seq >=
        COALESCE((SELECT MAX(b.from_seq) FROM bridge_ranges b WHERE b.bridge_id = ? AND b.run = ? AND b.from_seq <= ?), 0)
        ORDER BY from_seq`;
      const rows = await dialect.selectArrays(trx, sql, [bridgeId, run, to, bridgeId, run, from]);
      return rows
        .map(([first, last, mac]) => ({
          run,
          from_seq: Number(first),
          to_seq: Number(last),
          mac: mac as string | null,
        }))
        .filter((row) => isGenuineRange(bridgeId, row))
        .map((row) => ({ from: row.from_seq, to: row.to_seq }));
    },

    async replaceRanges(trx, bridgeId, run, old, ranges) {
      const kept = new Set(ranges.map((range) => `${range.from}-${range.to}`));
      const known = new Set(old.map((range) => `${range.from}-${range.to}`));
      const gone = old.filter((range) => !kept.has(`${range.from}-${range.to}`)).map((range) => range.from);
      for (let at = 0; at < gone.length; at += 500)
        await trx('bridge_ranges').where({ bridge_id: bridgeId, run }).whereIn('from_seq', gone.slice(at, at + 500)).delete(); // prettier-ignore
      const rows = ranges
        .filter((range) => !known.has(`${range.from}-${range.to}`))
        .map((range) => [bridgeId, run, range.from, range.to, macOfRange(bridgeId, run, range)]);
      // One that somebody changed may stand in its place.
      await dialect.insertRows(trx, 'bridge_ranges', ['bridge_id', 'run', 'from_seq', 'to_seq', 'mac'], rows, {
        onConflict: { key: ['bridge_id', 'run', 'from_seq'], set: ['to_seq = new(to_seq)', 'mac = new(mac)'] },
      });
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

    isGenuineReport,

    async report(trx, { action, bridgeId, once, payload }) {
      const cells = [once, action, bridgeId, JSON.stringify(payload)];
      const row = [...cells, rowMac.of('watch_reports', cells)];
      await dialect.insertRows(trx, 'watch_reports', ['once', 'action', 'bridge_id', 'payload', 'mac'], [row], {
        onConflict: 'ignore',
      });
    },
  };
}
