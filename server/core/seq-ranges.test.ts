import { createRangeList, formatRanges, holdsSeq, mergeRanges, parseRanges } from './seq-ranges';

describe('ranges of sequence numbers', () => {
  it.each([
    ['', []],
    ['7', [[7, 7]]],
    ['1-5,9,12-40', [[1, 5], [9, 9], [12, 40]]], // prettier-ignore
  ])('are written as %j and read back', (text, ranges) => {
    expect(formatRanges(ranges as [number, number][])).toBe(text);
    expect(parseRanges(text)).toEqual(ranges);
  });

  it.each(['0', '-1', '5-4', '3,3', '9,1-5', '1-5,5', '1,', ',1', '1..2', '01', ' 1', '1-', '9007199254740993', '1e3'])(
    'are refused as %j',
    (text) => expect(parseRanges(text)).toBeUndefined(),
  );

  it('are merged where they touch or overlap, whatever their order', () => {
    expect(mergeRanges([[10, 12], [1, 3], [4, 5], [11, 20], [30, 30]])).toEqual([[1, 5], [10, 20], [30, 30]]); // prettier-ignore
    expect(mergeRanges([[1, 100], [5, 6]])).toEqual([[1, 100]]); // prettier-ignore
  });

  it('hold their ends and nothing beside them', () => {
    const ranges = [[2, 4], [9, 9], [20, 30]] as const; // prettier-ignore
    const held = Array.from({ length: 32 }, (_, seq) => seq).filter((seq) => holdsSeq(ranges, seq));
    expect(held).toEqual([2, 3, 4, 9, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
    expect(holdsSeq([], 1)).toBe(false);
  });

  it('gather numbers, in order as a rule', () => {
    const list = createRangeList();
    for (const seq of [3, 4, 4, 5, 9, 11, 10, 2]) list.add(seq);
    expect(list.ranges()).toEqual([[2, 5], [9, 11]]); // prettier-ignore
  });
});
