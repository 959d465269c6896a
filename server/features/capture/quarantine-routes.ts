import { Router } from 'express';
import type { Knex } from 'knex';
import { KnownError } from '../../errors';
import type { EntryStore } from '../../entries/entry-store';
import { pageContext } from '../../http/page-locals';
import { needsRight } from '../access/rights';
import type { Viewer } from '../access/viewer';
import { quarantinePage } from './quarantine-page';

interface QuarantineDeps {
  readonly db: Knex;
  readonly store: EntryStore;
  readonly now: () => Date;
}

interface QuarantineRow {
  id: number;
  bridge_name: string | null;
  event_id: string | null;
  reason: string;
  detail: string;
  item: string;
  received_at: number;
}

/** An item is shown with up to 20,000 characters, so a page stays below a few megabytes. */
const PER_PAGE = 50;

/** `GET /quarantine`: what bridges sent and nobody could understand, newest first; `?before=ID` goes on behind an item. */
export function createQuarantineRoutes({ db, store, now }: QuarantineDeps): Router {
  const router = Router();
  router.get('/quarantine', needsRight('quarantine.read'), async (request, response) => {
    const ledger = await store.findLedger((response.locals['viewer'] as Viewer).tenant);
    if (!ledger) throw new KnownError('not_found');
    const tenant = { 'q.tenant_id': ledger.tenant.id };
    const before = placeOf(request.query['before']);
    const rows = await db('quarantine as q')
      .leftJoin('bridges as b', 'b.id', 'q.bridge_id')
      .where(tenant)
      .where('q.id', '<', before)
      .orderBy('q.id', 'desc')
      .limit(PER_PAGE)
      .select<QuarantineRow[]>(
        'q.id',
        'b.name as bridge_name',
        'q.event_id',
        'q.reason',
        'q.detail',
        'q.item',
        'q.received_at',
      );
    const place = {
      total: await countItems(db('quarantine as q').where(tenant)),
      newer: await countItems(db('quarantine as q').where(tenant).where('q.id', '>=', before)),
    };
    // Behind the oldest item there is nothing, which is not to say that the quarantine is empty.
    if (rows.length === 0 && place.total > 0)
      return response.redirect(303, pageContext(response, now()).url('/quarantine'));
    response.render('capture/quarantine', { page: quarantinePage(rows, place, pageContext(response, now())) });
  });
  return router;
}

/** An id that is none means the newest page. */
function placeOf(before: unknown): number {
  return typeof before === 'string' && /^[1-9]\d{0,14}$/.test(before) ? Number(before) : Number.MAX_SAFE_INTEGER;
}

async function countItems(items: Knex.QueryBuilder): Promise<number> {
  const [row] = await items.count<{ count: number | string }[]>({ count: '*' });
  return Number(row?.count ?? 0);
}
