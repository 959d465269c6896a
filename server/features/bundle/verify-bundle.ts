import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import type { Verdict } from '../../core/verify';
import { openCheckpoint } from '../../core/checkpoint';
import { fingerprintOf, readCertificates, topOfChain } from './certificates';
import { verifyDetached } from './detached-signature';
import { FILE, parseManifest, type Manifest } from './manifest';
import { verifyEntries } from './verify-entries';
import { BadZipError, openZip, type ZipReader } from './zip-reader';

/** What somebody knows from elsewhere about who made bundles. Without it a bundle can only be found consistent in itself. */
export interface Pins {
  readonly vkeys: readonly string[];
  /** SHA-256 of a certificate that the signer's must lead to, hex; colons and capitals do not matter. */
  readonly rootFingerprint?: string | undefined;
}

export interface BundleProblem {
  /** The file in the bundle, or `zip`. */
  readonly file: string;
  readonly detail: string;
  /** The entry that it is about. */
  readonly seq?: number;
}

/** Times are RFC 3339. */
export interface BundleReport {
  readonly verdict: Verdict;
  readonly problems: readonly BundleProblem[];
  /** What could not be checked, and why. */
  readonly notes: readonly string[];
  readonly entries: number;
  readonly openings: number;
  readonly ledger: string | null;
  readonly made_at: string | null;
  readonly signer: { readonly subject: string; readonly signed_at: string | null; readonly root_fingerprint: string } | null;
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: string; readonly signed_by: readonly string[] } | null;
  /** What the program that made it found in its own chain. */
  readonly exporter_verdict: string | null;
} // prettier-ignore

const MAX_MANIFEST = 8 * 1024 * 1024;
const MAX_SMALL = 1024 * 1024;
/** They cannot list themselves. */
const UNLISTED: readonly string[] = [FILE.manifest, FILE.signature];

/** Checks a bundle offline: no store, no keys. Throws only where the file cannot be opened at all. */
export async function verifyBundle(file: string, pins: Pins): Promise<BundleReport> {
  let zip: ZipReader;
  try {
    zip = await openZip(file);
  } catch (error) {
    if (!(error instanceof BadZipError)) throw error;
    return { ...NOTHING, verdict: 'broken', problems: [{ file: 'zip', detail: `this is no whole zip: ${error.message}` }] }; // prettier-ignore
  }
  try {
    return await verifyZip(zip, pins);
  } finally {
    zip.close();
  }
}

const NOTHING: Omit<BundleReport, 'verdict' | 'problems'> = {
  notes: [],
  entries: 0,
  openings: 0,
  ledger: null,
  made_at: null,
  signer: null,
  checkpoint: null,
  exporter_verdict: null,
};

