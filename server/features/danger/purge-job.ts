import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { Job, JobKind, JobService } from '../jobs/job-service';
import type { PurgeRunner } from './purge-runner';

export const PURGE_KIND = 'purge';

/** A confirmed request, done in the background. The job holds its id alone: what is to be done stands in the chain. */
export function createPurgeJob({
  runner,
  store,
}: {
  readonly runner: PurgeRunner;
  readonly store: EntryStore;
}): JobKind {
  return {
    kind: PURGE_KIND,
    async run(work) {
      const { job, signal } = work;
      const { request } = job.params;
      const ledger = await store.findLedger(job.ledger ?? '');
      if (!ledger) throw new Error(`there is no ledger named ${job.ledger}`);
      const { entries, certificates, archives, sheets } = await runner.run(
        ledger,
        typeof request === 'string' ? request : '',
        {
          signal,
          onProgress: (done, total) => work.progress(done, total),
        },
      );
      return { entries, certificates: [...certificates], archives: [...archives], sheets: [...sheets] };
    },
  };
}

/** The same request gives the job that is on its way. */
export function enqueuePurge(jobs: JobService, ledger: Ledger, request: string, requestedBy: string): Promise<Job> {
  const params = { request };
  return jobs.enqueue({ kind: PURGE_KIND, tenantId: ledger.tenant.id, ledger: ledger.name, params, requestedBy });
}
