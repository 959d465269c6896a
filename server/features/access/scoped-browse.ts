import { KnownError } from '../../errors';
import type { BrowseService, EntryFilter, EntryView } from '../browse/browse-service';
import type { ReadingScope } from './reading-scope';

/**
 * The same, held to the scope of whoever asks: in lists, totals, exports and proofs are only their own entries, and another's is
 * not there.
 */
export function scopeBrowse(browse: BrowseService, scope: Pick<ReadingScope, 'current'>): BrowseService {
  const keep = (actor: string | null) => (entry: Pick<EntryView, 'actor'>) => actor === null || refOf(entry) === actor;
  return {
    findPage: (ledger, request) =>
      browse.findPage(ledger, { ...request, filter: narrow(request.filter, scope.current()) }),

    findNewer: (ledger, filter, seq, limit) => browse.findNewer(ledger, narrow(filter, scope.current()), seq, limit),

    async findEntry(ledger, idOrSeq) {
      const isOwn = keep(scope.current());
      const entry = await browse.findEntry(ledger, idOrSeq);
      return entry && isOwn(entry) ? entry : undefined;
    },

    readStats(ledger, options) {
      // The counters are of everybody; there are none of one actor.
      if (scope.current() !== null) return Promise.reject(new KnownError('missing_scope', 'entries.read'));
      return browse.readStats(ledger, options);
    },

    async viewRows(ledger, rows) {
      const isOwn = keep(scope.current());
      return (await browse.viewRows(ledger, rows)).filter(isOwn);
    },

    streamEntries: (ledger, filter, sort) => browse.streamEntries(ledger, narrow(filter, scope.current()), sort),

    streamStored(ledger, selection, options) {
      // Read here and now: whoever takes the pages later may do so out of the request.
      const actor = scope.current();
      if ('filter' in selection)
        return browse.streamStored(ledger, { filter: narrow(selection.filter, actor) }, options);
      return ownOnly(browse.streamStored(ledger, selection, options), ({ view }) => keep(actor)(view));
    },
  };
}

/** A filter that finds nothing but what `actor` did. */
export function narrow(filter: EntryFilter, actor: string | null): EntryFilter {
  if (actor === null) return filter;
  const { is = [], not = [] } = filter.terms.actor ?? {};
  const [type = ''] = actor.split(':');
  const isAsked = is.length === 0 || is.includes(actor) || is.includes(type);
  return { ...filter, terms: { ...filter.terms, actor: { is: [isAsked ? actor : '-'], not } } };
}

function refOf({ actor }: Pick<EntryView, 'actor'>): string {
  return `${actor.type}:${actor.id ?? ''}`;
}

async function* ownOnly<T>(
  pages: AsyncIterable<readonly T[]>,
  isOwn: (one: T) => boolean,
): AsyncIterable<readonly T[]> {
  for await (const page of pages) yield page.filter(isOwn);
}
