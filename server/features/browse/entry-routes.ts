import { Router, type RequestHandler, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import { can, needsRight } from '../access/rights';
import type { Viewer } from '../access/viewer';
import type { PrunedPlace } from '../retention/prune-service';
import type { BrowseService } from './browse-service';
import { entryPage, type Cover } from './entry-page';
import { readPlace } from './list-place';
import { findNeighbours } from './neighbours';
import { prunedPage } from './pruned-page';
import type { RelatedService } from './related-service';

export interface EntryRoutesDeps {
  readonly browse: BrowseService;
  readonly related: RelatedService;
  findLedger(tenant: string): Promise<Ledger | undefined>;
  /** The prune that took an entry. */
  findPruned(ledger: Ledger, seq: number): Promise<PrunedPlace | undefined>;
  /** The checkpoint that was the first to cover an entry. */
  findCover(ledger: Ledger, seq: number): Promise<Cover | undefined>;
  /** A `.tlog-proof` file; undefined where there is no such entry. */
  proveEntry(ledger: Ledger, seq: number): Promise<string | undefined>;
  now(): Date;
}

/** Related entries shown on either side of one. */
const RELATED_PER_SIDE = 3;

/** The page of one entry, its drawer, and the proof that it was not changed. */
export function createEntryRoutes(deps: EntryRoutesDeps): Router {
  const router = Router();

  const show: RequestHandler<{ id: string }> = async (req, res) => {
    const ledger = await ledgerOf(deps, res);
    const entry = await deps.browse.findEntry(ledger, req.params.id);
    if (!entry) return showPruned(ledger, req.params.id, res);
    const ctx = pageContext(res, deps.now());
    const place = readPlace(req.query['list']);
    const isDrawer = req.get('x-requested-with') === 'drawer' || req.query['drawer'] === '1';
    const page = entryPage(entry, ctx, {
      place,
      neighbours: await findNeighbours(deps.browse, ledger, entry, { place, timeZone: ctx.timeZone, now: ctx.now }),
      related: await deps.related.find(ledger, entry, { perSide: RELATED_PER_SIDE }),
      cover: (await deps.findCover(ledger, entry.seq)) ?? null,
      mayVerify: can(res.locals['viewer'] as Viewer, 'ledger.verify'),
    });
    res.vary('X-Requested-With');
    res.render(isDrawer ? 'browse/entry-drawer' : 'browse/entry', { page });
  };
  router.get('/entries/:id', needsRight('entries.read_own'), show);

  router.get('/entries/:id/proof', needsRight('ledger.verify'), async (req, res) => {
    const ledger = await ledgerOf(deps, res);
    const id = String(req.params['id']);
    const entry = await deps.browse.findEntry(ledger, id);
    // What was pruned has its proof still; whether it was the viewer's own, nobody can say.
    const isAsked = /^\d{1,15}$/.test(id) && can(res.locals['viewer'] as Viewer, 'entries.read');
    const seq = entry?.seq ?? (isAsked ? Number(id) : 0);
    const proof = await deps.proveEntry(ledger, seq);
    if (proof === undefined) throw new KnownError('entry_not_found');
    res.attachment(`sealtrail-${ledger.name}-${seq}.tlog-proof`).type('text/plain; charset=utf-8').send(proof);
  });

  return router;

  /** What a prune took is known to have been there: that is another answer than "there is none". */
  async function showPruned(ledger: Ledger, idOrSeq: string, res: Response): Promise<void> {
    const seq = /^\d{1,15}$/.test(idOrSeq) ? Number(idOrSeq) : 0;
    const place = await deps.findPruned(ledger, seq);
    if (!place) throw new KnownError('entry_not_found');
    res.status(410).render('browse/pruned', { page: prunedPage(seq, place, pageContext(res, deps.now())) });
  }
}

async function ledgerOf(deps: EntryRoutesDeps, res: Response): Promise<Ledger> {
  const viewer = res.locals['viewer'] as Viewer;
  const ledger = await deps.findLedger(viewer.tenant);
  if (!ledger) throw new KnownError('not_found', `tenant ${viewer.tenant} has no ledger`);
  return ledger;
}
