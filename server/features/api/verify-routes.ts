import express, { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { EntryCheckService } from '../integrity/entry-check-service';
import { enqueueVerification } from '../integrity/verify-job-service';
import { scopeFault } from '../integrity/verify-service';
import type { Job, JobService } from '../jobs/job-service';
import type { Caller } from './caller';

interface VerifyRouteDeps {
  readonly jobs: JobService;
  readonly entryCheck: EntryCheckService;
  readonly findLedger: (caller: Caller, name: string | undefined) => Promise<Ledger>;
  readonly findEntrySeq: (ledger: Ledger, idOrSeq: string) => Promise<number | undefined>;
  readonly mayVerify: RequestHandler;
}

const seq = z.int().min(1);
const body = z.strictObject({
  ledger: z.string().optional(),
  mode: z.enum(['full', 'incremental']).default('full'),
  from: seq.optional(),
  to: seq.optional(),
  actor: z
    .string()
    .max(255)
    .regex(/^[a-z]+:.+$/, 'write TYPE:ID, as in admin:7')
    .optional(),
});

/** Verification over the API (CONTRACT section 5): asked for here, run as a job. */
export function createVerifyRoutes(deps: VerifyRouteDeps): Router {
  const router = Router();

  router.post('/verify', deps.mayVerify, express.json({ limit: '16kb' }), async (request, response) => {
    const parsed = body.safeParse(request.body ?? {});
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new KnownError('bad_request', `${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { ledger: name, mode, from, to, actor } = parsed.data;
    const fault = scopeFault({ isOnlyNew: mode === 'incremental', from, to, actor });
    if (fault !== undefined) throw new KnownError('bad_request', fault);
    const caller = callerOf(request);
    const ledger = await deps.findLedger(caller, name);
    const job = await enqueueVerification(deps.jobs, ledger, {
      isOnlyNew: mode === 'incremental',
      from,
      to,
      actor,
      requestedBy: { type: 'api', id: null, name: caller.tokenName, role: null, actingAs: null },
      via: 'api',
    });
    response.status(202).location(`/api/v1/jobs/${job.id}`).json({ job_id: job.id });
  });

  router.get('/jobs/:id', deps.mayVerify, async (request, response) => {
    response.json(shown(await findJob(request)));
  });

  router.post('/jobs/:id/cancel', deps.mayVerify, async (request, response) => {
    const job = await findJob(request);
    await deps.jobs.cancel(job.tenantId, job.id);
    response.status(202).json(shown(await findJob(request)));
  });

  router.get('/entries/:id/verify', deps.mayVerify, async (request, response) => {
    const { ledger: name } = request.query;
    const ledger = await deps.findLedger(callerOf(request), typeof name === 'string' ? name : undefined);
    const place = await deps.findEntrySeq(ledger, String(request.params['id']));
    const check = place === undefined ? undefined : await deps.entryCheck.check(ledger, place);
    if (!check) throw new KnownError('entry_not_found');
    const { seq, id, verdict, checks, checkpoint, breaks } = check;
    response.json({ seq, id, ledger: ledger.name, verdict, checks, checkpoint, broken: breaks.map(({ kind, detail }) => ({ kind, detail })) }); // prettier-ignore
  });
  return router;

  async function findJob(request: Request): Promise<Job> {
    const job = await deps.jobs.find(callerOf(request).tenantId, String(request.params['id']));
    if (!job) throw new KnownError('not_found', 'there is no such job');
    return job;
  }
}

function callerOf(request: Request): Caller {
  return request.res?.locals['caller'] as Caller;
}

/** CONTRACT section 5. */
function shown({ id, kind, state, progress, result, problem }: Job) {
  return { id, kind, state, progress, result, ...(problem === null ? {} : { problem }) };
}
