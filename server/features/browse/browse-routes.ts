import { Router, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { Viewer } from '../access/viewer';
import type { PrunedPlace } from '../retention/prune-service';
import type { ViewsService } from '../views/views-service';
import type { BrowseService } from './browse-service';
import { dashboardPage, latestCount, type ChainSummary } from './dashboard-page';
import { parseFilter } from './entry-filter';
import { entryPage } from './entry-page';
import { createListRoutes } from './list-routes';
import { prunedPage } from './pruned-page';

export interface BrowseDeps {
  readonly browse: BrowseService;
  readonly views: ViewsService;
  findLedger(tenant: string): Promise<Ledger | undefined>;
  /** The prune that took an entry. */
  findPruned(ledger: Ledger, seq: number): Promise<PrunedPlace | undefined>;
  findChain(ledger: Ledger): Promise<ChainSummary>;
  now(): Date;
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

  router.use(createListRoutes(deps));

  router.get('/entries/:id', async (req, res) => {
    const entry = await deps.browse.findEntry(await ledgerOf(deps, res), req.params.id);
    if (!entry) return showPruned(req.params.id, res);
    const isDrawer = req.get('x-requested-with') === 'drawer' || req.query.drawer === '1';
    res.vary('X-Requested-With');
    res.render(isDrawer ? 'browse/entry-drawer' : 'browse/entry', {
      page: entryPage(entry, pageContext(res, deps.now())),
    });
  });

  return router;

  /** What a prune took is known to have been there: that is another answer than "there is none". */
  async function showPruned(idOrSeq: string, res: Response): Promise<void> {
    const seq = /^\d{1,15}$/.test(idOrSeq) ? Number(idOrSeq) : 0;
    const place = await deps.findPruned(await ledgerOf(deps, res), seq);
    if (!place) throw new KnownError('entry_not_found');
    res.status(410).render('browse/pruned', { page: prunedPage(seq, place, pageContext(res, deps.now())) });
  }
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
