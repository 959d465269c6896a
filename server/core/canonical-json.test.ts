import { readVectors } from '../testing/vectors';
import { canonicalJson, CanonicalJsonError, type JsonValue } from './canonical-json';

const VECTORS = readVectors<{ json: string }, { text: string } | { error: string }>('canonical');

describe('canonicalJson', () => {
  it.each(VECTORS.filter(({ result }) => 'text' in result))('writes $name: $description', ({ input, result }) => {
    expect(canonicalJson(JSON.parse(input.json) as JsonValue)).toBe((result as { text: string }).text);
  });

  it.each(VECTORS.filter(({ result }) => 'error' in result))('refuses $name: $description', ({ input, result }) => {
    const write = () => canonicalJson(JSON.parse(input.json) as JsonValue);
    expect(write).toThrow(CanonicalJsonError);
    expect(write).toThrow((result as { error: string }).error);
  });

  it('gives the same text for any order of the members', () => {
    expect(canonicalJson({ b: 1, a: { d: 2, c: 3 } })).toBe(canonicalJson({ a: { c: 3, d: 2 }, b: 1 }));
  });

  it('gives a text that reads back as the same value', () => {
    const value = { text: '"\\\u0000\u001f\u2028 𠮷 👩‍💻', list: [null, true, -1, { '': [] }] };
    expect(JSON.parse(canonicalJson(value))).toEqual(value);
  });

  it('writes every character of the first plane as JSON.stringify does, alone and inside plain text', () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const char = String.fromCharCode(code);
      if (!char.isWellFormed()) continue;
      expect(canonicalJson(char)).toBe(JSON.stringify(char));
      expect(canonicalJson({ [`a${char}`]: `plain ${char} text` })).toBe(
        JSON.stringify({ [`a${char}`]: `plain ${char} text` }),
      );
    }
  });

  it('does not write what only an object inherits', () => {
    const value = Object.create({ inherited: 1 }) as { own: number };
    value.own = 2;
    expect(canonicalJson(value)).toBe('{"own":2}');
  });

  it.each([
    ['undefined', undefined],
    ['a member that is undefined', { a: undefined }],
    ['an item that is undefined', [undefined]],
    ['a big integer', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
  ])('refuses %s, which JSON.stringify would drop, change or crash on', (_name, value) => {
    expect(() => canonicalJson(value as unknown as JsonValue)).toThrow(CanonicalJsonError);
  });
});
