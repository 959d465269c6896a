import type { KnownError } from '../../errors';
import { formatDay, formatNumber, formatUtc, type PageContext } from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import type { SavedView } from '../views/views-service';
import type { EntryPage } from './browse-service';
import { entryLine, type EntryLine } from './entry-line-page';
import type { FilterName, RawFilter } from './entry-filter';
import { filterForm, type FilterForm } from './filter-page';
import { listQuery, queryText } from './list-address';
import { makePlace } from './list-place';
import { isDefaultView, PAGE_SIZES, viewQuery, type Column, type ListView } from './list-view';
import { nothingFound, nothingThere, type NothingHere } from './nothing-page';
import { joinTerms, readTerms, withValue, type PageFilter } from './page-filter';
import { viewForm, viewMenu, type ViewForm, type ViewMenu } from './view-controls';

export interface ListRequest {
  readonly filter: PageFilter;
  /** With days turned into moments; null when the filter cannot be read. */
  readonly rawFilter: RawFilter | null;
  readonly view: ListView;
  /** The view is not told by the address: it is what this person likes. */
  readonly isOwnView: boolean;
  /** Rows after this number are marked as new; null: none. */
  readonly since: number | null;
  /** Every box of the page is ticked. */
  readonly isTicked: boolean;
  /** The day that was jumped to; empty for none. */
  readonly day: string;
  /** The newest number of the ledger when the page was made. */
  readonly head: number;
  readonly mayExport: boolean;
  readonly mayAskForNew: boolean;
  /** Cursor, page or day, as the address has it. */
  readonly at?: Query;
  /** There is no entry at all, whatever the filter. */
  readonly isEmpty: boolean;
  readonly saved: { readonly id: string; readonly views: readonly SavedView[]; readonly mayShare: boolean };
}

export interface ColumnHeader {
  readonly name: string;
  readonly label: string;
  /** The same list in another order; null for a column that does not sort. */
  readonly href: string | null;
  readonly direction: 'ascending' | 'descending' | 'none';
}

interface FormTarget {
  readonly action: string;
  readonly hidden: readonly { readonly name: string; readonly value: string }[];
}

interface PickForm extends FormTarget {
  readonly isTicked: boolean;
  readonly tickHref: string;
  readonly allLabel: string;
}

export interface ListPage {
  readonly title: string;
  readonly form: FilterForm;
  readonly view: ViewForm;
  readonly menu: ViewMenu;
  /** The saved view that the list was opened with; empty for none. */
  readonly saved: string;
  readonly columns: readonly ColumnHeader[];
  readonly density: string;
  /** The columns were chosen: all of them are shown, on a narrow window, too. */
  readonly hasOwnColumns: boolean;
  readonly lines: readonly (EntryLine & { readonly isNew: boolean })[];
  readonly count: string;
  /** How many entries the words were not looked for in, while the index is on its way; empty when it holds all. */
  readonly unindexed: string;
  /** The numbers in `count`, where all of them are known. */
  readonly counted: { readonly from: number; readonly to: number; readonly total: number } | null;
  /** This view with everything that belongs to it, to be sent to somebody. */
  readonly href: string;
  /** The address bar does not say what is shown: the reader's own likings do. */
  readonly isShort: boolean;
  readonly exportHref: string | null;
  /** Everything of this filter as a signed bundle. */
  readonly bundleHref: string | null;
  /** The form that the boxes in the rows belong to; null for people who may not export. */
  readonly pick: PickForm | null;
  /** Jumps to a day, the filter kept. */
  readonly go: FormTarget & { readonly value: string };
  /** Where to ask for newer entries, from which number on, and the list that has them. */
  readonly news: { readonly address: string; readonly href: string; readonly isAtTop: boolean } | null;
  readonly firstHref: string | null;
  readonly previousHref: string | null;
  readonly nextHref: string | null;
  readonly sizes: readonly { readonly label: string; readonly href: string; readonly isCurrent: boolean }[];
  /** What is shown where there are no rows. */
  readonly nothing: NothingHere | null;
  readonly printNote: string;
}

