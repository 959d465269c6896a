import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { clip } from '../../core/clip';
import type { JsonObject } from '../../core/canonical-json';
import type { Actor, Via } from '../../core/event';
import { KnownError } from '../../errors';
import { FILTER_NAMES } from '../browse/browse-service';
import type { AccessLog, Happening } from './access-log-service';
import type { Tenant } from './access-change';
import { UNKNOWN_ACTOR } from './viewer';

/** Whom an answer goes to. */
export interface Reader {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly via: Via;
}

interface ReadingDeps {
  readonly log: Pick<AccessLog, 'note'>;
  /** Undefined where nobody is known: then nothing was read. */
  readonly readerOf: (request: Request, response: Response) => Promise<Reader | undefined>;
  /** The sequence number and action of an entry, by either of its names. */
  readonly findEntry: (tenant: Tenant, idOrSeq: string) => Promise<{ readonly seq: number; readonly action: string } | undefined>; // prettier-ignore
  readonly onError: (error: unknown) => void;
}

type Reading = { readonly kind: Happening['kind']; readonly detail: JsonObject; readonly entry?: string };

const VIEWED = 'audit.log_viewed';

/** Notes what was read, after the answer went out: it neither waits for this nor fails by it. */
export function createReadingRecord(deps: ReadingDeps): RequestHandler {
  return (request, response, next) => {
    const reading = readingOf(request.method, request.path, request.query);
    if (reading) response.once('finish', () => response.statusCode < 300 && void note(request, response, reading));
    next();
  };

  async function note(request: Request, response: Response, { kind, detail, entry }: Reading): Promise<void> {
    try {
      const reader = await deps.readerOf(request, response);
      if (!reader) return;
      const found = entry === undefined ? undefined : await deps.findEntry(reader.tenant, entry);
      // Whoever looks through the record of reading would else add to it with every look.
      if (found?.action === VIEWED) return;
      const what = found ? { entry: found.seq } : detail;
      deps.log.note({ ...reader, kind, detail: what, targetId: reader.tenant.slug });
    } catch (error) {
      deps.onError(error);
    }
  }
}

/** Notes who was refused; the answer is somebody else's. */
export function createDenialRecord(
  deps: Pick<ReadingDeps, 'log' | 'readerOf' | 'onError'> & { readonly findDefault: () => Promise<Tenant | undefined> },
): ErrorRequestHandler {
  // prettier-ignore
  return (error: unknown, request, response, next) => {
    if (error instanceof KnownError && (error.code === 'missing_scope' || error.code === 'bad_token')) void note(request, response, error); // prettier-ignore
    next(error);
  };

  async function note(request: Request, response: Response, { code, detail }: KnownError): Promise<void> {
    try {
      const where = clip(request.originalUrl.split('?')[0]?.toWellFormed() ?? '', 191);
      const reader = await deps.readerOf(request, response);
      const tenant = reader?.tenant ?? (await deps.findDefault());
      if (!tenant) return;
      const who = reader ?? { actor: UNKNOWN_ACTOR, ip: null, userAgent: null, via: 'api' as const };
      deps.log.note({ ...who, tenant, kind: 'denied', detail: { why: code, needs: detail, method: request.method, door: where }, targetId: where }); // prettier-ignore
    } catch (failure) {
      deps.onError(failure);
    }
  }
}

/** What an address of a page or of the API (below its own path) shows of the log; undefined where it shows none of it. */
export function readingOf(method: string, path: string, query: Readonly<Record<string, unknown>>): Reading | undefined {
  const [, entry, door = ''] = /^\/entries\/(\d{1,15}|[0-9a-f-]{36})(?:\/([a-z]+))?$/i.exec(path) ?? [];
  if (entry !== undefined) {
    if (door === 'verify' || door === 'proof') return { kind: 'verify', detail: { entry }, entry };
    return method === 'GET' ? { kind: 'entry', detail: { entry }, entry } : undefined;
  }
  if (method !== 'GET') return undefined;
  if (path.startsWith('/tile/entries/')) return { kind: 'export', detail: { tile: path } };
  if (path === '/quarantine') return { kind: 'search', detail: { page: path } };
  if (path !== '/entries' && path !== '/timeline') return undefined;
  const asked = [...FILTER_NAMES, 'from', 'to', 'ledger'].flatMap((name) => {
    const value = query[name];
    return typeof value === 'string' && value !== '' ? [[name, clip(value.toWellFormed(), 200)] as const] : [];
  });
  const filter = Object.fromEntries(asked);
  return filter['action'] === VIEWED ? undefined : { kind: 'search', detail: { page: path, filter } };
}
