import { Router, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { can } from '../access/rights';
import type { Viewer } from '../access/viewer';
import type { ViewsService } from '../views/views-service';
import { dashboardPage, latestCount, type ChainSummary } from './dashboard-page';
import { parseFilter } from './entry-filter';
import { createEntryRoutes, type EntryRoutesDeps } from './entry-routes';
import { createListRoutes } from './list-routes';

export interface BrowseDeps extends EntryRoutesDeps {
  readonly views: ViewsService;
  findChain(ledger: Ledger): Promise<ChainSummary>;
}

/** Dashboard, audit log and the page of one entry. The session guard before it sets `res.locals.viewer`. */
export function createBrowseRoutes(deps: BrowseDeps): Router {
  const router = Router();

  // Figures are of everybody: who reads their own entries alone starts at those.
  router.get('/', (_req, res, next) => {
    if (can(res.locals.viewer as Viewer, 'entries.read')) return next();
    res.redirect(303, (res.locals.url as UrlBuilder)('/entries'));
  });
  router.get('/', async (req, res) => {
    const ctx = pageContext(res, deps.now());
    const ledger = await ledgerOf(deps, res);
    const stats = await deps.browse.readStats(ledger, { now: ctx.now, timeZone: ctx.timeZone });
    const latest = await deps.browse.findPage(ledger, {
      filter: parseFilter({}),
      sort: '-seq',
      perPage: latestCount(stats),
    });
    const options = { sort: textOf(req.query.sort), chain: await deps.findChain(ledger) };
    res.render('browse/dashboard', { page: dashboardPage(stats, latest.entries, options, ctx) });
  });

  router.use(createListRoutes(deps));

  router.use(createEntryRoutes(deps));
  return router;
}

async function ledgerOf(deps: BrowseDeps, res: Response): Promise<Ledger> {
  const viewer = res.locals.viewer as Viewer;
  const ledger = await deps.findLedger(viewer.tenant);
  if (!ledger) throw new KnownError('not_found', `tenant ${viewer.tenant} has no ledger`);
  return ledger;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
