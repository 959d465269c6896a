import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createApp } from '../app';
import { readConfig, type Config } from '../config/config';
import { createDeps, type Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { checkMasterKey, DEFAULT_TENANT, ensureLedger } from '../entries/ledger-setup';
import { createMasterKey } from '../entries/master-key';
import type { Scope } from '../features/access/token-service';
import { createFixedClock, type FixedClock } from './fixed-clock';
import { createSender, type Sender } from './sender';
import { createTestDatabase, type Engine, type TestDatabase } from './test-database';

/** The whole program over a store of its own, with a clock that stands still. */
export interface TestStore {
  readonly database: TestDatabase;
  readonly config: Config;
  readonly deps: Deps;
  readonly clock: FixedClock;
  readonly ledger: Ledger;
  /** The environment in which the command line finds the same store. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface TestApp extends TestStore {
  readonly url: string;
  /** A bridge paired with a tenant, which is made when it is not there. */
  pair(tenant?: string): Promise<Sender>;
  token(scopes: readonly Scope[], tenant?: string): Promise<string>;
}

export interface TestStoreOptions {
  /** The program reaches the database through this port of the loopback; the test itself goes there directly. */
  readonly throughPort?: number;
  /** Reading is recorded as the settings say; else never, so that what a test reads does not change what it counts. */
  readonly recordsReads?: boolean;
  /** Bridges and tokens are made with the entry that tells it, as people make them; else alone, for the same reason. */
  readonly recordsCredentials?: boolean;
}

export async function createTestStore(
  engine: Engine,
  { throughPort, recordsReads = false }: TestStoreOptions = {},
): Promise<TestStore> {
  const database = await createTestDatabase(engine);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'sealtrail-data-'));
  const env = { SEALTRAIL_DATABASE_URL: throughPort === undefined ? database.url : viaPort(database.url, throughPort), SEALTRAIL_DATA_DIR: dataDir, SEALTRAIL_PORT: '0', SEALTRAIL_LOG_LEVEL: 'silent' }; // prettier-ignore
  const config = readConfig(env);
  createMasterKey(config.masterKeyFile);
  const clock = createFixedClock();
  const reading = recordsReads ? {} : { recordsReads: () => Promise.resolve(false) };
  const deps = createDeps(config, { now: () => clock.now(), logger: pino({ level: 'silent' }), ...reading });
  await checkMasterKey(deps);
  const ledger = await ensureLedger(deps, DEFAULT_TENANT);
  return {
    database,
    config,
    deps,
    clock,
    ledger,
    env,
    async stop() {
      await deps.close();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const BY = { via: 'cli' } as const;

/** The same behind a real port of the loopback. */
export async function createTestApp(engine: Engine, options: TestStoreOptions = {}): Promise<TestApp> {
  const store = await createTestStore(engine, options);
  const { app, stop } = createApp(store.deps);
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...store,
    url,
    async pair(tenant = DEFAULT_TENANT) {
      const ledger = await ensureLedger(store.deps, tenant);
      const { bridges, credentials } = store.deps;
      const made = options.recordsCredentials
        ? credentials.addBridge(ledger, 'billing', BY)
        : bridges.add('billing', ledger);
      return createSender(url, await made, () => store.clock.now());
    },
    async token(scopes, tenant = DEFAULT_TENANT) {
      const ledger = await ensureLedger(store.deps, tenant);
      const { tokens, credentials } = store.deps;
      const made = options.recordsCredentials ? credentials.createToken(ledger, 'test', scopes, BY) : tokens.create('test', ledger.tenant.id, scopes); // prettier-ignore
      return (await made).token;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      stop();
      await store.stop();
    },
  };
}

function viaPort(databaseUrl: string, port: number): string {
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return url.href;
}
