import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { BrowseService } from './browse-service';
import { encodeCursor } from './cursor';
import type { EntryView } from './entry-view';
import { searchOf, type ListPlace } from './list-place';

/** The entries above and below one in a list. */
export interface Neighbours {
  readonly previous: EntryView | null;
  readonly next: EntryView | null;
}

/** By the list's own filter and order. A list that cannot be read has no neighbours; the entry is shown all the same. */
export async function findNeighbours(
  browse: Pick<BrowseService, 'findPage'>,
  ledger: Ledger,
  entry: EntryView,
  { place, timeZone, now }: { readonly place: ListPlace | null; readonly timeZone: string; readonly now: Date },
): Promise<Neighbours> {
  try {
    const { filter, sort } = searchOf(place, timeZone, now);
    const beside = async (direction: 'previous' | 'next') => {
      const time = sort.endsWith('occurred_at') ? Date.parse(entry.occurred_at) : 0;
      const cursor = encodeCursor({ direction, seq: entry.seq, time, position: 1 }, sort);
      const { entries } = await browse.findPage(ledger, { filter, sort, perPage: 1, cursor });
      return entries[0] ?? null;
    };
    return { previous: await beside('previous'), next: await beside('next') };
  } catch (error) {
    if (error instanceof KnownError && error.code === 'bad_filter') return { previous: null, next: null };
    throw error;
  }
}
