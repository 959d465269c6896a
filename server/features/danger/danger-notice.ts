import type { RequestHandler } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { pageContext } from '../../http/page-locals';
import { can } from '../access/rights';
import type { Viewer } from '../access/viewer';
import { purgeNotice } from './danger-page';
import { PurgeRefusedError, type PurgeService } from './purge-service';

interface NoticeDeps {
  readonly purges: PurgeService;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** Before every page: what the navigation offers of the danger zone, and word of a purge that waits for those who can cancel it. */
export function createDangerNotice({ purges, store, now }: NoticeDeps): RequestHandler {
  return async (request, response, next) => {
    const viewer = response.locals['viewer'] as Viewer;
    const mayPurge = can(viewer, 'data.purge');
    const isPage = request.method === 'GET' && !request.path.startsWith('/danger');
    const ledger = mayPurge && isPage ? await store.findLedger(viewer.tenant) : undefined;
    if (ledger) {
      try {
        const open = await purges.findOpen(ledger);
        if (open) response.locals['purgeNotice'] = purgeNotice(open, pageContext(response, now()));
      } catch (error) {
        // The danger zone says what is wrong with it; every other page has to go on.
        if (!(error instanceof PurgeRefusedError)) throw error;
      }
    }
    next();
  };
}
