import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './strict-base64';

/** Types of note signatures that we make and check (C2SP signed-note). */
export const NOTE_SIGNATURE = 0x01;
export const COSIGNATURE = 0x04;
export type SignatureType = typeof NOTE_SIGNATURE | typeof COSIGNATURE;

/** Who signs: a name and the 32-byte seed of an Ed25519 key (RFC 8032). */
export interface NoteSigner {
  readonly name: string;
  readonly seed: Buffer;
}

/** Whose signatures are believed. `keyId` is four bytes, read big-endian. */
export interface NoteKey {
  readonly name: string;
  readonly keyId: number;
  readonly type: SignatureType;
  readonly publicKey: Buffer;
}

/** Not empty, without spaces, plus signs or control characters. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}\p{Cc}\p{Surrogate}+]/u.test(name);
}

export function keyOf(signer: NoteSigner, type: SignatureType = NOTE_SIGNATURE): NoteKey {
  const publicKey = createPublicKey(privateKey(signer.seed)).export({ format: 'der', type: 'spki' });
  return newKey(signer.name, type, publicKey.subarray(-KEY_BYTES));
}

/** `name+keyid+base64(type || public key)`. */
export function formatVkey({ name, keyId, type, publicKey }: NoteKey): string {
  const material = Buffer.concat([Buffer.of(type), publicKey]);
  return `${name}+${hexOf(keyId)}+${material.toString('base64')}`;
}

/** Undefined for what is no verifier key of the types above, also when its key id is not the one of name and key. */
export function parseVkey(vkey: string): NoteKey | undefined {
  // The base64 part may hold plus signs, the name may not.
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey);
  const [, name = '', keyId = '', encoded = ''] = match ?? [];
  const material = decodeBase64(encoded);
  if (!isKeyName(name) || material?.length !== 1 + KEY_BYTES) return undefined;
  const type = material[0];
  if (type !== NOTE_SIGNATURE && type !== COSIGNATURE) return undefined;
  const key = newKey(name, type, material.subarray(1));
  return hexOf(key.keyId) === keyId ? key : undefined;
}

export function signBytes(signer: NoteSigner, message: string): Buffer {
  return sign(null, Buffer.from(message, 'utf8'), privateKey(signer.seed));
}

export function verifyBytes(key: NoteKey, message: string, signature: Buffer): boolean {
  return verify(null, Buffer.from(message, 'utf8'), publicKeyObject(key.publicKey), signature);
}

const KEY_BYTES = 32;
// What DER puts in front of an Ed25519 seed and of a public key (RFC 8410, section 7 and 4).
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

function privateKey(seed: Buffer): KeyObject {
  if (seed.length !== KEY_BYTES) throw new RangeError('the seed of a signing key must have 32 bytes');
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

function publicKeyObject(publicKey: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
}

/** `SHA-256(name || 0x0A || type || public key)[:4]`. */
function newKey(name: string, type: SignatureType, publicKey: Buffer): NoteKey {
  if (!isKeyName(name)) throw new RangeError('the name of a signing key must have no spaces and no plus signs');
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), Buffer.of(type), publicKey]));
  return { name, keyId: Number.parseInt(id.slice(0, 8), 16), type, publicKey };
}

function hexOf(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}
