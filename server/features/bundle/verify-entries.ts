import { StringDecoder } from 'node:string_decoder';
import { leafHash } from '../../core/merkle';
import { createCoverFold } from '../../core/merkle-cover';
import { parseRecord } from '../../core/sealed-record';
import { decodeBase64 } from '../../core/strict-base64';
import { parseTlogProof, verifyTlogProof } from '../../core/tlog-proof';
import { COVER_HEADER } from './entry-proofs';
import { FILE, proofFile, type Manifest } from './manifest';
import { fitsCommitment, parseOpening, type Opening } from './opening';
import type { ZipReader } from './zip-reader';

interface Known {
  /** The signed checkpoint, verified. */
  readonly note: string;
  readonly root: Buffer;
  readonly vkeys: readonly string[];
  /** Whether a file is as it was signed; what is not is named already and not looked at again. */
  readonly isIntact: (name: string) => boolean;
}

type Found = (file: string, detail: string, seq?: number) => void;

const MAX_PROOF = 64 * 1024;

/** Whether the entries are those that the checkpoint covers, and the values those that they commit to. One pass, little memory. */
export async function verifyEntries(
  zip: ZipReader,
  manifest: Manifest,
  known: Known,
  found: Found,
): Promise<{ entries: number; openings: number }> {
  const openings = await readOpenings(zip, known, found);
  const prove = manifest.proofs === 'files' ? proveEach(zip, known, found) : await proveTogether(zip, manifest, known, found); // prettier-ignore
  let entries = 0;
  let last = 0;
  for await (const line of linesOf(zip, FILE.entries)) {
    entries += 1;
    const record = parseRecord(line);
    const seq = Number(record?.seq);
    if (!record || !Number.isSafeInteger(seq) || record.ledger !== manifest.ledger || seq <= last) {
      found(FILE.entries, `line ${entries} is no entry of ledger ${manifest.ledger} in its order`);
      break;
    }
    last = seq;
    await prove.entry(seq, leafHash(line));
    for (const opening of await openings.take(seq))
      if (!fitsCommitment(opening, record))
        found(FILE.openings, `the values of the ${opening.side} are not those that the entry commits to`, seq);
  }
  await prove.end();
  await openings.end();
  const said = manifest.counts;
  if (entries !== said.entries) found(FILE.entries, `it holds ${entries} entries, the manifest says ${said.entries}`);
  if (known.isIntact(FILE.openings) && openings.count !== said.openings)
    found(FILE.openings, `it holds ${openings.count} openings, the manifest says ${said.openings}`);
  return { entries, openings: openings.count };
}

interface Prover {
  entry(seq: number, leaf: Buffer): Promise<void>;
  end(): Promise<void>;
}

function proveEach(zip: ZipReader, { note, vkeys, isIntact }: Known, found: Found): Prover {
  return {
    async entry(seq, leaf) {
      const name = proofFile(seq);
      if (!isIntact(name)) {
        if (!zip.names.includes(name)) found(name, 'the entry has no proof', seq);
        return;
      }
      const proof = parseTlogProof((await zip.readAll(name, MAX_PROOF)).toString('utf8'));
      if (!proof) return found(name, 'it is no tlog-proof', seq);
      const isThis = proof.index === seq - 1 && proof.checkpoint === note;
      if (!isThis || !verifyTlogProof(proof, leaf, vkeys).ok) found(name, 'it does not prove the entry', seq);
    },
    end: () => Promise.resolve(),
  };
}

/** Entries and cover must give the root together: where they do not, nothing says which of them is wrong. */
async function proveTogether(
  zip: ZipReader,
  manifest: Manifest,
  { root, isIntact }: Known,
  found: Found,
): Promise<Prover> {
  const { size } = manifest.checkpoint;
  const fold = createCoverFold();
  let fault = isIntact(FILE.cover) ? undefined : 'not looked at';
  const nodes = fault === undefined ? linesOf(zip, FILE.cover)[Symbol.asyncIterator]() : undefined;
  const next = async () => ((await nodes?.next()) ?? { done: true, value: undefined }).value as string | undefined;
  if (fault === undefined && ((await next()) !== COVER_HEADER || (await next()) !== `size ${size}`))
    fault = 'it is no cover of this tree';

  async function fillTo(to: number): Promise<void> {
    while (fault === undefined && fold.size < to) {
      const [from = '', count = '', hash = ''] = ((await next()) ?? '').split(' ');
      const bytes = decodeBase64(hash);
      if (Number(from) !== fold.size || bytes?.length !== 32 || fold.size + Number(count) > to)
        fault = `it does not fill the hole before leaf ${to}`; // prettier-ignore
      else fault = attempt(() => fold.add(bytes, Number(count)));
    }
  }
  return {
    async entry(seq, leaf) {
      await fillTo(seq - 1);
      fault ??= attempt(() => fold.add(leaf, 1));
    },
    async end() {
      await fillTo(size);
      if (fault === undefined && (await next()) !== undefined) fault = 'it goes on after the last leaf';
      if (fault === undefined && !fold.root().equals(root)) fault = 'with the entries it does not give the root in the checkpoint'; // prettier-ignore
      if (fault !== undefined && isIntact(FILE.cover)) found(FILE.cover, fault);
    },
  };
}

function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Openings {
  take(seq: number): Promise<Opening[]>;
  end(): Promise<void>;
  readonly count: number;
}

/** They come in the order of the entries. */
async function readOpenings(zip: ZipReader, { isIntact }: Known, found: Found): Promise<Openings> {
  const lines = isIntact(FILE.openings) ? linesOf(zip, FILE.openings)[Symbol.asyncIterator]() : undefined;
  let count = 0;
  let waiting = await read();
  async function read(): Promise<Opening | undefined> {
    const next = await lines?.next();
    if (!next || next.done === true) return undefined;
    count += 1;
    const opening = parseOpening(next.value);
    if (!opening) found(FILE.openings, `line ${count} is no opening`);
    return opening;
  }
  return {
    async take(seq) {
      const taken: Opening[] = [];
      for (; waiting && Number(waiting.seq) <= seq; waiting = await read())
        if (Number(waiting.seq) === seq) taken.push(waiting);
        else found(FILE.openings, 'it opens an entry that is not in the bundle', Number(waiting.seq));
      return taken;
    },
    async end() {
      for (; waiting; waiting = await read())
        found(FILE.openings, 'it opens an entry that is not in the bundle', Number(waiting.seq));
    },
    get count() {
      return count;
    },
  };
}

/** By line feeds alone: a record may hold U+2028, which readline would take for the end of a line. */
async function* linesOf(zip: ZipReader, name: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of await zip.read(name)) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
