import { createHmac, timingSafeEqual } from 'node:crypto';

/** The hash before the first entry of a ledger: 32 zero bytes, lower-case hex like every hash. */
export const GENESIS_PREV_HASH = '0'.repeat(64);

/** A place in a ledger: what an entry's hash covers besides its sealed record. */
export interface ChainPlace {
  readonly ledger: string;
  readonly seq: number;
  readonly prevHash: string;
}

// A tag ends with a zero byte and every part after it has a fixed or a stated length, so no two inputs give the same
// bytes. docs/format.md has the layout; core/vectors/chain holds examples that PHP reads too.
const ENTRY_TAG = Buffer.from('sealtrail.entry.v1\0', 'latin1');
const COMMITMENT_TAG = Buffer.from('sealtrail.commitment.v1\0', 'latin1');
const HEAD_TAG = Buffer.from('sealtrail.head.v1\0', 'latin1');
const DIGEST_TAG = Buffer.from('sealtrail.digest.v1\0', 'latin1');

/**
 * HMAC-SHA256(epoch key, tag || u32be(length of ledger) || ledger || u64be(seq) || prev_hash || sealed record).
 * `record` is the canonical text as stored; nothing is serialised again to verify it.
 */
export function hashEntry(epochKey: Buffer, place: ChainPlace, record: string): string {
  return createHmac('sha256', epochKey).update(placeBytes(ENTRY_TAG, place)).update(record, 'utf8').digest('hex');
}

/**
 * The salted commitment that stands in a sealed record for the erasable values of one data subject.
 * `salt` is 32 random bytes; `ref` names the subject (`admin:7`); `body` is the canonical text of the values.
 */
export function commitTo(salt: Buffer, ref: string, body: string): string {
  const refBytes = Buffer.from(ref, 'utf8');
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(refBytes.length);
  return createHmac('sha256', salt)
    .update(Buffer.concat([COMMITMENT_TAG, length, refBytes]))
    .update(body, 'utf8')
    .digest('hex');
}

const DIGEST_LENGTH = 64;

/**
 * An item's digest as it is kept beside its entry: 64 hex digits, then 32 of a MAC that ties them to the place, so that nobody
 * can make another item pass for a resend of this one. It stands outside the record, because it goes when the values go.
 */
export function sealDigest(epochKey: Buffer, ledger: string, seq: number, digest: string): string {
  const place = placeBytes(DIGEST_TAG, { ledger, seq, prevHash: digest });
  return digest + createHmac('sha256', epochKey).update(place).digest('hex').slice(0, 32);
}

/** The digest in what `sealDigest` made; nothing is checked. */
export function digestIn(sealed: string): string {
  return sealed.slice(0, DIGEST_LENGTH);
}

/** Authenticates a ledger's head row, so that a cut tail cannot be hidden by editing the row. */
export function macHead(headKey: Buffer, ledger: string, seq: number, hash: string): string {
  return createHmac('sha256', headKey)
    .update(placeBytes(HEAD_TAG, { ledger, seq, prevHash: hash }))
    .digest('hex');
}

export function isSameHash(a: string, b: string): boolean {
  // UTF-8, not latin1: that would take U+0161 for an "a".
  const [left, right] = [Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')];
  return left.length === right.length && timingSafeEqual(left, right);
}

function placeBytes(tag: Buffer, place: ChainPlace): Buffer {
  const ledgerLength = Buffer.byteLength(place.ledger, 'utf8');
  const bytes = Buffer.allocUnsafe(tag.length + 4 + ledgerLength + 8 + 32);
  let at = tag.copy(bytes, 0);
  at = bytes.writeUInt32BE(ledgerLength, at);
  at += bytes.write(place.ledger, at, 'utf8');
  at = bytes.writeBigUInt64BE(BigInt(place.seq), at);
  at += bytes.write(place.prevHash, at, 32, 'hex');
  if (at !== bytes.length || place.prevHash.length !== 64) throw new RangeError('prev_hash must be 64 hex digits');
  return bytes;
}
