import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { BrowseService } from '../browse/browse-service';
import type { RelatedService } from '../browse/related-service';

interface RelatedApiDeps {
  readonly browse: BrowseService;
  readonly related: RelatedService;
  readonly mayRead: RequestHandler;
  readonly ledgerOf: (request: Request, response: Response) => Promise<Ledger>;
}

const MOST = 20;
const USUAL = 5;

/** `GET /entries/{id or seq}/related?limit=5`: the entries near one, in groups. */
export function createRelatedApiRoutes({ browse, related, mayRead, ledgerOf }: RelatedApiDeps): Router {
  const router = Router();
  router.get('/entries/:id/related', mayRead, async (request, response) => {
    const perSide = limitOf(request);
    const ledger = await ledgerOf(request, response);
    const entry = await browse.findEntry(ledger, String(request.params['id']));
    if (!entry) throw new KnownError('entry_not_found');
    const groups = await related.find(ledger, entry, { perSide });
    response.json({ seq: entry.seq, id: entry.id, groups });
  });
  return router;
}

function limitOf(request: Request): number {
  for (const [name, value] of Object.entries(request.query))
    if (typeof value !== 'string' || !['limit', 'ledger'].includes(name))
      throw new KnownError('bad_request', `${name} is no parameter of this, or stands there twice`);
  const { limit } = request.query as Record<string, string | undefined>;
  const number = limit === undefined ? USUAL : /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (number < 1 || number > MOST) throw new KnownError('bad_request', `limit: write a number from 1 to ${MOST}`);
  return number;
}
