import { CATEGORIES, SEVERITIES } from '../../core/event';
import type { Database } from '../../db/connection';
import { WORDS_CONSUMER } from '../browse/search-index-service';
import type { Ledger } from '../../entries/entry-store';
import { SLOT_MS, slotOf } from './activity-slots';
import { slotsTogether, wallClock, type LocalDay } from './local-days';
import type { Party, PartySide } from './party-counts';

/** A day of the reader's zone: entries by category, in the order of CATEGORIES. */
export interface DayActivity {
  readonly day: string;
  readonly categories: readonly number[];
}

/** An hour of a weekday, over all weeks of the period. */
export interface HourActivity {
  readonly entries: number;
  /** Start of the latest such hour that has an entry, in milliseconds; null without one. */
  readonly latest: number | null;
}

export interface Activity {
  readonly days: readonly DayActivity[];
  /** By weekday (Monday first), then by hour. */
  readonly hours: readonly (readonly HourActivity[])[];
  /** In the order of SEVERITIES. */
  readonly severities: readonly number[];
}

export interface PartyCount extends Party {
  readonly entries: number;
}

/** The kept counters as the dashboard wants them. Rows to read depend on the days asked for, not on how many entries there are. */
export function createActivityReader({ knex: db, dialect }: Database) {
  const sumOf = (columns: readonly string[]) => columns.map((column) => `SUM(${column})`).join(', ');

  return {
    async readActivity(ledger: Ledger, days: readonly LocalDay[], timeZone: string): Promise<Activity> {
      const together = slotsTogether(days, timeZone);
      const rows = await dialect.selectArrays(
        db,
        `SELECT slot - slot % ${together} AS bucket, ${sumOf([...CATEGORIES, ...SEVERITIES])} FROM activity_slots WHERE ledger_id = ? AND slot >= ? AND slot < ? GROUP BY bucket ORDER BY bucket`,
        [ledger.id, slotOf(days[0]?.start ?? 0), slotOf((days.at(-1)?.end ?? 0) + SLOT_MS - 1)],
      );
      const byDay = days.map(({ day }) => ({ day, categories: CATEGORIES.map(() => 0) }));
      const hours = Array.from({ length: 7 }, () =>
        Array.from({ length: 24 }, (): { entries: number; latest: number | null } => ({ entries: 0, latest: null })),
      );
      const severities = SEVERITIES.map(() => 0);
      const clocks = days.map((day) => wallClock(day, timeZone));
      let at = 0;
      for (const [bucket, ...cells] of rows) {
        const ms = Number(bucket) * SLOT_MS;
        while (at < days.length - 1 && ms >= (days[at]?.end ?? 0)) at += 1;
        const counts = cells.map(Number);
        const categories = byDay[at]?.categories ?? [];
        CATEGORIES.forEach((_, i) => (categories[i] = (categories[i] ?? 0) + (counts[i] ?? 0)));
        SEVERITIES.forEach((_, i) => (severities[i] = (severities[i] ?? 0) + (counts[CATEGORIES.length + i] ?? 0)));
        const clock = clocks[at]?.(ms);
        const hour = hours[days[at]?.weekday ?? 0]?.[clock?.hour ?? 0];
        if (!hour || !clock) continue;
        hour.entries += counts.slice(0, CATEGORIES.length).reduce((sum, count) => sum + count, 0);
        hour.latest = clock.start;
      }
      return { days: byDay, hours, severities };
    },

    /** Entries from one moment to another, to the quarter-hour. */
    async countBetween(ledger: Ledger, start: number, end: number): Promise<number> {
      const [row] = await dialect.selectArrays(
        db,
        `SELECT SUM(${SEVERITIES.join(' + ')}) FROM activity_slots WHERE ledger_id = ? AND slot >= ? AND slot < ?`,
        [ledger.id, slotOf(start), slotOf(end + SLOT_MS - 1)],
      );
      return Number(row?.[0] ?? 0);
    },

    /** When the first entry that is counted happened, to the quarter-hour; null where there is none. */
    async firstMoment(ledger: Ledger): Promise<number | null> {
      const sql = 'SELECT MIN(slot) FROM activity_slots WHERE ledger_id = ?';
      const [row] = await dialect.selectArrays(db, sql, [ledger.id]);
      return row?.[0] === null || row?.[0] === undefined ? null : Number(row[0]) * SLOT_MS;
    },

    /** Those with the most entries of the last 7 or 30 days, in UTC. */
    async readTop(ledger: Ledger, side: PartySide, days: 7 | 30, limit: number): Promise<PartyCount[]> {
      const rows = await dialect.selectArrays(
        db,
        `SELECT type, id, entries_${days} FROM party_totals WHERE ledger_id = ? AND side = ? AND entries_${days} > 0 ORDER BY entries_${days} DESC, type DESC, id DESC LIMIT ?`,
        [ledger.id, side, limit],
      );
      return rows.map(([type, id, entries]) => ({
        side,
        type: String(type),
        id: String(id),
        entries: Number(entries),
      }));
    },

    /** The newest entry of each party, by which it is named. */
    async findNewest(ledger: Ledger, { side, type, id }: Party): Promise<number | null> {
      const whom = id === '' ? `${side}_id IS NULL` : `${side}_id = ?`;
      const [row] = await dialect.selectArrays(
        db,
        `SELECT seq FROM entries ${dialect.useIndex(`entries_${side}`)} WHERE ledger_id = ? AND ${side}_type = ? AND ${whom} ORDER BY seq DESC LIMIT 1`,
        [ledger.id, type, ...(id === '' ? [] : [id])],
      );
      return row ? Number(row[0]) : null;
    },

    /** How far the readers behind the commits are behind this ledger's head. */
    async readQueue(ledger: Ledger): Promise<{ index: number; activity: number; tree: number; quarantined: number }> {
      const [row] = await dialect.selectArrays(
        db,
        `SELECT h.seq, s.seq, a.seq, t.size, (SELECT COUNT(*) FROM quarantine q WHERE q.tenant_id = ?) FROM heads h
         LEFT JOIN consumers s ON s.ledger_id = h.ledger_id AND s.name = ?
         LEFT JOIN consumers a ON a.ledger_id = h.ledger_id AND a.name = 'activity'
         LEFT JOIN trees t ON t.ledger_id = h.ledger_id WHERE h.ledger_id = ?`,
        [ledger.tenant.id, WORDS_CONSUMER, ledger.id],
      );
      const [head, search, activity, tree, quarantined] = (row ?? []).map(Number) as [number, number, number, number, number]; // prettier-ignore
      const behind = (seq: number | undefined) => Math.max(0, (head ?? 0) - (seq ?? 0));
      return { index: behind(search), activity: behind(activity), tree: behind(tree), quarantined: quarantined ?? 0 };
    },

    async readTotals(ledger: Ledger): Promise<{ total: number; critical: number }> {
      const [row] = await dialect.selectArrays(
        db,
        `SELECT (SELECT seq FROM heads WHERE ledger_id = ?), (SELECT SUM(deleted) FROM prunes WHERE ledger_id = ?), (SELECT SUM(entries) FROM day_counters WHERE ledger_id = ? AND severity = 'critical')`,
        [ledger.id, ledger.id, ledger.id],
      );
      const [head, pruned, critical] = (row ?? []).map(Number) as [number, number, number];
      return { total: (head ?? 0) - (pruned ?? 0), critical: critical ?? 0 };
    },
  };
}

export type ActivityReader = ReturnType<typeof createActivityReader>;
