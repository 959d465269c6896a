import type { JsonObject } from '../../core/canonical-json';
import type { Actor, Via } from '../../core/event';
import { SYSTEM_ACTOR } from '../../core/own-event';
import type { Verdict } from '../../core/verify';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { OwnEvents } from '../capture/own-events-service';
import type { DailyTask } from '../jobs/daily-task-service';
import type { Job, JobKind, JobRun, JobService } from '../jobs/job-service';
import type { AskedScope } from './verify-scope';
import type { Verification, VerificationStore } from './verification-store';
import type { RunState, VerifyService } from './verify-service';

export const VERIFY_KIND = 'verify';

/** What to verify, and for whom. Without anything: everything. */
export interface VerifyRequest extends AskedScope {
  readonly requestedBy: Actor;
  readonly via: Via | null;
}

interface JobDeps {
  readonly verifier: VerifyService;
  readonly verifications: VerificationStore;
  readonly store: EntryStore;
  readonly ownEvents: OwnEvents;
  /** Called for each report that is saved; does not throw. */
  readonly onReport: (ledger: Ledger, report: Verification) => Promise<void>;
  readonly now: () => Date;
}

const RESULT_ACTION: Readonly<Record<Verdict, string>> = {
  intact: 'audit.chain_verified',
  broken: 'audit.chain_broken',
  cannot_tell: 'audit.chain_unverifiable',
};

/** Breaks that the result of a job lists; the report has all. */
export const LISTED_BREAKS = 1_000;

export function enqueueVerification(jobs: JobService, ledger: Ledger, request: VerifyRequest): Promise<Job> {
  const what = {
    only_new: request.isOnlyNew ?? false,
    from: request.from ?? null,
    to: request.to ?? null,
    actor: request.actor ?? null,
  };
  const { type, id, name, role } = request.requestedBy;
  return jobs.enqueue({
    kind: VERIFY_KIND,
    tenantId: ledger.tenant.id,
    ledger: ledger.name,
    params: { ...what, by: { type, id, name, role }, via: request.via },
    // Who asks is no reason to do it twice.
    sameAs: what,
    requestedBy: name ?? type,
  });
}

/** A verification in the background: a sealed, dated report, an entry about it, an alarm when something is broken. */
export function createVerifyJob(deps: JobDeps): JobKind {
  const { verifier, verifications, store, ownEvents, now } = deps;

  async function run(work: JobRun): Promise<JsonObject> {
    const { job, memo, signal } = work;
    const ledger = await store.findLedger(job.ledger ?? '');
    if (!ledger) throw new Error(`there is no ledger named ${job.ledger}`);
    const asked = job.params as { only_new: boolean; from: number | null; to: number | null; actor: string | null };
    const resumed = memo === null ? null : (memo['state'] as unknown as RunState);
    const id = await verifications.open(ledger, {
      jobId: job.id,
      actor: asked.actor,
      startedAt: job.startedAt ?? now(),
      requestedBy: job.requestedBy,
    });
    let count = resumed?.broken ?? 0;
    // What was found after the place that we go on from is found again.
    await verifications.truncateBreaks(id, count);
    const options = { isOnlyNew: asked.only_new, fromSeq: asked.from ?? undefined, toSeq: asked.to ?? undefined, actor: asked.actor ?? undefined, derived: true }; // prettier-ignore
    const report = await verifier.run(ledger, options, resumed, {
      signal,
      onProgress: (done, total) => work.progress(done, total),
      async onSlice(state, breaks) {
        await verifications.addBreaks(id, count, breaks);
        count += breaks.length;
        await work.save({ state });
      },
    });
    await verifications.close(id, report, { brokenCount: count, finishedAt: now() });
    const saved = await verifications.find(ledger, id);
    if (!saved) throw new Error(`report ${id} was removed while it was written`);
    await record(job, ledger, saved);
    await deps.onReport(ledger, saved);
    return resultOf(saved, (await verifications.listBreaks(saved, { offset: 0, limit: LISTED_BREAKS })).breaks);
  }

  async function record(job: Job, ledger: Ledger, report: Verification): Promise<void> {
    const { by, via } = job.params as unknown as { by: Actor; via: Via | null };
    await ownEvents.record(ledger.tenant.slug, {
      action: RESULT_ACTION[report.verdict],
      actor: { ...by, actingAs: null },
      targetId: ledger.name,
      payload: {
        report: String(report.id),
        scope: report.scope,
        scanned: report.scanned,
        valid: report.valid,
        unverifiable: report.unverifiable,
        broken: report.brokenCount,
      },
      via,
      once: job.id,
    });
  }

  return { kind: VERIFY_KIND, run };
}

/** The shape of `verify --json`, with the number of the report and at most LISTED_BREAKS breaks. */
export function resultOf(report: Verification, broken: readonly object[]): JsonObject {
  const { ledger, verdict, scope, from, to, size, scanned, valid, unverifiable, by_proof, head, tree } = report;
  const shown = { ledger, verdict, scope, from, to, size, scanned, valid, unverifiable, by_proof, head, tree, broken_count: report.brokenCount, broken }; // prettier-ignore
  return { report: report.id, verdict, ledgers: [shown] } as unknown as JsonObject;
}

/** Everything, once a day, in the background. Begins with removing reports whose job ended without them. */
export function createDailyVerification(deps: {
  readonly jobs: JobService;
  readonly store: EntryStore;
  readonly verifications: VerificationStore;
}): DailyTask {
  const { jobs, store, verifications } = deps;
  return {
    name: VERIFY_KIND,
    async run() {
      const ledgers = await store.listLedgers();
      const active = (
        await Promise.all(ledgers.map((ledger) => jobs.listActive(ledger.tenant.id, VERIFY_KIND)))
      ).flat();
      for (const { id, jobId } of await verifications.listOpen())
        if (!active.some((job) => job.id === jobId)) await verifications.drop(id);
      for (const ledger of ledgers) await enqueueVerification(jobs, ledger, { requestedBy: SYSTEM_ACTOR, via: null });
    },
  };
}
