import { parse as parseForm } from 'node:querystring';
import type { Query } from '../../http/url-builder';
import { DEFAULT_VIEW, readView, viewQuery, type ListView } from './list-view';
import { readFilter, toQuery, type PageFilter } from './page-filter';

/** The whole view in an address: what is searched, over which span, and how it is shown. */
export function listQuery(filter: PageFilter, view: ListView): Query {
  return { ...toQuery(filter), ...viewQuery(view) };
}

/** The query of a list written in one way only, with nothing in it that is not of the list (no place, no marks). */
export function normaliseListQuery(query: string): string {
  const given = parseForm(query);
  return queryText(listQuery(readFilter(given), readView(given) ?? DEFAULT_VIEW));
}

/** How somebody likes the list, as it is kept. */
export function readListView(query: string | null): ListView | null {
  return query === null ? null : readView(parseForm(query));
}

export function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
}