export function listPage(
  request: ListRequest,
  found: EntryPage | null,
  ctx: PageContext,
  error?: KnownError,
): ListPage {
  const { t, url } = ctx;
  const { filter, view, saved } = request;
  const exported = request.mayExport ? request.rawFilter : null;
  const kept: Query = { ...viewQuery(view), saved: saved.id };
  const query: Query = { ...listQuery(filter, view), saved: saved.id };
  const link = (other: PageFilter) => url('/entries', { ...listQuery(other, view), saved: saved.id });
  const form = filterForm(filter, kept, ctx, error);
  const text = queryText(listQuery(filter, view));
  const here = makePlace('/entries', { ...query, ...request.at });
  const lines = (found?.entries ?? []).map((entry) => ({
    ...entryLine(entry, ctx, (name, value) => link(withValue(filter, name as FilterName, value)), {
      excludeLink: (name, value) => link(excluded(filter, name as FilterName, value)),
      place: here,
    }),
    isNew: request.since !== null && entry.seq > request.since,
  }));
  const isFirst = found === null || found.from <= 1;
  const place = request.day === '' ? {} : { day: request.day };
  const turn = (cursor: string | null | undefined) =>
    cursor === null || cursor === undefined ? null : url('/entries', { ...query, ...place, cursor });
  return {
    title: t('browse:log_title'),
    form,
    view: viewForm(view, text, ctx),
    saved: saved.id,
    menu: viewMenu(saved.views, { id: saved.id, query: text }, saved.mayShare, ctx),
    columns: columnsOf(request, query, ctx),
    density: view.density,
    hasOwnColumns: viewQuery(view)['columns'] !== null && viewQuery(view)['columns'] !== undefined,
    lines,
    count: countText(request, found, ctx),
    unindexed: found?.unindexed === undefined ? '' : t('log:unindexed', { count: found.unindexed }),
    counted:
      found?.totalIsExact === true && lines.length > 0 ? { from: found.from, to: found.to, total: found.total } : null,
    href: url('/entries', query),
    isShort: request.isOwnView && !isDefaultView(view),
    exportHref: exported === null ? null : url('/export.csv', { ...exported, sort: sortQuery(view) }),
    bundleHref: exported === null ? null : url('/export.zip', { ...exported }),
    pick: exported === null ? null : pickForm(request, query, found, ctx),
    go: { ...formTo('/entries', { ...query }, ctx), value: request.day },
    news: newsOf(request, query, isFirst, ctx),
    firstHref: isFirst ? null : url('/entries', query),
    previousHref: isFirst ? null : turn(found.previousCursor),
    nextHref: turn(found?.nextCursor),
    sizes: PAGE_SIZES.map((size) => ({
      label: formatNumber(size, ctx),
      href: url('/entries', { ...listQuery(filter, { ...view, perPage: size }), saved: saved.id }),
      isCurrent: size === view.perPage,
    })),
    nothing:
      found === null || lines.length > 0
        ? null
        : request.isEmpty
          ? nothingThere(ctx)
          : nothingFound(filter, form, ctx, link),
    printNote: [
      form.period.summary,
      ...form.chips
        .filter(({ label }) => label !== form.period.label)
        .map(({ label, value }) => `${label}${t('common:unit_separator')}${value}`),
      t('common:printed', { time: formatUtc(ctx.now.toISOString()) }),
    ].join(' · '),
  };
}

/** The filter without a value, which comes as a list writes it: no longer asked for, and excluded. */
function excluded(filter: PageFilter, name: FilterName, value: string): PageFilter {
  const [wanted] = readTerms(value);
  if (!wanted) return filter;
  const others = readTerms(filter.raw[name] ?? '').filter((term) => term.value !== wanted.value);
  return withValue(filter, name, joinTerms([...others, { ...wanted, isNot: true }]));
}

function columnsOf({ filter, view, saved }: ListRequest, query: Query, { t, url }: PageContext): ColumnHeader[] {
  const keys: Partial<Record<Column, 'seq' | 'occurred_at'>> = { seq: 'seq', time: 'occurred_at' };
  return view.columns.map((name) => {
    const label = t(`log:column.${name}`);
    const key = keys[name];
    if (key === undefined) return { name, label, href: null, direction: 'none' };
    const direction = view.sort === key ? 'ascending' : view.sort === `-${key}` ? 'descending' : 'none';
    const sort = direction === 'descending' ? key : (`-${key}` as const);
    const href = url('/entries', { ...listQuery(filter, { ...view, sort }), saved: saved.id, day: query['day'] });
    return { name, label, href, direction };
  });
}

function pickForm(request: ListRequest, query: Query, found: EntryPage | null, ctx: PageContext): PickForm {
  const { rawFilter, view, isTicked } = request;
  const total = formatNumber(found?.total ?? 0, ctx);
  return {
    ...formTo('/export', { ...(rawFilter ?? {}), sort: sortQuery(view) }, ctx),
    isTicked,
    tickHref: ctx.url('/entries', { ...query, tick: isTicked ? null : 'page' }),
    allLabel: ctx.t(found?.totalIsExact === false ? 'log:pick_all_more' : 'log:pick_all', { total }),
  };
}

function newsOf(
  { rawFilter, head, filter, view, mayAskForNew }: ListRequest,
  query: Query,
  isFirst: boolean,
  { url }: PageContext,
): ListPage['news'] {
  // What is over gets nothing new.
  if (!mayAskForNew || rawFilter === null || rawFilter.before !== undefined || filter.range === 'yesterday')
    return null;
  return {
    address: url('/entries/new', { ...rawFilter, after_seq: head }),
    href: url('/entries', { ...query, since: head }),
    isAtTop: isFirst && view.sort.startsWith('-'),
  };
}

function formTo(path: string, query: Query, { url }: PageContext): FormTarget {
  const target = url.form(path);
  const fields = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return {
    action: target.action,
    hidden: [...target.hidden, ...fields.map(([name, value]) => ({ name, value: String(value) }))],
  };
}

function sortQuery({ sort }: ListView): string | null {
  return sort === '-seq' ? null : sort;
}

function countText({ day }: ListRequest, found: EntryPage | null, ctx: PageContext): string {
  if (found === null) return '';
  if (found.entries.length === 0) return ctx.t('browse:count_none');
  const values = {
    from: formatNumber(found.from, ctx),
    to: formatNumber(found.to, ctx),
    total: formatNumber(found.total, ctx),
  };
  if (found.totalIsExact) return ctx.t('browse:count', values);
  // After a jump over more than is counted, where a row stands is not known.
  return day === ''
    ? ctx.t('browse:count_more_than', values)
    : ctx.t('log:count_at_day', { ...values, day: formatDay(day, ctx) });
}
