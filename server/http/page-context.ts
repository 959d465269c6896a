import { COMMAND_LINE, DAILY_TASK } from '../core/own-names';
import type { Language, Translate } from './i18n';
import type { UrlBuilder } from './url-builder';

/** What a view model needs to know about its reader. */
export interface PageContext {
  readonly t: Translate;
  readonly lng: Language;
  readonly timeZone: string;
  readonly now: Date;
  readonly url: UrlBuilder;
}

/** A moment, ready to be shown: `relative` in tables, `utc` on hover, `local` in detail with its zone named. */
export interface ShownTime {
  readonly iso: string;
  readonly relative: string;
  readonly utc: string;
  readonly local: string;
}

const cache = new Map<string, unknown>();

/** Making an Intl format costs far more than using it. */
function cached<T>(key: string, make: () => T): T {
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key) as T;
}

export function formatNumber(value: number, { lng }: Pick<PageContext, 'lng'>): string {
  return cached(`number ${lng}`, () => new Intl.NumberFormat(lng)).format(value);
}

/** A calendar day (2026-11-21) in words of the language, as written: no zone comes into it. */
export function formatDay(day: string, { lng }: Pick<PageContext, 'lng'>): string {
  const format = cached(
    `day ${lng}`,
    () => new Intl.DateTimeFormat(lng, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }),
  );
  return format.format(Date.parse(`${day}T00:00:00Z`));
}

/** "Nov 21": a day among others of the same year. */
export function formatShortDay(day: string, { lng }: Pick<PageContext, 'lng'>): string {
  const format = cached(
    `short day ${lng}`,
    () => new Intl.DateTimeFormat(lng, { day: 'numeric', month: 'short', timeZone: 'UTC' }),
  );
  return format.format(Date.parse(`${day}T00:00:00Z`));
}

/** Monday is 0. */
export function formatWeekday(weekday: number, length: 'long' | 'short', { lng }: Pick<PageContext, 'lng'>): string {
  const format = cached(
    `weekday ${lng} ${length}`,
    () => new Intl.DateTimeFormat(lng, { weekday: length, timeZone: 'UTC' }),
  );
  // 1970-01-05 was a Monday.
  return format.format((4 + weekday) * 86_400_000);
}

