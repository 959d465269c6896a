import { parseCheckpoint, type Checkpoint } from '../../../core/checkpoint';
import { HASH_BYTES } from '../../../core/merkle';
import { parseNote } from '../../../core/signed-note';
import { decodeBase64 } from '../../../core/strict-base64';

/** The body of an add-checkpoint call (C2SP tlog-witness). */
export interface AddCheckpoint {
  /** The size that the caller believes we saw last. */
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
  readonly checkpoint: Checkpoint;
  /** The whole signed note. */
  readonly note: string;
  /** The part of it that is signed. */
  readonly text: string;
}

const MAX_PROOF = 63;

export function formatAddCheckpoint({
  oldSize,
  proof,
  note,
}: Pick<AddCheckpoint, 'oldSize' | 'proof' | 'note'>): string {
  return `old ${oldSize}\n${proof.map((one) => `${one.toString('base64')}\n`).join('')}\n${note}`;
}

/** Undefined for what has not exactly this form. No signature and no proof is checked. */
export function parseAddCheckpoint(body: Buffer): AddCheckpoint | undefined {
  const content = readUtf8(body);
  const end = content?.indexOf('\n\n') ?? -1;
  if (content === undefined || end < 0) return undefined;
  const [first = '', ...lines] = content.slice(0, end).split('\n');
  const [, digits] = /^old (0|[1-9]\d*)$/.exec(first) ?? [];
  const oldSize = Number(digits);
  const proof = lines.flatMap((line) => decodeBase64(line) ?? []);
  const areHashes = proof.length === lines.length && proof.every(({ length }) => length === HASH_BYTES);
  if (digits === undefined || !Number.isSafeInteger(oldSize) || !areHashes || proof.length > MAX_PROOF)
    return undefined;
  const note = content.slice(end + 2);
  const text = parseNote(note)?.text;
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text);
  return text === undefined || !checkpoint ? undefined : { oldSize, proof, checkpoint, note, text };
}

function readUtf8(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}
