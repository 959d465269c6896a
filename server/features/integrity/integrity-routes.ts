import { Router, type Request, type Response } from 'express';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { PageContext } from '../../http/page-context';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { needsRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import type { Job, JobService } from '../jobs/job-service';
import { entryCheckPage } from './entry-check-page';
import type { EntryCheckService } from './entry-check-service';
import { integrityPage, type IntegrityPart, type WrongPart } from './integrity-page';
import { jobPage } from './job-page';
import { reportPage, BREAKS_PER_PAGE } from './report-page';
import { reportsPage, REPORTS_PER_PAGE } from './reports-page';
import type { VerificationStore } from './verification-store';
import { enqueueVerification, VERIFY_KIND, type VerifyRequest } from './verify-job-service';
import { isReversed } from './verify-scope';

interface IntegrityDeps {
  readonly jobs: JobService;
  readonly verifications: VerificationStore;
  readonly store: EntryStore;
  readonly entryCheck: EntryCheckService;
  readonly findEntrySeq: (ledger: Ledger, idOrSeq: string) => Promise<number | undefined>;
  /** Sections of other features, in their order. */
  readonly parts: readonly ((ledger: Ledger, ctx: PageContext) => Promise<IntegrityPart>)[];
  readonly now: () => Date;
}

/** A short verification is over before its page would be drawn: the answer waits so long for it. */
const PATIENCE_MS = 1_500;
/** Reports on the first page; the rest behind a link. */
const NEWEST_REPORTS = 5;

/** The integrity page, the verifications that are asked for there, and their reports. */
export function createIntegrityRoutes(deps: IntegrityDeps): Router {
  const router = Router();
  const { jobs, verifications } = deps;
  const mayVerify = needsRight('ledger.verify');

  router.get('/verify', mayVerify, (_request, response) => show(response));

  async function show(response: Response, wrong?: WrongPart): Promise<void> {
    const ledger = await ledgerOf(response);
    const ctx = pageContext(response, deps.now());
    const state = await verifications.findState(ledger);
    const reports = await verifications.list(ledger, { limit: NEWEST_REPORTS });
    const active = await jobs.listActive(ledger.tenant.id, VERIFY_KIND);
    const first = state && (await verifications.listBreaks(state.report, { offset: 0, limit: 1 }));
    const job = active.find((one) => one.ledger === ledger.name) ?? null;
    const parts = await Promise.all(deps.parts.map((part) => part(ledger, ctx)));
    const firstBreak = first?.breaks[0] ?? null;
    response.render('integrity/integrity', {
      page: integrityPage({ state: state ?? null, firstBreak, reports, job, parts, wrong }, ctx),
    });
  }

  router.post('/verify', mayVerify, async (request, response) => {
    const ledger = await ledgerOf(response);
    const asked = readRequest(request, response.locals['viewer'] as Viewer);
    if ('problem' in asked) {
      response.status(422);
      return show(response, asked);
    }
    const job = await enqueueVerification(jobs, ledger, asked);
    const ended = await jobs.waitFor(job.tenantId, job.id, PATIENCE_MS);
    response.redirect(303, urlOf(response)(pathOf(ended ?? job)));
  });

  router.get('/verify/jobs/:id', mayVerify, async (request, response) => {
    const job = await jobOf(request, response);
    if (job.state === 'done') return response.redirect(303, urlOf(response)(pathOf(job)));
    response.render('integrity/job', { page: jobPage(job, pageContext(response, deps.now())) });
  });

  router.post('/verify/jobs/:id/cancel', mayVerify, async (request, response) => {
    const job = await jobOf(request, response);
    await jobs.cancel(job.tenantId, job.id);
    await jobs.waitFor(job.tenantId, job.id, PATIENCE_MS);
    response.redirect(303, urlOf(response)(`/verify/jobs/${job.id}`));
  });

  router.get('/verify/reports', mayVerify, async (request, response) => {
    const ledger = await ledgerOf(response);
    const before = numberOf(request.query['before']);
    const found = await verifications.list(ledger, { limit: REPORTS_PER_PAGE + 1, beforeId: before });
    response.render('integrity/reports', { page: reportsPage(found, before, pageContext(response, deps.now())) });
  });

  router.get('/verify/reports/:id', mayVerify, async (request, response) => {
    const ledger = await ledgerOf(response);
    const report = await verifications.find(ledger, numberOf(request.params['id']) ?? 0);
    if (!report) throw new KnownError('not_found');
    const page = Math.min(
      numberOf(request.query['page']) ?? 1,
      Math.max(1, Math.ceil(report.brokenCount / BREAKS_PER_PAGE)),
    );
    const found = await verifications.listBreaks(report, {
      offset: (page - 1) * BREAKS_PER_PAGE,
      limit: BREAKS_PER_PAGE,
    });
    response.render('integrity/report', { page: reportPage(report, found, page, pageContext(response, deps.now())) });
  });
  // Answered at once: nothing is kept of it, and a reload asks again.
  router.post('/entries/:id/verify', mayVerify, async (request, response) => {
    const ledger = await ledgerOf(response);
    const seq = await deps.findEntrySeq(ledger, String(request.params['id']));
    const check = seq === undefined ? undefined : await deps.entryCheck.check(ledger, seq);
    if (!check) throw new KnownError('entry_not_found');
    response.render('integrity/entry-check', { page: entryCheckPage(check, pageContext(response, deps.now())) });
  });
  return router;

  async function ledgerOf(response: Response): Promise<Ledger> {
    const ledger = await deps.store.findLedger((response.locals['viewer'] as Viewer).tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger;
  }

  async function jobOf(request: Request, response: Response): Promise<Job> {
    const ledger = await ledgerOf(response);
    const job = await jobs.find(ledger.tenant.id, String(request.params['id']));
    if (job?.kind !== VERIFY_KIND) throw new KnownError('not_found');
    return job;
  }
}

function urlOf(response: Response): UrlBuilder {
  return response.locals['url'] as UrlBuilder;
}

/** A job's page, or the report that it gave. */
function pathOf(job: Job): string {
  const report = job.state === 'done' ? job.result?.['report'] : undefined;
  return typeof report === 'number' ? `/verify/reports/${report}` : `/verify/jobs/${job.id}`;
}

/** Fields of the form: `mode` (`whole`, `new`, `range`, `actor`), `from`, `to`, `actor`. */
function readRequest(request: Request, viewer: Viewer): VerifyRequest | WrongPart {
  const form = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const who = { requestedBy: actorOf(viewer), via: 'ui' } as const;
  const text = (name: string) => (typeof form[name] === 'string' ? form[name].trim() : '');
  switch (text('mode')) {
    case 'new':
      return { ...who, isOnlyNew: true };
    case 'range': {
      const typed = { from: text('from'), to: text('to') };
      const [from, to] = [typed.from, typed.to].map((value) => (value === '' ? undefined : (numberOf(value) ?? 0)));
      if (from === 0 || to === 0) return { problem: 'not_number', ...typed };
      return isReversed({ from, to }) ? { problem: 'reversed', ...typed } : { ...who, from, to };
    }
    case 'actor': {
      const actor = text('actor');
      return /^[a-z]+:.{1,200}$/.test(actor) ? { ...who, actor } : { problem: 'not_actor', actor };
    }
    default:
      return who;
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined;
}
