import { ACTOR_TYPES } from '../../core/event';
import type { KnownError } from '../../errors';
import type { PageContext } from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import { addDays, DEFAULT_RANGE, RANGES, type Range } from './date-range';
import { FILTER_NAMES } from './entry-filter';
import { filterChips, type Chip } from './filter-chips';
import { filterField, type FilterField } from './filter-fields';
import { valueText } from './filter-words';
import { toQuery, type PageFilter } from './page-filter';

/** The span of time: presets that send the form, so that what was chosen beside them stays, and two days of one's own. */
interface PeriodField {
  readonly label: string;
  readonly summary: string;
  readonly presets: readonly { readonly label: string; readonly value: Range; readonly isCurrent: boolean }[];
  readonly from: string;
  readonly to: string;
  readonly problems: { readonly from: string; readonly to: string };
  /** The preset that is on, which a form without days goes on with; null: none is. */
  readonly range: string | null;
}

export interface FilterForm {
  readonly action: string;
  readonly clearHref: string;
  /** Whether there is anything to clear: a filter, or another span than the usual one. */
  readonly canClear: boolean;
  readonly fields: readonly FilterField[];
  readonly period: PeriodField;
  readonly moreFields: readonly FilterField[];
  readonly moreIsOpen: boolean;
  readonly moreLabel: string;
  readonly hidden: readonly { readonly name: string; readonly value: string }[];
  readonly chips: readonly Chip[];
  /** A message that belongs to no single field. */
  readonly problem: string;
}

const FIRST_ROW = ['q', 'category', 'severity', 'actor', 'target'] as const;
const MORE = ['action', 'outcome', 'via', 'client', 'actor_name', 'ip', 'hook', 'hash', 'status'] as const;

/** `kept` is what an address carries besides the filter. */
export function filterForm(filter: PageFilter, kept: Query, ctx: PageContext, error?: KnownError): FilterForm {
  const { t, url } = ctx;
  const problem = error ? describeProblem(error, ctx) : { field: '', text: '' };
  const problemOf = (name: string) => (problem.field === name ? problem.text : '');
  const moreFields = MORE.map((name) => filterField(name, filter, ctx, problemOf(name)));
  const used = moreFields.filter(({ isUsed }) => isUsed).length;
  const shown: readonly string[] = [...FIRST_ROW, ...MORE, 'from', 'to'];
  const hidden = { ...kept, after: filter.raw.after, before: filter.raw.before };
  const target = url.form('/entries');
  const link = (other: PageFilter) => url('/entries', { ...toQuery(other), ...kept });
  return {
    action: target.action,
    clearHref: url('/entries', { range: DEFAULT_RANGE, ...kept }),
    canClear: Object.keys(filter.raw).length > 0 || filter.range !== DEFAULT_RANGE,
    fields: FIRST_ROW.map((name) => filterField(name, filter, ctx, problemOf(name))),
    period: {
      label: t('log:period'),
      summary: periodText(filter, ctx),
      presets: RANGES.map((range) => ({
        label: t(`log:range.${range}`),
        value: range,
        isCurrent: range === filter.range,
      })),
      from: filter.from,
      to: filter.to,
      problems: { from: problemOf('from'), to: problemOf('to') },
      range: filter.range === 'own' ? null : filter.range,
    },
    moreFields,
    moreIsOpen: used > 0 || moreFields.some((field) => field.problem !== ''),
    moreLabel: used === 0 ? t('browse:more_filters') : t('log:more_filters_used', { count: used }),
    hidden: [
      ...target.hidden,
      ...Object.entries(hidden).flatMap(([name, value]) =>
        value === null || value === undefined || value === '' ? [] : [{ name, value: String(value) }],
      ),
    ],
    chips: filterChips(filter, ctx, link),
    problem: problem.text !== '' && !shown.includes(problem.field) ? problem.text : '',
  };
}

/** "Last 30 days", "Nov 1, 2026 – Nov 3, 2026", "from Nov 1, 2026". */
export function periodText({ range, from, to, raw }: PageFilter, ctx: PageContext): string {
  if (range !== 'own') return ctx.t(`log:range.${range}`);
  const [start, end] = [
    from !== '' ? valueText('from', from, ctx) : valueText('after', raw.after ?? '', ctx),
    to !== '' ? valueText('to', to, ctx) : valueText('before', raw.before ?? '', ctx),
  ];
  const hasStart = from !== '' || raw.after !== undefined;
  const hasEnd = to !== '' || raw.before !== undefined;
  if (hasStart && hasEnd) return ctx.t('log:period_between', { start, end });
  return hasStart ? ctx.t('log:period_from', { start }) : ctx.t('log:period_until', { end });
}

/** The parser speaks English to programs; a person is told in their language which field is wrong and what it wants. */
function describeProblem(error: KnownError, { t }: PageContext): { readonly field: string; readonly text: string } {
  if (error.code === 'bad_cursor') return { field: '', text: t('browse:filter_problem.cursor') };
  if (error.detail.startsWith('after must not')) return { field: '', text: t('browse:filter_problem.order') };
  const field = /^([a-z_]+):/.exec(error.detail)?.[1] ?? '';
  if (field === 'to' && error.detail.includes('before from')) return { field, text: t('browse:filter_problem.order') };
  if (field === 'day') return { field: '', text: t('log:problem.day') };
  const isKnown = [...FILTER_NAMES, 'from', 'to'].some((name) => name === field);
  const types = ACTOR_TYPES.join(', ');
  return { field, text: t(isKnown ? `browse:filter_problem.${field}` : 'browse:filter_problem.other', { types }) };
}

/** The day after, by the calendar. */
export function nextDay(day: string): string {
  return addDays(day, 1);
}
