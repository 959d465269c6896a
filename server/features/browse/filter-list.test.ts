import { quoteTerm, splitTerms } from './filter-list';

describe('a comma list', () => {
  it.each<[string, string[], string[]]>([
    ['a', ['a'], []],
    [' a , b,!c , ! d', ['a', 'b'], ['c', 'd']],
    ['a,a,!a', ['a'], ['a']],
    ['"a,b",!"c,d"', ['a,b', 'c'].slice(0, 1), ['c,d']],
    ['"!a"', ['!a'], []],
    ['"a ""b"" c"', ['a "b" c'], []],
    ['"a', ['"a'], []],
    ['a"b,c', ['a"b', 'c'], []],
    ['"a"b', ['"a"b'], []],
    ['"', ['"'], []],
    ['""', [], []],
    [',!, ,', [], []],
    ['a b', ['a b'], []],
  ])('%j', (value, is, not) => {
    expect(splitTerms(value)).toEqual({ is, not });
  });

  it.each(['a', 'a,b', '!a', '"a"', 'a"b', ' a', 'a ', '"', '!', ',', 'a""b', '退款，改'])('gives %j back when it was quoted', (value) => {
    expect(splitTerms(quoteTerm(value))).toEqual({ is: [value], not: [] });
    expect(splitTerms(`x,!${quoteTerm(value)}`)).toEqual({ is: ['x'], not: [value] });
  }); // prettier-ignore

  it('is read at once however hostile', () => {
    const startedAt = Date.now();
    for (const text of ['"'.repeat(10_000), '!"'.repeat(10_000), ' '.repeat(20_000), '"",'.repeat(5_000)])
      splitTerms(text);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});
