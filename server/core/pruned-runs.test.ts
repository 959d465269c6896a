import { countIn, createPrunedRuns } from './pruned-runs';

const hash = (digit: string) => digit.repeat(64);
const run = (fromSeq: number, toSeq: number, prevHash = hash('a'), lastHash = hash('b')) => ({ fromSeq, toSeq, prevHash, lastHash }); // prettier-ignore
const runs = createPrunedRuns([run(301, 512), run(2, 256), run(258, 299), run(513, 768, hash('b'), hash('c'))]);

describe('the runs of certificates', () => {
  it.each<[string, [number, number][], [number, number][]]>([
    ['a gap that is a run', [[2, 256]], []],
    ['a part of a run', [[100, 120]], []],
    ['what touches two runs', [[301, 768]], []],
    ['an entry between two runs', [[2, 299]], [[257, 257]]],
    ['more on both sides', [[1, 257]], [[1, 1], [257, 257]]],
    ['a gap without a run', [[769, 900]], [[769, 900]]],
    ['several gaps', [[250, 256], [300, 300], [700, 770]], [[300, 300], [769, 770]]],
    ['no gap', [], []],
  ])('explain %s', (_what, gaps, left) => {
    expect(runs.without(gaps)).toEqual(left);
  }); // prettier-ignore

  it('tell the hash that the chain goes on from, at their ends only', () => {
    expect([256, 512, 768, 255, 257].map((seq) => runs.hashAt(seq))).toEqual([hash('b'), hash('b'), hash('c'), undefined, undefined]); // prettier-ignore
  });

  it('tell whether the entry before is theirs', () => {
    expect([runs.follows(hash('a'), 2), runs.follows(hash('9'), 2), runs.follows(hash('9'), 3)]).toEqual([true, false, true]); // prettier-ignore
  });

  it('know what they contain', () => {
    expect([1, 2, 256, 257, 300, 301, 768, 769].map((seq) => runs.contains(seq))).toEqual([false, true, true, false, false, true, true, false]); // prettier-ignore
  });

  it('explain nothing where there are none', () => {
    const none = createPrunedRuns([]);
    expect([none.without([[1, 5]]), none.hashAt(5), none.contains(1)]).toEqual([[[1, 5]], undefined, false]);
    expect(countIn([[1, 5], [7, 7]])).toBe(6); // prettier-ignore
  });
});
