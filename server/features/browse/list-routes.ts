import { Router, type Request, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import { can, needsRight } from '../access/rights';
import type { Viewer } from '../access/viewer';
import { personOf, type ViewsService } from '../views/views-service';
import type { BrowseService, EntryPage } from './browse-service';
import { FILTER_NAMES, parseFilter, type RawFilter } from './entry-filter';
import type { PageRequest } from './entry-search';
import { findDay } from './jump-to-day';
import { readListView } from './list-address';
import { listPage, type ListRequest } from './list-page';
import { DEFAULT_VIEW, readView } from './list-view';
import { readFilter, toRawFilter } from './page-filter';

export interface ListDeps {
  readonly browse: BrowseService;
  readonly views: ViewsService;
  findLedger(tenant: string): Promise<Ledger | undefined>;
  now(): Date;
}

/** So many new entries are counted; beyond them the badge says "more than". */
const MAX_NEW = 100;

/** The audit log: the list, and what has come in since it was shown. */
export function createListRoutes(deps: ListDeps): Router {
  const router = Router();
  const { browse, views } = deps;

  router.get('/entries', needsRight('entries.read_own'), async (req, res) => {
    const ctx = pageContext(res, deps.now());
    const ledger = await ledgerOf(deps, res);
    const viewer = res.locals.viewer as Viewer;
    const person = personOf(viewer, ledger);
    const preferences = await views.preferences(person);
    const saved = await views.list(person);
    const opening = saved.find(({ id }) => id === preferences.defaultView);
    if (opening && Object.keys(req.query).length === 0)
      return res.redirect(303, ctx.url(`/entries?${opening.query}`, { saved: opening.id }));

    const filter = readFilter(req.query);
    const told = readView(req.query);
    const view = told ?? readListView(preferences.listView) ?? DEFAULT_VIEW;
    const asked: Omit<ListRequest, 'rawFilter' | 'isEmpty'> = {
      filter,
      view,
      isOwnView: told === null,
      since: numberOf(req.query.since),
      isTicked: req.query.tick === 'page',
      day: textOf(req.query.day),
      at: { cursor: textOf(req.query.cursor), page: textOf(req.query.page), day: textOf(req.query.day) },
      head: (await browse.findNewer(ledger, parseFilter({}), Number.MAX_SAFE_INTEGER, 1)).head,
      mayExport: can(viewer, 'entries.export'),
      // How much comes in is told to those alone who may read all of it.
      mayAskForNew: can(viewer, 'entries.read'),
      saved: {
        id: saved.find(({ id }) => id === req.query.saved)?.id ?? '',
        views: saved,
        mayShare: can(viewer, 'views.share'),
      },
    };
    let rawFilter: RawFilter | null = null;
    try {
      const raw = toRawFilter(filter, ctx.timeZone, ctx.now);
      const parsed = parseFilter(raw);
      rawFilter = raw;
      const request: PageRequest = { filter: parsed, sort: view.sort, perPage: view.perPage };
      const found = await findPlace(ledger, request, req, ctx.timeZone);
      const isEmpty = found.entries.length === 0 && (await isEmptyLedger(ledger));
      res.render('browse/list', { page: listPage({ ...asked, rawFilter, isEmpty }, found, ctx) });
    } catch (error) {
      if (!(error instanceof KnownError) || (error.code !== 'bad_filter' && error.code !== 'bad_cursor')) throw error;
      const page = listPage({ ...asked, rawFilter, isEmpty: false }, null, ctx, error);
      res.status(error.status).render('browse/list', { page });
    }
  });

  router.get('/entries/new', needsRight('entries.read'), async (req, res) => {
    const { t } = pageContext(res, deps.now());
    const after = numberOf(req.query.after_seq);
    if (after === null) throw new KnownError('bad_filter', 'after_seq: write the number of an entry');
    const raw = Object.fromEntries(
      FILTER_NAMES.flatMap((name) => (typeof req.query[name] === 'string' ? [[name, req.query[name]]] : [])),
    );
    const { seqs } = await browse.findNewer(await ledgerOf(deps, res), parseFilter(raw), after, MAX_NEW);
    const count = seqs.length;
    res.json({ count, text: t(count < MAX_NEW ? 'log:new_entries' : 'log:more_new_entries', { count }) });
  });

  return router;

  /** Where the address points to: a day, a cursor, a numbered page, else the beginning. */
  function findPlace(ledger: Ledger, request: PageRequest, req: Request, timeZone: string): Promise<EntryPage> {
    const { cursor, page } = req.query;
    const day = textOf(req.query.day);
    if (typeof cursor === 'string' && cursor !== '') return browse.findPage(ledger, { ...request, cursor });
    if (day !== '') return findDay(browse, ledger, request, day, timeZone);
    const isPage = typeof page === 'string' && /^[1-9]\d{0,8}$/.test(page);
    return browse.findPage(ledger, isPage ? { ...request, page: Number(page) } : request);
  }

  async function isEmptyLedger(ledger: Ledger): Promise<boolean> {
    return (await browse.findPage(ledger, { filter: parseFilter({}), sort: '-seq', perPage: 1 })).total === 0;
  }
}

async function ledgerOf(deps: ListDeps, res: Response): Promise<Ledger> {
  const viewer = res.locals.viewer as Viewer;
  const ledger = await deps.findLedger(viewer.tenant);
  if (!ledger) throw new KnownError('not_found', `tenant ${viewer.tenant} has no ledger`);
  return ledger;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
