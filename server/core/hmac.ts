import { hash } from 'node:crypto';
import { Scratch } from './scratch';

const BLOCK = 64;
const DIGEST = 32;

const scratch = new Scratch();
const usual = scratch.reserve(BLOCK);
const outer = Buffer.alloc(BLOCK + DIGEST);
/** Length of the key behind which `usual` and `outer` hold the padding still. */
let padded = -1;

/**
 * HMAC-SHA256 (RFC 2104) over the bytes of `head` followed by `text` in UTF-8, as lower-case hex. `key` is at most 64 bytes long;
 * throws RangeError for a longer one. Two plain hashes, because a keyed object for each of an entry's four MACs costs twice as
 * much as the hashing itself (docs/bench.md).
 */
export function hmacSha256(key: Buffer, head: Buffer, text = ''): string {
  if (key.length > BLOCK) throw new RangeError('an HMAC key of more than 64 bytes must be hashed first');
  // A UTF-16 unit takes at most three bytes.
  const inner = scratch.reserve(BLOCK + head.length + text.length * 3);
  pad(inner, key);
  inner.set(head, BLOCK);
  const end = BLOCK + head.length + (text === '' ? 0 : inner.write(text, BLOCK + head.length, 'utf8'));
  const digest = hash('sha256', scratch.first(inner, end), 'binary');
  for (let at = 0; at < DIGEST; at += 1) outer[BLOCK + at] = digest.charCodeAt(at);
  return hash('sha256', outer, 'hex');
}

function pad(inner: Buffer, key: Buffer): void {
  const size = key.length;
  if (inner !== usual || size !== padded) {
    inner.fill(0x36, size, BLOCK);
    outer.fill(0x5c, size, BLOCK);
    padded = inner === usual ? size : -1;
  }
  for (let at = 0; at < size; at += 1) {
    const byte = key[at] as number;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
}
