import type { RowCell, RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';

/** What an anchor said last that it holds of one origin. */
export interface HeldReport {
  readonly anchorId: string;
  readonly origin: string;
  /** The whole signed note. */
  readonly note: string;
  /** Milliseconds since 1970. */
  readonly reportedAt: number;
}

/** The last word of anchors that cannot be asked: bridges report by themselves. */
export interface ReportStore {
  put(report: HeldReport): Promise<void>;
  list(anchorId: string): Promise<(HeldReport & { readonly isGenuine: boolean })[]>;
}

interface ReportRow {
  anchor_id: string;
  origin: string;
  note: string;
  reported_at: number;
  mac: string;
}

export function createReportStore({ knex: db, dialect }: Database, rowMac: RowMac): ReportStore {
  return {
    async put({ anchorId, origin, note, reportedAt }) {
      const cells: RowCell[] = [anchorId, origin, note, reportedAt];
      const set = ['note', 'reported_at', 'mac'].map((column) => `${column} = new(${column})`);
      await dialect.insertRows(
        db,
        'anchor_reports',
        ['anchor_id', 'origin', 'note', 'reported_at', 'mac'],
        [[...cells, rowMac.of('anchor_reports', cells)]],
        { onConflict: { key: ['anchor_id', 'origin'], set } },
      );
    },
    async list(anchorId) {
      const rows = await db<ReportRow>('anchor_reports').where({ anchor_id: anchorId }).orderBy('reported_at', 'desc');
      return rows.map((row) => ({
        anchorId: row.anchor_id,
        origin: row.origin,
        note: row.note,
        reportedAt: row.reported_at,
        isGenuine: rowMac.fits(row.mac, 'anchor_reports', [row.anchor_id, row.origin, row.note, row.reported_at]),
      }));
    },
  };
}
