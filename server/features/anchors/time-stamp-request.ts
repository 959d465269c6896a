import { createHash } from 'node:crypto';

// TimeStampReq (RFC 3161, section 2.4.1): version 1, the digest with SHA-256, no policy, a nonce of eight bytes, certReq TRUE.
const HEAD = Buffer.from('30430201013031300d060960864801650304020105000420', 'hex');
const NONCE = Buffer.from('0208', 'hex');
const CERT_REQ = Buffer.from('0101ff', 'hex');

export const NONCE_BYTES = 8;

/** The 69 bytes that ask for a time-stamp over `data`. A nonce has eight bytes, the first from 0x01 to 0x7f: DER has one form. */
export function timeStampRequest(data: Buffer, nonce: Buffer): Buffer {
  const first = nonce[0] ?? 0;
  if (nonce.length !== NONCE_BYTES || first === 0 || first > 0x7f)
    throw new RangeError('a nonce has eight bytes, the first of them from 0x01 to 0x7f');
  return Buffer.concat([HEAD, createHash('sha256').update(data).digest(), NONCE, nonce, CERT_REQ]);
}

/** From random bytes. */
export function timeStampNonce(random: Buffer): Buffer {
  const nonce = Buffer.from(random.subarray(0, NONCE_BYTES));
  nonce[0] = (nonce[0] ?? 0) & 0x7f || 0x01;
  return nonce;
}
