import { Router, type Request, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { Viewer } from '../access/viewer';
import type { PrunedPlace } from '../retention/prune-service';
import type { BrowseService } from './browse-service';
import { parseFilter } from './entry-filter';
import { entryPage } from './entry-page';
import { SORTS, type Sort } from './entry-search';
import { readFilter, toRawFilter } from './filter-page';
import { prunedPage } from './pruned-page';
import { listPage, PAGE_SIZES, type ListRequest } from './list-page';

export interface BrowseDeps {
  readonly browse: BrowseService;
  findLedger(tenant: string): Promise<Ledger | undefined>;
  /** The prune that took an entry. */
  findPruned(ledger: Ledger, seq: number): Promise<PrunedPlace | undefined>;
  now(): Date;
}

/** Audit log and the page of one entry. The session guard before it sets `res.locals.viewer`. */
export function createBrowseRoutes(deps: BrowseDeps): Router {
  const router = Router();

  router.get('/entries', async (req, res) => {
    const ctx = pageContext(res, deps.now());
    const ledger = await ledgerOf(deps, res);
    const asked = { filter: readFilter(req.query), sort: sortOf(req), perPage: perPageOf(req) };
    let rawFilter: ListRequest['rawFilter'] = null;
    try {
      const raw = toRawFilter(asked.filter, ctx.timeZone);
      const filter = parseFilter(raw);
      rawFilter = raw;
      const found = await deps.browse.findPage(ledger, {
        filter,
        sort: asked.sort,
        perPage: asked.perPage,
        ...placeOf(req),
      });
      res.render('browse/list', { page: listPage({ ...asked, rawFilter }, found, ctx) });
    } catch (error) {
      if (!(error instanceof KnownError) || (error.code !== 'bad_filter' && error.code !== 'bad_cursor')) throw error;
      res.status(error.status).render('browse/list', { page: listPage({ ...asked, rawFilter }, null, ctx, error) });
    }
  });

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
