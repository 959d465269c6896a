import { HASH_BYTES } from './merkle';
import { isKeyName } from './note-key';
import { verifyNote, type NoteVerifier } from './signed-note';
import { decodeBase64 } from './strict-base64';

/** A tree head (C2SP tlog-checkpoint): which log, how many leaves, and the root over them (32 bytes). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The note text, to be signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  // Our origins are the names of their keys too.
  if (!isKeyName(origin)) throw new RangeError('an origin must have no spaces and no plus signs');
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('the size of a tree must be a whole number');
  if (root.length !== HASH_BYTES) throw new RangeError('the root of a tree has 32 bytes');
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads a note text; undefined for what is no checkpoint. `extensions` are the lines behind, which we never write. */
export function parseCheckpoint(text: string): (Checkpoint & { readonly extensions: readonly string[] }) | undefined {
  const [origin = '', digits = '', encoded = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = decodeBase64(encoded);
  const size = Number(digits);
  if (!text.endsWith('\n') || origin === '' || extensions.includes('')) return undefined;
  if (!/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(size) || root?.length !== HASH_BYTES) return undefined;
  return { origin, size, root, extensions };
}

export type CheckpointCheck =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly by: readonly NoteVerifier[] }
  | { readonly ok: false; readonly fault: 'malformed' | 'bad_signature' | 'no_known_key' };

/**
 * A whole signed note as the checkpoint of a log that one of `vkeys` belongs to: the log's own signature must be there, that is
 * one by a key named like the origin. Cosignatures of witnesses in `vkeys` are checked too and named in `by`.
 */
export function openCheckpoint(note: string, vkeys: readonly string[]): CheckpointCheck {
  const checked = verifyNote(note, vkeys);
  if (!checked.ok) return checked;
  const checkpoint = parseCheckpoint(checked.text);
  if (!checkpoint) return { ok: false, fault: 'malformed' };
  if (!checked.by.some(({ name, time }) => name === checkpoint.origin && time === null))
    return { ok: false, fault: 'no_known_key' };
  return { ok: true, checkpoint, by: checked.by };
}
