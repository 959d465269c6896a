import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { ERRORS, KnownError, type ErrorCode } from '../errors';

/** Bridges and programs get `application/problem+json` (RFC 9457), people a page. */
function wantsJson(request: Request): boolean {
  return /^\/(bridge|api)\//.test(request.path) || request.accepts(['html', 'json']) === 'json';
}

export const notFound: RequestHandler = (_request, _response, next) => next(new KnownError('not_found'));

/** The one place where an error becomes an answer. An unknown one is logged whole and shown as a plain 500. */
export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const known = toKnown(error);
    const requestId = typeof request.id === 'string' ? request.id : '';
    if (known.code === 'unexpected') logger.error({ err: error, requestId }, 'unexpected error');
    else if (known.code === 'cannot_commit')
      logger.warn({ err: known.cause ?? error, requestId }, 'a delivery could not be committed; the bridge keeps it');
    else logger.debug({ code: known.code, detail: known.detail, requestId }, 'refused');
    if (response.headersSent) return next(error);

    if (known.status === 503) response.setHeader('retry-after', '5');
    response.status(known.status);
    if (wantsJson(request) || typeof response.locals['t'] !== 'function') sendProblem(response, known, requestId);
    else response.render('error', { code: known.code, status: known.status, detail: known.detail, requestId });
  };
}

function sendProblem(response: Response, error: KnownError, requestId: string): void {
  response.type('application/problem+json').send(
    JSON.stringify({
      type: `urn:sealtrail:error:${error.code}`,
      title: TITLES[error.code],
      status: error.status,
      ...(error.detail === '' ? {} : { detail: error.detail }),
      request_id: requestId,
    }),
  );
}

function toKnown(error: unknown): KnownError {
  if (error instanceof KnownError) return error;
  const type = typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';
  if (type === 'entity.too.large') return new KnownError('too_large', 'at most 5 MiB', { cause: error });
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
  // body-parser's and Express's own refusals (broken encoding, aborted request, undecodable path).
  if (status >= 400 && status < 500) return new KnownError('bad_request', (error as Error).message, { cause: error });
  return new KnownError('unexpected', '', { cause: error });
}

/** Short English titles for programs; people read locales/<lng>/errors.json. */
const TITLES: Readonly<Record<ErrorCode, string>> = Object.fromEntries(
  Object.keys(ERRORS).map((code) => [code, code.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase())]),
) as Record<ErrorCode, string>;
