import csurf from 'csurf';
import type { RequestHandler } from 'express';
import { KnownError } from '../errors';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Two guards for every form: csurf's synchroniser token kept in the session (field `_csrf`), and what the browser itself says
 * about where a request comes from (Sec-Fetch-Site, else Origin). csurf is no longer maintained: it lives only here.
 */
export function createCsrfGuards(options: { readonly publicOrigin: string }): RequestHandler[] {
  const token = csurf({ cookie: false });
  return [
    (request, _response, next) => {
      if (SAFE_METHODS.has(request.method)) return next();
      const site = request.get('sec-fetch-site');
      const origin = request.get('origin');
      const isOurs =
        site !== undefined
          ? site === 'same-origin' || site === 'none'
          : origin === undefined || isOwnOrigin(origin, request.get('host'), options.publicOrigin);
      next(isOurs ? undefined : new KnownError('bad_csrf', 'the form was sent from another site'));
    },
    (request, response, next) => {
      token(request, response, (error: unknown) => {
        if (error === undefined) return next();
        const isRefusal =
          typeof error === 'object' && error !== null && (error as { code?: string }).code === 'EBADCSRFTOKEN';
        next(isRefusal ? new KnownError('bad_csrf', 'the form is too old or was not ours', { cause: error }) : error);
      });
    },
  ];
}

function isOwnOrigin(origin: string, host: string | undefined, publicOrigin: string): boolean {
  if (origin === publicOrigin) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host;
}
