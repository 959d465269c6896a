/**
 * Sets of entries by blocks of neighbours. A set is a bit for each sequence number of its block; stored, a small one is the list of
 * its places (two bytes each, little-endian, ascending), a larger one the bits themselves.
 */
export const BLOCK = 8_192;
const BYTES = BLOCK / 8;
/** Thirty-two entries at a time: a search combines and counts some hundred sets. */
const WORDS = BLOCK / 32;

/**
 * Place p is bit p % 32 of word p / 32: on a little-endian machine, and others are not supported, the bytes are in the order of the
 * places.
 */
export type SeqSet = Int32Array;

export function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK);
}

/** Sets are cut from pieces of this many: memory of its own costs a set more than to be combined. */
const PIECE = 64;
let piece = new Int32Array(0);
let cut = 0;

export function emptySet(): SeqSet {
  if (cut === piece.length) {
    piece = new Int32Array(WORDS * PIECE);
    cut = 0;
  }
  cut += WORDS;
  return piece.subarray(cut - WORDS, cut);
}

export function fullSet(): SeqSet {
  return emptySet().fill(-1);
}

export function addTo(set: SeqSet, place: number): void {
  set[place >> 5] = (set[place >> 5] as number) | (1 << (place & 31));
}

export function removeFrom(set: SeqSet, place: number): void {
  set[place >> 5] = (set[place >> 5] as number) & ~(1 << (place & 31));
}

export function holds(set: SeqSet, place: number): boolean {
  return ((set[place >> 5] as number) & (1 << (place & 31))) !== 0;
}

export function both(a: SeqSet, b: SeqSet): SeqSet {
  const set = emptySet();
  for (let i = 0; i < WORDS; i += 1) set[i] = (a[i] as number) & (b[i] as number);
  return set;
}

export function either(a: SeqSet, b: SeqSet): SeqSet {
  const set = emptySet();
  for (let i = 0; i < WORDS; i += 1) set[i] = (a[i] as number) | (b[i] as number);
  return set;
}

export function without(a: SeqSet, b: SeqSet): SeqSet {
  const set = emptySet();
  for (let i = 0; i < WORDS; i += 1) set[i] = (a[i] as number) & ~(b[i] as number);
  return set;
}

export function countOf(set: SeqSet): number {
  let count = 0;
  for (let i = 0; i < WORDS; i += 1) count += bitsOf(set[i] as number);
  return count;
}

/** Bits of a word, counted in pairs, fours and bytes, which a multiplication adds up. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Ascending places within the block. */
export function placesOf(set: SeqSet): number[] {
  const places: number[] = [];
  for (let i = 0; i < WORDS; i += 1) {
    // The lowest bit of what is left, until nothing is.
    for (let left = set[i] as number; left !== 0; left &= left - 1) places.push(i * 32 + 31 - Math.clz32(left & -left));
  }
  return places;
}

export function encodeSet(set: SeqSet): Buffer {
  const places = placesOf(set);
  if (places.length * 2 >= BYTES) return Buffer.from(set.buffer.slice(set.byteOffset, set.byteOffset + BYTES));
  const list = Buffer.alloc(places.length * 2);
  places.forEach((place, i) => list.writeUInt16LE(place, i * 2));
  return list;
}

/** What does not have the form of a set is an empty one. May be the bytes themselves: nobody else may write into them. */
export function decodeSet(bytes: Buffer): SeqSet {
  if (bytes.length === BYTES) {
    // What the driver gives may lie anywhere in a larger buffer.
    const own = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Int32Array(own.buffer, own.byteOffset, WORDS);
  }
  const set = emptySet();
  for (let at = 0; at + 1 < bytes.length; at += 2) addTo(set, bytes.readUInt16LE(at) % BLOCK);
  return set;
}
