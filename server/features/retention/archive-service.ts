import { stat } from 'node:fs/promises';
import { GENESIS_PREV_HASH, isSameHash } from '../../core/chain';
import { createMerkleFrontier, leafHash } from '../../core/merkle';
import { openCertificate, prunedCount, type PruneCertificate } from '../../core/prune-certificate';
import type { Database } from '../../db/connection';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import { createRowCheck } from '../../entries/row-check';
import { ArchiveError, digestFile, readArchive, readArchiveHeader, type ArchiveKey } from './archive-file';
import { fromArchiveLine } from './archive-line';
import type { ArchivePlaces } from './archive-places';
import { isFinal, type Prune, type PruneStore } from './prune-store';

export { ArchiveError } from './archive-file';

export interface ListedArchive {
  readonly prune: Prune;
  readonly file: string;
  /** Null where the file is not there. */
  readonly bytes: number | null;
  /** Null where no second folder is set. */
  readonly copy: { readonly file: string; readonly bytes: number | null } | null;
}

export interface ArchiveReport {
  readonly ledger: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Entries that were read. */
  readonly entries: number;
  /** The chain key of some was not at hand: they were checked by their leaf hashes alone. */
  readonly unverifiable: number;
  /** What does not fit, in plain English. Empty: the file is what was pruned. */
  readonly faults: readonly string[];
}

/** Archives of what was pruned: which there are, whether they are what they were, and what they hold. */
export interface ArchiveService {
  list(ledger: Ledger): Promise<ListedArchive[]>;
  /** Takes the file of a prune that is done away, with its copy; false where the prune is not done. */
  remove(pruneId: string): Promise<boolean>;
  /** Against the certificate: the file's digest, every seal and link, the root over the leaf hashes. Throws ArchiveError. */
  verify(file: string): Promise<ArchiveReport>;
  /** The entries of an archive, some at a time. Throws ArchiveError. */
  open(file: string): Promise<{ readonly ledger: Ledger; readonly entries: AsyncIterable<readonly EntryRow[]> }>;
}

interface ArchiveDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly erasures: ErasureReader;
  readonly prunes: PruneStore;
  readonly places: ArchivePlaces;
  readonly archiveKey: ArchiveKey;
  readonly vkeysOf: (ledger: Ledger) => Promise<readonly string[]>;
}

/** More are not told: a file that somebody rewrote has as many faults as entries. */
const MAX_FAULTS = 100;

