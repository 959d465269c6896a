import { Router, type Request, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import { can, requireRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import { parseFilter, referenceOf, type BrowseService } from '../browse/browse-service';
import type { HelpService } from '../help/help-service';
import { dashboardPage, DEFAULTS, latestCount, ownDashboardPage, type DashboardRequest } from './dashboard-page';
import { PERIODS, TOP_DAYS, type DashboardService } from './dashboard-service';

interface DashboardRoutesDeps {
  readonly dashboard: DashboardService;
  readonly browse: Pick<BrowseService, 'findPage'>;
  readonly help: HelpService;
  findLedger(tenant: string): Promise<Ledger | undefined>;
  now(): Date;
}

/** The first page. The session guard before it sets `res.locals.viewer`. */
export function createDashboardRoutes({ dashboard, browse, help, ...deps }: DashboardRoutesDeps): Router {
  const router = Router();

  router.get('/', async (req, res) => {
    const viewer = res.locals['viewer'] as Viewer;
    const ledger = await deps.findLedger(viewer.tenant);
    if (!ledger) throw new KnownError('not_found', `tenant ${viewer.tenant} has no ledger`);
    if (can(viewer, 'entries.read')) return showAll(req, res, ledger);
    requireRight(viewer, 'entries.read_own');
    return showOwn(req, res, ledger, viewer);
  });

  return router;

  async function showAll(req: Request, res: Response, ledger: Ledger): Promise<void> {
    const ctx = pageContext(res, deps.now());
    const asked = requestOf(req);
    const figures = await dashboard.read(ledger, { ...asked, now: ctx.now, timeZone: ctx.timeZone });
    const state = await dashboard.readState(ledger);
    const { entries } = await browse.findPage(ledger, { filter: parseFilter({}), sort: '-seq', perPage: latestCount(figures.total) }); // prettier-ignore
    const cards = await help.cards(ledger.tenant.id, ctx);
    res.render('dashboard/dashboard', { page: dashboardPage(figures, state, entries, { asked, cards }, ctx) });
  }

  async function showOwn(req: Request, res: Response, ledger: Ledger, viewer: Viewer): Promise<void> {
    const ctx = pageContext(res, deps.now());
    const actor = referenceOf(actorOf(viewer));
    // Not parsed: a name with a comma in it must not become a second one.
    const filter = { ...parseFilter({}), terms: { actor: { is: [actor], not: [] } } };
    const { entries } = await browse.findPage(ledger, { filter, sort: '-seq', perPage: latestCount(Infinity) });
    const cards = await help.cards(ledger.tenant.id, ctx);
    res.render('dashboard/dashboard', {
      page: ownDashboardPage(entries, { asked: requestOf(req), cards, actor }, ctx),
    });
  }
}

/** What of the address can be read; anything else is the default. */
function requestOf({ query }: Request): DashboardRequest {
  return {
    days: PERIODS.find((days) => String(days) === query['days']) ?? DEFAULTS.days,
    top: TOP_DAYS.find((top) => String(top) === query['top']) ?? DEFAULTS.top,
    sort: typeof query['sort'] === 'string' ? query['sort'] : '',
  };
}
