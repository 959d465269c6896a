import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { decodeBase64 } from './strict-base64';

/** What a key derived from the master key is for; each purpose has its own. */
export type KeyPurpose =
  | 'epoch-wrap'
  | 'head'
  | 'session'
  | 'bridge-secret'
  | 'key-check'
  | 'checkpoint'
  | 'verification'
  | 'row-mac'
  | 'witness'
  | 'archive';

const SALT = 'sealtrail/v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** HKDF-SHA256 (RFC 5869) of the 32-byte master key; `purpose` and `context` are kept apart by a byte neither may hold. */
export function deriveKey(masterKey: Buffer, purpose: KeyPurpose, context = ''): Buffer {
  if (masterKey.length !== 32) throw new RangeError('the master key must have 32 bytes');
  return Buffer.from(hkdfSync('sha256', masterKey, SALT, `${purpose}\0${context}`, 32));
}

/** AES-256-GCM: nonce (12) || tag (16) || cipher text, base64. `context` is bound to it as additional data. */
export function wrapKey(wrappingKey: Buffer, secret: Buffer, context: string, nonce: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** The secret, or undefined when the key or the context is not the one it was wrapped with, or the text was changed. */
export function unwrapKey(wrappingKey: Buffer, wrapped: string, context: string): Buffer | undefined {
  const bytes = decodeBase64(wrapped);
  if (!bytes || bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', wrappingKey, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}
