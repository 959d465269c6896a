import { Router } from 'express';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../../db/connection';
import type { Appender } from '../../entries/appender';
import type { SearchIndexer } from '../browse/search-index-service';

interface HealthDeps {
  readonly database: Database;
  readonly appender: Appender;
  readonly indexer: SearchIndexer;
}

/** `/healthz` (the process runs), `/readyz` (it can store), `/metrics` (Prometheus text). They tell numbers, never content. */
export function createHealthRoutes(deps: HealthDeps): Router {
  const router = Router();
  const registry = createRegistry(deps);
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    try {
      const [row] = await deps.database.dialect.selectArrays(deps.database.knex, 'SELECT COUNT(*) FROM heads', []);
      const isReady = Number(row?.[0] ?? 0) > 0;
      response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'no ledger' });
    } catch {
      response.status(503).json({ status: 'database away' });
    }
  });
  router.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}

function createRegistry({ database, appender, indexer }: HealthDeps): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({ name, help, registers: [registry], collect: async function collect() { this.set(await read()); } }); // prettier-ignore
  const number = async (sql: string) => {
    const [row] = await database.dialect.selectArrays(database.knex, sql, []);
    return Number(row?.[0] ?? 0);
  };
  gauge('sealtrail_entries', 'Entries in all ledgers', () => number('SELECT SUM(seq) FROM heads'));
  gauge('sealtrail_quarantined', 'Items set aside because they could not be understood', () =>
    number('SELECT COUNT(*) FROM quarantine'),
  );
  gauge('sealtrail_append_waiting', 'Items that wait for a commit', () => Promise.resolve(appender.waiting));
  gauge('sealtrail_index_behind', 'Entries that the search index does not hold yet', () => indexer.countBehind());
  return registry;
}
