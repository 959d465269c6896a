import { ACTOR_TYPES, CATEGORIES, OUTCOMES, SEVERITIES, VIAS } from '../../core/event';
import { KnownError } from '../../errors';
import { formatDay, formatUtc, revealText, shorten, translateCode, type PageContext } from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import { FILTER_NAMES, type FilterName, type RawFilter } from './entry-filter';
import { momentOf } from './time-zone';

/**
 * The filter as the page has it. `after` and `before` mean what they mean in the API (moments, half-open, a bare date is
 * UTC); `from` and `to` are what a person types: days in the reader's own zone, both of them included.
 */
export interface PageFilter {
  readonly raw: RawFilter;
  readonly from: string;
  readonly to: string;
}

interface Option {
  readonly value: string;
  readonly label: string;
  readonly selected: boolean;
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly hint: string;
  /** What is wrong with the value; empty when nothing is. */
  readonly problem: string;
  readonly kind: 'text' | 'search' | 'date' | 'select';
  readonly options: readonly Option[];
}

interface Chip {
  readonly label: string;
  readonly value: string;
  readonly removeHref: string;
  readonly removeLabel: string;
}

export interface FilterForm {
  readonly action: string;
  readonly clearHref: string;
  readonly fields: readonly Field[];
  readonly moreFields: readonly Field[];
  readonly moreIsOpen: boolean;
  readonly hidden: readonly { readonly name: string; readonly value: string }[];
  readonly chips: readonly Chip[];
  /** A message that belongs to no single field. */
  readonly problem: string;
}

const FIRST_ROW = ['q', 'category', 'severity', 'actor', 'target', 'from', 'to'] as const;
const MORE = ['action', 'outcome', 'via', 'client', 'actor_name', 'ip', 'hook', 'hash', 'status'] as const;
const CHOICES: Partial<Record<string, readonly [list: string, codes: readonly string[]]>> = {
  category: ['terms:category.', CATEGORIES],
  severity: ['terms:severity.', SEVERITIES],
  outcome: ['terms:outcome.', OUTCOMES],
  via: ['terms:via.', VIAS],
  status: ['entry:status.', ['valid', 'broken']],
};

/** Takes the filter out of a query string, whatever else is in it; a parameter given twice means "any of". */
export function readFilter(query: Readonly<Record<string, unknown>>): PageFilter {
  const read = (name: string): string => {
    const value = query[name];
    if (Array.isArray(value)) return value.filter((item): item is string => typeof item === 'string').join(',');
    return typeof value === 'string' ? value.trim() : '';
  };
  const raw: RawFilter = {};
  for (const name of FILTER_NAMES) if (read(name) !== '') raw[name] = read(name);
  return { raw, from: read('from'), to: read('to') };
}

/** The filter with days turned into moments: what is searched, exported and sent to the API. */
export function toRawFilter(filter: PageFilter, timeZone: string): RawFilter {
  const start = boundOf('from', filter.from, (day) => momentOf(day, timeZone));
  const end = boundOf('to', filter.to, (day) => momentOf(nextDay(day), timeZone));
  if (start !== null && end !== null && start >= end) throw new KnownError('bad_filter', 'to: must not be before from');
  const raw = { ...filter.raw };
  if (start !== null) raw.after = stricter(raw.after, start, Math.max);
  if (end !== null) raw.before = stricter(raw.before, end, Math.min);
  return raw;
}

/** The filter as the query of a page link. */
export function toQuery(filter: PageFilter): Query {
  return { ...filter.raw, from: filter.from, to: filter.to };
}

export function filterForm(filter: PageFilter, kept: Query, ctx: PageContext, error?: KnownError): FilterForm {
  const { t, url } = ctx;
  const problem = error ? describeProblem(error, ctx) : { field: '', text: '' };
  const field = (name: string) => fieldOf(name, filter, ctx, problem.field === name ? problem.text : '');
  const moreFields = MORE.map(field);
  const shown: readonly string[] = [...FIRST_ROW, ...MORE];
  const hidden = { ...kept, after: filter.raw.after, before: filter.raw.before };
  const target = url.form('/entries');
  return {
    action: target.action,
    clearHref: url('/entries', kept),
    fields: FIRST_ROW.map(field),
    moreFields,
    moreIsOpen: moreFields.some(({ value }) => value !== ''),
    hidden: [
      ...target.hidden,
      ...Object.entries(hidden).flatMap(([name, value]) =>
        value === null || value === undefined || value === '' ? [] : [{ name, value: String(value) }],
      ),
    ],
    chips: Object.entries(toQuery(filter)).flatMap(([name, value]) => {
      if (typeof value !== 'string' || value === '') return [];
      const label = t(`browse:filter.${name}`);
      return {
        label,
        value: chipText(name, value, ctx),
        removeHref: url('/entries', { ...toQuery(filter), ...kept, [name]: null }),
        removeLabel: t('browse:remove_filter', { filter: label }),
      };
    }),
    problem: problem.text !== '' && !shown.includes(problem.field) ? problem.text : '',
  };
}

