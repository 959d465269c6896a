import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ALL_ACTIONS } from '../core/action-catalogue';
import { ACTOR_TYPES, CATEGORIES, OUTCOMES, SEVERITIES, SOURCE_KINDS, VIAS } from '../core/event';
import { ERRORS } from '../errors';
import { ROLES } from '../features/access/rights';
import { FILTER_NAMES } from '../features/browse/browse-service';
import { EXPORT_COLUMNS } from '../features/export/export-columns';
import { PROGRAM_ROOT } from '../root';
import { createI18n, LANGUAGES } from './i18n';

const i18n = createI18n();
const folder = (language: string) => path.join(PROGRAM_ROOT, 'locales', language);

function texts(language: string, file: string): Map<string, string> {
  const flat = new Map<string, string>();
  const walk = (value: unknown, key: string) => {
    if (typeof value === 'string') flat.set(key, value);
    else for (const [name, inner] of Object.entries(value as object)) walk(inner, key === '' ? name : `${key}.${name}`);
  };
  walk(JSON.parse(readFileSync(path.join(folder(language), file), 'utf8')), '');
  return flat;
}

const files = readdirSync(folder('en'));

describe.each(LANGUAGES.filter((language) => language !== 'en'))('%s', (language) => {
  it('has the same files as English', () => {
    expect(readdirSync(folder(language))).toEqual(files);
  });

  it.each(files)('has the keys of %s, with the same values to fill in and no text left empty', (file) => {
    const [english, other] = [texts('en', file), texts(language, file)];
    // Chinese has one form where English has two: the other one, which every language has.
    const forms = (keys: Iterable<string>) => [...keys].filter((key) => !key.endsWith('_one')).sort();
    expect(forms(other.keys())).toEqual(forms(english.keys()));
    expect([...other].filter(([, text]) => text.trim() === '')).toEqual([]);
    const gaps = (text = '') => [...new Set(text.match(/\{\{\w+(, number)?\}\}/g))].sort();
    const lacking = [...english].filter(
      ([key, text]) =>
        file !== 'sentences.json' && String(gaps(text)) !== String(gaps(other.get(key.replace(/_one$/, '_other')))),
    );
    expect(lacking).toEqual([]);
  });
});

describe('every text that is asked for exists', () => {
  const sources = [
    ...filesIn('views', '.ejs'),
    ...filesIn('server', '.ts').filter((file) => !file.endsWith('.test.ts')),
  ];
  const code = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const whole = [...code.matchAll(/\bt\(\s*['"`]([a-z]+:[\w.]+)['"`]/g)].map(([, key]) => key ?? '');
  const chosen = [...code.matchAll(/\? '([a-z]+:[a-z][\w.]+)' : '([a-z]+:[a-z][\w.]+)'/g)].flatMap(
    ([, a = '', b = '']) => [a, b],
  );

  it('finds the calls at all', () => {
    expect(whole.length).toBeGreaterThan(150);
  });

  it.each([...new Set([...whole, ...chosen])].filter((key) => !key.endsWith('.')))('%s', (key) => {
    expect(i18n.has('en', key)).toBe(true);
  });
});

it.each([
  ['errors:', Object.keys(ERRORS)],
  ['errors:title.', Object.keys(ERRORS)],
  ['errors:safe.', Object.keys(ERRORS)],
  ['errors:to_do.', Object.keys(ERRORS)],
  ['actions:', ALL_ACTIONS.map(({ action }) => action)],
  ['sentences:', ALL_ACTIONS.map(({ action }) => action)],
  ['terms:category.', CATEGORIES],
  ['terms:severity.', SEVERITIES],
  ['terms:outcome.', OUTCOMES],
  ['terms:actor_type.', ACTOR_TYPES],
  ['terms:target_type.', [...new Set(ALL_ACTIONS.map(({ targetType }) => targetType))]],
  ['terms:via.', VIAS],
  ['terms:source_kind.', SOURCE_KINDS],
  ['terms:role.', ROLES],
  ['browse:filter.', [...FILTER_NAMES, 'from', 'to']],
  ['browse:filter_problem.', [...FILTER_NAMES, 'from', 'to', 'order', 'cursor', 'other']],
  ['entry:status.', ['valid', 'broken', 'unverifiable']],
  ['entry:erased_name.', ['actor_name', 'ip', 'user_agent', 'target_label', 'reason', 'changes', 'source_payload']],
  ['export:', EXPORT_COLUMNS.map(({ name }) => name)],
])('every code under %s has its text', (prefix, codes) => {
  expect(codes.filter((code) => !i18n.has('en', `${prefix}${code}`))).toEqual([]);
});

it('writes Traditional Chinese in Traditional characters and Simplified in Simplified ones', () => {
  const all = (language: string) => files.map((file) => [...texts(language, file).values()].join('')).join('');
  expect(all('zh-TW')).not.toMatch(/[记录审计删账户时间击证链据个请]/);
  expect(all('zh-CN')).not.toMatch(/[記錄審計刪帳戶時間擊證鏈據個請]/);
});

function filesIn(name: string, ending: string): string[] {
  return readdirSync(path.join(PROGRAM_ROOT, name), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => path.join(PROGRAM_ROOT, name, file));
}
