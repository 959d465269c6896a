/**
 * Free text as tokens: words of letters and digits in lower case, and for Chinese, Japanese and Korean, which write no spaces,
 * every pair of neighbouring characters and every single one.
 */
export function tokenize(text: string, options: { readonly forSearch?: boolean } = {}): Set<string> {
  const tokens = new Set<string>();
  if (ASCII.test(text)) {
    for (const run of text.toLowerCase().match(ASCII_RUN) ?? []) tokens.add(run.slice(0, MAX_WORD));
    return tokens;
  }
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
/** As `entry_words` keeps them. */
const MAX_TOKEN = 80;
const CJK = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}';
const IDEOGRAPH = new RegExp(`^[${CJK}]`, 'u');
// What nearly all texts are, in half the time: nothing in them is normalised, and no character class of Unicode is asked.
const ASCII = /^[\0-\x7f]*$/;
const ASCII_RUN = /[a-z0-9_]+/g;
const RUN = new RegExp(`[${CJK}]+|[[\\p{L}\\p{N}_]--[${CJK}]]+`, 'gv');

/** What a piece of a search asks for: words as they stand, and the beginning of one. */
export interface WordSearch {
  readonly words: readonly string[];
  /** The last word, which may go on; null after Chinese, which is found anywhere in its run. */
  readonly prefix: string | null;
}

/** `example.c` asks for the word `example` and one that begins with `c`. Null for a piece without a single word. */
export function searchWords(piece: string): WordSearch | null {
  const runs = [...piece.normalize('NFKC').toLowerCase().matchAll(RUN)].map(([run]) => run);
  const last = runs.at(-1);
  if (last === undefined) return null;
  const isOpen = !IDEOGRAPH.test(last);
  const closed = isOpen ? runs.slice(0, -1) : runs;
  const words = closed.flatMap((run) => [...tokenize(run, { forSearch: true })]);
  return { words: [...new Set(words)], prefix: isOpen ? last.slice(0, MAX_WORD) : null };
}

/** The beginnings under which a word is found, itself among them; none for what is found by its characters or as a whole. */
export function prefixesOf(word: string): string[] {
  const field = word.startsWith(NAME) ? NAME.length : 0;
  if ((field === 0 && word.startsWith(':')) || IDEOGRAPH.test(word.slice(field))) return [];
  const characters = [...word.slice(field)];
  return characters.map((_, i) => word.slice(0, field) + characters.slice(0, i + 1).join(''));
}

const NAME = ':name:';

/** 53 bits of a non-cryptographic hash: keys of sets are stored as numbers, which keeps the index small. */
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

/**
 * Tokens of one field only, so that an address does not match a word: `:ip:203.0.113.4`, `:name:jane`. No word begins with a colon:
 * these lie apart from all that begins with `i` or `n`.
 */
export function fieldToken(field: 'ip' | 'name', value: string): string {
  return `:${field}:${value.normalize('NFKC').toLowerCase()}`.slice(0, MAX_TOKEN);
}
