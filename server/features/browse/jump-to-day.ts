import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { BrowseService, EntryPage } from './browse-service';
import { encodeCursor } from './cursor';
import { addDays, isDay } from './date-range';
import type { PageRequest } from './entry-search';
import { momentOf } from './time-zone';

/**
 * The page of a list that begins with a day (`2026-11-21`, of the reader's zone): in a list from new to old with its last entry,
 * else with its first. The filter stays what it is, so both ways lead on from there. Throws KnownError `bad_filter`.
 */
export async function findDay(
  browse: Pick<BrowseService, 'findPage'>,
  ledger: Ledger,
  request: PageRequest,
  day: string,
  timeZone: string,
): Promise<EntryPage> {
  if (!isDay(day)) throw new KnownError('bad_filter', 'day: write a day (2026-11-21)');
  const { filter, sort } = request;
  const isDescending = sort.startsWith('-');
  const bound = momentOf(isDescending ? addDays(day, 1) : day, timeZone);
  const rest = isDescending
    ? { ...filter, before: Math.min(bound, filter.before ?? bound) }
    : { ...filter, after: Math.max(bound, filter.after ?? bound) };
  // A day outside of the span that is searched leaves nothing between its bounds.
  const isOutside = rest.after !== null && rest.before !== null && rest.after >= rest.before;
  const below = isOutside ? undefined : await browse.findPage(ledger, { ...request, filter: rest, perPage: 1 });
  const first = below?.entries[0];
  if (!below || !first) return { entries: [], total: 0, totalIsExact: true, pages: 0, from: 0, to: 0, nextCursor: null, previousCursor: null }; // prettier-ignore
  const all = await browse.findPage(ledger, { ...request, perPage: 1 });
  // Above what is counted, where it stands is not known; that something stands before it is.
  const position = all.totalIsExact && below.totalIsExact ? Math.max(0, all.total - below.total) : 1;
  const place = {
    direction: 'next',
    seq: isDescending ? first.seq + 1 : first.seq - 1,
    time: Date.parse(first.occurred_at),
    position,
  } as const;
  return browse.findPage(ledger, { ...request, cursor: encodeCursor(place, sort) });
}
