import type { KnownError } from '../../errors';
import { formatNumber, formatUtc, type PageContext } from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import type { EntryPage } from './browse-service';
import { entryLine, type EntryLine } from './entry-line-page';
import { makePlace } from './list-place';
import type { RawFilter } from './entry-filter';
import type { Sort } from './entry-search';
import { filterForm, toQuery, type FilterForm, type PageFilter } from './filter-page';

export const PAGE_SIZES = [20, 50, 100] as const;

export interface ListRequest {
  readonly filter: PageFilter;
  /** With days turned into moments; null when the filter cannot be read. */
  readonly rawFilter: RawFilter | null;
  readonly sort: Sort;
  readonly perPage: number;
  /** Cursor or page, as the address has it. */
  readonly at?: Query;
}

export interface ColumnHeader {
  readonly name: string;
  readonly label: string;
  /** The same list in another order; null for a column that does not sort. */
  readonly href: string | null;
  readonly direction: 'ascending' | 'descending' | 'none';
}

export interface ListPage {
  readonly title: string;
  readonly form: FilterForm;
  readonly columns: readonly ColumnHeader[];
  readonly lines: readonly EntryLine[];
  readonly count: string;
  readonly exportHref: string | null;
  /** Everything of this filter as a signed bundle. */
  readonly bundleHref: string | null;
  /** The form that the boxes in the rows belong to. */
  readonly pick: {
    readonly action: string;
    readonly hidden: readonly { readonly name: string; readonly value: string }[];
  };
  readonly firstHref: string | null;
  readonly previousHref: string | null;
  readonly nextHref: string | null;
  readonly sizes: readonly { readonly label: string; readonly href: string; readonly isCurrent: boolean }[];
  /** What is shown where there are no rows. */
  readonly nothing: { readonly title: string; readonly advice: readonly string[] } | null;
  readonly printNote: string;
}

export function listPage(
  request: ListRequest,
  found: EntryPage | null,
  ctx: PageContext,
  error?: KnownError,
): ListPage {
  const { t, url } = ctx;
  const kept = keptQuery(request);
  const query = { ...toQuery(request.filter), ...kept };
  const form = filterForm(request.filter, kept, ctx, error);
  const place = makePlace('/entries', { ...query, ...request.at });
  const lines = (found?.entries ?? []).map((entry) =>
    entryLine(entry, ctx, (name, value) => url('/entries', { ...query, [name]: value }), place),
  );
  const pick = url.form('/export.zip');
  const isFirst = found === null || found.from <= 1;
  const turn = (cursor: string | null | undefined) =>
    cursor === null || cursor === undefined ? null : url('/entries', { ...query, cursor });
  return {
    title: t('browse:log_title'),
    form,
    columns: columnsOf(request, query, ctx),
    lines,
    count: countText(found, ctx),
    exportHref: request.rawFilter === null ? null : url('/export.csv', { ...request.rawFilter, sort: kept.sort }),
    bundleHref: request.rawFilter === null ? null : url('/export.zip', { ...request.rawFilter }),
    pick: { action: pick.action, hidden: [...pick.hidden, { name: 'picked', value: '1' }] },
    firstHref: isFirst ? null : url('/entries', query),
    previousHref: isFirst ? null : turn(found.previousCursor),
    nextHref: turn(found?.nextCursor),
    sizes: PAGE_SIZES.map((size) => ({
      label: formatNumber(size, ctx),
      href: url('/entries', { ...query, per_page: size === PAGE_SIZES[0] ? null : size }),
      isCurrent: size === request.perPage,
    })),
    nothing: found !== null && lines.length === 0 ? nothingFound(form, ctx) : null,
    printNote: [
      ...form.chips.map(({ label, value }) => `${label}${t('common:unit_separator')}${value}`),
      t('common:printed', { time: formatUtc(ctx.now.toISOString()) }),
    ].join(' · '),
  };
}

/** What a link keeps besides the filter; defaults stay out of the address. */
function keptQuery({
  sort,
  perPage,
}: ListRequest): { readonly sort: string | null; readonly per_page: number | null } & Query {
  return { sort: sort === '-seq' ? null : sort, per_page: perPage === PAGE_SIZES[0] ? null : perPage };
}

function columnsOf({ sort }: ListRequest, query: Query, { t, url }: PageContext): ColumnHeader[] {
  const sortable = (name: string, key: 'seq' | 'occurred_at'): ColumnHeader => {
    const direction = sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : 'none';
    const next = direction === 'descending' ? key : `-${key}`;
    return {
      name,
      label: t(`browse:column.${name}`),
      href: url('/entries', { ...query, sort: next === '-seq' ? null : next }),
      direction,
    };
  };
  const plain = (name: string): ColumnHeader => ({
    name,
    label: t(`browse:column.${name}`),
    href: null,
    direction: 'none',
  });
  return [
    sortable('seq', 'seq'),
    sortable('time', 'occurred_at'),
    ...['severity', 'what', 'category', 'action', 'actor', 'target', 'ip', 'chain'].map(plain),
  ];
}

function countText(found: EntryPage | null, ctx: PageContext): string {
  if (found === null) return '';
  if (found.entries.length === 0) return ctx.t('browse:count_none');
  const values = {
    from: formatNumber(found.from, ctx),
    to: formatNumber(found.to, ctx),
    total: formatNumber(found.total, ctx),
  };
  return ctx.t(found.totalIsExact ? 'browse:count' : 'browse:count_more_than', values);
}

function nothingFound(form: FilterForm, { t }: PageContext): { title: string; advice: string[] } {
  if (form.chips.length === 0) return { title: t('browse:nothing_yet'), advice: [] };
  const searched = form.chips.map(({ label, value }) => t('browse:searched_for', { filter: label, value }));
  const names = new Set(form.chips.map(({ label }) => label));
  const hasDays = [t('browse:filter.from'), t('browse:filter.to')].some((label) => names.has(label));
  return {
    title: t('browse:nothing_found', { filters: searched.join(t('common:list_separator')) }),
    advice: [
      ...(names.has(t('browse:filter.q')) ? [t('browse:advice.words')] : []),
      ...(hasDays ? [t('browse:advice.days')] : []),
      ...(form.chips.length > 1 ? [t('browse:advice.fewer')] : []),
    ],
  };
}
