import { Router, type Request, type Response } from 'express';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { can, needsRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import { parseHold, parseLimit, parseReason } from './retention-form';
import { retentionPage, type FormProblem } from './retention-page';
import type { RetentionParts } from './retention-parts';
import { RetentionMismatchError, type ChangedBy } from './retention-service';

interface RetentionRoutesDeps {
  readonly retention: RetentionParts;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** The page with limit, legal holds and prunes, and the forms that change the first two. */
export function createRetentionRoutes({ retention, store, now }: RetentionRoutesDeps): Router {
  const router = Router();

  const mayChange = needsRight('retention.change');

  router.get('/retention', needsRight('entries.read'), async (request, response) => {
    await show(response, null, { preview: request.query['preview'] === '1' });
  });

  // What is pruned is gone: that is not for everybody who may read.
  router.post('/retention', mayChange, async (request, response) => {
    const { ledger, by } = await changing(response);
    const limit = parseLimit(formOf(request));
    if (!limit.ok) return show(response, limit.problem);
    await retention.retention.set(ledger, limit.value, by);
    back(response);
  });

  router.post('/retention/holds', mayChange, async (request, response) => {
    const { ledger, by } = await changing(response);
    const hold = parseHold(formOf(request));
    if (!hold.ok) return show(response, hold.problem);
    await retention.holds.place(ledger, hold.value.scope, hold.value.reason, by);
    back(response);
  });

  router.post('/retention/holds/:id/release', mayChange, async (request, response) => {
    const { ledger, by } = await changing(response);
    const reason = parseReason(formOf(request));
    if (!reason.ok) return show(response, reason.problem);
    const holds = await retention.holds.list(ledger);
    if (!holds.some(({ id, releasedAt }) => id === request.params.id && releasedAt === null))
      return show(response, 'hold');
    await retention.holds.release(ledger, request.params.id, reason.value, by);
    back(response);
  });

  return router;

  async function show(response: Response, problem: FormProblem | null, { preview = false } = {}): Promise<void> {
    const ledger = await ledgerOf(response);
    const page = retentionPage(
      {
        policy: await retention.retention.find(ledger),
        holds: await retention.holds.list(ledger),
        prunes: await retention.pruner.list(ledger),
        ...(preview ? await previewOf(ledger) : { preview: null, refusal: '' }),
        mayChange: can(viewerOf(response), 'retention.change'),
        isSetting: can(viewerOf(response), 'settings.read'),
        problem,
      },
      pageContext(response, now()),
    );
    response.status(problem === null ? 200 : 400).render('retention/retention', { page });
  }

  async function previewOf(ledger: Ledger) {
    try {
      return { preview: await retention.pruner.preview(ledger), refusal: '' };
    } catch (error) {
      if (!(error instanceof RetentionMismatchError)) throw error;
      return { preview: null, refusal: error.message };
    }
  }

  async function changing(response: Response): Promise<{ readonly ledger: Ledger; readonly by: ChangedBy }> {
    const viewer = viewerOf(response);
    return { ledger: await ledgerOf(response), by: { actor: actorOf(viewer), name: viewer.name, via: 'ui' } };
  }

  async function ledgerOf(response: Response): Promise<Ledger> {
    const ledger = await store.findLedger(viewerOf(response).tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger;
  }
}

function viewerOf(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}

function formOf(request: Request): Readonly<Record<string, unknown>> {
  return (request.body ?? {}) as Readonly<Record<string, unknown>>;
}

function back(response: Response): void {
  response.redirect(303, (response.locals['url'] as UrlBuilder)('/retention'));
}
