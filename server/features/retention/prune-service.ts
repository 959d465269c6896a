import { v7 as uuidv7 } from 'uuid';
import type { Via } from '../../core/event';
import type { Ledger } from '../../entries/entry-store';
import type { HoldService } from './hold-service';
import type { LeaseStore } from '../../entries/lease-store';
import { PruneRefusedError } from './prune-archiver';
import type { PruneDeleter } from './prune-deleter';
import type { PruneMaker } from './prune-maker';
import type { PlannedRange, PrunePlan, PrunePlanner } from './prune-plan';
import { isFinal, type Prune, type PruneStore } from './prune-store';
import { RetentionMismatchError, type RetentionDays, type RetentionService } from './retention-service';

/** What a purge takes, whatever its age: whole segments up to an entry, of which everything was received before a moment. */
export interface PurgeOrder {
  /** Of the request in the chain. */
  readonly id: string;
  readonly through: number;
  /** Milliseconds. */
  readonly limit: number;
}

export interface PruneOptions {
  /** Instead of the ledger's own limit. */
  readonly days?: number | undefined;
  /** Instead of any limit. A legal hold on anything that would go stops it. */
  readonly purge?: PurgeOrder | undefined;
  /** Who asked, for the rows and the certificate's entry. */
  readonly requestedBy: string;
  readonly via: Via;
  /** Told how many entries of the present range are deleted. */
  readonly onProgress?: ((deleted: number) => void) | undefined;
  /** Ends the work between two segments; the next prune goes on there. */
  readonly signal?: AbortSignal | undefined;
}

export interface PrunePreview {
  readonly days: RetentionDays;
  /** Null where entries are kept for ever. */
  readonly plan: PrunePlan | null;
}

export interface PruneResult extends PrunePreview {
  /** Finished now, those begun earlier included. */
  readonly prunes: readonly Prune[];
  /** Why it did not do all of it; null when it did. Plain English. */
  readonly stopped: string | null;
}

/** Why a prune stopped: the lease is with another process, or with one that is gone and ends within two minutes. */
export const PRUNE_IS_BUSY = 'another process prunes this ledger';

/** Where an entry went that is not there any more. */
export interface PrunedPlace {
  readonly id: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly entries: number;
  readonly days: number;
  readonly requestedBy: string;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly certificateSeq: number | null;
}

export interface PruneService {
  /** What `run` would do now. Changes nothing. Throws RetentionMismatchError. */
  preview(ledger: Ledger, options?: Pick<PruneOptions, 'days' | 'purge'>): Promise<PrunePreview>;
  /** Takes out what is old. May be called from several processes, and again after any end of one of them. */
  run(ledger: Ledger, options: PruneOptions): Promise<PruneResult>;
  /** Every prune, in the order of the ranges. */
  list(ledger: Ledger): Promise<Prune[]>;
  /** The prune that took an entry; undefined where none did. */
  findPruned(ledger: Ledger, seq: number): Promise<PrunedPlace | undefined>;
}

interface PruneDeps {
  readonly retention: RetentionService;
  readonly holds: HoldService;
  readonly leases: LeaseStore;
  readonly prunes: PruneStore;
  readonly planner: PrunePlanner;
  readonly maker: PruneMaker;
  readonly deleter: PruneDeleter;
  /** Readers behind the commits, brought up to the newest entry. */
  readonly catchUp: () => Promise<void>;
  readonly untilQuiet: () => Promise<void>;
  readonly now: () => Date;
}

const DAY_MS = 86_400_000;
/** In certificate and row of a purge. */
const PURGE_DAYS = 0;
const LEASE_MS = 120_000;
/** Entries. */
const FAR_BEHIND = 250;