export function createArchiveService(deps: ArchiveDeps): ArchiveService {
  const { store, prunes, places, keyRing } = deps;

  async function ledgerOf(name: string): Promise<Ledger> {
    const ledger = await store.findLedger(name);
    if (!ledger) throw new ArchiveError(`it is of the ledger ${name}, which this store does not have`);
    return ledger;
  }

  async function* entriesOf(file: string, ledger: Ledger): AsyncGenerator<EntryRow[]> {
    for await (const lines of readArchive(file, deps.archiveKey))
      yield lines.map((line) => fromArchiveLine(line, ledger));
  }

  async function certificateOf(ledger: Ledger, id: string): Promise<PruneCertificate | string> {
    const prune = await prunes.find(id);
    if (!prune || !isFinal(prune) || prune.certificate === null) return 'this store has no certificate for it';
    const checked = openCertificate(prune.certificate, ledger.name, await deps.vkeysOf(ledger));
    return checked.ok ? checked.certificate : `its certificate: ${checked.fault}`;
  }

  return {
    async list(ledger) {
      const listed: ListedArchive[] = [];
      for (const prune of (await prunes.list(ledger)).filter(isFinal)) {
        if (prune.archive === null) continue;
        const [file, copy] = [places.pathOf(prune.archive), places.copyOf(prune.archive)];
        const second = copy === undefined ? null : { file: copy, bytes: await sizeOf(copy) };
        listed.push({ prune, file, bytes: await sizeOf(file), copy: second });
      }
      return listed;
    },

    async remove(pruneId) {
      const prune = await prunes.find(pruneId);
      if (prune?.state !== 'done' || prune.archive === null) return false;
      await places.remove(prune.archive);
      return true;
    },

    async verify(file) {
      const header = await readArchiveHeader(file);
      const ledger = await ledgerOf(header.ledger);
      const certificate = await certificateOf(ledger, header.id);
      const faults =
        typeof certificate === 'string' ? [certificate] : await certificateFaults(certificate, header, file);
      const proof = typeof certificate === 'string' ? undefined : certificate;
      const check = createArchiveCheck(ledger, header, proof);
      for await (const entries of entriesOf(file, ledger)) for (const entry of entries) await check.add(entry);
      const found = check.finish();
      const { fromSeq, toSeq } = header;
      const all = [...faults, ...found.faults].slice(0, MAX_FAULTS);
      return {
        ledger: ledger.name,
        fromSeq,
        toSeq,
        entries: found.entries,
        unverifiable: found.unverifiable,
        faults: all,
      };
    },

    async open(file) {
      const ledger = await ledgerOf((await readArchiveHeader(file)).ledger);
      return { ledger, entries: entriesOf(file, ledger) };
    },
  };

  async function certificateFaults(
    certificate: PruneCertificate,
    header: { readonly fromSeq: number; readonly toSeq: number },
    file: string,
  ): Promise<string[]> {
    const isRange = certificate.fromSeq === header.fromSeq && certificate.toSeq === header.toSeq;
    const isFile = (await digestFile(file)) === certificate.archiveDigest;
    return [
      ...(isRange ? [] : ['its range is not that of the certificate']),
      ...(isFile ? [] : ['the file is not the one whose digest the certificate names']),
    ];
  }

  /** The checks over the entries in their order. */
  function createArchiveCheck(
    ledger: Ledger,
    { fromSeq, toSeq }: { readonly fromSeq: number; readonly toSeq: number },
    certificate: PruneCertificate | undefined,
  ) {
    const checkRow = createRowCheck(deps.erasures, ledger);
    const faults: string[] = [];
    const runs = certificate?.runs ?? [];
    /** At the ends of the runs alone. */
    const hashes = new Map<number, string>(
      runs.flatMap((run) => [[run.fromSeq - 1, ''] as const, [run.toSeq, ''] as const]),
    );
    const note = (seq: number, hash: string) => hashes.has(seq) && hashes.set(seq, hash);
    const tree = createMerkleFrontier();
    let expected = fromSeq;
    let prevHash = fromSeq === 1 ? GENESIS_PREV_HASH : undefined;
    let unverifiable = 0;
    return {
      async add(entry: EntryRow): Promise<void> {
        const key = await keyRing.findEpochKey(deps.database.knex, ledger.id, ledger.name, entry.epoch);
        const check = await checkRow(entry, key);
        if (check.unverifiable) unverifiable += 1;
        const follows = entry.seq === expected && (prevHash === undefined || isSameHash(prevHash, entry.prevHash));
        if (!follows) faults.push(`entry ${entry.seq} does not follow the one before it`);
        faults.push(...check.breaks.map(({ kind, detail }) => `entry ${entry.seq}, ${kind}: ${detail}`));
        faults.length = Math.min(faults.length, MAX_FAULTS);
        tree.add(leafHash(entry.record));
        // The hash before a run is that of the entry before it, and the first one's its own.
        note(entry.seq, entry.hash);
        if (expected === fromSeq) note(fromSeq - 1, entry.prevHash);
        expected = entry.seq + 1;
        prevHash = entry.hash;
      },
      finish() {
        const entries = tree.size;
        if (expected !== toSeq + 1) faults.push(`it ends with entry ${expected - 1}, not ${toSeq}`);
        if (certificate && tree.root().toString('base64') !== certificate.leavesRoot)
          faults.push('the root over its leaf hashes is not the one in the certificate');
        for (const run of runs)
          if (hashes.get(run.fromSeq - 1) !== run.prevHash || hashes.get(run.toSeq) !== run.lastHash)
            faults.push(`the hashes of the entries ${run.fromSeq} to ${run.toSeq} are not those in the certificate`);
        if (certificate && prunedCount(certificate) > entries) faults.push('it has fewer entries than were pruned');
        return { entries, unverifiable, faults };
      },
    };
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
