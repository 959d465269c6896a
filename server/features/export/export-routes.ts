import { Router } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { needsRight } from '../access/rights';
import { actorOf } from '../access/viewer';
import type { Viewer } from '../access/viewer';
import { FILTER_NAMES, parseFilter, SORTS } from '../browse/browse-service';
import type { OwnEvents } from '../capture/own-events-service';
import { exportFileName, type ExportService } from './export-service';

interface ExportDeps {
  readonly exports: ExportService;
  readonly store: EntryStore;
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
}

/** `GET /export.csv`: the current filter as a file for a spreadsheet, with headers in the reader's language. */
export function createExportRoutes(deps: ExportDeps): Router {
  const router = Router();
  router.get('/export.csv', needsRight('entries.export'), async (request, response) => {
    const viewer = response.locals['viewer'] as Viewer;
    const t = response.locals['t'] as (key: string) => string;
    const ledger = await deps.store.findLedger(viewer.tenant);
    if (!ledger) throw new KnownError('not_found');
    const query = request.query;
    const raw = Object.fromEntries(
      FILTER_NAMES.flatMap((name) => (typeof query[name] === 'string' ? [[name, query[name]]] : [])),
    );
    const filter = parseFilter(raw);
    const sort = SORTS.find((one) => one === query['sort']) ?? '-seq';
    await deps.ownEvents.record(viewer.tenant, {
      action: 'audit.exported',
      actor: actorOf(viewer),
      targetId: 'csv',
      payload: { format: 'csv', filter: raw },
      via: 'ui',
    });
    response.attachment(exportFileName(deps.now(), 'csv')).type('text/csv; charset=utf-8');
    const header = query['raw'] === '1' ? (name: string) => name : (name: string) => t(`export:${name}`);
    await deps.exports.send(response, { ledger, filter, sort, format: 'csv', header });
  });
  return router;
}
