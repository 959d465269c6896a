import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;

/** Longer input gets bytes of its own; none is kept. */
const USUAL = 65_536;

// Filled anew by every call; nothing here waits between filling and hashing.
const usual = Buffer.alloc(USUAL);
const outer = Buffer.alloc(BLOCK + DIGEST);

/**
 * HMAC-SHA256 (RFC 2104) over the bytes of `head` followed by `text` in UTF-8, as lower-case hex. `key` is at most 64 bytes long;
 * throws RangeError for a longer one. Two plain hashes, because a keyed object for each of an entry's four MACs costs twice as
 * much as the hashing itself (docs/bench.md).
 */
export function hmacSha256(key: Buffer, head: Buffer, text = ''): string {
  if (key.length > BLOCK) throw new RangeError('an HMAC key of more than 64 bytes must be hashed first');
  // A UTF-16 unit takes at most three bytes.
  const most = BLOCK + head.length + text.length * 3;
  const inner = most <= USUAL ? usual : Buffer.allocUnsafe(most);
  inner.fill(0x36, key.length, BLOCK);
  outer.fill(0x5c, key.length, BLOCK);
  for (let at = 0; at < key.length; at += 1) {
    const byte = key[at] as number;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  head.copy(inner, BLOCK);
  const end = BLOCK + head.length + inner.write(text, BLOCK + head.length, 'utf8');
  const digest = hash('sha256', inner.subarray(0, end), 'binary');
  for (let at = 0; at < DIGEST; at += 1) outer[BLOCK + at] = digest.charCodeAt(at);
  return hash('sha256', outer, 'hex');
}
