import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createApp } from './app';
import { createMasterKey } from './entries/master-key';
import { checkMasterKey, DEFAULT_TENANT, ensureLedger } from './entries/ledger-setup';
import { checkEngine } from './db/connection';
import { migrate, pendingMigrations, refuseNewerSchema } from './db/migration-source';
import type { Config } from './config/config';
import { createDeps, type Deps } from './deps';
import type { JobsApart } from './features/jobs/job-service';

/**
 * A new embedded store makes the key that it needs; with MySQL the key is the operator's, made once by `init`. A store that
 * is there already had a key: another one in its place would only hide that it is lost.
 */
export function ensureMasterKey(config: Config): boolean {
  if (!config.databaseUrl.startsWith('sqlite:')) return false;
  return !existsSync(config.databaseUrl.slice('sqlite:'.length)) && createMasterKey(config.masterKeyFile);
}

/** Deps over a store that is migrated, obeys, belongs to our key and has its first ledger. */
export async function openStore(
  config: Config,
  options: { readonly migrate: boolean; readonly startJobs?: JobsApart['start'] | undefined },
): Promise<Deps> {
  const deps = createDeps(config, { startJobs: options.startJobs });
  try {
    await checkEngine(deps.database);
    if (options.migrate) {
      await migrate(deps.database);
      await checkMasterKey(deps);
      await ensureLedger(deps, DEFAULT_TENANT);
    } else {
      await refuseNewerSchema(deps.database);
      const pending = await pendingMigrations(deps.database);
      if (pending.length > 0) throw new Error(`The database schema is not up to date. Run: sealtrail migrate`);
    }
    return deps;
  } catch (error) {
    await deps.close();
    throw error;
  }
}

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens until `stop`; open requests are finished, what was taken is committed, then the database is closed. */
export async function startServer(deps: Deps): Promise<RunningServer> {
  const { app, stop } = createApp(deps);
  const server = createServer(app);
  // Longer than a proxy's own idle time, so that it never writes into a connection that we are closing.
  server.keepAliveTimeout = 65_000;
  await listen(server, deps.config.host, deps.config.port);
  deps.indexer.wake();
  deps.activity.wake();
  deps.bridgeWatch.start();
  deps.jobs.start();
  deps.accessLog.start();
  deps.dailyTasks.start();
  deps.checkpointClock.start();
  deps.erasures.start();
  deps.anchors.start();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : deps.config.port;
  const host = deps.config.host.includes(':') ? `[${deps.config.host}]` : deps.config.host;
  return {
    url: `http://${host}:${port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 10_000).unref();
      await closed;
      stop();
      await deps.close();
    },
  };
}

export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
