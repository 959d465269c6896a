import type { JsonObject } from '../../core/canonical-json';
import { ERASURE_BASES, type ErasureBasis } from '../../core/erasure-cover';
import type { Actor, Via } from '../../core/event';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { Job, JobKind, JobService } from '../jobs/job-service';
import type { ErasureService, PlannedErasure } from './erasure-service';

export const ERASE_KIND = 'erase';

export interface EraseOrder {
  readonly ref: string;
  readonly basis: ErasureBasis;
  readonly ground: string;
  /** The newest entry that whoever asks for it was shown. */
  readonly through: number;
  readonly actor: Actor;
  readonly via: Via;
}

/** As entries name a data subject, in a page, a command and the API alike. */
export const SUBJECT_PATTERN = /^[a-z_]{1,32}:\S.{0,190}$/;
export const MAX_GROUND = 1_000;

export function isBasis(value: unknown): value is ErasureBasis {
  return ERASURE_BASES.some((one) => one === value);
}

/**
 * An erasure in the background. What it is to erase goes through the service, holds included. It never covers what came after it was
 * asked for: so a job that ended and is put back in the database finds nothing to do.
 */
export function enqueueErasure(
  jobs: JobService,
  ledger: Ledger,
  { ref, basis, ground, through, actor, via }: EraseOrder,
): Promise<Job> {
  // prettier-ignore
  const { type, id, name, role } = actor;
  return jobs.enqueue({
    kind: ERASE_KIND,
    tenantId: ledger.tenant.id,
    ledger: ledger.name,
    params: { ref, basis, ground, through, by: { type, id, name, role }, via },
    sameAs: { ref, through },
    requestedBy: name ?? type,
  });
}

interface JobDeps {
  readonly erasures: ErasureService;
  readonly reader: ErasureReader;
  readonly store: EntryStore;
}

export function createEraseJob({ erasures, reader, store }: JobDeps): JobKind {
  return {
    kind: ERASE_KIND,
    async run(work) {
      const { job } = work;
      const ledger = await store.findLedger(job.ledger ?? '');
      if (!ledger) throw new Error(`there is no ledger named ${job.ledger}`);
      const { ref, basis, ground, through, by, via } = job.params as unknown as Omit<EraseOrder, 'actor'> & {
        readonly by: Actor;
      };
      const before = await erasures.plan(ledger, ref, through);
      work.progress(0, before.entries);
      const { plan, entries, erased, finished } = await erasures.erase(ledger, { ref, basis, ground, through, by: { actor: { ...by, actingAs: null }, via } }); // prettier-ignore
      work.progress(before.entries, before.entries);
      // After an end of the process in between, the chain knows which entries told of it.
      const told = entries.length > 0 || finished === 0 ? entries : await lastOf(ledger, ref);
      return { ref, ...planToJson(plan), recorded_in: [...told], erased: { ...erased }, finished_earlier: finished };
    },
  };

  async function lastOf(ledger: Ledger, ref: string): Promise<number[]> {
    const own = (await reader.readAll(ledger)).filter((one) => one.ref === ref);
    return own.filter(({ id }) => id === own.at(-1)?.id).map(({ seq }) => seq);
  }
}

/** As command line and API print it. */
export function planToJson({ entries, sides, altered, missing, held }: PlannedErasure): JsonObject {
  return { entries, as_actor: sides.actor, as_subject: sides.subject, altered, missing, held };
}
