import { Router, type Response } from 'express';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { needsRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import type { JobService } from '../jobs/job-service';
import { ERASE_KIND, enqueueErasure, isBasis, MAX_GROUND, SUBJECT_PATTERN } from './erase-job-service';
import { erasePhrase, erasurePage, receiptPage, type ErasureFacts, type ErasureProblem } from './erasure-page';
import type { ErasureService } from './erasure-service';
import type { FindSubjects } from './subject-search';

interface ErasureRoutesDeps {
  readonly erasures: ErasureService;
  readonly findSubjects: FindSubjects;
  readonly jobs: JobService;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** The receipt of a small erasure is there at once. */
const PATIENCE_MS = 1_500;
const EMPTY_FORM = { ground: '', basis: 'request' } as const;

/** `/erasure`: find a person, see what would go, erase it, keep the receipt. */
export function createErasureRoutes({ erasures, findSubjects, jobs, store, now }: ErasureRoutesDeps): Router {
  const router = Router();
  router.use('/erasure', needsRight('data.erase'));

  router.get('/erasure', async (request, response) => {
    const subject = textOf(request.query['subject']);
    const text = textOf(request.query['q']);
    if (SUBJECT_PATTERN.test(subject)) return showPreview(response, subject, EMPTY_FORM, null);
    const found = text === '' ? null : await findSubjects(await ledgerOf(response), text);
    show(response, { text, found, preview: null, form: EMPTY_FORM, problem: null });
  });

  router.post('/erasure', async (request, response) => {
    const given = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const [ref, ground] = [textOf(given['subject']), textOf(given['ground'])];
    const basis = isBasis(given['basis']) ? given['basis'] : 'request';
    if (!SUBJECT_PATTERN.test(ref)) throw new KnownError('bad_request', 'subject: TYPE:ID, as in client:5');
    const ledger = await ledgerOf(response);
    const plan = await erasures.plan(ledger, ref);
    const problem = problemOf({ ground, phrase: textOf(given['phrase']), ref, seen: Number(textOf(given['entries'])), entries: plan.entries }); // prettier-ignore
    if (problem !== null || plan.held > 0 || plan.entries === 0)
      return showPreview(response, ref, { ground, basis }, problem);
    const actor = actorOf(viewerOf(response));
    const job = await enqueueErasure(jobs, ledger, { ref, basis, ground, through: plan.through, actor, via: 'ui' });
    await jobs.waitFor(job.tenantId, job.id, PATIENCE_MS);
    response.redirect(303, (response.locals['url'] as UrlBuilder)(`/erasure/receipts/${job.id}`));
  });

  router.get('/erasure/receipts/:id', async (request, response) => {
    const ledger = await ledgerOf(response);
    const job = await jobs.find(ledger.tenant.id, request.params.id);
    if (job?.kind !== ERASE_KIND) throw new KnownError('not_found');
    response.render('erasure/receipt', { page: receiptPage(job, pageContext(response, now())) });
  });
  return router;

  async function showPreview(
    response: Response,
    ref: string,
    form: ErasureFacts['form'],
    problem: ErasureProblem | null,
  ): Promise<void> {
    const ledger = await ledgerOf(response);
    const [known] = await findSubjects(ledger, ref);
    const [plan, copies] = [await erasures.plan(ledger, ref), await erasures.listCopies(ledger)];
    show(response, { text: ref, found: null, preview: { ref, name: known?.name ?? '', plan, copies }, form, problem });
  }

  function show(response: Response, facts: ErasureFacts): void {
    const page = erasurePage(facts, pageContext(response, now()));
    response.status(facts.problem === null ? 200 : 400).render('erasure/erasure', { page });
  }

  async function ledgerOf(response: Response): Promise<Ledger> {
    const ledger = await store.findLedger(viewerOf(response).tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger;
  }
}

function problemOf(asked: {
  readonly ground: string;
  readonly phrase: string;
  readonly ref: string;
  readonly seen: number;
  readonly entries: number;
}): ErasureProblem | null {
  // prettier-ignore
  if (asked.ground === '' || asked.ground.length > MAX_GROUND) return 'ground';
  if (asked.phrase !== erasePhrase(asked.ref)) return 'phrase';
  return asked.seen === asked.entries ? null : 'count';
}

function viewerOf(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
