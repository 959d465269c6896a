import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Request, RequestHandler, Response } from 'express';
import { can, type Right } from '../features/access/rights';
import type { Viewer } from '../features/access/viewer';
import { PROGRAM_ROOT } from '../root';
import { LANGUAGES, type Language, type Translate } from './i18n';
import { revealText, type PageContext } from './page-context';
import { safeReturnPath, type UrlBuilder } from './url-builder';

export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  'zh-CN': '简体中文',
  'zh-TW': '繁體中文',
};

/** What every page may use, besides `t`, `lng`, `timeZone` and `offered` from the language choice that runs before. */
interface PageLocals {
  t: Translate;
  lng: Language;
  timeZone: string;
  /** Languages to choose from. */
  offered?: readonly Language[];
  url: UrlBuilder;
  /** The address of a file in `public`, with a mark of its content, so that it may be cached for ever. */
  asset: (name: string) => string;
  /** The hidden fields that prove a POST form to be ours. */
  formTokens: () => readonly { readonly name: string; readonly value: string }[];
  languages: readonly { code: Language; name: string; selected: boolean }[];
  zoneGroups: readonly ZoneGroup[];
  /** Names that others chose: `revealText`. */
  reveal: (text: string) => string;
  /** The page's own path and query, to come back to. */
  returnTo: string;
  viewer?: Viewer;
  /** Whether the viewer has a right; nobody has one before signing in. */
  may: (right: Right) => boolean;
}

interface ZoneGroup {
  readonly region: string;
  readonly zones: readonly string[];
}

/** Every page's frame: addresses, assets, the token for forms, the choices of language and time zone. */
export function createPageLocals(options: {
  readonly url: UrlBuilder;
  readonly publicFolder?: string;
}): RequestHandler {
  const { url, publicFolder = path.join(PROGRAM_ROOT, 'public') } = options;
  const marks = new Map<string, string>();
  const findMark = (name: string) => {
    const mark = marks.get(name) ?? markOf(path.join(publicFolder, name));
    marks.set(name, mark);
    return mark;
  };
  const zoneGroups = groupZones();
  return (req, res, next) => {
    const locals = res.locals as PageLocals;
    locals.url = url;
    locals.asset = (name) => locals.url(`/assets/${name}`, { v: findMark(name) });
    locals.formTokens = () => [{ name: '_csrf', value: tokenOf(req) }];
    locals.languages = (locals.offered ?? LANGUAGES).map((code) => ({
      code,
      name: LANGUAGE_NAMES[code],
      selected: code === locals.lng,
    }));
    locals.zoneGroups = zoneGroups;
    locals.may = (right) => locals.viewer !== undefined && can(locals.viewer, right);
    locals.reveal = revealText;
    locals.returnTo = req.method === 'GET' ? safeReturnPath(req.originalUrl, '/') : '/';
    next();
  };
}

/** What the view model of a page needs from its response. */
export function pageContext(res: Response, now: Date): PageContext {
  const { t, lng, timeZone, url } = res.locals as PageLocals;
  return { t, lng, timeZone, url, now };
}

function groupZones(): readonly ZoneGroup[] {
  const groups = new Map<string, string[]>([['UTC', ['UTC']]]);
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    if (zone === 'UTC') continue;
    const region = zone.includes('/') ? zone.slice(0, zone.indexOf('/')) : 'UTC';
    groups.set(region, [...(groups.get(region) ?? []), zone]);
  }
  return [...groups].map(([region, zones]) => ({ region, zones }));
}

/** Pages without a session (an error before it, or one that has just ended) have no token and no form that needs one. */
function tokenOf(req: Partial<Pick<Request, 'csrfToken' | 'session'>>): string {
  return req.session && req.csrfToken ? req.csrfToken() : '';
}

function markOf(file: string): string {
  if (!existsSync(file)) return '0';
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 10);
}
