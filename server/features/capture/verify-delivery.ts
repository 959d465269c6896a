import { createHmac, timingSafeEqual } from 'node:crypto';

/** Standard Webhooks: the difference allowed between the signed time and ours, in either direction. */
const TOLERANCE_S = 5 * 60;

export interface DeliveryHeaders {
  readonly id: string;
  /** Seconds since 1970, decimal. */
  readonly timestamp: string;
  /** Space-separated `v1,BASE64` signatures. */
  readonly signature: string;
}

export type DeliveryProblem = 'stale' | 'signature' | 'headers';

/**
 * Checks a delivery as Standard Webhooks 1.0.0 says: `v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`. `body` is the
 * exact bytes received (compressed, if they were). Returns what is wrong, or undefined; callers must not tell the sender which.
 */
export function findDeliveryProblem(
  secret: Buffer,
  headers: DeliveryHeaders,
  body: Buffer,
  now: Date,
): DeliveryProblem | undefined {
  if (headers.id === '' || headers.id.includes('.') || headers.id.length > 256 || !/^\d{1,12}$/.test(headers.timestamp))
    return 'headers';
  const expected = Buffer.from(`v1,${signDelivery(secret, headers.id, headers.timestamp, body).toString('base64')}`);
  const matches = headers.signature.split(' ').some((part) => isSame(Buffer.from(part), expected));
  if (!matches) return 'signature';
  return Math.abs(now.getTime() / 1000 - Number(headers.timestamp)) > TOLERANCE_S ? 'stale' : undefined;
}

export function signDelivery(secret: Buffer, id: string, timestamp: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}

/** The key bytes behind `whsec_...`; undefined for what is not 24 to 64 bytes of base64. */
export function parseSecret(text: string): Buffer | undefined {
  if (!text.startsWith('whsec_')) return undefined;
  const bytes = Buffer.from(text.slice('whsec_'.length), 'base64');
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