export function createPruneService(deps: PruneDeps): PruneService {
  const { retention, holds, leases, prunes, planner, maker, deleter, now } = deps;

  async function preview(ledger: Ledger, options: Pick<PruneOptions, 'days' | 'purge'> = {}): Promise<PrunePreview> {
    if (options.purge) return { days: PURGE_DAYS, plan: await planPurge(ledger, options.purge) };
    const days = options.days ?? (await retention.confirm(ledger)).days;
    if (days === null) return { days, plan: null };
    const limit = now().getTime() - days * DAY_MS;
    const pruned = (await prunes.list(ledger)).filter(isFinal);
    return { days, plan: await planner.plan(ledger, { limit, holds: await holds.confirmActive(ledger), pruned }) };
  }

  async function planPurge(ledger: Ledger, { limit, through }: PurgeOrder): Promise<PrunePlan> {
    const pruned = (await prunes.list(ledger)).filter(isFinal);
    return planner.plan(ledger, { limit, through, pruned, holds: await holds.confirmActive(ledger) });
  }

  /** Takes what earlier runs left to its end: what is certified is finished, what is not is forgotten. */
  async function finishOpen(ledger: Ledger, work: Work): Promise<void> {
    for (const prune of (await prunes.list(ledger)).filter(({ state }) => state !== 'done')) {
      const final = await maker.settle(ledger, prune);
      if (final) await deleteAll(ledger, prune.id, work);
    }
  }

  async function pruneRange(ledger: Ledger, range: PlannedRange, days: number, limit: number, work: Work) {
    await work.goOn();
    const { requestedBy, via, purge } = work.options;
    const id = await maker.make(ledger, { range, days, limit, requestedBy, via, purge: purge?.id });
    await deleteAll(ledger, id, work);
  }

  async function deleteAll(ledger: Ledger, id: string, work: Work): Promise<void> {
    await prunes.deleting(id);
    for (;;) {
      await work.goOn();
      await deps.untilQuiet();
      const isMore = await deleter.deleteSome(ledger, id);
      work.options.onProgress?.((await prunes.find(id))?.deleted ?? 0);
      if (!isMore) break;
    }
    const done = await prunes.find(id);
    if (done?.state === 'done') work.finished.push(done);
  }

  return {
    preview,

    async run(ledger, options) {
      const holder = uuidv7();
      const finished: Prune[] = [];
      const goOn = async () => {
        if (options.signal?.aborted) throw new PruneRefusedError('it was asked to stop; the next prune goes on');
        if (!(await leases.take(ledger, 'prune', holder, LEASE_MS))) throw new PruneRefusedError(PRUNE_IS_BUSY);
      };
      let seen: PrunePreview = { days: options.days ?? null, plan: null };
      try {
        await goOn();
        // Where a server runs, its readers are never far behind, and an end of what comes in need never come.
        if (options.purge || (await planner.countUnread(ledger)) > FAR_BEHIND) await deps.catchUp();
        const work: Work = { options, finished, goOn };
        await finishOpen(ledger, work);
        seen = await preview(ledger, options);
        const held = options.purge && seen.plan?.held[0];
        if (held) throw new PruneRefusedError(`the legal hold ${held.hold} keeps entries that would go`);
        for (const range of seen.plan?.ranges ?? [])
          await pruneRange(ledger, range, seen.days ?? 0, seen.plan?.limit ?? 0, work);
        return { ...seen, prunes: finished, stopped: null };
      } catch (error) {
        if (!(error instanceof PruneRefusedError) && !(error instanceof RetentionMismatchError)) throw error;
        return { ...seen, prunes: finished, stopped: error.message };
      } finally {
        await leases.release(ledger, 'prune', holder);
      }
    },

    list: (ledger) => prunes.list(ledger),

    async findPruned(ledger, seq) {
      const prune = (await prunes.list(ledger)).find(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
      return prune && isFinal(prune) ? prune : undefined;
    },
  };
}

/** One run: what was asked, what it finished, and whether it still may. */
interface Work {
  readonly options: PruneOptions;
  readonly finished: Prune[];
  /** Throws PruneRefusedError when it may not. */
  readonly goOn: () => Promise<void>;
}
