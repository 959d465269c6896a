import { localDay, momentOf, offsetAt } from '../browse/browse-service';

/** A calendar day of a zone: from `start` to `end` in milliseconds, half-open. */
export interface LocalDay {
  /** 2026-11-21 */
  readonly day: string;
  readonly start: number;
  readonly end: number;
  /** Monday is 0. */
  readonly weekday: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The last `count` days of a zone, today the last of them. */
export function lastDays(now: Date, timeZone: string, count: number): LocalDay[] {
  const today = Date.parse(`${localDay(now.getTime(), timeZone)}T00:00:00Z`);
  const dates = Array.from({ length: count + 1 }, (_, i) => new Date(today - (count - 1 - i) * DAY_MS));
  const starts = dates.map((date) => momentOf(date.toISOString().slice(0, 10), timeZone));
  return dates.slice(0, count).map((date, i) => ({
    day: date.toISOString().slice(0, 10),
    start: starts[i] ?? 0,
    end: starts[i + 1] ?? 0,
    weekday: (date.getUTCDay() + 6) % 7,
  }));
}

/** Gives the hour of the clock on the wall for a moment of the day, 0 to 23, and when that hour began. */
export function wallClock({ start, end }: LocalDay, timeZone: string): (ms: number) => { hour: number; start: number } {
  const offset = offsetAt(start, timeZone);
  // Asked for each moment only on a day on which the clock is changed.
  const isEven = offset === offsetAt(end - 1, timeZone);
  return (ms) => {
    const local = ms + (isEven ? offset : offsetAt(ms, timeZone));
    const inDay = ((local % DAY_MS) + DAY_MS) % DAY_MS;
    return { hour: Math.floor(inDay / HOUR_MS), start: ms - (inDay % HOUR_MS) };
  };
}

/** Quarter-hours that one row of figures may hold together without mixing two hours of the wall: 4, 2 or 1. */
export function slotsTogether(days: readonly LocalDay[], timeZone: string): number {
  const offsets = days.flatMap(({ start, end }) => [offsetAt(start, timeZone), offsetAt(end, timeZone)]);
  if (offsets.every((offset) => offset % HOUR_MS === 0)) return 4;
  return offsets.every((offset) => offset % (HOUR_MS / 2) === 0) ? 2 : 1;
}
