import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadTile } from '../../core/tile';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { BrowseService, RawFilter, Selection, StoredView } from '../browse/browse-service';
import { csvHeader, csvLines } from '../export/export-service';
import { StoppedLedgerError, type CheckpointService, type StoredCheckpoint } from '../tree/checkpoint-service';
import type { TreeService } from '../tree/tree-service';
import { createBundleZip, type BundleZip } from './bundle-zip';
import { signDetached, type CmsSigner } from './detached-signature';
import { COVER_HEADER, createCoverWriter, keepTiles, MAX_PROOF_FILES, proofText } from './entry-proofs';
import { howToVerify } from './how-to-verify';
import { BUNDLE_FORMAT, FILE, formatManifest, proofFile, type Manifest } from './manifest';
import { openingsOf } from './opening';
import type { SignerService } from './signer-service';
import { createSpool, type Spool } from './spool';

export interface BundleRequest {
  readonly ledger: Ledger;
  readonly selection: Selection;
  /** The filter as it was asked for; empty where entries were named. */
  readonly rawFilter: RawFilter;
  /** Whether the erasable values and their salts go along. Without them entries are proved all the same. */
  readonly withValues: boolean;
  readonly requestedBy: string;
  /** Called once nothing but the writing itself can fail any more. */
  readonly onOpen?: () => void;
}

/** Evidence that a stranger checks without us: one zip (CONTRACT section 6), streamed. */
export interface BundleService {
  /** Signs a checkpoint first, and throws KnownError where none can be; what fails later destroys the stream. */
  open(request: BundleRequest): Promise<Readable>;
  send(response: Writable, request: BundleRequest): Promise<void>;
}

/** What the latest verification of the whole ledger said, for the record. */
export interface LedgerVerdict {
  readonly verdict: string;
  readonly at: string;
}

interface BundleDeps {
  readonly browse: BrowseService;
  readonly tree: TreeService;
  readonly checkpoints: CheckpointService;
  readonly signers: SignerService;
  readonly dataDir: string;
  /** `sealtrail 0.1.0`. */
  readonly program: string;
  readonly findVerdict: (ledger: Ledger) => Promise<LedgerVerdict | null>;
  readonly now: () => Date;
}

/** What was seen while the entries went out. */
interface Tally {
  readonly seqs: number[];
  entries: number;
  openings: number;
  last: number;
  readonly status: Record<'valid' | 'broken' | 'unverifiable', number>;
  readonly broken: number[];
}

const MAX_BROKEN_NAMED = 1_000;

