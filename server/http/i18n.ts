import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RequestHandler } from 'express';
import { createInstance } from 'i18next';
import { PROGRAM_ROOT } from '../root';

/** In the order in which they are offered. The names are BCP 47, so they serve `lang` and Intl as they are. */
export const LANGUAGES = ['en', 'zh-CN', 'zh-TW'] as const;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGE_COOKIE = 'sealtrail_lang';
export const TIME_ZONE_COOKIE = 'sealtrail_tz';

/**
 * Gives the text of `namespace:key`, the namespace being a file in locales. Texts are not escaped: EJS does that. A number given
 * as `count` chooses between `key_one` and `key_other`, as the language counts, and stands in the text as `{{count, number}}`.
 */
export type Translate = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** More than there are texts; some keys are made from what stands in the database. */
const MAX_FIXED = 5_000;

export interface I18n {
  translator(language: Language): Translate;
  has(language: Language, key: string): boolean;
}

/** Loads every text once, and looks each one up once where no values go into it: looking up was half the time of a page. */
export function createI18n(folder = path.join(PROGRAM_ROOT, 'locales')): I18n {
  const namespaces = readdirSync(path.join(folder, 'en')).map((file) => path.basename(file, '.json'));
  const load = (language: Language) =>
    Object.fromEntries(
      namespaces.map((name) => [
        name,
        JSON.parse(readFileSync(path.join(folder, language, `${name}.json`), 'utf8')) as object,
      ]),
    );
  const texts = createInstance();
  void texts.init({
    initAsync: false,
    resources: Object.fromEntries(LANGUAGES.map((language) => [language, load(language)])),
    ns: namespaces,
    defaultNS: 'common',
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
  });
  return {
    translator: (language) => {
      const t = texts.getFixedT(language);
      const fixed = new Map<string, string>();
      return (key, values) => {
        if (values) return t(key, values);
        const known = fixed.get(key);
        if (known !== undefined) return known;
        const text = t(key);
        if (fixed.size < MAX_FIXED) fixed.set(key, text);
        return text;
      };
    },
    has: (language, key) => texts.exists(key, { lng: language }) || texts.exists(`${key}_other`, { lng: language }),
  };
}

/** What is offered to readers, and what holds for those who chose nothing. */
export interface LanguageOffer {
  readonly languages: readonly Language[];
  readonly language: Language;
  readonly timeZone: string | null;
}

const EVERYTHING: LanguageOffer = { languages: LANGUAGES, language: 'en', timeZone: null };

/**
 * Sets `t`, `lng`, `timeZone` and `offered` for the page: what the reader chose, else what the browser asks for, else the
 * default. A language that is not offered any more counts as not chosen.
 */
export function createLanguageChoice(i18n: I18n, findOffer: () => LanguageOffer = () => EVERYTHING): RequestHandler {
  const translators = new Map(LANGUAGES.map((language) => [language, i18n.translator(language)]));
  return (req, res, next) => {
    const cookies = parseCookies(req.headers.cookie);
    const offer = findOffer();
    const language = chooseLanguage(cookies.get(LANGUAGE_COOKIE), req.acceptsLanguages(), offer);
    const timeZone = cookies.get(TIME_ZONE_COOKIE) ?? '';
    res.locals.t = translators.get(language);
    res.locals.lng = language;
    res.locals.timeZone = isTimeZone(timeZone) ? timeZone : (offer.timeZone ?? 'UTC');
    res.locals.offered = offer.languages;
    next();
  };
}

export function chooseLanguage(
  chosen: string | undefined,
  accepted: readonly string[],
  { languages, language: otherwise }: Pick<LanguageOffer, 'languages' | 'language'> = EVERYTHING,
): Language {
  const known = languages.find((language) => language === chosen);
  return known ?? accepted.map(toLanguage).find((language) => language !== undefined && languages.includes(language)) ?? otherwise; // prettier-ignore
}

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** A zone that Intl knows by name; offsets such as +08:00 are refused, because days in them have no daylight saving. */
export function isTimeZone(value: unknown): value is string {
  if (typeof value !== 'string' || !/^[A-Za-z]/.test(value)) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

/** Taiwan, Hong Kong and Macau read Traditional Chinese; every other Chinese is taken for Simplified. */
function toLanguage(tag: string): Language | undefined {
  if (/^zh\b.*-(tw|hk|mo|hant)\b/i.test(tag)) return 'zh-TW';
  if (/^zh\b/i.test(tag)) return 'zh-CN';
  return /^en\b/i.test(tag) ? 'en' : undefined;
}

function parseCookies(header: string | undefined): Map<string, string> {
  const pairs = (header ?? '').split(';').map((pair): [string, string] => {
    const [name = '', ...rest] = pair.split('=');
    return [name.trim(), decode(rest.join('=').trim())];
  });
  return new Map(pairs);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
