import { addTo, BLOCK, blockOf, both, countOf, decodeSet, either, emptySet, encodeSet, fullSet, holds, placesOf, removeFrom, without } from './seq-set'; // prettier-ignore

const setOf = (...places: number[]) => {
  const set = emptySet();
  for (const place of places) addTo(set, place);
  return set;
};

describe('a set of entries', () => {
  it('holds what was put in, and no more', () => {
    const set = setOf(0, 7, 8, 4_095, BLOCK - 1, 8);
    expect(placesOf(set)).toEqual([0, 7, 8, 4_095, BLOCK - 1]);
    expect(countOf(set)).toBe(5);
    expect([7, 9].map((place) => holds(set, place))).toEqual([true, false]);
    removeFrom(set, 7);
    expect(placesOf(set)).toEqual([0, 8, 4_095, BLOCK - 1]);
  });

  it('is combined with another', () => {
    const [a, b] = [setOf(1, 2, 3), setOf(3, 4)];
    expect([both(a, b), either(a, b), without(a, b), without(fullSet(), fullSet())].map(placesOf)).toEqual([[3], [1, 2, 3, 4], [1, 2], []]); // prettier-ignore
    expect(countOf(without(fullSet(), a))).toBe(BLOCK - 3);
  });

  it.each([0, 1, 2, 511, 512, 513, 5_000, BLOCK])('of %i entries is the same when it was stored', (size) => {
    const places = Array.from({ length: size }, (_, i) => Math.floor((i * BLOCK) / Math.max(size, 1)));
    const stored = encodeSet(setOf(...places));
    expect(placesOf(decodeSet(stored))).toEqual(places);
    expect(stored.length).toBe(Math.min(size * 2, BLOCK / 8));
  });

  it.each([Buffer.from([1]), Buffer.alloc(3), Buffer.from([255, 255])])('is read from any bytes', (bytes) => {
    expect(countOf(decodeSet(bytes))).toBeLessThanOrEqual(1);
  });

  it('belongs to the block of its numbers', () => {
    expect([0, 1, BLOCK - 1, BLOCK].map(blockOf)).toEqual([0, 0, 0, 1]);
  });
});
