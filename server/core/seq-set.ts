/**
 * Sets of entries by blocks of neighbours. A set is a bit for each sequence number of its block; stored, a small one is the list of
 * its places (two bytes each, little-endian, ascending), a larger one the bits themselves.
 */
export const BLOCK = 8_192;
const BYTES = BLOCK / 8;

export type SeqSet = Uint8Array;

export function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK);
}

export function emptySet(): SeqSet {
  return new Uint8Array(BYTES);
}

export function fullSet(): SeqSet {
  return new Uint8Array(BYTES).fill(255);
}

export function addTo(set: SeqSet, place: number): void {
  set[place >> 3] = (set[place >> 3] as number) | (1 << (place & 7));
}

export function removeFrom(set: SeqSet, place: number): void {
  set[place >> 3] = (set[place >> 3] as number) & ~(1 << (place & 7));
}

export function holds(set: SeqSet, place: number): boolean {
  return ((set[place >> 3] as number) & (1 << (place & 7))) !== 0;
}

export function both(a: SeqSet, b: SeqSet): SeqSet {
  return combine(a, b, (one, other) => one & other);
}

export function either(a: SeqSet, b: SeqSet): SeqSet {
  return combine(a, b, (one, other) => one | other);
}

export function without(a: SeqSet, b: SeqSet): SeqSet {
  return combine(a, b, (one, other) => one & ~other);
}

/** Thirty-two entries at a time: a search does this some hundred times. */
function combine(a: SeqSet, b: SeqSet, of: (one: number, other: number) => number): SeqSet {
  const set = emptySet();
  const [one, other, result] = [wordsOf(a), wordsOf(b), wordsOf(set)];
  for (let i = 0; i < result.length; i += 1) result[i] = of(one[i] as number, other[i] as number);
  return set;
}

function wordsOf(set: SeqSet): Int32Array {
  return new Int32Array(set.buffer, set.byteOffset, BYTES / 4);
}

export function countOf(set: SeqSet): number {
  let count = 0;
  for (let i = 0; i < BYTES; i += 1) count += BITS[set[i] as number] as number;
  return count;
}

/** Ascending places within the block. */
export function placesOf(set: SeqSet): number[] {
  const places: number[] = [];
  for (let i = 0; i < BYTES; i += 1) {
    const byte = set[i] as number;
    for (let bit = 0; byte >> bit !== 0; bit += 1) if ((byte >> bit) & 1) places.push(i * 8 + bit);
  }
  return places;
}

export function encodeSet(set: SeqSet): Buffer {
  const places = placesOf(set);
  if (places.length * 2 >= BYTES) return Buffer.from(set);
  const list = Buffer.alloc(places.length * 2);
  places.forEach((place, i) => list.writeUInt16LE(place, i * 2));
  return list;
}

/** What does not have the form of a set is an empty one. */
export function decodeSet(bytes: Buffer): SeqSet {
  // A copy: what the driver gives may lie anywhere in a larger buffer.
  if (bytes.length === BYTES) return new Uint8Array(bytes);
  const set = emptySet();
  for (let at = 0; at + 1 < bytes.length; at += 2) addTo(set, bytes.readUInt16LE(at) % BLOCK);
  return set;
}

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
