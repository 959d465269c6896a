import { Router } from 'express';
import type { Knex } from 'knex';
import { KnownError } from '../../errors';
import type { EntryStore } from '../../entries/entry-store';
import { pageContext } from '../../http/page-locals';
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

const SHOWN = 200;

/** `GET /quarantine`: what bridges sent and nobody could understand, newest first. */
export function createQuarantineRoutes({ db, store, now }: QuarantineDeps): Router {
  const router = Router();
  router.get('/quarantine', async (_request, response) => {
    const ledger = await store.findLedger((response.locals['viewer'] as Viewer).tenant);
    if (!ledger) throw new KnownError('not_found');
    const rows = await db('quarantine as q')
      .leftJoin('bridges as b', 'b.id', 'q.bridge_id')
      .where('q.tenant_id', ledger.tenant.id)
      .orderBy('q.id', 'desc')
      .limit(SHOWN)
      .select<QuarantineRow[]>('q.id', 'b.name as bridge_name', 'q.event_id', 'q.reason', 'q.detail', 'q.item', 'q.received_at');
    response.render('capture/quarantine', { page: quarantinePage(rows, pageContext(response, now())) });
  });
  return router;
}
