import { z } from 'zod';
import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { formatOrigin } from './origin';
import type { TreeStore } from './tree-store';

const genesis = z.object({ source: z.object({ payload: z.object({ installation: z.uuid() }) }) });

/** The first entry of a ledger is gone or is another: nothing can be signed for it. */
export class NoOriginError extends Error {
  override name = 'NoOriginError';
}

/** The origin of a ledger's tree as it is known, or, before there is one, that of its genesis entry. */
export function createFirstOrigin({
  database,
  store,
  trees,
}: {
  readonly database: Database;
  readonly store: EntryStore;
  readonly trees: TreeStore;
}): (ledger: Ledger) => Promise<string> {
  return async (ledger) => {
    const row = await trees.find(database.knex, ledger);
    if (row) return row.origin;
    const first = await store.findBySeq(ledger, 1);
    const parsed = genesis.safeParse(first && JSON.parse(first.record));
    if (!parsed.success)
      throw new NoOriginError(`ledger ${ledger.name} has no genesis entry that names its installation`);
    return formatOrigin(parsed.data.source.payload.installation, ledger.name);
  };
}
