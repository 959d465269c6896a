import { fieldToken, prefixesOf, searchWords, tokenize, tokenNumber } from './search-tokens';

const of = (text: string) => [...tokenize(text)].sort();
const asked = (text: string) => [...tokenize(text, { forSearch: true })].sort();

describe('tokens of a text', () => {
  it.each<[string, string[]]>([
    ['Invoice #42: PAID', ['42', 'invoice', 'paid']],
    ['snake_case stays whole', ['snake_case', 'stays', 'whole']],
    ["it's e-mail@example.com", ['com', 'e', 'example', 'it', 'mail', 's']],
    ['Größe NAÏVE', ['größe', 'naïve']],
    ['ＦＵＬＬ width ①', ['1', 'full', 'width']],
    ['', []],
    ['%_\'";--', ['_']],
    ['审计日志', ['审', '审计', '计', '计日', '日', '日志', '志']],
    ['发票A退款', ['a', '发', '发票', '票', '退', '退款', '款']],
    ['ひらがな', ['ひ', 'ひら', 'ら', 'らが', 'が', 'がな', 'な']],
    ['𠮷野家', ['𠮷', '𠮷野', '野', '野家', '家']],
  ])('of %j', (text, tokens) => {
    expect(of(text)).toEqual([...tokens].sort());
  });

  it('of a search are pairs, and single characters only when there is no pair', () => {
    expect(asked('审计日志')).toEqual(['审计', '计日', '日志'].sort());
    expect(asked('审')).toEqual(['审']);
    expect(asked('审 计')).toEqual(['审', '计'].sort());
  });

  it('of a search are always among those of the text it was taken from', () => {
    for (const text of ['审计日志 invoice 42', 'x', '退款A退', '𠮷野家 Größe'])
      expect(of(text)).toEqual(expect.arrayContaining(asked(text)));
  });

  it('are the same however a text was composed', () => {
    expect(of('e\u0301t\u00e9')).toEqual(of('\u00e9te\u0301'));
  });

  it('are the same in a text of ASCII alone and in one that is not', () => {
    const all = Array.from({ length: 128 }, (_none, code) => String.fromCharCode(code));
    const texts = [all.join(''), all.map((one) => `a${one}B9`).join(' '), 'x'.repeat(500), 'A_1-é'.slice(0, 4), ''];
    for (const text of texts) expect([...tokenize(`${text} é`)]).toEqual([...tokenize(text), 'é']);
  });

  it('cut an endless word', () => {
    expect(of('x'.repeat(500))).toEqual(['x'.repeat(64)]);
  });
});

describe('a piece of a search', () => {
  it.each<[string, string[], string | null]>([
    ['invo', [], 'invo'],
    ['example.c', ['example'], 'c'],
    ['Jane@Exam', ['jane'], 'exam'],
    ['审计日志', ['审计', '计日', '日志'], null],
    ['审', ['审'], null],
    ['发票A', ['发票'], 'a'],
    ['A发票', ['a', '发票'], null],
    ['refund.', [], 'refund'],
  ])('%j', (piece, words, prefix) => {
    expect(searchWords(piece)).toEqual({ words, prefix });
  });

  it.each(['', '%', '.-,'])('%j asks for nothing', (piece) => {
    expect(searchWords(piece)).toBeNull();
  });

  it.each<[string, string[]]>([
    ['inv', ['i', 'in', 'inv']],
    [':name:jo', [':name:j', ':name:jo']],
    [':ip:203.0.113.4', []],
    ['审计', []],
    [':name:张伟', []],
    ['𝒳y'.normalize('NFKC'), ['X', 'Xy']],
  ])('%j is found by its beginnings', (word, prefixes) => {
    expect(prefixesOf(word)).toEqual(prefixes);
  });
});

describe('the number of a token', () => {
  it('is a safe integer, and no two of many words have the same', () => {
    const numbers = new Set<number>();
    for (let i = 0; i < 50_000; i += 1) numbers.add(tokenNumber(`word${i}`));
    expect(numbers.size).toBe(50_000);
    expect([...numbers].every((number) => Number.isSafeInteger(number) && number >= 0)).toBe(true);
  });

  it('differs between fields and plain words', () => {
    expect(new Set(['jane', fieldToken('name', 'jane'), fieldToken('ip', 'jane')].map(tokenNumber)).size).toBe(3);
    expect(fieldToken('name', 'ＪＡＮＥ')).toBe(fieldToken('name', 'jane'));
  });
});
