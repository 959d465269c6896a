import { Router, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import type { JsonObject } from '../../core/canonical-json';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { ApiTokenService, Scope } from '../access/token-service';
import {
  FILTER_NAMES,
  parseFilter,
  SORTS,
  type BrowseService,
  type EntryFilter,
  type RawFilter,
  type Sort,
} from '../browse/browse-service';
import type { RelatedService } from '../browse/related-service';
import type { PruneService } from '../retention/prune-service';
import { bundleFileName, parseSeqs, type BundleService } from '../bundle/bundle-service';
import type { ErasureService } from '../erasure/erasure-service';
import type { EntryCheckService } from '../integrity/entry-check-service';
import type { JobService } from '../jobs/job-service';
import { EXPORT_FORMATS, exportFileName, type ExportService } from '../export/export-service';
import type { Caller } from './caller';
import { createErasureApiRoutes } from './erasure-api-routes';
import { createVerifyRoutes } from './verify-routes';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { ProofService } from '../tree/proof-service';
import type { TreeService } from '../tree/tree-service';
import { createRelatedApiRoutes } from './related-api-routes';
import { createTreeApiRoutes } from './tree-api-routes';

interface ApiDeps {
  readonly tokens: ApiTokenService;
  readonly store: EntryStore;
  readonly browse: BrowseService;
  readonly related: RelatedService;
  readonly exports: ExportService;
  /** The prune that took an entry. */
  readonly findPruned: PruneService['findPruned'];
  readonly bundles: BundleService;
  readonly jobs: JobService;
  readonly erasures: ErasureService;
  readonly entryCheck: EntryCheckService;
  readonly tree: TreeService;
  readonly checkpoints: CheckpointService;
  readonly proofs: ProofService;
  readonly now: () => Date;
  /** Notes what was read; before the routes. */
  readonly noteReading: RequestHandler;
  /** Records an export before its first byte. */
  readonly recordExport: (
    caller: Caller,
    ledger: Ledger,
    asked: JsonObject & { readonly format: string },
    request: Request,
  ) => Promise<void>;
}

const pageQuery = z.object({
  per_page: z.coerce.number().int().min(1).max(100).default(20),
  page: z.coerce.number().int().min(1).optional(),
  cursor: z.string().min(1).max(500).optional(),
  sort: z.enum(SORTS).default('-seq'),
});

/** `/api/v1` (CONTRACT section 5): Bearer tokens, JSON only. */
export function createApiRoutes(deps: ApiDeps): Router {
  const router = Router();
  const may = (scope: Scope) => requireScope(deps.tokens, scope);
  router.use((_request, response, next) => {
    // Answers hold personal data: no cache between us and the caller keeps them.
    response.setHeader('cache-control', 'no-store');
    next();
  });

  router.use(deps.noteReading);

  router.get('/entries', may('read'), async (request, response) => {
    const ledger = await ledgerOf(request, response.locals['caller'] as Caller);
    const query = texts(request);
    const options = parsePage(query);
    const page = await deps.browse.findPage(ledger, {
      filter: filterOf(query),
      sort: options.sort,
      perPage: options.per_page,
      cursor: options.cursor,
      page: options.page,
    });
    response.json({
      total: page.total,
      total_is_exact: page.totalIsExact,
      ...(page.unindexed === undefined ? {} : { unindexed: page.unindexed }),
      pages: page.pages,
      entries: page.entries,
      next_cursor: page.nextCursor,
    });
  });

  router.get('/entries/:id', may('read'), async (request, response) => {
    const ledger = await ledgerOf(request, response.locals['caller'] as Caller);
    const id = String(request.params['id']);
    const entry = await deps.browse.findEntry(ledger, id);
    if (!entry) throw (await prunedError(ledger, id)) ?? new KnownError('entry_not_found');
    response.json(entry);
  });

  router.get('/stats', may('read'), async (request, response) => {
    const ledger = await ledgerOf(request, response.locals['caller'] as Caller);
    const stats = await deps.browse.readStats(ledger, { now: deps.now(), timeZone: 'UTC' });
    response.json({
      total: stats.total,
      critical: stats.critical,
      today: stats.today,
      time_zone: stats.timeZone,
      by_category: stats.byCategory,
      by_severity: stats.bySeverity,
      days: stats.days,
      quarantined: stats.quarantined,
    });
  });

  router.get('/export', may('export'), async (request, response) => {
    const ledger = await ledgerOf(request, response.locals['caller'] as Caller);
    const { format = 'json', sort = '-seq', ...query } = texts(request);
    const known = EXPORT_FORMATS.find((one) => one === format);
    if (!known && format !== 'bundle') throw new KnownError('bad_request', `format: ${EXPORT_FORMATS.join(', ')}, bundle`); // prettier-ignore
    const filter = filterOf(query);
    const order = parsePage({ sort }).sort;
    const asked = query['entries'] === undefined ? { filter: rawFilterOf(query) } : { entries: query['entries'] };
    await deps.recordExport(response.locals['caller'] as Caller, ledger, { format, ...asked }, request);
    if (!known) return sendBundle(response, ledger, query);
    response.attachment(exportFileName(deps.now(), known));
    response.type(
      known === 'csv' ? 'text/csv; charset=utf-8' : known === 'json' ? 'application/json' : 'application/x-ndjson',
    );
    await deps.exports.send(response, { ledger, filter, sort: order, format: known });
  });

  router.use(
    createVerifyRoutes({
      jobs: deps.jobs,
      entryCheck: deps.entryCheck,
      findLedger,
      findEntrySeq: async (ledger, id) => (await deps.browse.findEntry(ledger, id))?.seq,
      mayVerify: may('verify'),
    }),
  );

  router.use(createErasureApiRoutes({ erasures: deps.erasures, jobs: deps.jobs, findLedger, mayErase: may('admin') }));

  router.use(
    createRelatedApiRoutes({
      browse: deps.browse,
      related: deps.related,
      mayRead: may('read'),
      ledgerOf: (request, response) => ledgerOf(request, response.locals['caller'] as Caller),
    }),
  );

  router.use(
    createTreeApiRoutes({
      browse: deps.browse,
      tree: deps.tree,
      checkpoints: deps.checkpoints,
      proofs: deps.proofs,
      mayRead: may('read'),
      ledgerOf: (request, response) => ledgerOf(request, response.locals['caller'] as Caller),
    }),
  );

  // A program that asks for what is not there gets no sign-in page.
  router.use(() => {
    throw new KnownError('not_found');
  });
  return router;

  /** Where an entry went that was pruned. */
  async function prunedError(ledger: Ledger, id: string): Promise<KnownError | undefined> {
    const place = /^\d{1,15}$/.test(id) ? await deps.findPruned(ledger, Number(id)) : undefined;
    if (!place) return undefined;
    const at = new Date(place.startedAt).toISOString();
    const detail = `pruned ${at} by ${place.requestedBy} with the entries ${place.fromSeq} to ${place.toSeq}; prune ${place.id}, certificate in entry ${place.certificateSeq}`;
    return new KnownError('entry_pruned', detail);
  }

  async function sendBundle(
    response: Response,
    ledger: Ledger,
    query: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { entries, values } = query;
    const seqs = entries === undefined ? undefined : parseSeqs(entries);
    if (entries !== undefined && !seqs)
      throw new KnownError('bad_request', 'entries: sequence numbers, parted by commas');
    await deps.bundles.send(response, {
      ledger,
      selection: seqs ? { seqs } : { filter: filterOf(query) },
      rawFilter: seqs ? {} : rawFilterOf(query),
      withValues: values !== '0',
      requestedBy: (response.locals['caller'] as Caller).tokenName,
      onOpen: () => response.attachment(bundleFileName(deps.now())).type('application/zip'),
    });
  }

  function ledgerOf(request: Request, caller: Caller): Promise<Ledger> {
    const name = request.query['ledger'];
    // Written twice it is no name.
    return findLedger(caller, name === undefined || typeof name === 'string' ? name : '');
  }

  /** The tenant's ledger of this name, or its only one. Another tenant's is as unknown as one that never was. */
  async function findLedger(caller: Caller, name: string | undefined): Promise<Ledger> {
    const ledgers = await deps.store.listLedgers(caller.tenantId);
    const ledger = name === undefined ? ledgers[0] : ledgers.find((one) => one.name === name);
    if (!ledger) throw new KnownError('bad_filter', 'ledger: there is none of this name');
    return ledger;
  }
}

/** Refuses a request without a valid token (401) or whose token lacks the scope (403). */
function requireScope(tokens: ApiTokenService, scope: Scope): RequestHandler {
  return async (request, response, next) => {
    const match = /^Bearer ([\x21-\x7e]{10,200})$/i.exec(request.get('authorization') ?? '');
    const found = match?.[1] === undefined ? undefined : await tokens.find(match[1]);
    if (!found) {
      response.setHeader('www-authenticate', 'Bearer');
      return next(new KnownError('bad_token'));
    }
    const caller: Caller = { tokenName: found.name, tenantId: found.tenantId };
    response.locals['caller'] = caller;
    if (!found.scopes.includes(scope) && !found.scopes.includes('admin'))
      return next(new KnownError('missing_scope', `this needs the scope ${scope}`));
    next();
  };
}

const KNOWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...FILTER_NAMES,
  'per_page',
  'page',
  'cursor',
  'sort',
  'ledger',
  'format',
  'entries',
  'values',
]);

/** Query parameters that are single texts. A misspelt filter must not silently widen the answer. */
function texts(request: Request): Record<string, string> {
  const unknown = Object.keys(request.query).find((name) => !KNOWN_PARAMETERS.has(name));
  if (unknown !== undefined) throw new KnownError('bad_filter', `${unknown} is no parameter of this`);
  return Object.fromEntries(
    Object.entries(request.query).map(([name, value]) => {
      if (typeof value !== 'string') throw new KnownError('bad_filter', `${name}: write it once`);
      return [name, value];
    }),
  );
}

function filterOf(query: Readonly<Record<string, string>>): EntryFilter {
  return parseFilter(rawFilterOf(query));
}

function rawFilterOf(query: Readonly<Record<string, string>>): RawFilter {
  return Object.fromEntries(FILTER_NAMES.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));
}

function parsePage(query: Readonly<Record<string, string>>): {
  per_page: number;
  page?: number | undefined;
  cursor?: string | undefined;
  sort: Sort;
} {
  const parsed = pageQuery.safeParse(query);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new KnownError('bad_filter', `${issue?.path.join('.')}: ${issue?.message}`);
}
