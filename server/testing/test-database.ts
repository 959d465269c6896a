import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnection } from 'mysql2/promise';
import { openDatabase, type Database } from '../db/connection';
import { migrate } from '../db/migration-source';

export type Engine = 'sqlite' | 'mariadb' | 'mysql';

/** A migrated store of one test's own. */
export interface TestDatabase extends Database {
  readonly url: string;
  /** Closes it and removes it from the engine. */
  drop(): Promise<void>;
}

/**
 * The engines that a contract suite in a `*.db.test.ts` runs on. MariaDB is never left out: without a server to ask, its
 * tests fail. An Oracle MySQL comes along where SEALTRAIL_TEST_MYSQL8_URL names one.
 */
export const ENGINES: readonly Engine[] = [
  'sqlite',
  'mariadb',
  ...(serverUrl('mysql') === undefined ? [] : (['mysql'] as const)),
];

export async function createTestDatabase(engine: Engine): Promise<TestDatabase> {
  const place = engine === 'sqlite' ? sqlitePlace() : await serverPlace(engine);
  const database = openDatabase(place.url);
  const drop = async () => {
    await database.close();
    await place.remove();
  };
  try {
    await migrate(database);
  } catch (error) {
    await drop();
    throw error;
  }
  return { ...database, url: place.url, drop };
}

interface Place {
  readonly url: string;
  remove(): Promise<void>;
}

function sqlitePlace(): Place {
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-test-'));
  return {
    url: `sqlite:${path.join(folder, 'test.db')}`,
    remove: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

async function serverPlace(engine: 'mariadb' | 'mysql'): Promise<Place> {
  const server = serverUrl(engine);
  if (server === undefined)
    throw new Error(
      'No MariaDB to test on: run this through `npm test`, which starts one and sets SEALTRAIL_TEST_MYSQL_URL.',
    );
  const name = `sealtrail_test_${randomBytes(8).toString('hex')}`;
  const execute = async (sql: string) => {
    const connection = await createConnection(server);
    await connection.query(sql);
    await connection.end();
  };
  await execute(`CREATE DATABASE ${name}`);
  return { url: new URL(name, server).href, remove: () => execute(`DROP DATABASE ${name}`) };
}

function serverUrl(engine: 'mariadb' | 'mysql'): string | undefined {
  const url = process.env[engine === 'mariadb' ? 'SEALTRAIL_TEST_MYSQL_URL' : 'SEALTRAIL_TEST_MYSQL8_URL'];
  return url === undefined || url === '' ? undefined : url;
}
