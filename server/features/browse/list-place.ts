import { parse as parseForm } from 'node:querystring';
import type { Query, UrlBuilder } from '../../http/url-builder';
import { safeReturnPath } from '../../http/url-builder';
import { parseFilter, type EntryFilter } from './entry-filter';
import { SORTS, type Sort } from './entry-search';
import { readFilter, toRawFilter } from './page-filter';
import { readSubject, subjectFilter } from './timeline-href';

/** Pages whose rows lead to entries. */
const LISTS = ['/entries', '/timeline'] as const;

/** The list from which a reader came to an entry: the entry's address carries it, so that back, next and previous keep to it. */
export interface ListPlace {
  readonly path: (typeof LISTS)[number];
  /** As in the list's own address. */
  readonly query: Readonly<Record<string, string>>;
}

/** Reads `list` of an entry's address ("/entries?category=clients"); null where it is no list of ours. */
export function readPlace(value: unknown): ListPlace | null {
  const [path = '', query = ''] = safeReturnPath(value, '').split('?', 2);
  const list = LISTS.find((one) => one === path);
  if (list === undefined) return null;
  const given = Object.entries(parseForm(query)).map(([name, one]) => [name, [one].flat().join(',')]);
  return { path: list, query: Object.fromEntries(given) as Record<string, string> };
}

export function makePlace(path: ListPlace['path'], query: Query): ListPlace {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return { path, query: Object.fromEntries(given.map(([name, value]) => [name, String(value)])) };
}

/** The address of an entry as a row of a list. */
export function entryHref(url: UrlBuilder, id: string, place: ListPlace | null): string {
  const list = place && `${place.path}?${new URLSearchParams(place.query).toString()}`.replace(/\?$/, '');
  return url(`/entries/${encodeURIComponent(id)}`, { list: list === '/entries' ? null : list });
}

/** What a list searches for and how it is sorted. Throws KnownError `bad_filter`. */
export function searchOf(
  place: ListPlace | null,
  timeZone: string,
  now: Date,
): { readonly filter: EntryFilter; readonly sort: Sort } {
  if (place?.path === '/timeline') {
    const subject = readSubject(place.query);
    const raw = subject === null ? {} : subjectFilter(subject, place.query['category']);
    return { filter: parseFilter(raw), sort: place.query['order'] === 'oldest' ? 'seq' : '-seq' };
  }
  const query = place?.query ?? {};
  return {
    filter: parseFilter(toRawFilter(readFilter(query), timeZone, now)),
    sort: SORTS.find((sort) => sort === query['sort']) ?? '-seq',
  };
}
