import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { createConnection } from 'mysql2/promise';
import { startBenchServer, type BenchServer } from './bench-server';

export interface BenchPlace {
  readonly engine: 'sqlite' | 'mariadb';
  readonly folder: string;
}

export interface BenchResult {
  readonly name: string;
  readonly ratio: number;
  readonly bound: { readonly atLeast?: number; readonly atMost?: number };
  /** The absolute figures behind the ratio. */
  readonly figures: string;
}

export interface BenchStore {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly server: BenchServer;
  readonly bridge: { readonly id: string; readonly secret: string };
  drop(): Promise<void>;
}

/** A fresh store served by the built program, in front of which `preload` is loaded. */
export async function createBenchStore({ engine, folder }: BenchPlace, preload?: string): Promise<BenchStore> {
  const dataDir = mkdtempSync(path.join(folder, `${engine}-`));
  const name = `bench_${randomBytes(4).toString('hex')}`;
  const root = process.env['SEALTRAIL_TEST_MYSQL_URL'] ?? '';
  const databaseUrl = engine === 'sqlite' ? `sqlite:${path.join(dataDir, 'sealtrail.db')}` : new URL(name, root).href;
  if (engine === 'mariadb') await onServer(root, `CREATE DATABASE ${name}`);
  const server = await startBenchServer({ databaseUrl, dataDir, ...(preload === undefined ? {} : { preload }) });
  const bridge = JSON.parse(await server.cli('bridge', 'add', '--name', 'bench', '--json')) as {
    id: string;
    secret: string;
  };
  return {
    databaseUrl,
    dataDir,
    server,
    bridge,
    async drop() {
      await server.stop();
      if (engine === 'mariadb') await onServer(root, `DROP DATABASE ${name}`);
    },
  };
}

async function onServer(url: string, sql: string): Promise<void> {
  const connection = await createConnection(url);
  await connection.query(sql);
  await connection.end();
}

/** Waits until every reader behind the commits has come to its end. */
export async function caughtUp(store: BenchStore): Promise<void> {
  while ((await Promise.all(BEHIND_THE_COMMITS.map((name) => countBehind(store, name)))).some((count) => count > 0))
    await new Promise((resolve) => setTimeout(resolve, 500));
}

const BEHIND_THE_COMMITS = ['index', 'tree', 'activity'] as const;

/** Entries that a reader behind the commits has not come to yet. */
export async function countBehind(
  { server }: BenchStore,
  reader: (typeof BEHIND_THE_COMMITS)[number],
): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const [, count] = new RegExp(`^sealtrail_${reader}_behind (\\d+)$`, 'm').exec(metrics) ?? [];
  if (count === undefined) throw new Error(`the server does not say how far behind ${reader} is`);
  return Number(count);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Seconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - startedAt) / 1e9;
}
