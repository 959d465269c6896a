import type { Query } from '../../http/url-builder';
import { SORTS, type Sort } from './entry-search';

/** In the order in which they stand; `what` is always there. */
export const COLUMNS = [
  'seq',
  'time',
  'severity',
  'what',
  'category',
  'action',
  'outcome',
  'actor',
  'client',
  'target',
  'ip',
  'via',
  'hook',
  'hash',
  'chain',
  'bridge',
  'reason',
] as const;
export type Column = (typeof COLUMNS)[number];

export const DENSITIES = ['compact', 'normal', 'comfortable'] as const;
export type Density = (typeof DENSITIES)[number];

export const PAGE_SIZES = [20, 50, 100] as const;

/** How the list is shown, whatever is in it. */
export interface ListView {
  readonly columns: readonly Column[];
  readonly density: Density;
  readonly sort: Sort;
  readonly perPage: number;
}

export const DEFAULT_VIEW: ListView = {
  columns: ['seq', 'time', 'severity', 'what', 'category', 'action', 'actor', 'target', 'ip', 'chain'],
  density: 'normal',
  sort: '-seq',
  perPage: PAGE_SIZES[0],
};

const NAMES = ['view', 'columns', 'density', 'sort', 'per_page'] as const;

/**
 * The view that an address tells. One that names any part of it names all of it, the rest being the program's default, so that it
 * looks the same to everybody; null: it names none, and the reader's own applies. What cannot be read takes the default.
 */
export function readView(query: Readonly<Record<string, unknown>>): ListView | null {
  if (NAMES.every((name) => query[name] === undefined)) return null;
  const asked = new Set([query['columns']].flat().flatMap((one) => (typeof one === 'string' ? one.split(/[.,]/) : [])));
  const columns = COLUMNS.filter((column) => asked.has(column));
  return {
    columns: columns.length === 0 ? DEFAULT_VIEW.columns : COLUMNS.filter((one) => one === 'what' || asked.has(one)),
    density: DENSITIES.find((density) => density === query['density']) ?? DEFAULT_VIEW.density,
    sort: SORTS.find((sort) => sort === query['sort']) ?? DEFAULT_VIEW.sort,
    perPage: PAGE_SIZES.find((size) => String(size) === query['per_page']) ?? DEFAULT_VIEW.perPage,
  };
}

/** The view in an address: what differs from the default, or that nothing does. */
export function viewQuery(view: ListView): Query {
  const hasOwnColumns = view.columns.join() !== DEFAULT_VIEW.columns.join();
  const differing: Query = {
    columns: hasOwnColumns ? view.columns.join('.') : null,
    density: view.density === DEFAULT_VIEW.density ? null : view.density,
    sort: view.sort === DEFAULT_VIEW.sort ? null : view.sort,
    per_page: view.perPage === DEFAULT_VIEW.perPage ? null : view.perPage,
  };
  return Object.values(differing).some((value) => value !== null) ? differing : { view: 'default' };
}

export function isDefaultView(view: ListView): boolean {
  return viewQuery(view)['view'] === 'default';
}
