import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { foreignWords, wrongCharacters } from '../testing/chinese';
import { PROGRAM_ROOT } from '../root';
import { createI18n, LANGUAGES } from './i18n';

const CHINESE = ['zh-CN', 'zh-TW'] as const;

/** Every text of a language with its key, as `browse.json count`. */
function textsOf(language: string): [string, string][] {
  const folder = path.join(PROGRAM_ROOT, 'locales', language);
  const walk = (value: unknown, key: string): [string, string][] =>
    typeof value === 'string'
      ? [[key, value]]
      : Object.entries(value as object).flatMap(([name, inner]) => walk(inner, `${key}.${name}`));
  return readdirSync(folder).flatMap((file) => walk(JSON.parse(readFileSync(path.join(folder, file), 'utf8')), file));
}

describe.each(CHINESE)('%s', (language) => {
  const texts = textsOf(language);

  it('is written in its own characters', () => {
    expect(texts.flatMap(([key, text]) => wrongCharacters(language, text).map((found) => `${key}: ${found}`))).toEqual(
      [],
    );
  });

  it('has no English left', () => {
    // An example of what to type is what the program takes, in any language.
    const told = texts.filter(([key]) => !/(hint|placeholder|example)/.test(key));
    const left = told.flatMap(([key, text]) =>
      foreignWords(text.replace(/\{\{.*?\}\}/g, '')).map((word) => `${key}: ${word}`),
    );
    expect(left).toEqual([]);
  });

  it('has the punctuation of Chinese between Chinese words', () => {
    const narrow = texts.filter(([, text]) => /\p{Script=Han}[,;?!()]|[,;?!(]\p{Script=Han}/u.test(text));
    expect(narrow).toEqual([]);
  });
});

describe('plural forms', () => {
  it.each(LANGUAGES)('are whole in %s', (language) => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.map(String).sort();
    const groups = new Map<string, string[]>();
    for (const [key] of textsOf(language)) {
      const [, base = '', form = ''] = /^(.*)_(zero|one|two|few|many|other)$/.exec(key) ?? [];
      if (base !== '') groups.set(base, [...(groups.get(base) ?? []), form]);
    }
    expect(groups.size).toBeGreaterThan(5);
    for (const [key, forms] of groups) expect([key, forms.sort()]).toEqual([key, wanted]);
  });

  it('English counts with them: no “1 entries”', () => {
    const things = /\{\{[^}]+\}\} (entries|days|hours|minutes|seconds|characters|segments|witnesses|items|events|rows|changes|records|bridges|tokens|people|points|fields|files|values|views|searches|attempts|times)\b/; // prettier-ignore
    // A range is more than one.
    const range = /\bfrom \{\{min\}\} to \{\{max\}\}/i;
    const wrong = textsOf('en').filter(
      ([key, text]) => things.test(text) && !key.endsWith('_other') && !range.test(text),
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ['en', 1, '1 day'],
    ['en', 1234, '1,234 days'],
    ['zh-CN', 1, '1天'],
    ['zh-TW', 1234, '1,234天'],
  ] as const)('%s of %i: %s', (language, count, text) => {
    expect(createI18n().translator(language)('retention:days', { count })).toBe(text);
  });
});