/** "14:00", as every time is written here. */
export function formatHour(hour: number, { lng }: Pick<PageContext, 'lng'>): string {
  const format = cached(
    `hour ${lng}`,
    () => new Intl.DateTimeFormat(lng, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' }),
  );
  return format.format(hour * 3_600_000);
}

/** "1.2K", "1.2万": where there is room for few digits. */
export function formatCompact(value: number, { lng }: Pick<PageContext, 'lng'>): string {
  const format = cached(
    `compact ${lng}`,
    () => new Intl.NumberFormat(lng, { notation: 'compact', maximumSignificantDigits: 3 }),
  );
  return format.format(value);
}

/** "12%"; of 1. */
export function formatShare(value: number, { lng }: Pick<PageContext, 'lng'>): string {
  const isSmall = value > 0 && value < 0.01;
  const format = cached(
    `share ${lng} ${isSmall}`,
    () => new Intl.NumberFormat(lng, { style: 'percent', maximumFractionDigits: isSmall ? 1 : 0 }),
  );
  return format.format(value);
}

export function formatUtc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 23).replace(/Z$/, '')} UTC`;
}

function formatLocal(at: Date, { lng, timeZone }: Pick<PageContext, 'lng' | 'timeZone'>): string {
  const format = cached(
    `local ${lng} ${timeZone}`,
    () => new Intl.DateTimeFormat(lng, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23', timeZone }),
  );
  return `${format.format(at)} (${timeZone})`;
}

/** The day alone, in the reader's time zone. */
export function showDate(iso: string, { lng, timeZone }: Pick<PageContext, 'lng' | 'timeZone'>): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const format = cached(
    `date ${lng} ${timeZone}`,
    () => new Intl.DateTimeFormat(lng, { dateStyle: 'medium', timeZone }),
  );
  return format.format(at);
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** "5 minutes ago", "Tue, 4 days ago": days are those of the calendar in the reader's zone, with their name while it is plain which is meant. */
function formatRelative(at: Date, ctx: Pick<PageContext, 'lng' | 'now' | 't' | 'timeZone'>): string {
  const { lng, now, t, timeZone } = ctx;
  const ms = at.getTime() - now.getTime();
  const [unit, length] = STEPS.find(([, size]) => Math.abs(ms) >= size) ?? ['second', 1000];
  if (unit === 'second') return t('common:just_now');
  const format = cached(`relative ${lng}`, () => new Intl.RelativeTimeFormat(lng, { numeric: 'always' }));
  if (unit !== 'day') return format.format(Math.trunc(ms / length), unit);
  const days = dayOf(at, timeZone) - dayOf(now, timeZone);
  const relative = format.format(days, unit);
  if (Math.abs(days) > NAMED_DAYS) return relative;
  const weekday = cached(`weekday ${lng} ${timeZone}`, () => new Intl.DateTimeFormat(lng, { weekday: 'short', timeZone })).format(at); // prettier-ignore
  return t('common:weekday_relative', { weekday, relative });
}

const NAMED_DAYS = 13;

/** Days since 1970 of the calendar in a zone. */
function dayOf(at: Date, timeZone: string): number {
  const format = cached(`day ${timeZone}`, () => new Intl.DateTimeFormat('en-CA', { dateStyle: 'short', timeZone }));
  return Date.parse(`${format.format(at)}T00:00:00Z`) / 86_400_000;
}

/** "75 seconds", "8 days": whole numbers of the largest unit of which there are at least two. */
export function formatDuration(ms: number, { lng }: Pick<PageContext, 'lng'>): string {
  const [unit, length] = STEPS.slice(2).find(([, size]) => ms >= 2 * size) ?? ['second', 1000];
  const format = cached(
    `duration ${lng} ${unit}`,
    () => new Intl.NumberFormat(lng, { style: 'unit', unit, unitDisplay: 'long' }),
  );
  return format.format(Math.round(ms / length));
}

export function showTime(value: string | number, ctx: PageContext): ShownTime {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return { iso: '', relative: String(value), utc: String(value), local: String(value) };
  const iso = at.toISOString();
  return { iso, relative: formatRelative(at, ctx), utc: formatUtc(iso), local: formatLocal(at, ctx) };
}

/** The text of a code in a list ("terms:category."), or the code itself where somebody wrote one that is not in it. */
export function translateCode({ t }: Pick<PageContext, 't'>, list: string, code: string): string {
  const key = `${list}${code}`;
  // i18next answers an unknown key with the key, and the name of a group with a remark about it.
  const text = /^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(code) ? t(key) : '';
  return typeof text !== 'string' || text === '' || key.endsWith(text) || text.startsWith('key ') ? code : text;
}

/** Shortened in the middle, where two long values of one kind differ least. */
export function shorten(text: string, max: number): string {
  const letters = [...text];
  if (letters.length <= max) return text;
  const head = Math.ceil((max - 1) * 0.6);
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - (max - 1 - head)).join('')}`;
}

// Characters that change what the eye reads without being seen: controls, bidirectional overrides, zero-width blanks.
// Joiners (U+200C, U+200D) stay: emoji, Persian and Hindi need them.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Text of others, with the characters that could mislead a reader written out: "⟨U+202E⟩". */
export function revealText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSEEN, (letter) => {
    const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `⟨U+${code}⟩`;
  });
}

/** Who did something, by the name that was written down then. */
export function whoIs(name: string, { t }: Pick<PageContext, 't'>): string {
  if (name === COMMAND_LINE) return t('common:who.command_line');
  return name === DAILY_TASK ? t('common:who.daily_task') : revealText(name);
}
