import { KnownError } from '../../errors';
import type { Query } from '../../http/url-builder';
import { addDays, DEFAULT_RANGE, isDay, RANGES, spanOf, type Range } from './date-range';
import { FILTER_NAMES, type FilterName, type RawFilter } from './entry-filter';
import { quoteTerm, splitTerms } from './filter-list';
import { momentOf } from './time-zone';

/**
 * The filter as the page has it. `after` and `before` mean what they mean in the API (moments, half-open, a bare date is
 * UTC); `from` and `to` are what a person types: days in the reader's own zone, both of them included. `range` is `own` where any
 * of these four is given.
 */
export interface PageFilter {
  readonly raw: RawFilter;
  readonly from: string;
  readonly to: string;
  readonly range: Range | 'own';
}

/** One value of a list, with whether it is excluded. */
export interface Term {
  readonly value: string;
  readonly isNot: boolean;
}

/** Filters that take several values and "is not", each value a chip of its own; free text has a grammar of its own. */
export const LISTED: readonly FilterName[] = ['category', 'severity', 'action', 'outcome', 'actor', 'target', 'client', 'ip', 'via', 'hook', 'hash', 'status']; // prettier-ignore

/** Who asks for one thing asks for its whole history: a link from an invoice must not answer "nothing found" after a month. */
const THINGS: readonly FilterName[] = ['target', 'client', 'hash'];

/**
 * Takes the filter out of a query string, whatever else is in it. A parameter given twice means "any of"; `actor_is=not` turns
 * the values of `actor` round, as the form sends it.
 */
export function readFilter(query: Readonly<Record<string, unknown>>): PageFilter {
  const read = (name: string): string => {
    const value = query[name];
    const texts = [value].flat().filter((item): item is string => typeof item === 'string');
    return texts.map((text) => text.trim()).filter((text) => text !== '').join(','); // prettier-ignore
  };
  const raw: RawFilter = {};
  for (const name of FILTER_NAMES) {
    const value = read(name);
    if (value === '') continue;
    raw[name] = LISTED.includes(name) && query[`${name}_is`] === 'not' ? joinTerms(readTerms(value).map(exclude)) : value; // prettier-ignore
  }
  // The form sends it along with the days that stand beside it.
  const preset = RANGES.find((range) => range === query['preset']);
  if (preset !== undefined) return { raw: without(raw, 'after', 'before'), from: '', to: '', range: preset };
  const [from, to] = [read('from'), read('to')];
  const isOwn = from !== '' || to !== '' || raw.after !== undefined || raw.before !== undefined;
  const otherwise = THINGS.some((name) => raw[name] !== undefined) ? 'all' : DEFAULT_RANGE;
  return { raw, from, to, range: isOwn ? 'own' : (RANGES.find((range) => range === read('range')) ?? otherwise) };
}

/** The filter with days turned into moments: what is searched, exported and sent to the API. */
export function toRawFilter(filter: PageFilter, timeZone: string, now: Date): RawFilter {
  const raw = { ...filter.raw };
  if (filter.range !== 'own') {
    const { after, before } = spanOf(filter.range, now, timeZone);
    if (after !== null) raw.after = new Date(after).toISOString();
    if (before !== null) raw.before = new Date(before).toISOString();
    return raw;
  }
  const start = boundOf('from', filter.from, (day) => momentOf(day, timeZone));
  const end = boundOf('to', filter.to, (day) => momentOf(addDays(day, 1), timeZone));
  if (start !== null && end !== null && start >= end) throw new KnownError('bad_filter', 'to: must not be before from');
  if (start !== null) raw.after = stricter(raw.after, start, Math.max);
  if (end !== null) raw.before = stricter(raw.before, end, Math.min);
  return raw;
}

/** The filter as the query of a page link; the span is always told, so that the link means the same to everybody. */
export function toQuery(filter: PageFilter): Query {
  return filter.range === 'own'
    ? { ...filter.raw, from: filter.from, to: filter.to }
    : { ...filter.raw, range: filter.range };
}

/** The filter over another span. */
export function withRange({ raw }: PageFilter, range: Range): PageFilter {
  return { raw: without(raw, 'after', 'before'), from: '', to: '', range };
}

/** The filter with another text for one name; without it where the text is empty. */
export function withValue(filter: PageFilter, name: FilterName, value: string): PageFilter {
  return { ...filter, raw: value === '' ? without(filter.raw, name) : { ...filter.raw, [name]: value } };
}

function without(raw: RawFilter, ...names: readonly FilterName[]): RawFilter {
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !names.some((one) => one === name)));
}

/** The values of a list, those that are asked for before those that are excluded. */
export function readTerms(value: string): Term[] {
  const { is, not } = splitTerms(value);
  return [...is.map((one) => ({ value: one, isNot: false })), ...not.map((one) => ({ value: one, isNot: true }))];
}

export function joinTerms(terms: readonly Term[]): string {
  return [...new Set(terms.map(({ value, isNot }) => `${isNot ? '!' : ''}${quoteTerm(value)}`))].join(',');
}

const exclude = ({ value }: Term): Term => ({ value, isNot: true });

function boundOf(name: string, day: string, toMoment: (day: string) => number): number | null {
  if (day === '') return null;
  if (!isDay(day)) throw new KnownError('bad_filter', `${name}: write a day (2026-11-21)`);
  return toMoment(day);
}

/** A moment that cannot be read is left for the parser to refuse. */
function stricter(given: string | undefined, bound: number, choose: (a: number, b: number) => number): string {
  if (given === undefined) return new Date(bound).toISOString();
  const at = Date.parse(given.length === 10 ? `${given}T00:00:00Z` : given);
  return Number.isNaN(at) ? given : new Date(choose(at, bound)).toISOString();
}
