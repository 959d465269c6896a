import { Router, type Request, type Response } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { UrlBuilder } from '../../http/url-builder';
import { needsRight } from '../access/rights';
import { actorOf } from '../access/viewer';
import type { Viewer } from '../access/viewer';
import { FILTER_NAMES, parseFilter, SORTS, type RawFilter } from '../browse/browse-service';
import { parseSeqs } from '../bundle/bundle-service';
import type { OwnEvents } from '../capture/own-events-service';
import { EXPORT_FORMATS, exportFileName, type ExportFormat, type ExportService } from './export-service';

interface ExportDeps {
  readonly exports: ExportService;
  readonly store: EntryStore;
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
}

const TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/**
 * `GET /export.csv`, `.json`, `.ndjson`: the current filter as a file, or the entries that `entries=3,17` names. A CSV has headers
 * in the reader's language. `GET /export`: the form of the audit log, which chooses among these and the signed bundle.
 */
export function createExportRoutes(deps: ExportDeps): Router {
  const router = Router();

  router.get('/export', needsRight('entries.export'), (request, response) => {
    const { query } = request;
    const format = [...EXPORT_FORMATS, 'zip'].find((one) => one === query['format']) ?? 'csv';
    const isTicked = query['what'] !== 'all';
    const what = isTicked
      ? { entries: (seqsOf(request) ?? noneTicked()).join(',') }
      : { ...filterOf(request), sort: typeof query['sort'] === 'string' ? query['sort'] : null };
    response.redirect(303, (response.locals['url'] as UrlBuilder)(`/export.${format}`, what));
  });

  for (const format of EXPORT_FORMATS)
    router.get(`/export.${format}`, needsRight('entries.export'), (request, response) => send(format, request, response)); // prettier-ignore
  return router;

  async function send(format: ExportFormat, request: Request, response: Response): Promise<void> {
    const viewer = response.locals['viewer'] as Viewer;
    const t = response.locals['t'] as (key: string) => string;
    const ledger = await deps.store.findLedger(viewer.tenant);
    if (!ledger) throw new KnownError('not_found');
    const { query } = request;
    const seqs = seqsOf(request);
    const raw = seqs ? {} : filterOf(request);
    const filter = parseFilter(raw);
    const sort = SORTS.find((one) => one === query['sort']) ?? '-seq';
    await deps.ownEvents.record(viewer.tenant, {
      action: 'audit.exported',
      actor: actorOf(viewer),
      targetId: format,
      payload: { format, ...(seqs ? { entries: [...seqs] } : { filter: raw }) },
      via: 'ui',
    });
    response.attachment(exportFileName(deps.now(), format)).type(TYPES[format]);
    const header = query['raw'] === '1' ? (name: string) => name : (name: string) => t(`export:${name}`);
    await deps.exports.send(response, { ledger, filter, sort, format, header, ...(seqs ? { seqs } : {}) });
  }
}

function filterOf({ query }: Request): RawFilter {
  return Object.fromEntries(
    FILTER_NAMES.flatMap((name) => (typeof query[name] === 'string' ? [[name, query[name]]] : [])),
  );
}

/** `entries=3&entries=17` as ticked boxes send it, or `entries=3,17`; undefined where no entries are named. */
function seqsOf({ query }: Request): readonly number[] | undefined {
  const { entries } = query;
  if (entries === undefined) return undefined;
  return parseSeqs([entries].flat().filter((one) => typeof one === 'string').join(',')) ?? noneTicked(); // prettier-ignore
}

function noneTicked(): never {
  throw new KnownError('bad_request', 'entries: tick at least one');
}
