import { mkdirSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import knex, { type Knex } from 'knex';
import { dialectOf, type Dialect } from './dialect';
import { noteNoAutocommit } from './insert-pipeline';
import { BUSY_TIMEOUT_MS, SqliteClient } from './sqlite-client';

/** A knex instance with the few things in which engines differ. */
export interface Database {
  readonly knex: Knex;
  /**
   * For transactions that hand over many rows at once (`Dialect.insertMany`). On a server its connections never commit by themselves,
   * so that what is on its way behind the end of a transaction is not stored; nothing but transactions may run on them.
   */
  readonly appends: Knex;
  readonly dialect: Dialect;
  /** Resolves when every transaction committed before the call is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export class EngineError extends Error {
  override name = 'EngineError';
}

// Strict, so that a value which does not fit is refused rather than cut; the rest is MySQL 8's own default.
const SQL_MODE =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

const MYSQL_SESSION = [
  `SET SESSION sql_mode = '${SQL_MODE}'`,
  `SET SESSION time_zone = '+00:00'`,
  `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
  `SET SESSION innodb_lock_wait_timeout = 10`,
  `SET NAMES utf8mb4 COLLATE utf8mb4_bin`,
];

const NO_AUTOCOMMIT = `SET SESSION autocommit = 0`;

const SQLITE_SESSION = [
  // Before anything is written; a store that exists keeps what it has. Rows of two kilobytes fill small pages badly.
  'PRAGMA page_size = 8192',
  'PRAGMA journal_mode = WAL',
  // Checkpoints wait for the disk, commits do not: `sync` does, beside the thread, so that the next batch is written meanwhile.
  'PRAGMA synchronous = NORMAL',
  // 64 MiB between checkpoints: a batch touches pages of every index, and the default of 4 MiB would copy them after each.
  'PRAGMA wal_autocheckpoint = 8192',
  'PRAGMA foreign_keys = ON',
  `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
  'PRAGMA trusted_schema = OFF',
];

/** knex writes to the standard output what it throws as well; there only answers belong. */
const SILENT = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

export interface OpenOptions {
  /** Pages that a SQLite connection keeps in memory. Who reads everything once needs few. */
  readonly cacheKib?: number;
}

const DEFAULT_CACHE_KIB = 65_536;

/** knex settings for `sqlite:PATH` or `mysql://user:pass@host:port/db`. */
export function knexConfig(databaseUrl: string, options: OpenOptions = {}): Knex.Config {
  if (databaseUrl.startsWith('sqlite:')) {
    return {
      client: SqliteClient,
      connection: { filename: databaseUrl.slice('sqlite:'.length) },
      useNullAsDefault: true,
      log: SILENT,
      // One connection: SQLite has one writer, and a wait inside the program is better than SQLITE_BUSY.
      pool: { min: 1, max: 1, afterCreate: initSqlite(options.cacheKib ?? DEFAULT_CACHE_KIB) },
    };
  }
  const url = new URL(databaseUrl);
  return {
    client: 'mysql2',
    log: SILENT,
    connection: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 3306 : Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
      charset: 'utf8mb4',
      timezone: 'Z',
      dateStrings: true,
      connectTimeout: 10_000,
      // Not used, and it changes the packet that prepared-insert.ts writes (MySQL 8.0.23 and later).
      flags: ['-CLIENT_QUERY_ATTRIBUTES'],
      ...(url.searchParams.has('socket') ? { socketPath: url.searchParams.get('socket') ?? '' } : {}),
    },
    pool: { min: 0, max: 10, afterCreate: initMysql(MYSQL_SESSION) },
    acquireConnectionTimeout: 10_000,
  };
}

export function openDatabase(databaseUrl: string, options: OpenOptions = {}): Database {
  const file = databaseUrl.startsWith('sqlite:') ? databaseUrl.slice('sqlite:'.length) : undefined;
  if (file !== undefined) mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const instance = knex(knexConfig(databaseUrl, options));
  const appends =
    file === undefined
      ? knex({ ...knexConfig(databaseUrl, options), pool: { min: 0, max: 4, afterCreate: initAppends } })
      : instance;
  return {
    knex: instance,
    appends,
    dialect: dialectOf(instance),
    // MySQL answers a commit when it is on the disk (innodb_flush_log_at_trx_commit; doctor looks at it).
    sync: () => (file === undefined ? Promise.resolve() : syncLog(file)),
    async close() {
      await instance.destroy();
      if (appends !== instance) await appends.destroy();
    },
  };
}

/**
 * Writes what SQLite has appended to its log through to the disk; a log that is gone was moved into the database, and that synced
 * (https://sqlite.org/wal.html, "Performance Considerations").
 */
async function syncLog(file: string): Promise<void> {
  let log: FileHandle;
  try {
    log = await open(`${file}-wal`, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await log.datasync();
  } finally {
    await log.close();
  }
}

/** Throws EngineError when the engine does not hold what the store relies on (strict mode, utf8mb4, UTC, isolation). */
export async function checkEngine(database: Database): Promise<{ readonly name: string; readonly version: string }> {
  if (database.dialect.name === 'sqlite') return checkSqlite(database.knex);
  const [rows] = (await database.knex.raw(
    `SELECT VERSION() AS version, @@sql_mode AS sqlMode, @@session.time_zone AS timeZone, @@character_set_client AS client,
       @@character_set_connection AS connection, @@character_set_results AS results, @@session.${isolationName(await versionOf(database.knex))} AS isolation,
       @@innodb_flush_log_at_trx_commit AS flush`,
  )) as [EngineRow[]];
  const row = rows[0];
  if (!row) throw new EngineError('the database did not answer what it is');
  const faults = [
    ...['STRICT_TRANS_TABLES', 'STRICT_ALL_TABLES', 'NO_ENGINE_SUBSTITUTION']
      .filter((mode) => !row.sqlMode.includes(mode))
      .map((mode) => `sql_mode lacks ${mode}`),
    ...(row.timeZone === '+00:00' ? [] : [`time_zone is ${row.timeZone}, not +00:00`]),
    ...[row.client, row.connection, row.results]
      .filter((set) => set !== 'utf8mb4')
      .map((set) => `a character set is ${set}, not utf8mb4`),
    ...(row.isolation === 'READ-COMMITTED' ? [] : [`the isolation level is ${row.isolation}, not READ-COMMITTED`]),
    ...versionFaults(row.version),
  ];
  if (faults.length > 0)
    throw new EngineError(`The database engine does not do what Sealtrail needs: ${faults.join('; ')}.`);
  return { name: /mariadb/i.test(row.version) ? 'MariaDB' : 'MySQL', version: row.version };
}

interface EngineRow {
  version: string;
  sqlMode: string;
  timeZone: string;
  client: string;
  connection: string;
  results: string;
  isolation: string;
}

async function versionOf(db: Knex): Promise<string> {
  const [rows] = (await db.raw('SELECT VERSION() AS version')) as [{ version: string }[]];
  return rows[0]?.version ?? '';
}

/** MySQL 8 knows only transaction_isolation; MariaDB before 11.1 only tx_isolation. */
function isolationName(version: string): string {
  return /mariadb/i.test(version) ? 'tx_isolation' : 'transaction_isolation';
}

function versionFaults(version: string): string[] {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const isMariaDb = /mariadb/i.test(version);
  const tooOld = isMariaDb ? major < 10 || (major === 10 && minor < 6) : major < 8;
  return tooOld ? [`version ${version} is too old (MySQL 8 or MariaDB 10.6 and later)`] : [];
}

async function checkSqlite(db: Knex) {
  const pragma = async (name: string) =>
    Object.values(((await db.raw(`PRAGMA ${name}`)) as [Record<string, unknown>])[0])[0];
  const faults = [
    ...((await pragma('journal_mode')) === 'wal' ? [] : ['journal_mode is not WAL']),
    ...(Number(await pragma('synchronous')) >= 1 ? [] : ['synchronous is OFF']),
    ...((await pragma('encoding')) === 'UTF-8' ? [] : ['the encoding is not UTF-8']),
  ];
  if (faults.length > 0)
    throw new EngineError(`The database engine does not do what Sealtrail needs: ${faults.join('; ')}.`);
  const [row] = (await db.raw('SELECT sqlite_version() AS version')) as [{ version: string }];
  return { name: 'SQLite', version: row.version };
}

interface MysqlConnection {
  query(sql: string, done: (error: Error | null) => void): void;
}

function initMysql(session: readonly string[]) {
  return (connection: MysqlConnection, done: (error: Error | null, connection: MysqlConnection) => void): void => {
    const run = (at: number): void => {
      const sql = session[at];
      if (sql === undefined) return done(null, connection);
      connection.query(sql, (error) => (error ? done(error, connection) : run(at + 1)));
    };
    run(0);
  };
}

function initAppends(
  connection: MysqlConnection,
  done: (error: Error | null, connection: MysqlConnection) => void,
): void {
  initMysql([...MYSQL_SESSION, NO_AUTOCOMMIT])(connection, (error) => {
    if (!error) noteNoAutocommit(connection);
    done(error, connection);
  });
}

interface SqliteConnection {
  exec(sql: string): void;
}

function initSqlite(cacheKib: number) {
  return (connection: SqliteConnection, done: (error: Error | null, connection: SqliteConnection) => void): void => {
    try {
      for (const sql of [...SQLITE_SESSION, `PRAGMA cache_size = -${cacheKib}`]) connection.exec(sql);
      done(null, connection);
    } catch (error) {
      done(error as Error, connection);
    }
  };
}
