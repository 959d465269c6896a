import { COSIGNATURE, keyOf, signBytes, verifyBytes, type NoteKey, type NoteSigner } from './note-key';

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/**
 * A witness's statement that a checkpoint continues all that it saw of the log before (C2SP tlog-cosignature, Ed25519): eight
 * bytes of time, then the signature. `text` is the note text with its last line feed, `time` seconds since 1970.
 */
export function cosign(
  text: string,
  signer: NoteSigner,
  time: number,
): { readonly name: string; readonly keyId: number; readonly signature: Buffer } {
  if (!Number.isSafeInteger(time) || time < 0) throw new RangeError('the time of a cosignature must be whole seconds');
  const { name, keyId } = keyOf(signer, COSIGNATURE);
  const stamp = Buffer.alloc(TIME_BYTES);
  stamp.writeBigUInt64BE(BigInt(time));
  return { name, keyId, signature: Buffer.concat([stamp, signBytes(signer, message(text, String(time)))]) };
}

/** The time of a genuine cosignature, in seconds since 1970; undefined when it is none. */
export function verifyCosignature(text: string, key: NoteKey, signature: Buffer): number | undefined {
  if (key.type !== COSIGNATURE || signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const time = signature.readBigUInt64BE();
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const isGenuine = verifyBytes(key, message(text, String(time)), signature.subarray(TIME_BYTES));
  return isGenuine ? Number(time) : undefined;
}

function message(text: string, time: string): string {
  return `cosignature/v1\ntime ${time}\n${text}`;
}
