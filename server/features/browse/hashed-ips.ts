import { hashIp } from '../../core/ip-hash';
import { canonicalIp } from '../../http/client-ip';
import type { BrowseService, EntryFilter } from './browse-service';

/**
 * The same, where an address that was asked for finds what it was stored as too: entries keep a hash of it while the settings say
 * so. What was stored before or after with the address itself is found as well. Without a salt no address was ever hashed.
 */
export function findHashedIps(browse: BrowseService, findSalt: () => Promise<string | undefined>): BrowseService {
  return {
    ...browse,
    findPage: async (ledger, request) =>
      browse.findPage(ledger, { ...request, filter: await withHashes(request.filter) }),

    findNewer: async (ledger, filter, seq, limit) => browse.findNewer(ledger, await withHashes(filter), seq, limit),

    async *streamEntries(ledger, filter, sort) {
      yield* browse.streamEntries(ledger, await withHashes(filter), sort);
    },

    async *streamStored(ledger, selection, options) {
      const found = 'filter' in selection ? { filter: await withHashes(selection.filter) } : selection;
      yield* browse.streamStored(ledger, found, options);
    },
  };

  async function withHashes(filter: EntryFilter): Promise<EntryFilter> {
    const { ip } = filter.terms;
    const salt = ip && (await findSalt());
    if (!ip || salt === undefined) return filter;
    const each = (values: readonly string[]) =>
      [...new Set(values.flatMap((value) => [value, hashIp(canonicalIp(value) ?? value, salt)]))]; // prettier-ignore
    return { ...filter, terms: { ...filter.terms, ip: { is: each(ip.is), not: each(ip.not) } } };
  }
}
