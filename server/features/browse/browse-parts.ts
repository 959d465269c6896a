import { openDatabase, type Database } from '../../db/connection';
import { createEntryReader } from '../../entries/entry-reader';
import type { EntryStore } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import type { RetiredProof } from '../../entries/retired-proof';
import type { TreeReader } from '../../entries/tree-reader';
import type { BrowseService } from './browse-service';
import { findHashedIps } from './hashed-ips';
import { createBrowseService } from './knex-browse-service';
import { createEntrySearch } from './knex-entry-search';
import { createRelatedService } from './knex-related-service';
import type { RelatedService } from './related-service';

interface BrowsePartsDeps {
  readonly databaseUrl: string;
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly trees: TreeReader;
  readonly erasures: ErasureReader;
  readonly proveRetired: RetiredProof;
  /** Of the hashes in the place of addresses. */
  readonly findIpSalt: () => Promise<string | undefined>;
  /** Shows a person what they may see. */
  readonly scope: (browse: BrowseService) => BrowseService;
}

/** What finds and reads entries, joined. */
export interface BrowseParts {
  readonly browse: BrowseService;
  /** The same, for who reads everything once and would fill the cache that pages have with what nobody needs again. */
  readonly browseOnce: BrowseService;
  readonly related: RelatedService;
  readonly close: () => Promise<void>;
}

export function createBrowseParts(deps: BrowsePartsDeps): BrowseParts {
  const { database, store, keyRing, trees, erasures, proveRetired } = deps;
  const browseOver = (over: Database) => {
    const own = { ...store, ...createEntryReader(over) };
    const search = createEntrySearch(over);
    const whole = createBrowseService({ database: over, store: own, search, keyRing, trees, erasures, proveRetired });
    return deps.scope(findHashedIps(whole, deps.findIpSalt));
  };
  const browse = browseOver(database);
  const once = database.dialect.name === 'sqlite' ? openDatabase(deps.databaseUrl, { cacheKib: 2_048 }) : undefined;
  return {
    browse,
    browseOnce: once ? browseOver(once) : browse,
    related: createRelatedService({ database, store, browse }),
    close: async () => once?.close(),
  };
}
