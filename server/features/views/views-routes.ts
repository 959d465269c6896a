import { Router, type Request, type Response } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { can, needsRight } from '../access/rights';
import type { Viewer } from '../access/viewer';
import { DEFAULT_VIEW, normaliseListQuery, queryText, readView, viewQuery } from '../browse/browse-service';
import { viewsPage, type Refused } from './views-page';
import { personOf, type Person, type ViewResult, type ViewsService } from './views-service';

interface ViewsRoutesDeps {
  readonly views: ViewsService;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** Saved views of the audit log: the page that keeps them, and the forms of the log itself. */
export function createViewsRoutes({ views, store, now }: ViewsRoutesDeps): Router {
  const router = Router();
  router.use('/views', needsRight('entries.read_own'));

  router.get('/views', async (_request, response) => show(response, await personIn(response), null));

  router.post('/views', async (request, response) => {
    const person = await personIn(response);
    const form = { name: text(request, 'name'), query: normaliseListQuery(text(request, 'query')), isShared: mayShare(request, response) }; // prettier-ignore
    const result = await views.save(person, form);
    if (!result.ok) return show(response, person, { problem: result.problem, id: null, ...form });
    toList(response, form.query, result.id);
  });

  /** Columns, density, order and page size; remembered, or for this time. */
  router.post('/views/preferences', async (request, response) => {
    const person = await personIn(response);
    const asked = readView({ view: 'own', ...formOf(request) }) ?? DEFAULT_VIEW;
    const does = text(request, 'do');
    const view = does === 'reset' ? DEFAULT_VIEW : asked;
    if (does === 'reset') await views.rememberView(person, null);
    if (does === 'remember') await views.rememberView(person, queryText(viewQuery(view)));
    // The rest of the address stays: filter, span, the saved view that was opened.
    const old = new URLSearchParams(normaliseListQuery(text(request, 'query')));
    for (const name of ['view', 'columns', 'density', 'sort', 'per_page']) old.delete(name);
    toList(response, `${old.toString()}&${queryText(viewQuery(view))}`, text(request, 'saved'));
  });

  /** The view that the log opens with; an empty id for none. */
  router.post('/views/default', async (request, response) => {
    const id = text(request, 'id');
    if (!(await views.openWith(await personIn(response), id === '' ? null : id))) throw new KnownError('not_found');
    toViews(response);
  });

  router.post('/views/:id', async (request, response) => {
    const form = { name: text(request, 'name'), isShared: mayShare(request, response) };
    const person = await personIn(response);
    const { id } = request.params;
    const result = await views.change(person, id, form);
    if (!result.ok) return refuse(response, person, result, { ...form, id, query: '' });
    toViews(response);
  });

  router.post('/views/:id/query', async (request, response) => {
    const query = normaliseListQuery(text(request, 'query'));
    const person = await personIn(response);
    const { id } = request.params;
    const result = await views.change(person, id, { query });
    if (!result.ok) return refuse(response, person, result, { name: '', isShared: false, id, query });
    toList(response, query, id);
  });

  router.post('/views/:id/delete', async (request, response) => {
    if (!(await views.remove(await personIn(response), request.params.id))) throw new KnownError('not_found');
    toViews(response);
  });

  return router;

  async function show(response: Response, person: Person, refused: Refused | null): Promise<void> {
    const page = viewsPage(
      await views.list(person),
      { mayShare: can(viewerIn(response), 'views.share'), refused, normalise: normaliseListQuery },
      pageContext(response, now()),
    );
    response.status(refused === null ? 200 : 400).render('views/views', { page });
  }

  /** A view of somebody else is answered as one that is not there. */
  async function refuse(
    response: Response,
    person: Person,
    result: Extract<ViewResult, { ok: false }>,
    typed: Omit<Refused, 'problem'>,
  ): Promise<void> {
    if (result.problem === 'unknown') throw new KnownError('not_found');
    await show(response, person, { ...typed, problem: result.problem });
  }

  async function personIn(response: Response): Promise<Person> {
    const viewer = viewerIn(response);
    const ledger = await store.findLedger(viewer.tenant);
    if (!ledger) throw new KnownError('not_found');
    return personOf(viewer, ledger);
  }
}

/** A tick is worth nothing without the right. */
function mayShare(request: Request, response: Response): boolean {
  return text(request, 'shared') === '1' && can(viewerIn(response), 'views.share');
}

function toList(response: Response, query: string, saved: string): void {
  response.redirect(303, urlIn(response)(`/entries?${query}`, { saved: /^[0-9a-f-]{36}$/.test(saved) ? saved : null }));
}

function toViews(response: Response): void {
  response.redirect(303, urlIn(response)('/views'));
}

function urlIn(response: Response): UrlBuilder {
  return response.locals['url'] as UrlBuilder;
}

function viewerIn(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}

function formOf(request: Request): Readonly<Record<string, unknown>> {
  return (request.body ?? {}) as Readonly<Record<string, unknown>>;
}

function text(request: Request, name: string): string {
  const value = formOf(request)[name];
  return typeof value === 'string' ? value.trim() : '';
}
