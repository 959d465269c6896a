import { hmacSha256 } from './hmac';
import { Scratch } from './scratch';
import { decodeHexHash } from './strict-hex';

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
const entryBytes = createPlaceBytes('sealtrail.entry.v1\0');
const headBytes = createPlaceBytes('sealtrail.head.v1\0');
const digestBytes = createPlaceBytes('sealtrail.digest.v1\0');
const COMMITMENT_TAG = Buffer.from('sealtrail.commitment.v1\0', 'latin1');
/** Where the reference stands: behind the tag and its length in four bytes. */
const COMMITMENT_REF = COMMITMENT_TAG.length + 4;
const commitmentHead = new Scratch();

/**
 * HMAC-SHA256(epoch key, tag || u32be(length of ledger) || ledger || u64be(seq) || prev_hash || sealed record).
 * `record` is the canonical text as stored; nothing is serialised again to verify it.
 */
export function hashEntry(epochKey: Buffer, place: ChainPlace, record: string): string {
  return hmacSha256(epochKey, placed(entryBytes(place.ledger, place.seq, place.prevHash)), record);
}

/** Whether it is what `hashEntry` gives; false at a place that no entry has. */
export function isEntryHash(epochKey: Buffer, place: ChainPlace, record: string, hash: string): boolean {
  const bytes = entryBytes(place.ledger, place.seq, place.prevHash);
  return bytes !== undefined && isSameHash(hmacSha256(epochKey, bytes, record), hash);
}

/**
 * The salted commitment that stands in a sealed record for the erasable values of one data subject.
 * `salt` is 32 random bytes; `ref` names the subject (`admin:7`); `body` is the canonical text of the values.
 */
export function commitTo(salt: Buffer, ref: string, body: string): string {
  const head = commitmentHead.reserve(COMMITMENT_REF + ref.length * 3);
  const refLength = head.write(ref, COMMITMENT_REF, 'utf8');
  head.writeUInt32BE(refLength, COMMITMENT_TAG.length);
  // Bytes of their own, when the reference is very long, have no tag yet.
  head.set(COMMITMENT_TAG);
  return hmacSha256(salt, commitmentHead.first(head, COMMITMENT_REF + refLength), body);
}

const DIGEST_LENGTH = 64;

/**
 * An item's digest as it is kept beside its entry: 64 hex digits, then 32 of a MAC that ties them to the place, so that nobody
 * can make another item pass for a resend of this one. It stands outside the record, because it goes when the values go.
 */
export function sealDigest(epochKey: Buffer, ledger: string, seq: number, digest: string): string {
  return digest + hmacSha256(epochKey, placed(digestBytes(ledger, seq, digest))).slice(0, 32);
}

/** Whether it is what `sealDigest` made of the digest in it. */
export function isDigestSealed(epochKey: Buffer, ledger: string, seq: number, sealed: string): boolean {
  const bytes = digestBytes(ledger, seq, digestIn(sealed));
  return bytes !== undefined && isSameHash(hmacSha256(epochKey, bytes).slice(0, 32), sealed.slice(DIGEST_LENGTH));
}

/** The digest in what `sealDigest` made; nothing is checked. */
export function digestIn(sealed: string): string {
  return sealed.slice(0, DIGEST_LENGTH);
}

/** Authenticates a ledger's head row, so that a cut tail cannot be hidden by editing the row. */
export function macHead(headKey: Buffer, ledger: string, seq: number, hash: string): string {
  return hmacSha256(headKey, placed(headBytes(ledger, seq, hash)));
}

/** Without telling by its time how much of a hash is right. */
export function isSameHash(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

/**
 * Writes tag, ledger, sequence number and hash (64 hex digits) for one MAC; undefined where one of them is none. The bytes are
 * written over by the next call: nearly every call is of the same ledger as the one before, so that only number and hash change.
 */
function createPlaceBytes(tag: string): (ledger: string, seq: number, hash: string) => Buffer | undefined {
  let known: string | undefined;
  let bytes = Buffer.alloc(0);
  return (ledger, seq, hash) => {
    if (!Number.isSafeInteger(seq) || seq < 0) return undefined;
    if (ledger !== known) {
      const ledgerLength = Buffer.byteLength(ledger, 'utf8');
      bytes = Buffer.alloc(tag.length + 4 + ledgerLength + 8 + 32);
      const at = bytes.writeUInt32BE(ledgerLength, bytes.write(tag, 'latin1'));
      bytes.write(ledger, at, 'utf8');
      known = ledger;
    }
    const at = bytes.length - 40;
    bytes.writeUInt32BE(seq % 0x1_0000_0000, bytes.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), at));
    return decodeHexHash(hash, bytes, at + 8) ? bytes : undefined;
  };
}

/** Throws RangeError where there is no such place. */
function placed(bytes: Buffer | undefined): Buffer {
  if (bytes === undefined)
    throw new RangeError('a place in a ledger is a whole number and a hash of 64 lower-case hex digits');
  return bytes;
}
