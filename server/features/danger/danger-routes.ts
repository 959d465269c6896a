import { Router, type Request, type Response } from 'express';
import { PURGE_KINDS, type PurgeKind, type PurgeRequest } from '../../core/purge-request';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { can, needsRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import type { Job, JobService } from '../jobs/job-service';
import { askPage, dangerPage, phrasesOf, requestPage } from './danger-page';
import type { DangerParts } from './danger-parts';
import { enqueuePurge } from './purge-job';
import { PurgeRefusedError, type PurgeAsker, type PurgePlan, type PurgeRefusal } from './purge-service';
import { SHEET_FORMATS } from './uninstaller';

interface DangerRoutesDeps {
  readonly danger: DangerParts;
  readonly jobs: JobService;
  readonly store: EntryStore;
  /** Entries that are there. */
  readonly countEntries: (ledger: Ledger) => Promise<number>;
  /** Places outside that get the final checkpoint. */
  readonly countAnchors: (ledger: Ledger) => Promise<number>;
  readonly publicUrl: string;
  readonly now: () => Date;
}

const NO_PLAN: PurgePlan = { entries: 0, through: 0, firstReceivedAt: null, lastReceivedAt: null, held: [], incomplete: 0 }; // prettier-ignore

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The danger zone: two steps to a purge or an uninstall, and their end. Every door asks for the right to purge. */
export function createDangerRoutes(deps: DangerRoutesDeps): Router {
  const { jobs, store, now } = deps;
  const { purges, uninstaller } = deps.danger;
  const router = Router();
  router.use('/danger', needsRight('data.purge'));

  router.get('/danger', async (_request, response) => {
    const ledger = await ledgerOf(response);
    const mayErase = can(viewerOf(response), 'data.erase');
    const { requests, refusal } = await listed(ledger);
    const page = dangerPage({ requests, mayErase, refusal }, pageContext(response, now()));
    response.render('danger/danger', { page });
  });

  for (const kind of PURGE_KINDS) {
    router.get(`/danger/${kind}`, async (request, response) => {
      const until = textOf(request.query['until']);
      await showAsk(response, kind, { until, keepsArchive: true, problem: untilOf(until) === undefined ? 'until' : null }); // prettier-ignore
    });

    router.post(`/danger/${kind}`, async (request, response) => {
      const form = formOf(request);
      const until = textOf(form['until']);
      const keepsArchive = form['archive'] === 'yes';
      const limit = untilOf(until);
      if (limit === undefined) return showAsk(response, kind, { until, keepsArchive, problem: 'until' });
      const ledger = await ledgerOf(response);
      const asker = askerOf(request, response);
      try {
        const { entries } = await purges.plan(ledger, limit);
        const phrases = phrasesOf(kind, entries, pageContext(response, now()));
        const asked = await purges.ask(ledger, { kind, until: limit, keepsArchive, phrase: textOf(form['phrase']), phrases }, asker); // prettier-ignore
        response.redirect(303, urlIn(response)(`/danger/requests/${asked.id}`));
      } catch (error) {
        await showAsk(response, kind, { until, keepsArchive, problem: reasonOf(error) });
      }
    });
  }

  router.get('/danger/requests/:id', async (request, response) => {
    await showRequest(request, response, await findRequest(response, request.params.id), null);
  });

  router.post('/danger/requests/:id/confirm', async (request, response) => {
    const ledger = await ledgerOf(response);
    const wanted = await findRequest(response, request.params.id);
    const asker = askerOf(request, response);
    try {
      await purges.confirm(ledger, wanted.id, Number(textOf(formOf(request)['entries'])), asker);
    } catch (error) {
      return showRequest(request, response, wanted, { reason: reasonOf(error), detail: (error as Error).message });
    }
    await begin(response, ledger, wanted, asker.name);
  });

  router.post('/danger/requests/:id/cancel', async (request, response) => {
    const ledger = await ledgerOf(response);
    const wanted = await findRequest(response, request.params.id);
    try {
      await purges.cancel(ledger, wanted.id, askerOf(request, response));
    } catch (error) {
      return showRequest(request, response, wanted, { reason: reasonOf(error), detail: (error as Error).message });
    }
    response.redirect(303, urlIn(response)(`/danger/requests/${wanted.id}`));
  });

  router.post('/danger/requests/:id/resume', async (request, response) => {
    const wanted = await findRequest(response, request.params.id);
    if (wanted.state !== 'confirmed') throw new KnownError('not_found');
    await begin(response, await ledgerOf(response), wanted, viewerOf(response).name);
  });

  for (const format of SHEET_FORMATS) {
    router.get(`/danger/requests/:id/left.${format}`, async (request, response) => {
      const wanted = await findRequest(response, request.params.id);
      const sheet = await uninstaller.readSheet(await ledgerOf(response), wanted.id, format);
      if (sheet === undefined)
        throw new KnownError('not_found', 'the sheet lies in the data folder of another machine');
      response.attachment(`sealtrail-left.${format}`).type(format === 'json' ? 'application/json' : 'text/plain; charset=utf-8').send(sheet); // prettier-ignore
    });
  }
  return router;

  async function listed(ledger: Ledger): Promise<{ requests: readonly PurgeRequest[]; refusal: PurgeRefusal | null }> {
    try {
      return { requests: await purges.list(ledger), refusal: null };
    } catch (error) {
      return { requests: [], refusal: reasonOf(error) };
    }
  }

  async function findRequest(response: Response, id: string): Promise<PurgeRequest> {
    const { requests } = await listed(await ledgerOf(response));
    const found = requests.find((one) => one.id === id);
    if (!found) throw new KnownError('not_found');
    return found;
  }

  /** Starts the work, or finds what is at it. */
  async function begin(response: Response, ledger: Ledger, wanted: PurgeRequest, by: string): Promise<void> {
    const job = await enqueuePurge(jobs, ledger, wanted.id, by);
    response.redirect(303, urlIn(response)(`/danger/requests/${wanted.id}`, { job: job.id }));
  }

  async function showAsk(
    response: Response,
    kind: PurgeKind,
    asked: { readonly until: string; readonly keepsArchive: boolean; readonly problem: PurgeRefusal | null },
  ): Promise<void> {
    const ledger = await ledgerOf(response);
    const limit = untilOf(asked.until);
    const viewer = viewerOf(response);
    const planned = await planOrRefusal(ledger, limit === undefined ? 0 : limit);
    const problem = planned.refusal ?? asked.problem;
    const page = askPage(
      {
        kind,
        plan: planned.plan,
        total: await deps.countEntries(ledger),
        terms: await purges.terms(ledger, personOf(viewer)),
        anchors: await deps.countAnchors(ledger),
        until: asked.until,
        keepsArchive: asked.keepsArchive,
        problem: problem === null ? await openProblem(ledger) : { reason: problem },
      },
      pageContext(response, now()),
    );
    response.status(asked.problem === null ? 200 : 400).render('danger/ask', { page });
  }

  /** A ledger whose holds or limit were changed past the program has no plan: the page says so. */
  async function planOrRefusal(
    ledger: Ledger,
    limit: number | null,
  ): Promise<{ readonly plan: PurgePlan; readonly refusal: PurgeRefusal | null }> {
    try {
      return { plan: await purges.plan(ledger, limit), refusal: null };
    } catch (error) {
      return { plan: NO_PLAN, refusal: reasonOf(error) };
    }
  }

  /** One request at a time: what waits is decided on first. */
  async function openProblem(ledger: Ledger): Promise<{ readonly reason: PurgeRefusal } | null> {
    try {
      return (await purges.findOpen(ledger)) ? { reason: 'open' } : null;
    } catch (error) {
      return { reason: reasonOf(error) };
    }
  }

  async function showRequest(
    request: Request,
    response: Response,
    wanted: PurgeRequest,
    refusal: { readonly reason: PurgeRefusal; readonly detail: string } | null,
  ): Promise<void> {
    const ledger = await ledgerOf(response);
    const asker = askerOf(request, response);
    const isWaiting = wanted.state === 'waiting';
    const page = requestPage(
      {
        request: wanted,
        obstacles: isWaiting ? await purges.obstacles(ledger, wanted, asker) : [],
        others: isWaiting ? (await purges.terms(ledger, wanted.requestedBy)).others : [],
        job: wanted.state === 'confirmed' ? await findJob(request, ledger, wanted) : undefined,
        certificates: wanted.state === 'done' ? await deps.danger.runner.certificates(ledger, wanted) : [],
        refusal,
        isFramed: asker.signedInAt === null,
        publicUrl: deps.publicUrl,
      },
      pageContext(response, now()),
    );
    response.status(refusal === null ? 200 : 409).render('danger/request', { page });
  }

  /** The job at it, else the one that the address names: it tells why it ended. */
  async function findJob(request: Request, ledger: Ledger, wanted: PurgeRequest): Promise<Job | undefined> {
    const active = await jobs.listActive(ledger.tenant.id, 'purge');
    const own = active.find(({ params }) => params['request'] === wanted.id);
    return own ?? (await jobs.find(ledger.tenant.id, textOf(request.query['job'])));
  }

  async function ledgerOf(response: Response): Promise<Ledger> {
    const ledger = await store.findLedger(viewerOf(response).tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger;
  }
}

function reasonOf(error: unknown): PurgeRefusal {
  if (error instanceof PurgeRefusedError) return error.reason;
  throw error;
}

function viewerOf(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}

function personOf(viewer: Viewer) {
  const { type, id } = actorOf(viewer);
  return { ref: `${type}:${id ?? ''}`, name: viewer.name };
}

function askerOf(request: Request, response: Response): PurgeAsker {
  const viewer = viewerOf(response);
  // Inside the billing system there is no session of ours.
  const signedInAt = viewer.billing ? null : (request.session.signedInAt ?? 0);
  return { ...personOf(viewer), actor: actorOf(viewer), via: 'ui', signedInAt };
}

/** Null where no day is given; undefined for what is none. */
function untilOf(text: string): number | null | undefined {
  if (text === '') return null;
  const at = DAY.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function formOf(request: Request): Readonly<Record<string, unknown>> {
  return (request.body ?? {}) as Readonly<Record<string, unknown>>;
}

function urlIn(response: Response): UrlBuilder {
  return response.locals['url'] as UrlBuilder;
}
