import { verifyCosignature } from './cosignature';
import {
  COSIGNATURE,
  isKeyName,
  keyOf,
  parseVkey,
  signBytes,
  verifyBytes,
  type NoteKey,
  type NoteSigner,
} from './note-key';
import { decodeBase64 } from './strict-base64';

/** A line of a note, believed or not. `signature` is what follows the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Buffer;
}

/** C2SP signed-note: `text` ends with a line feed, which is signed with it. */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const MARK = '\u2014 ';
const ID_BYTES = 4;
/** More than any log needs, so that a long note costs no one time. */
const MAX_SIGNATURES = 100;

export function formatNote({ text, signatures }: SignedNote): string {
  if (!isNoteText(text)) throw new RangeError('a note text ends with a line feed and has no other control character');
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

/** Undefined for what has not exactly this form. No signature is checked. */
export function parseNote(note: string): SignedNote | undefined {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  if (end < 0 || !isNoteText(text) || !note.endsWith('\n')) return undefined;
  const lines = note.slice(end + 2, -1).split('\n');
  const signatures = lines.map(parseSignatureLine);
  if (lines.length > MAX_SIGNATURES || signatures.includes(undefined)) return undefined;
  return { text, signatures: signatures as NoteSignature[] };
}

/** A line as it stands in a note, with its line feed. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  const id = Buffer.alloc(ID_BYTES);
  id.writeUInt32BE(keyId);
  return `${MARK}${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** Undefined for what is no signature line; the line feed may be left off. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const [name = '', encoded = '', ...more] = line.replace(/\n$/, '').slice(MARK.length).split(' ');
  const bytes = decodeBase64(encoded);
  if (!line.startsWith(MARK) || more.length > 0 || !isKeyName(name) || !bytes || bytes.length <= ID_BYTES)
    return undefined;
  return { name, keyId: bytes.readUInt32BE(), signature: bytes.subarray(ID_BYTES) };
}

/** The whole note with one Ed25519 signature (type 0x01). */
export function signNote(text: string, signer: NoteSigner): string {
  const { name, keyId } = keyOf(signer);
  return formatNote({ text, signatures: [{ name, keyId, signature: signBytes(signer, text) }] });
}

/** A key whose signature was found genuine; `time` is a witness's, in seconds since 1970, else null. */
export interface NoteVerifier {
  readonly vkey: string;
  readonly name: string;
  readonly time: number | null;
}

export type NoteCheck =
  | {
      readonly ok: true;
      readonly text: string;
      readonly signatures: readonly NoteSignature[];
      readonly by: readonly NoteVerifier[];
    }
  | { readonly ok: false; readonly fault: 'malformed' | 'bad_signature' | 'no_known_key' };

/**
 * Lines of unknown keys are passed over. One line of a known key that is not genuine spoils the note, and so does the lack of
 * any. Throws RangeError for a `vkeys` member that is no verifier key.
 */
export function verifyNote(note: string, vkeys: readonly string[]): NoteCheck {
  const keys = knownKeys(vkeys);
  const parsed = parseNote(note);
  if (!parsed) return { ok: false, fault: 'malformed' };
  const { text, signatures } = parsed;
  const by: NoteVerifier[] = [];
  for (const [vkey, key] of keys) {
    for (const { signature } of signatures.filter((one) => one.name === key.name && one.keyId === key.keyId)) {
      const found = check(text, key, signature);
      if (!found) return { ok: false, fault: 'bad_signature' };
      by.push({ vkey, name: key.name, time: found.time });
    }
  }
  return by.length === 0 ? { ok: false, fault: 'no_known_key' } : { ok: true, text, signatures, by };
}

function knownKeys(vkeys: readonly string[]): Map<string, NoteKey> {
  return new Map(
    vkeys.map((vkey) => {
      const key = parseVkey(vkey);
      if (!key) throw new RangeError(`${vkey} is no verifier key`);
      return [vkey, key];
    }),
  );
}

function check(text: string, key: NoteKey, signature: Buffer): { readonly time: number | null } | undefined {
  if (key.type !== COSIGNATURE) return verifyBytes(key, text, signature) ? { time: null } : undefined;
  const time = verifyCosignature(text, key, signature);
  return time === undefined ? undefined : { time };
}

function isNoteText(text: string): boolean {
  // Control characters below U+0020 but the line feed, and halves of a character, which UTF-8 cannot write.
  // eslint-disable-next-line no-control-regex
  return text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f\p{Surrogate}]/u.test(text);
}