function fieldOf(name: string, filter: PageFilter, ctx: PageContext, problem: string): Field {
  const { t } = ctx;
  const value = name === 'from' || name === 'to' ? filter[name] : (filter.raw[name as FilterName] ?? '');
  const base = { name, label: t(`browse:filter.${name}`), value, hint: t(`browse:filter_hint.${name}`), problem };
  const choice = CHOICES[name];
  if (!choice) {
    const kind = name === 'q' ? 'search' : name === 'from' || name === 'to' ? 'date' : 'text';
    return { ...base, kind, options: [] };
  }
  const [list, codes] = choice;
  const known = codes.map((code) => ({ value: code, label: translateCode(ctx, list, code), selected: code === value }));
  // What a link asked for and the list does not offer ("clients,domains") stays chosen when the form is sent again.
  const other =
    value === '' || codes.includes(value) ? [] : [{ value, label: chipText(name, value, ctx), selected: true }];
  return {
    ...base,
    kind: 'select',
    options: [{ value: '', label: base.hint, selected: value === '' }, ...known, ...other],
  };
}

function chipText(name: string, value: string, ctx: PageContext): string {
  if (name === 'from' || name === 'to') return isDay(value) ? formatDay(value, ctx) : value;
  if (name === 'after' || name === 'before') {
    const at = Date.parse(value.length === 10 ? `${value}T00:00:00Z` : value);
    return Number.isNaN(at)
      ? revealText(value)
      : formatUtc(new Date(at).toISOString()).replace(/:00\.000 UTC$/, ' UTC');
  }
  if (name === 'q' || name === 'actor_name' || name === 'ip' || name === 'hash') return shorten(revealText(value), 40);
  const parts = value.split(',').map((part) => {
    const code = part.trim().replace(/^!/, '');
    const text = CHOICES[name] ? translateCode(ctx, CHOICES[name][0], code) : readableReference(name, code, ctx);
    return part.trim().startsWith('!') ? ctx.t('browse:not', { value: text }) : text;
  });
  return shorten(revealText(parts.join(ctx.t('common:list_separator'))), 60);
}

/** "admin:7" as "Admin 7". */
function readableReference(name: string, value: string, ctx: PageContext): string {
  if (name !== 'actor' && name !== 'target') return value;
  const [type = '', ...id] = value.split(':');
  const label = translateCode(ctx, name === 'actor' ? 'terms:actor_type.' : 'terms:target_type.', type);
  return id.length === 0 ? label : `${label} ${id.join(':')}`;
}

/** The parser speaks English to programs; a person is told in their language which field is wrong and what it wants. */
function describeProblem(error: KnownError, { t }: PageContext): { readonly field: string; readonly text: string } {
  if (error.code === 'bad_cursor') return { field: '', text: t('browse:filter_problem.cursor') };
  if (error.detail.startsWith('after must not')) return { field: '', text: t('browse:filter_problem.order') };
  const field = /^([a-z_]+):/.exec(error.detail)?.[1] ?? '';
  if (field === 'to' && error.detail.includes('before from')) return { field, text: t('browse:filter_problem.order') };
  const isKnown = [...FILTER_NAMES, 'from', 'to'].some((name) => name === field);
  const types = ACTOR_TYPES.join(', ');
  return { field, text: t(isKnown ? `browse:filter_problem.${field}` : 'browse:filter_problem.other', { types }) };
}

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

/** The day after, by the calendar. */
export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** 2026-02-29 has the form of a day and is none. */
function isDay(text: string): boolean {
  if (!/^(19|20)\d{2}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
