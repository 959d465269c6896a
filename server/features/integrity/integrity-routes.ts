import { Router } from 'express';
import type { Verdict } from '../../core/verify';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import { actorOf, type Viewer } from '../access/viewer';
import type { OwnEvents } from '../capture/own-events-service';
import type { VerificationStore } from './verification-store';
import { verifyPage } from './verify-page';
import type { VerifyService } from './verify-service';

interface IntegrityDeps {
  readonly verifier: VerifyService;
  readonly verifications: VerificationStore;
  readonly store: EntryStore;
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
}

const RESULT_ACTION: Readonly<Record<Verdict, string>> = {
  intact: 'audit.chain_verified',
  broken: 'audit.chain_broken',
  cannot_tell: 'audit.chain_unverifiable',
};

/** The page with the latest verification, and the button that runs one. */
export function createIntegrityRoutes(deps: IntegrityDeps): Router {
  const router = Router();
  /** One run at a time for each ledger: who presses the button meanwhile waits for the same result. */
  const running = new Map<string, Promise<void>>();

  router.get('/verify', async (_request, response) => {
    const ledger = await ledgerOf(response.locals['viewer'] as Viewer);
    const latest = await deps.verifications.findLatest(ledger);
    const result = latest && {
      verdict: latest.verdict,
      started_at: latest.startedAt,
      finished_at: latest.finishedAt,
      requested_by: latest.requestedBy,
      ledgers: [latest],
    };
    response.render('integrity/verify', { page: verifyPage(result ?? null, pageContext(response, deps.now())) });
  });

  router.post('/verify', async (_request, response) => {
    const viewer = response.locals['viewer'] as Viewer;
    const ledger = await ledgerOf(viewer);
    const run = running.get(ledger.name) ?? verify(ledger, viewer).finally(() => running.delete(ledger.name));
    running.set(ledger.name, run);
    await run;
    response.redirect(303, (response.locals['url'] as UrlBuilder)('/verify'));
  });
  return router;

  async function verify(ledger: Ledger, viewer: Viewer): Promise<void> {
    const startedAt = deps.now();
    const { ledgers } = await deps.verifier.verify({ ledger: ledger.name });
    const [report] = ledgers;
    if (!report) return;
    await deps.verifications.save(ledger, report, { startedAt, finishedAt: deps.now(), requestedBy: viewer.name });
    await deps.ownEvents.record(viewer.tenant, {
      action: RESULT_ACTION[report.verdict],
      actor: actorOf(viewer),
      targetId: ledger.name,
      payload: {
        scanned: report.scanned,
        valid: report.valid,
        unverifiable: report.unverifiable,
        broken: report.broken.length,
      },
      via: 'ui',
    });
  }

  async function ledgerOf(viewer: Viewer): Promise<Ledger> {
    const ledger = await deps.store.findLedger(viewer.tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger;
  }
}
