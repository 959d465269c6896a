import { Router } from 'express';
import { isLanguage, isTimeZone, LANGUAGE_COOKIE, TIME_ZONE_COOKIE } from './i18n';
import { safeReturnPath, type UrlBuilder } from './url-builder';

const YEAR_MS = 365 * 86_400_000;

/** `POST /preferences`: remembers language and time zone in the reader's browser and goes back to the page. */
export function createPreferences({ https }: { readonly https: boolean }): Router {
  const router = Router();
  router.post('/preferences', (request, response) => {
    const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const cookie = { httpOnly: true, sameSite: 'lax', secure: https, maxAge: YEAR_MS } as const;
    const { language, time_zone: timeZone } = body;
    if (isLanguage(language)) response.cookie(LANGUAGE_COOKIE, language, cookie);
    if (isTimeZone(timeZone)) response.cookie(TIME_ZONE_COOKIE, timeZone, cookie);
    const url = response.locals['url'] as UrlBuilder;
    response.redirect(303, url(safeReturnPath(body['return_to'], '/')));
  });
  return router;
}
