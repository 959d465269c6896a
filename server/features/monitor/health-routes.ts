import { Router } from 'express';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../../db/connection';
import type { Appender } from '../../entries/appender';
import type { ActivityCounter } from '../dashboard/activity-service';
import type { SearchIndexer } from '../browse/search-index-service';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { TreeService } from '../tree/tree-service';
import type { BridgeState, BridgeWatch } from './bridge-watch-service';
import type { ChainStatus } from './heartbeat-service';

interface HealthDeps {
  readonly database: Database;
  readonly appender: Appender;
  readonly indexer: SearchIndexer;
  readonly activity: ActivityCounter;
  readonly bridgeWatch: BridgeWatch;
  readonly tree: TreeService;
  readonly store: EntryStore;
  readonly findChain: (ledger: Ledger) => Promise<ChainStatus>;
  readonly now: () => Date;
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

function createRegistry(deps: HealthDeps): Registry {
  const { database, appender, indexer, activity, bridgeWatch, tree, now } = deps;
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
  gauge('sealtrail_activity_behind', 'Entries that the counters of the dashboard do not hold yet', () => activity.countBehind()); // prettier-ignore
  gauge('sealtrail_tree_behind', 'Entries that are not in the tree of their ledger yet', () => tree.countBehind());
  gauge('sealtrail_checkpoints_stopped', 'Ledgers that sign no checkpoints until an operator looks', () =>
    number(`SELECT COUNT(*) FROM trees WHERE state = 'stopped'`),
  );
  addChainGauges(registry, deps);
  addBridgeGauges(registry, bridgeWatch, now);
  return registry;
}

/** One line for each ledger. One that was never verified has no age. */
function addChainGauges(registry: Registry, { store, findChain, now }: HealthDeps): void {
  const gauge = (name: string, help: string, valueOf: (chain: ChainStatus) => number | null) =>
    new Gauge({
      name: `sealtrail_${name}`,
      help,
      labelNames: ['ledger'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const ledger of await store.listLedgers()) {
          const value = valueOf(await findChain(ledger));
          if (value !== null) this.set({ ledger: ledger.name }, value);
        }
      },
    });
  gauge('chain_broken', '1 while the latest verifications say that a ledger is broken', ({ status }) => status === 'broken' ? 1 : 0); // prettier-ignore
  gauge('chain_unverified', '1 while they do not say that it is intact', ({ status }) => (status === 'intact' ? 0 : 1));
  gauge('chain_verified_seconds', 'Time since everything, or all that was new, was last verified', ({ at }) =>
    at === null ? null : Math.max(0, (now().getTime() - Date.parse(at)) / 1_000),
  );
}

/** One line for each paired bridge, by its id. What a bridge has not told yet is left out. */
function addBridgeGauges(registry: Registry, bridgeWatch: BridgeWatch, now: () => Date): void {
  // All are read in one go; each asks by itself.
  let states = Promise.resolve<readonly BridgeState[]>([]);
  let readAt = 0;
  const read = () => {
    if (Date.now() - readAt >= 1_000) {
      readAt = Date.now();
      states = bridgeWatch.states();
    }
    return states;
  };
  const gauge = (name: string, help: string, valueOf: (state: BridgeState) => number | null) =>
    new Gauge({
      name: `sealtrail_bridge_${name}`,
      help,
      labelNames: ['bridge'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const state of await read()) {
          const value = valueOf(state);
          if (value !== null) this.set({ bridge: state.id }, value);
        }
      },
    });
  const seconds = (at: number | null | undefined) => (at ? Math.max(0, (now().getTime() - at) / 1_000) : null);
  gauge('silent', '1 while a bridge is silent', (state) => (state.isSilent ? 1 : 0));
  gauge('heard_seconds', 'Time since a bridge was last heard', (state) => seconds(state.lastSeenAt));
  gauge('pending', 'Items that wait in the outbox of a bridge', (state) => state.outbox?.pending ?? null);
  gauge('lag_seconds', 'Age of the oldest item that waits there', (state) => (state.outbox ? (seconds(state.outbox.oldestAt) ?? 0) : null)); // prettier-ignore
  gauge('parked', 'Items that a bridge holds back for a person', (state) => state.outbox?.parked ?? null);
  gauge('spooled', 'Items in files because the outbox could not be written', (state) => state.outbox?.spooled ?? null);
  gauge('gaps', 'Gaps in the numbers of a bridge that are not closed', (state) => state.gaps);
  gauge('missing', 'Numbers that those gaps lack', (state) => state.missing);
}
