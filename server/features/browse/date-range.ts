import { localDay, momentOf } from './time-zone';

/** Spans that move with the clock; `all` has no bounds. Days, months and years are those of the reader's zone. */
export const RANGES = ['today', 'yesterday', '24h', '7d', '30d', '90d', 'month', 'last_month', 'year', 'all'] as const;
export type Range = (typeof RANGES)[number];

/** What the page shows where nothing is said: enough for most questions, and the same on every size of ledger. */
export const DEFAULT_RANGE: Range = '30d';

/** Milliseconds, half-open; null is unbounded. A span up to now has no end: what comes in while one reads belongs to it. */
export interface Span {
  readonly after: number | null;
  readonly before: number | null;
}

/** "Last 7 days" are today and the six days before it, all of them whole. */
export function spanOf(range: Range, now: Date, timeZone: string): Span {
  const today = localDay(now.getTime(), timeZone);
  const start = (day: string) => momentOf(day, timeZone);
  const month = (by: number) => {
    const at = new Date(`${today.slice(0, 7)}-01T00:00:00Z`);
    at.setUTCMonth(at.getUTCMonth() + by);
    return start(at.toISOString().slice(0, 10));
  };
  switch (range) {
    case 'today':
      return { after: start(today), before: null };
    case 'yesterday':
      return { after: start(addDays(today, -1)), before: start(today) };
    case '24h':
      return { after: now.getTime() - 86_400_000, before: null };
    case '7d':
      return { after: start(addDays(today, -6)), before: null };
    case '30d':
      return { after: start(addDays(today, -29)), before: null };
    case '90d':
      return { after: start(addDays(today, -89)), before: null };
    case 'month':
      return { after: month(0), before: null };
    case 'last_month':
      return { after: month(-1), before: month(0) };
    case 'year':
      return { after: start(`${today.slice(0, 4)}-01-01`), before: null };
    case 'all':
      return { after: null, before: null };
  }
}

/** A calendar day (`2026-11-21`) so many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** 2026-02-29 has the form of a day and is none. */
export function isDay(text: string): boolean {
  if (!/^(19|20)\d{2}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