export function createBundleService(deps: BundleDeps): BundleService {
  async function open(request: BundleRequest): Promise<Readable> {
    const checkpoint = await deps.checkpoints.sign(request.ledger, 'export').catch((error: unknown) => {
      if (error instanceof StoppedLedgerError) throw new KnownError('ledger_stopped', error.detail, { cause: error });
      throw error;
    });
    const vkeys = await deps.checkpoints.vkeys(request.ledger);
    const signer = await deps.signers.get();
    const at = deps.now();
    request.onOpen?.();
    const zip = createBundleZip(at);
    const spool = createSpool(path.join(deps.dataDir, 'exports'));
    fill(zip, spool, { request, checkpoint, vkeys, signer, at })
      .catch((error: unknown) => zip.fail(error instanceof Error ? error : new Error(String(error))))
      .finally(() => spool.remove());
    return zip.output;
  }

  interface Making {
    readonly request: BundleRequest;
    readonly checkpoint: StoredCheckpoint;
    readonly vkeys: readonly string[];
    readonly signer: CmsSigner;
    readonly at: Date;
  }

  async function fill(zip: BundleZip, spool: Spool, making: Making): Promise<void> {
    const { request, checkpoint, vkeys, signer, at } = making;
    const { ledger, withValues } = request;
    const read = keepTiles(tileReader(ledger));
    const [csv, openings, cover] = [spool.open('csv'), spool.open('openings'), spool.open('cover')];
    const covering = createCoverWriter(checkpoint.size, read);
    const tally: Tally = { seqs: [], entries: 0, openings: 0, last: 0, status: { valid: 0, broken: 0, unverifiable: 0 }, broken: [] }; // prettier-ignore
    await csv.write(csvHeader());
    await cover.write(`${COVER_HEADER}\nsize ${checkpoint.size}\n`);

    // One reading gives all: two could differ by what was erased between them.
    await zip.addStream(FILE.entries, lines());
    async function* lines(): AsyncGenerator<Buffer> {
      for await (const page of deps.browse.streamStored(ledger, request.selection, { withValues })) {
        const covered = page.filter(({ row }) => row.seq <= checkpoint.size);
        await csv.write(csvLines(covered.map(({ view }) => view)));
        for (const { row } of covered) {
          const opened = withValues ? openingsOf(row) : [];
          tally.openings += opened.length;
          await openings.write(opened.join(''));
        }
        await addProofs(covered);
        count(tally, covered);
        yield Buffer.from(covered.map(({ row }) => `${row.record}\n`).join(''));
        if (covered.length < page.length) return;
      }
    }

    /** Few entries are kept for a file each; from too many on, all of them are covered. */
    async function addProofs(page: readonly StoredView[]): Promise<void> {
      const seqs = page.map(({ row }) => row.seq);
      const wasFew = tally.entries <= MAX_PROOF_FILES;
      const isFew = tally.entries + seqs.length <= MAX_PROOF_FILES;
      if (isFew) tally.seqs.push(...seqs);
      else for (const seq of wasFew ? [...tally.seqs, ...seqs] : seqs) await cover.write(await covering.before(seq));
    }

    const isFew = tally.entries <= MAX_PROOF_FILES;
    if (!isFew) await cover.write(await covering.rest());
    await Promise.all([csv, openings, cover].map((file) => file.close()));
    await zip.addFile(FILE.csv, csv.path);
    if (withValues) await zip.addFile(FILE.openings, openings.path);
    if (isFew) for (const seq of tally.seqs) zip.addText(proofFile(seq), await proofText(seq, checkpoint, read));
    else await zip.addFile(FILE.cover, cover.path);

    zip.addText(FILE.checkpoint, checkpoint.note);
    zip.addText(FILE.vkeys, vkeys.map((vkey) => `${vkey}\n`).join(''));
    zip.addText(FILE.verification, await verification(ledger, tally, at));
    zip.addText(FILE.certificate, signer.certificates.map(String).join(''));
    zip.addText(FILE.howTo, howToVerify({ checkpoint, vkeys, signer, firstSeq: tally.seqs[0], isFew, withValues, ledger: ledger.name })); // prettier-ignore
    const manifest = formatManifest({
      format: BUNDLE_FORMAT,
      program: deps.program,
      made_at: at.toISOString(),
      requested_by: request.requestedBy,
      tenant: ledger.tenant.slug,
      ledger: ledger.name,
      selection: selectionOf(request),
      sequence: tally.entries === 0 ? null : { first: tally.seqs[0] ?? tally.last, last: tally.last },
      counts: { entries: tally.entries, openings: tally.openings },
      proofs: isFew ? 'files' : 'cover',
      checkpoint: { origin: checkpoint.origin, size: checkpoint.size, root: checkpoint.root },
      files: zip.files(),
    });
    zip.addText(FILE.manifest, manifest, { listed: false });
    zip.addText(FILE.signature, signDetached(manifest, signer, at), { listed: false });
    zip.end();
  }

  function tileReader(ledger: Ledger): ReadTile {
    return async (level, tile) => (await deps.tree.readTile(ledger, level, tile)) ?? Buffer.alloc(0);
  }

  /** What our own chain said about these entries when they were taken out, and about the ledger when it was verified last. */
  async function verification(ledger: Ledger, { status, broken, entries }: Tally, at: Date): Promise<string> {
    const verdict = status.broken > 0 ? 'broken' : entries === 0 || status.unverifiable > 0 ? 'cannot_tell' : 'intact';
    const selection = { verdict, scanned: entries, ...status, broken_entries: broken };
    const facts = { checked_at: at.toISOString(), ledger: ledger.name, selection, whole_ledger: await deps.findVerdict(ledger) }; // prettier-ignore
    return `${JSON.stringify(facts, null, 2)}\n`;
  }

  return { open, send: async (response, request) => pipeline(await open(request), response) };
}

function count(tally: Tally, page: readonly StoredView[]): void {
  for (const { row, view } of page) {
    tally.status[view.integrity.status] += 1;
    if (view.integrity.status === 'broken' && tally.broken.length < MAX_BROKEN_NAMED) tally.broken.push(row.seq);
    tally.last = row.seq;
  }
  tally.entries += page.length;
}

function selectionOf({ selection, rawFilter }: BundleRequest): Manifest['selection'] {
  if ('seqs' in selection) return { entries: [...new Set(selection.seqs)].sort((a, b) => a - b) };
  return { filter: Object.fromEntries(Object.entries(rawFilter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))) }; // prettier-ignore
}

/** So many entries can be named one by one. */
export const MAX_SEQS = 10_000;

/** `3,17,18`; undefined for what is no list of sequence numbers, or too long a one. */
export function parseSeqs(text: string): number[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > MAX_SEQS || !parts.every((part) => /^[1-9]\d{0,14}$/.test(part))) return undefined;
  return [...new Set(parts.map(Number))].sort((a, b) => a - b);
}

/** `sealtrail-bundle-2026-11-21-0801.zip`, time in UTC. */
export function bundleFileName(now: Date): string {
  const [day = '', time = ''] = now.toISOString().split('T');
  return `sealtrail-bundle-${day}-${time.slice(0, 2)}${time.slice(3, 5)}.zip`;
}
