import { setTimeout as pause } from 'node:timers/promises';
import { PURGED, type PurgeRequest } from '../../core/purge-request';
import type { Ledger } from '../../entries/entry-store';
import type { OwnEvents } from '../capture/own-events-service';
import type { ArchiveService } from '../retention/archive-service';
import { PRUNE_IS_BUSY, type PruneService } from '../retention/prune-service';
import type { LedgerFact, LedgerFacts } from '../../entries/ledger-facts';
import type { StoredCheckpoint } from '../tree/checkpoint-service';
import { actorOf } from './person-actor';
import { orderOf, type PurgeService } from './purge-service';
import type { Uninstaller } from './uninstaller';

export interface PurgeOutcome {
  readonly request: PurgeRequest;
  /** Entries that went. */
  readonly entries: number;
  /** Of the certificates in the chain. */
  readonly certificates: readonly number[];
  /** Names of the archives that are there; none where they were not to be kept. */
  readonly archives: readonly string[];
  /** Files that say what is left of an uninstalled ledger. */
  readonly sheets: readonly string[];
}

export interface PurgeHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((deleted: number, entries: number) => void) | undefined;
}

/** Does what a confirmed request asks for. May be ended at any moment and called again: it goes on where it was. */
export interface PurgeRunner {
  /** Throws where the chain has no confirmed request of this id, or where something keeps it from the end. */
  run(ledger: Ledger, id: string, hooks?: PurgeHooks): Promise<PurgeOutcome>;
  /** Where the chain has the certificates of a request. */
  certificates(ledger: Ledger, request: PurgeRequest): Promise<number[]>;
}

interface RunnerDeps {
  readonly purges: PurgeService;
  readonly pruner: PruneService;
  readonly archives: ArchiveService;
  readonly facts: LedgerFacts;
  readonly ownEvents: OwnEvents;
  readonly uninstaller: Uninstaller;
  /** A final checkpoint, brought to every anchor that answers. */
  readonly publish: (ledger: Ledger) => Promise<StoredCheckpoint>;
  readonly tell: (ledger: Ledger, request: PurgeRequest) => Promise<void>;
}

const WAIT_MS = 1_000;
/** A lease of a process that is gone ends in two minutes; a prune of a large ledger may take longer, and the job is tried again. */
const MAX_WAITS = 180;

export function createPurgeRunner(deps: RunnerDeps): PurgeRunner {
  const { purges, pruner, archives, facts, ownEvents } = deps;

  async function find(ledger: Ledger, id: string): Promise<PurgeRequest> {
    const request = (await purges.list(ledger)).find((one) => one.id === id);
    if (request?.state !== 'confirmed' && request?.state !== 'done') throw new Error(`no confirmed purge ${id} stands in the chain`); // prettier-ignore
    return request;
  }

  /** What this purge pruned so far, by the certificates in the chain. */
  async function findParts(ledger: Ledger, { id, seq }: PurgeRequest): Promise<LedgerFact[]> {
    const pruned = await facts.read(ledger, ['audit.pruned'], { afterSeq: seq });
    return pruned.filter(({ isSound, payload }) => isSound && payload['purge'] === id);
  }

  async function prune(ledger: Ledger, request: PurgeRequest, { signal, onProgress }: PurgeHooks): Promise<void> {
    const before = (await findParts(ledger, request)).reduce((sum, part) => sum + Number(part.payload['entries']), 0);
    for (let waits = 0; ; waits += 1) {
      const { stopped } = await pruner.run(ledger, {
        purge: orderOf(request),
        requestedBy: request.requestedBy.name,
        via: request.via === 'cli' ? 'cli' : 'ui',
        signal,
        onProgress: (deleted) => onProgress?.(Math.min(before + deleted, request.entries), request.entries),
      });
      if (stopped === null) return;
      if (stopped !== PRUNE_IS_BUSY || waits === MAX_WAITS) throw new Error(stopped);
      await pause(WAIT_MS, undefined, signal ? { signal } : {});
    }
  }

  async function recordPurged(
    ledger: Ledger,
    request: PurgeRequest,
    parts: readonly LedgerFact[],
    final: StoredCheckpoint,
  ) {
    // prettier-ignore
    await ownEvents.record(ledger.tenant.slug, {
      once: request.id,
      action: PURGED,
      actor: actorOf(request.decidedBy),
      targetId: ledger.name,
      payload: {
        request: request.id,
        ledger: ledger.name,
        kind: request.kind,
        entries: parts.reduce((sum, part) => sum + Number(part.payload['entries']), 0),
        through: request.through,
        asked_by: request.requestedBy.name,
        confirmed_by: request.decidedBy?.name ?? '',
        certificates: parts.map((part) => part.seq),
        archive: request.keepsArchive ? 'kept' : 'removed',
        checkpoint_size: final.size,
        checkpoint_root: final.root,
      },
      via: request.via === 'cli' ? 'cli' : 'ui',
    });
  }

  return {
    certificates: async (ledger, request) => (await findParts(ledger, request)).map((part) => part.seq),

    async run(ledger, id, hooks = {}) {
      const request = await find(ledger, id);
      const isFirst = request.state === 'confirmed';
      // Before anything goes: what there was is signed, and out of our reach where an anchor is set.
      const final = await deps.publish(ledger);
      if (isFirst) await prune(ledger, request, hooks);
      const parts = await findParts(ledger, request);
      if (!request.keepsArchive) {
        const seqs = parts.map((part) => part.seq);
        const own = (await pruner.list(ledger)).filter((one) => seqs.includes(one.certificateSeq ?? 0));
        for (const one of own) await archives.remove(one.id);
      }
      await recordPurged(ledger, request, parts, final);
      const kept = request.keepsArchive
        ? parts.flatMap(({ payload: { archive } }) => (typeof archive === 'string' ? [archive] : []))
        : [];
      const sheets = request.kind === 'uninstall' ? await deps.uninstaller.run(ledger, request, kept) : [];
      if (request.kind === 'purge') await deps.publish(ledger);
      const done = await find(ledger, id);
      if (isFirst) await deps.tell(ledger, done);
      return {
        request: done,
        entries: parts.reduce((sum, part) => sum + Number(part.payload['entries']), 0),
        certificates: parts.map((part) => part.seq),
        archives: kept,
        sheets,
      };
    },
  };
}
