import { writeFile } from 'node:fs/promises';
import { v7 as uuidv7 } from 'uuid';
import { formatCertificate, prunedCount, type PruneCertificate } from '../../core/prune-certificate';
import type { Via } from '../../core/event';
import { createPrunedRuns } from '../../core/pruned-runs';
import type { Ledger } from '../../entries/entry-store';
import { writeArchive, type ArchiveKey } from './archive-file';
import type { ArchivePlaces } from './archive-places';
import type { HoldService } from './hold-service';
import type { LedgerFacts } from '../../entries/ledger-facts';
import { PruneRefusedError, type PruneArchiver } from './prune-archiver';
import type { PlannedRange, PrunePlanner } from './prune-plan';
import { isFinal, type Prune, type PruneStore } from './prune-store';
import { openStoredRuns } from './stored-runs';

/** The tree as it was signed last. `root` in hex. */
export interface SignedTree {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

interface MakerDeps {
  readonly prunes: PruneStore;
  readonly planner: PrunePlanner;
  readonly archiver: PruneArchiver;
  readonly places: ArchivePlaces;
  readonly holds: HoldService;
  readonly facts: LedgerFacts;
  readonly archiveKey: ArchiveKey;
  /** A checkpoint over everything there is now. */
  readonly signCheckpoint: (ledger: Ledger) => Promise<SignedTree>;
  /** Signs a note text with the key of an origin. */
  readonly signNote: (text: string, origin: string) => string;
  readonly now: () => Date;
  /** Told after each step that must survive an end of the process; tests end it there. */
  readonly onStep?: (step: string) => void;
}

export interface MakeRequest {
  readonly range: PlannedRange;
  readonly days: number;
  /** Milliseconds. */
  readonly limit: number;
  readonly requestedBy: string;
  readonly via: Via;
  /** The request of a purge that this is a part of. */
  readonly purge?: string | undefined;
}

/**
 * The part of a prune before anything is deleted: checkpoint, archive, certificate, the entry in the chain. Each step is durable
 * before the next begins.
 */
export function createPruneMaker(deps: MakerDeps) {
  const { prunes, places, holds, facts } = deps;
  const told = (step: string) => deps.onStep?.(step);

  async function writeRange(ledger: Ledger, id: string, request: MakeRequest): Promise<PruneCertificate> {
    const { range, limit, days } = request;
    const tree = await deps.signCheckpoint(ledger);
    if (tree.size < range.toSeq) throw new PruneRefusedError(`the Merkle tree has ${tree.size} entries only`);
    told('checkpoint');
    const { lines, summary } = deps.archiver.read(ledger, {
      ...range,
      limit,
      holds: await holds.confirmActive(ledger),
      prunedHashBefore: createPrunedRuns(openStoredRuns(await prunes.list(ledger))).hashAt(range.fromSeq - 1),
    });
    const archive = places.nameFor(ledger, { id, ...range });
    const header = { id, ledger: ledger.name, fromSeq: range.fromSeq, toSeq: range.toSeq };
    const archiveDigest = await writeArchive(places.pathOf(archive), header, deps.archiveKey, lines);
    await places.copy(archive);
    told('archive');
    const certificate: PruneCertificate = {
      id,
      ledger: ledger.name,
      madeAt: deps.now().toISOString(),
      days,
      fromSeq: range.fromSeq,
      toSeq: range.toSeq,
      firstReceivedAt: new Date(summary.firstReceivedAt).toISOString(),
      lastReceivedAt: new Date(summary.lastReceivedAt).toISOString(),
      treeSize: tree.size,
      treeRoot: Buffer.from(tree.root, 'hex').toString('base64'),
      leavesRoot: summary.leavesRoot,
      archiveDigest,
      runs: summary.runs,
    };
    const note = deps.signNote(formatCertificate(certificate), tree.origin);
    await prunes.archived(id, { entries: prunedCount(certificate), archive, archiveDigest, certificate: note });
    await writeFile(`${places.pathOf(archive)}.certificate`, note, { mode: 0o600 });
    const copy = places.copyOf(archive);
    if (copy !== undefined) await writeFile(`${copy}.certificate`, note, { mode: 0o600 });
    told('archived');
    return certificate;
  }

  /** The entry in the chain makes a prune final. Nobody can place a hold meanwhile. */
  async function certify(ledger: Ledger, certificate: PruneCertificate, { via, purge }: MakeRequest): Promise<void> {
    const { id, fromSeq, toSeq } = certificate;
    await holds.exclusively(ledger, async () => {
      const prune = await prunes.find(id);
      if (prune?.state !== 'archived') throw new PruneRefusedError('another process took this prune back');
      for (const [hold, scope] of await holds.confirmActive(ledger)) {
        const held = await deps.planner.findHeld(ledger, scope, { fromSeq, toSeq });
        if (held.size > 0) throw new PruneRefusedError(`the hold ${hold} was placed meanwhile`);
      }
      await facts.record(ledger, {
        id,
        action: 'audit.pruned',
        targetId: ledger.name,
        payload: {
          ledger: ledger.name,
          from_seq: fromSeq,
          to_seq: toSeq,
          entries: prune.entries,
          first_received_at: certificate.firstReceivedAt,
          last_received_at: certificate.lastReceivedAt,
          days: certificate.days,
          requested_by: prune.requestedBy,
          archive: prune.archive,
          certificate: prune.certificate,
          ...(purge === undefined ? {} : { purge }),
        },
        via,
      });
      told('entry');
      await becomeCertified(ledger, id);
    });
    told('certified');
  }

  async function becomeCertified(ledger: Ledger, id: string): Promise<boolean> {
    const seq = await facts.findSeq(ledger, id);
    if (seq !== undefined) await prunes.certified(id, seq);
    return seq !== undefined;
  }

  async function takeBack(ledger: Ledger, id: string, range: { readonly fromSeq: number; readonly toSeq: number }) {
    // The row last: while it is there, the files are found again.
    await places.remove(places.nameFor(ledger, { id, ...range }));
    await prunes.discard(id);
  }

  return {
    /** A new prune up to its entry in the chain; its id. Throws PruneRefusedError, and then nothing is left of it. */
    async make(ledger: Ledger, request: MakeRequest): Promise<string> {
      const { range, days, requestedBy } = request;
      const id = uuidv7();
      await prunes.plan(ledger, { id, ...range, days, requestedBy, startedAt: deps.now().getTime() });
      told('planned');
      try {
        await certify(ledger, await writeRange(ledger, id, request), request);
        return id;
      } catch (error) {
        if (error instanceof PruneRefusedError) await holds.exclusively(ledger, () => takeBack(ledger, id, range));
        throw error;
      }
    },

    /** A prune that an ended process left: whether it is final. One that is not is taken back. */
    settle(ledger: Ledger, prune: Prune): Promise<boolean> {
      if (isFinal(prune)) return Promise.resolve(true);
      return holds.exclusively(ledger, async () => {
        if (prune.state === 'archived' && (await becomeCertified(ledger, prune.id))) return true;
        await takeBack(ledger, prune.id, prune);
        return false;
      });
    },
  };
}

export type PruneMaker = ReturnType<typeof createPruneMaker>;
