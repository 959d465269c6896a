import { createRandom, shuffled } from '../../testing/random';
import { addNumbers, findHoles, joinSteps, withoutRanges, type SequenceState } from './sequence-ranges';

const ranges = (...pairs: readonly (readonly [number, number])[]) => pairs.map(([from, to]) => ({ from, to }));

describe('numbers that arrive', () => {
  it.each([
    [[], [1, 2, 3], [[1, 3]], []],
    [[[1, 3]], [5], [[1, 3], [5, 5]], []],
    [[[1, 3], [5, 5]], [4], [[1, 5]], []],
    [[[5, 6]], [4], [[4, 6]], []],
    [[[5, 6]], [1], [[1, 1], [5, 6]], []],
    [[[1, 3]], [3, 2, 4], [[1, 4]], [3, 2]],
    [[], [7, 7], [[7, 7]], [7]],
  ] as const)('%j with %j are %j, and %j came again', (before, numbers, after, again) => {
    const result = addNumbers(ranges(...before), numbers);
    expect(result).toEqual({ ranges: ranges(...after), again });
  }); // prettier-ignore

  it('are one range in the end, in whatever order they come', () => {
    const random = createRandom(7);
    const numbers = shuffled(
      Array.from({ length: 2_000 }, (_, at) => at + 10),
      random,
    );
    let all = ranges();
    for (let at = 0; at < numbers.length; at += 37) all = addNumbers(all, numbers.slice(at, at + 37)).ranges;
    expect(all).toEqual(ranges([10, 2_009]));
  });
});

it('neighbours within the step are one range', () => {
  expect(joinSteps(ranges([1, 1], [4, 4], [7, 7], [11, 11]), 3)).toEqual(ranges([1, 7], [11, 11]));
  expect(joinSteps(ranges([1, 1], [3, 3]), 1)).toEqual(ranges([1, 1], [3, 3]));
});

describe('numbers that are missing', () => {
  const holes = (state: Partial<SequenceState>) =>
    findHoles({ ranges: [], base: 1, step: 1, settledBelow: null, parked: [], ...state }).map(
      ({ from, to, settled, missing }) => [from, to, settled ? 'settled' : 'open', missing],
    );

  it.each<[string, Partial<SequenceState>, unknown[]]>([
    ['nothing arrived, nothing is said', { base: null }, []],
    ['nothing arrived, all is in the outbox', { settledBelow: 1 }, []],
    ['all arrived', { ranges: ranges([1, 9]), settledBelow: 10 }, []],
    ['the outbox holds the rest', { ranges: ranges([1, 9]), settledBelow: 10 }, []],
    ['one between others', { ranges: ranges([1, 4], [6, 9]), settledBelow: 10 }, [[5, 5, 'settled', 1]]],
    ['the same, and the bridge said nothing', { ranges: ranges([1, 4], [6, 9]) }, [[5, 5, 'open', 1]]],
    ['the first ones', { ranges: ranges([3, 9]), settledBelow: 10 }, [[1, 2, 'settled', 2]]],
    ['the last ones', { ranges: ranges([1, 4]), settledBelow: 10 }, [[5, 9, 'settled', 5]]],
    ['all of them', { settledBelow: 10 }, [[1, 9, 'settled', 9]]],
    ['before the first that is expected', { base: 100, ranges: ranges([1, 2], [100, 104]), settledBelow: 105 }, []],
    ['parked', { ranges: ranges([1, 4], [7, 9]), parked: [6, 5], settledBelow: 10 }, []],
    ['one of them parked', { ranges: ranges([1, 4], [8, 9]), parked: [6], settledBelow: 10 }, [[5, 5, 'settled', 1], [7, 7, 'settled', 1]]],
    ['some may still come', { ranges: ranges([1, 4], [9, 9]), settledBelow: 7 }, [[5, 6, 'settled', 2], [7, 8, 'open', 2]]],
    ['all may still come', { ranges: ranges([1, 4], [9, 9]), settledBelow: 5 }, [[5, 8, 'open', 4]]],
    ['a step of three, nothing missing', { step: 3, ranges: ranges([1, 1], [4, 4], [7, 7]), settledBelow: 10 }, []],
    ['a step of three, the counter a little ahead', { step: 3, ranges: ranges([1, 1], [4, 4]), settledBelow: 6 }, []],
    ['a step of three, two lost', { step: 3, ranges: ranges([1, 1], [10, 10]), settledBelow: 13 }, [[2, 9, 'settled', 2]]],
    ['a step of three, first ones lost', { step: 3, ranges: ranges([7, 7]), settledBelow: 10 }, [[1, 6, 'settled', 2]]],
    ['two writers that count by two', { step: 2, ranges: ranges([1, 2], [4, 4], [6, 7]), settledBelow: 9 }, []],
  ])('%s', (_name, state, expected) => {
    expect(holes(state)).toEqual(expected);
  }); // prettier-ignore
});

it('what others do not cover is left', () => {
  expect(withoutRanges({ from: 1, to: 10 }, ranges([3, 4], [8, 20]))).toEqual(ranges([1, 2], [5, 7]));
  expect(withoutRanges({ from: 1, to: 10 }, ranges([0, 10]))).toEqual([]);
});
