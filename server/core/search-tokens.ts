/**
 * Free text as tokens: words of letters and digits in lower case, and for Chinese, Japanese and Korean, which write no spaces,
 * every pair of neighbouring characters and every single one. A search finds the entries that hold all tokens of its text.
 */
export function tokenize(text: string, options: { readonly forSearch?: boolean } = {}): Set<string> {
  const tokens = new Set<string>();
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(RUN)) {
    if (!IDEOGRAPH.test(run)) {
      tokens.add(run.slice(0, MAX_WORD));
      continue;
    }
    const characters = [...run];
    // A search for several characters needs only their pairs, which are rarer.
    if (!options.forSearch || characters.length === 1) for (const character of characters) tokens.add(character);
    for (let i = 1; i < characters.length; i += 1) tokens.add(`${characters[i - 1]}${characters[i]}`);
  }
  return tokens;
}

const MAX_WORD = 64;
const CJK = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}';
const IDEOGRAPH = new RegExp(`^[${CJK}]`, 'u');
const RUN = new RegExp(`[${CJK}]+|[[\\p{L}\\p{N}_]--[${CJK}]]+`, 'gv');

/** 53 bits of a non-cryptographic hash: tokens are stored as numbers, which keeps the index small. */
export function tokenNumber(token: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < token.length; i += 1) {
    const code = token.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

/** Tokens of one field only, so that an address does not match a word: `ip:203.0.113.4`, `name:jane`. */
export function fieldToken(field: 'ip' | 'name' | 'actor_type', value: string): string {
  return `${field}:${value.normalize('NFKC').toLowerCase()}`;
}
