import { Router, type Request, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { Viewer } from '../access/viewer';
import { dashboardPage, latestCount, type ChainSummary } from './dashboard-page';
import { parseFilter } from './entry-filter';
import { createEntryRoutes, type EntryRoutesDeps } from './entry-routes';
import { SORTS, type Sort } from './entry-search';
import { readFilter, toRawFilter } from './filter-page';
import { listPage, PAGE_SIZES, type ListRequest } from './list-page';

export interface BrowseDeps extends EntryRoutesDeps {
  findChain(ledger: Ledger): Promise<ChainSummary>;
}

/** Dashboard, audit log and the page of one entry. The session guard before it sets `res.locals.viewer`. */
export function createBrowseRoutes(deps: BrowseDeps): Router {
  const router = Router();

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

  router.get('/entries', async (req, res) => {
    const ctx = pageContext(res, deps.now());
    const ledger = await ledgerOf(deps, res);
    const asked = { filter: readFilter(req.query), sort: sortOf(req), perPage: perPageOf(req), at: placeOf(req) };
    let rawFilter: ListRequest['rawFilter'] = null;
    try {
      const raw = toRawFilter(asked.filter, ctx.timeZone);
      const filter = parseFilter(raw);
      rawFilter = raw;
      const found = await deps.browse.findPage(ledger, {
        filter,
        sort: asked.sort,
        perPage: asked.perPage,
        ...asked.at,
      });
      res.render('browse/list', { page: listPage({ ...asked, rawFilter }, found, ctx) });
    } catch (error) {
      if (!(error instanceof KnownError) || (error.code !== 'bad_filter' && error.code !== 'bad_cursor')) throw error;
      res.status(error.status).render('browse/list', { page: listPage({ ...asked, rawFilter }, null, ctx, error) });
    }
  });

  router.use(createEntryRoutes(deps));
  return router;
}

async function ledgerOf(deps: BrowseDeps, res: Response): Promise<Ledger> {
  const viewer = res.locals.viewer as Viewer;
  const ledger = await deps.findLedger(viewer.tenant);
  if (!ledger) throw new KnownError('not_found', `tenant ${viewer.tenant} has no ledger`);
  return ledger;
}

function sortOf(req: Request): Sort {
  return SORTS.find((sort) => sort === req.query.sort) ?? '-seq';
}

function perPageOf(req: Request): number {
  return PAGE_SIZES.find((size) => String(size) === req.query.per_page) ?? PAGE_SIZES[0];
}

function placeOf(req: Request): { cursor?: string; page?: number } {
  const { cursor, page } = req.query;
  if (typeof cursor === 'string' && cursor !== '') return { cursor };
  return typeof page === 'string' && /^[1-9]\d{0,8}$/.test(page) ? { page: Number(page) } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
