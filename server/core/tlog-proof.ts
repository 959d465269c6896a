import { openCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint';
import { HASH_BYTES, verifyInclusion } from './merkle';
import { parseNote, type NoteVerifier } from './signed-note';
import { decodeBase64 } from './strict-base64';

/** A file that proves one entry without the log (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** The leaf's sibling first. */
  readonly hashes: readonly Buffer[];
  /** The whole signed note. */
  readonly checkpoint: string;
  /** Not authenticated. */
  readonly extra: Buffer | null;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_HASHES = 63;

export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  return [
    HEADER,
    ...(extra ? [`extra ${extra.toString('base64')}`] : []),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
    '',
    checkpoint,
  ].join('\n');
}

/** Undefined for what has not exactly this form. Nothing is verified. */
export function parseTlogProof(text: string): TlogProof | undefined {
  const end = text.indexOf('\n\n');
  if (end < 0) return undefined;
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== HEADER) return undefined;
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64((lines.shift() as string).slice(6)) : null;
  const index = /^index (0|[1-9]\d*)$/.exec(lines.shift() ?? '')?.[1];
  const hashes = lines.map(decodeBase64);
  if (extra === undefined || index === undefined || !Number.isSafeInteger(Number(index))) return undefined;
  if (hashes.length > MAX_HASHES || hashes.some((hash) => hash?.length !== HASH_BYTES)) return undefined;
  return { index: Number(index), hashes: hashes as Buffer[], checkpoint: text.slice(end + 2), extra };
}

export type TlogProofCheck =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly by: readonly NoteVerifier[] }
  | { readonly ok: false; readonly fault: 'malformed' | 'bad_signature' | 'no_known_key' | 'not_included' };

/** Whether the leaf lies at the proof's index in the tree that a log of `vkeys` signed. */
export function verifyTlogProof(proof: TlogProof, leaf: Buffer, vkeys: readonly string[]): TlogProofCheck {
  const opened = openCheckpoint(proof.checkpoint, vkeys);
  if (!opened.ok) return opened;
  const { size, root } = opened.checkpoint;
  const isIncluded = verifyInclusion({ index: proof.index, size, leaf, proof: proof.hashes, root });
  return isIncluded ? opened : { ok: false, fault: 'not_included' };
}

/** The origin that a proof names, whoever signed it. */
export function originOf(proof: TlogProof): string | undefined {
  const note = parseNote(proof.checkpoint);
  return note && parseCheckpoint(note.text)?.origin;
}
