import express, { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import { ERASURE_BASES } from '../../core/erasure-cover';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { enqueueErasure, MAX_GROUND, planToJson, SUBJECT_PATTERN } from '../erasure/erase-job-service';
import type { ErasureService } from '../erasure/erasure-service';
import type { JobService } from '../jobs/job-service';
import type { Caller } from './caller';

interface ErasureApiDeps {
  readonly erasures: ErasureService;
  readonly jobs: JobService;
  readonly findLedger: (caller: Caller, name: string | undefined) => Promise<Ledger>;
  readonly mayErase: RequestHandler;
}

const body = z.strictObject({
  ledger: z.string().optional(),
  subject: z.string().regex(SUBJECT_PATTERN, 'write TYPE:ID, as in client:5'),
  ground: z.string().trim().min(1).max(MAX_GROUND).optional(),
  basis: z.enum(ERASURE_BASES).default('request'),
  dry_run: z.boolean().default(false),
});

/** Erasures over the API: with `dry_run` what would go, else a job. */
export function createErasureApiRoutes({ erasures, jobs, findLedger, mayErase }: ErasureApiDeps): Router {
  const router = Router();
  router.post('/erasures', mayErase, express.json({ limit: '16kb' }), async (request, response) => {
    const parsed = body.safeParse(request.body ?? {});
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new KnownError('bad_request', `${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { ledger: name, subject, ground, basis, dry_run: isDryRun } = parsed.data;
    const caller = callerOf(request);
    const ledger = await findLedger(caller, name);
    const plan = await erasures.plan(ledger, subject);
    if (isDryRun) {
      const copies = await erasures.listCopies(ledger);
      response.json({ subject, ledger: ledger.name, dry_run: true, ...planToJson(plan), copies });
      return;
    }
    if (ground === undefined) throw new KnownError('bad_request', 'ground: say why; it stands in the chain for ever');
    if (plan.held > 0) throw new KnownError('subject_held', `a legal hold keeps ${plan.held} of the entries`);
    const job = await enqueueErasure(jobs, ledger, {
      ref: subject,
      basis,
      ground,
      through: plan.through,
      actor: { type: 'api', id: null, name: caller.tokenName, role: null, actingAs: null },
      via: 'api',
    });
    response.status(202).location(`/api/v1/jobs/${job.id}`).json({ job_id: job.id });
  });
  return router;
}

function callerOf(request: Request): Caller {
  return request.res?.locals['caller'] as Caller;
}
