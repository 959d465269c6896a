import { GENESIS_PREV_HASH, isSameHash } from '../../core/chain';
import { isKept } from '../../core/kept-entries';
import { matchesHold, type HoldScope } from '../../core/legal-hold';
import { createMerkleFrontier, leafHash } from '../../core/merkle';
import { SEGMENT } from '../../core/prune-certificate';
import type { PrunedRun } from '../../core/pruned-runs';
import type { Database } from '../../db/connection';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { loadEpochKeys } from '../../entries/epoch-keys';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import type { ReadLeaves } from '../../entries/ledger-facts';
import { createRowCheck } from '../../entries/row-check';
import { toArchiveLine } from './archive-line';

/** Something about the entries keeps them from being pruned. The message is plain English. */
export class PruneRefusedError extends Error {
  override name = 'PruneRefusedError';
}

export interface ArchiveRequest {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Milliseconds: nothing received at or after it goes. */
  readonly limit: number;
  readonly holds: ReadonlyMap<string, HoldScope>;
  /** Hash of the entry before, where that one was pruned itself. */
  readonly prunedHashBefore: string | undefined;
}

/** What was found out about a range while it was read; complete when the lines are at their end. */
export interface RangeSummary {
  readonly runs: PrunedRun[];
  firstReceivedAt: number;
  lastReceivedAt: number;
  /** Base64. */
  leavesRoot: string;
}

interface ArchiverDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly erasures: ErasureReader;
  readonly readLeaves: ReadLeaves;
  /** Between two segments: new events come first. */
  readonly untilQuiet: () => Promise<void>;
}

/**
 * Reads whole segments as the lines of an archive, and looks at every entry on the way: what is broken, held or too new stays
 * where it is (PruneRefusedError), because after a prune nobody could find it out any more.
 */
export function createPruneArchiver(deps: ArchiverDeps) {
  async function hashBefore(ledger: Ledger, { fromSeq, prunedHashBefore }: ArchiveRequest): Promise<string> {
    if (fromSeq === 1) return GENESIS_PREV_HASH;
    const hash = prunedHashBefore ?? (await deps.store.findBySeq(ledger, fromSeq - 1))?.hash;
    if (hash === undefined) throw new PruneRefusedError(`entry ${fromSeq - 1} is missing: run verify`);
    return hash;
  }

  async function readSegment(ledger: Ledger, fromSeq: number) {
    const toSeq = fromSeq + SEGMENT - 1;
    const rows = await deps.store.readRange(ledger, { fromSeq, toSeq, limit: SEGMENT + 1 });
    return { rows, tile: await deps.readLeaves(ledger, (fromSeq - 1) / SEGMENT) };
  }

  async function* lines(ledger: Ledger, request: ArchiveRequest, summary: RangeSummary): AsyncGenerator<string> {
    const tree = createMerkleFrontier();
    const look = await createLook(ledger, request, summary);
    let coming = readSegment(ledger, request.fromSeq);
    for (let seq = request.fromSeq; seq <= request.toSeq; seq += SEGMENT) {
      const { rows, tile } = await coming;
      await deps.untilQuiet();
      // A server works while this segment is looked at.
      if (seq + SEGMENT <= request.toSeq) {
        coming = readSegment(ledger, seq + SEGMENT);
        // Told where it is waited for, if it ever is.
        coming.catch(() => undefined);
      }
      const leaves = rows.map((row) => leafHash(row.record));
      for (const [at, row] of rows.entries()) await look(row, seq + at);
      if (rows.length !== SEGMENT) throw new PruneRefusedError(`entry ${seq + rows.length} is missing: run verify`);
      if (!tile?.equals(Buffer.concat(leaves)))
        throw new PruneRefusedError(`the entries from ${seq} on are not those in the Merkle tree: run verify`);
      for (const leaf of leaves) tree.add(leaf);
      yield rows.map(toArchiveLine).join('');
    }
    summary.leavesRoot = tree.root().toString('base64');
  }

  /** Looks at one entry after the other and writes down the runs of those that go. */
  async function createLook(ledger: Ledger, request: ArchiveRequest, summary: RangeSummary) {
    const scopes = [...request.holds.values()];
    const { retired } = await loadEpochKeys(deps, ledger);
    const checkRow = createRowCheck(deps.erasures, ledger);
    const keys = new Map<number, Buffer | undefined>();
    let prevHash = await hashBefore(ledger, request);
    let run: { fromSeq: number; toSeq: number; prevHash: string; lastHash: string } | undefined;

    return async (row: EntryRow, seq: number): Promise<void> => {
      if (!keys.has(row.epoch))
        keys.set(row.epoch, await deps.keyRing.findEpochKey(deps.database.knex, ledger.id, ledger.name, row.epoch));
      const { breaks, unverifiable } = await checkRow(row, keys.get(row.epoch));
      const fault = row.seq !== seq || !isSameHash(prevHash, row.prevHash) ? 'does not follow the one before it' : breaks[0]?.detail; // prettier-ignore
      if (fault !== undefined) throw new PruneRefusedError(`entry ${seq}: ${fault}; run verify`);
      // Where the key was destroyed the leaf says it: the tile is compared as a whole.
      if (unverifiable && !retired.includes(row.epoch))
        throw new PruneRefusedError(`entry ${seq} is sealed under a chain key that is not at hand`);
      if (isKept(row.action)) run = undefined;
      else {
        if (row.receivedAt >= request.limit) throw new PruneRefusedError(`entry ${seq} is not old enough`);
        if (scopes.some((scope) => matchesHold(scope, row))) throw new PruneRefusedError(`entry ${seq} is held`);
        if (run) Object.assign(run, { toSeq: seq, lastHash: row.hash });
        else summary.runs.push((run = { fromSeq: seq, toSeq: seq, prevHash, lastHash: row.hash }));
        summary.firstReceivedAt = Math.min(summary.firstReceivedAt, row.receivedAt);
        summary.lastReceivedAt = Math.max(summary.lastReceivedAt, row.receivedAt);
      }
      prevHash = row.hash;
    };
  }

  return {
    /** The summary fills while the lines are read. */
    read(
      ledger: Ledger,
      request: ArchiveRequest,
    ): { readonly lines: AsyncIterable<string>; readonly summary: RangeSummary } {
      const summary: RangeSummary = { runs: [], firstReceivedAt: Infinity, lastReceivedAt: -Infinity, leavesRoot: '' };
      return { lines: lines(ledger, request, summary), summary };
    },
  };
}

export type PruneArchiver = ReturnType<typeof createPruneArchiver>;