async function verifyZip(zip: ZipReader, pins: Pins): Promise<BundleReport> {
  const problems: BundleProblem[] = [];
  const found = (file: string, detail: string, seq?: number) => void problems.push({ file, detail, ...(seq === undefined ? {} : { seq }) }); // prettier-ignore
  const readSmall = async (name: string, max = MAX_SMALL): Promise<Buffer | undefined> => {
    try {
      return await zip.readAll(name, max);
    } catch (error) {
      found(name, (error as Error).message);
      return undefined;
    }
  };

  const bytes = await readSmall(FILE.manifest, MAX_MANIFEST);
  const signature = await readSmall(FILE.signature);
  const signer = bytes && signature ? await checkSigner(bytes, signature) : null;
  const manifest = bytes && parseManifest(bytes);
  if (bytes && !manifest) found(FILE.manifest, 'it is no manifest of a form that this program knows');
  if (!manifest) return { ...NOTHING, verdict: 'broken', problems, signer };

  const intact = await checkFiles(manifest);
  const checkpoint = intact.has(FILE.checkpoint) && intact.has(FILE.vkeys) ? await checkCheckpoint(manifest) : null;
  const counts = intact.has(FILE.entries) && checkpoint
    ? await verifyEntries(zip, manifest, { note: checkpoint.note, vkeys: checkpoint.vkeys, root: Buffer.from(checkpoint.root, 'hex'), isIntact: (name) => intact.has(name) }, found)
    : { entries: 0, openings: 0 }; // prettier-ignore
  const exporterVerdict = intact.has(FILE.verification) ? await readExporterVerdict() : null;
  if (exporterVerdict === 'broken')
    found(FILE.verification, 'the program that made the bundle found some of these entries broken in its own chain');
  const notes = [
    ...(pins.rootFingerprint === undefined && pins.vkeys.length === 0
      ? ['who signed was not compared with anything known from elsewhere: give --root-fingerprint and --vkey']
      : []),
    ...(counts.entries === 0 ? ['no entry was checked'] : []),
    ...(exporterVerdict === 'cannot_tell' ? ['the program that made it could not check all entries by its chain'] : []),
  ];
  return {
    verdict: problems.length > 0 ? 'broken' : counts.entries === 0 ? 'cannot_tell' : 'intact',
    problems,
    notes,
    ...counts,
    ledger: manifest.ledger,
    made_at: manifest.made_at,
    signer,
    checkpoint: checkpoint && {
      origin: checkpoint.origin,
      size: checkpoint.size,
      root: checkpoint.root,
      signed_by: checkpoint.signedBy,
    },
    exporter_verdict: exporterVerdict,
  };

  async function checkSigner(content: Buffer, der: Buffer): Promise<BundleReport['signer']> {
    const checked = verifyDetached(content, der);
    if (!checked.ok) {
      found(FILE.signature, `the signature of ${FILE.manifest} does not hold: ${checked.detail}`);
      return null;
    }
    const pem = await readSmall(FILE.certificate);
    const chain = pem ? certificatesIn(pem) : [];
    if (chain[0]?.fingerprint256 !== checked.signer.fingerprint256)
      found(FILE.certificate, 'its first certificate is not that of the signature');
    const top = topOfChain(chain, checked.at ?? new Date());
    if (typeof top === 'string') found(FILE.certificate, top);
    const root = typeof top === 'string' ? checked.signer : top;
    const pin = pins.rootFingerprint?.replaceAll(':', '').toLowerCase();
    if (pin !== undefined && (typeof top === 'string' || !chain.some((one) => fingerprintOf(one) === pin)))
      found(FILE.certificate, 'the signer does not lead to the certificate of the given fingerprint');
    return { subject: checked.signer.subject.replaceAll('\n', ', '), signed_at: checked.at?.toISOString() ?? null, root_fingerprint: fingerprintOf(root) }; // prettier-ignore
  }

  /** Names of the files that are as they were signed. */
  async function checkFiles(listed: Manifest): Promise<Set<string>> {
    const good = new Set<string>();
    for (const one of listed.files) {
      const detail = await differs(zip, one);
      if (detail === undefined) good.add(one.name);
      else found(one.name, detail);
    }
    const known = new Set([...listed.files.map((one) => one.name), ...UNLISTED]);
    for (const name of zip.names) if (!known.has(name)) found(name, 'the manifest does not list it');
    return good;
  }

  async function checkCheckpoint(listed: Manifest) {
    const note = (await zip.readAll(FILE.checkpoint, MAX_SMALL)).toString('utf8');
    const given = (await zip.readAll(FILE.vkeys, MAX_SMALL)).toString('utf8').split('\n').filter((line) => line !== ''); // prettier-ignore
    const vkeys = pins.vkeys.length > 0 ? pins.vkeys : given;
    const opened = openVerified(note, vkeys);
    if (typeof opened === 'string') {
      found(FILE.checkpoint, opened);
      return null;
    }
    const { origin, size, root } = opened.checkpoint;
    const said = listed.checkpoint;
    if (said.origin !== origin || said.size !== size || said.root !== root.toString('hex'))
      found(FILE.checkpoint, `it is not the checkpoint that ${FILE.manifest} names`);
    return { note, vkeys, origin, size, root: root.toString('hex'), signedBy: opened.by.map((one) => one.name) };
  }

  async function readExporterVerdict(): Promise<string | null> {
    try {
      const json = JSON.parse((await zip.readAll(FILE.verification, MAX_SMALL)).toString('utf8')) as {
        selection?: { verdict?: unknown };
      };
      return typeof json.selection?.verdict === 'string' ? json.selection.verdict : null;
    } catch {
      found(FILE.verification, 'it cannot be read as JSON');
      return null;
    }
  }
}

function openVerified(note: string, vkeys: readonly string[]) {
  try {
    const opened = openCheckpoint(note, vkeys);
    if (opened.ok) return opened;
    const said = {
      malformed: 'it is no signed note of a checkpoint',
      bad_signature: 'its signature does not hold',
      no_known_key: 'no key that is known or given signed it',
    };
    return said[opened.fault];
  } catch (error) {
    return (error as Error).message;
  }
}

function certificatesIn(pem: Buffer): X509Certificate[] {
  try {
    return readCertificates(pem.toString('latin1'));
  } catch {
    return [];
  }
}

async function differs(zip: ZipReader, listed: Manifest['files'][number]): Promise<string | undefined> {
  const sha256 = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of await zip.read(listed.name)) {
      sha256.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  } catch (error) {
    return (error as Error).message;
  }
  return sha256.digest('hex') === listed.sha256 && size === listed.size ? undefined : 'it differs from what was signed';
}
