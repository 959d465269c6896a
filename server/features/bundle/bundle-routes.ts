import { Router, type Request } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { needsRight } from '../access/rights';
import { actorOf, type Viewer } from '../access/viewer';
import { FILTER_NAMES, parseFilter } from '../browse/browse-service';
import type { OwnEvents } from '../capture/own-events-service';
import { bundleFileName, parseSeqs, type BundleService } from './bundle-service';

interface BundleDeps {
  readonly bundles: BundleService;
  readonly store: EntryStore;
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
}

/** `GET /export.zip`: the current filter, or the entries that were ticked, as a signed bundle. */
export function createBundleRoutes(deps: BundleDeps): Router {
  const router = Router();
  router.get('/export.zip', needsRight('entries.export'), async (request, response) => {
    const viewer = response.locals['viewer'] as Viewer;
    const ledger = await deps.store.findLedger(viewer.tenant);
    if (!ledger) throw new KnownError('not_found');
    const seqs = readSeqs(request);
    const raw = seqs ? {} : Object.fromEntries(FILTER_NAMES.flatMap((name) => (typeof request.query[name] === 'string' ? [[name, request.query[name]]] : []))); // prettier-ignore
    const filter = parseFilter(raw);
    await deps.ownEvents.record(viewer.tenant, {
      action: 'audit.exported',
      actor: actorOf(viewer),
      targetId: 'bundle',
      payload: { format: 'bundle', ...(seqs ? { entries: seqs } : { filter: raw }) },
      via: 'ui',
    });
    await deps.bundles.send(response, {
      ledger,
      selection: seqs ? { seqs } : { filter },
      rawFilter: raw,
      withValues: request.query['values'] !== '0',
      requestedBy: viewer.name,
      onOpen: () => response.attachment(bundleFileName(deps.now())).type('application/zip'),
    });
  });
  return router;
}

/** `entries=3&entries=17` as ticked boxes send it, or `entries=3,17`. A form without any box ticked asks for nothing. */
function readSeqs(request: Request): readonly number[] | undefined {
  const { entries, picked } = request.query;
  if (entries === undefined && picked !== '1') return undefined;
  const text = (Array.isArray(entries) ? entries : [entries]).filter((one) => typeof one === 'string').join(',');
  const seqs = parseSeqs(text);
  if (!seqs) throw new KnownError('bad_request', 'entries: tick at least one');
  return seqs;
}
