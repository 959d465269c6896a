import type { Knex } from 'knex';
import type { Cell } from './execute-packet';
import { insertPrepared } from './prepared-insert';
import { pipelineInserts } from './insert-pipeline';
import type { PreparingConnection } from './insert-statement';

export type { Cell } from './execute-packet';

/** The few places where engines differ. */
export interface Dialect {
  readonly name: 'sqlite' | 'mysql';
  /** Inserts many rows in one round trip; values in the order of `columns`. */
  insertRows(
    db: Knex,
    table: string,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
    options?: InsertOptions,
  ): Promise<void>;
  /**
   * Inserts rows of several tables inside a transaction, in the order in which `work` hands them over. A server works on them while
   * `work` goes on. Resolves when all are in; rejects with the first refusal, and then the transaction must be rolled back.
   */
  insertMany<T extends string>(
    trx: Knex.Transaction,
    tables: Readonly<Record<T, readonly string[]>>,
    work: (write: (table: T, rows: readonly (readonly Cell[])[]) => void) => Promise<void>,
  ): Promise<void>;
  /** Rows as arrays in the order of the selected columns: the cheapest form for reading many. */
  selectArrays(db: Knex, sql: string, bindings: readonly Cell[]): Promise<Cell[][]>;
  /** Index hint for one query, so that ORDER BY ... LIMIT never makes the planner walk the whole ledger. */
  useIndex(index: string): string;
  /** For a SELECT that locks the rows it reads; a transaction of SQLite holds the writer's lock from its begin (sqlite-client.ts). */
  readonly forUpdate: string;
  isDuplicate(error: unknown): boolean;
  /** The transaction lost a race (deadlock, lock wait, busy) and may be tried again. */
  isRetriable(error: unknown): boolean;
}

export interface InsertOptions {
  /** `ignore` keeps the row that is there; a list of assignments merges, `new(column)` standing for the new value. */
  readonly onConflict?: 'ignore' | { readonly key: readonly string[]; readonly set: readonly string[] };
}

export function dialectOf(db: Knex): Dialect {
  return (db.client as { driverName: string }).driverName === 'better-sqlite3' ? sqlite : mysql;
}

const mysql: Dialect = {
  name: 'mysql',
  forUpdate: ' FOR UPDATE',
  useIndex: (index) => `FORCE INDEX (${index})`,
  async insertRows(db, table, columns, rows, options = {}) {
    if (rows.length === 0) return;
    const verb = options.onConflict === 'ignore' ? 'INSERT IGNORE' : 'INSERT';
    const merge =
      typeof options.onConflict === 'object'
        ? ` ON DUPLICATE KEY UPDATE ${options.onConflict.set.map((part) => part.replace(/new\((\w+)\)/g, 'VALUES($1)')).join(', ')}`
        : '';
    const insert = `${verb} INTO ${table} (${columns.join(', ')}) VALUES `;
    await onConnection(db, (connection: PreparingConnection) => insertPrepared(connection, [insert, merge], rows));
  },
  async insertMany(trx, tables, work) {
    const inserts = intoTables(tables);
    await onConnection(trx, (connection: PreparingConnection) =>
      pipelineInserts(connection, Object.values(inserts), (send) => work((table, rows) => send(inserts[table], rows))),
    );
  },
  async selectArrays(db, sql, bindings) {
    return onConnection(db, (connection: Mysql2Connection) =>
      query(connection, { sql, rowsAsArray: true }, bindings),
    ) as Promise<Cell[][]>;
  },
  isDuplicate: (error) => codeOf(error) === 'ER_DUP_ENTRY',
  isRetriable: (error) => ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT'].includes(codeOf(error)),
};

const sqlite: Dialect = {
  name: 'sqlite',
  forUpdate: '',
  useIndex: (index) => `INDEXED BY ${index}`,
  async insertRows(db, table, columns, rows, options = {}) {
    if (rows.length === 0) return;
    // Past knex's own query, which waits for the writer's lock beside the thread (sqlite-client.ts).
    if (!db.isTransaction) return db.transaction((trx) => sqlite.insertRows(trx, table, columns, rows, options));
    const verb = options.onConflict === 'ignore' ? 'INSERT OR IGNORE' : 'INSERT';
    const merge =
      typeof options.onConflict === 'object'
        ? ` ON CONFLICT (${options.onConflict.key.join(', ')}) DO UPDATE SET ${options.onConflict.set.map((part) => part.replace(/new\((\w+)\)/g, 'excluded.$1')).join(', ')}`
        : '';
    const sql = `${verb} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})${merge}`;
    await onConnection(db, (connection: SqliteConnection) => {
      const statement = prepared(connection, sql);
      for (const row of rows) statement.run(row);
    });
  },
  async insertMany(trx, tables, work) {
    const inserts = intoTables(tables);
    await onConnection(trx, (connection: SqliteConnection) =>
      work((table, rows) => {
        const statement = prepared(connection, `${inserts[table]}(${tables[table].map(() => '?').join(', ')})`);
        for (const row of rows) statement.run(row);
      }),
    );
  },
  async selectArrays(db, sql, bindings) {
    return onConnection(db, (connection: SqliteConnection) => connection.prepare(sql).raw().all(bindings));
  },
  isDuplicate: (error) => codeOf(error).startsWith('SQLITE_CONSTRAINT'),
  isRetriable: (error) => codeOf(error).startsWith('SQLITE_BUSY'),
};

function intoTables<T extends string>(tables: Readonly<Record<T, readonly string[]>>): Record<T, string> {
  const names = Object.keys(tables) as T[];
  return Object.fromEntries(
    names.map((name) => [name, `INSERT INTO ${name} (${tables[name].join(', ')}) VALUES `]),
  ) as Record<T, string>;
}

interface Mysql2Connection {
  query(
    options: string | { sql: string; rowsAsArray: boolean },
    values: readonly unknown[],
    done: (error: Error | null, rows: unknown) => void,
  ): void;
}

interface SqliteStatement {
  run(values: readonly Cell[]): void;
  raw(): { all(values: readonly Cell[]): Cell[][] };
}

interface SqliteConnection {
  prepare(sql: string): SqliteStatement;
}

const statements = new WeakMap<SqliteConnection, Map<string, SqliteStatement>>();

/** Compiled once for each connection; only for texts of which there are few. */
function prepared(connection: SqliteConnection, sql: string): SqliteStatement {
  const known = statements.get(connection) ?? new Map<string, SqliteStatement>();
  statements.set(connection, known);
  const statement = known.get(sql) ?? connection.prepare(sql);
  known.set(sql, statement);
  return statement;
}

function query(
  connection: Mysql2Connection,
  sql: string | { sql: string; rowsAsArray: boolean },
  values: readonly unknown[] = [],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

/** The driver's own connection: inside a transaction the transaction's, else one from the pool. */
async function onConnection<C, T>(db: Knex, use: (connection: C) => T | Promise<T>): Promise<T> {
  const client = db.client as { acquireConnection(): Promise<C>; releaseConnection(connection: C): Promise<void> };
  const connection = await client.acquireConnection();
  try {
    return await use(connection);
  } finally {
    await client.releaseConnection(connection);
  }
}

const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
]);

/** The database does not answer: whatever else is asked of it now would only wait. */
export function isDatabaseAway(error: unknown): boolean {
  return AWAY.has(codeOf(error)) || (error instanceof Error && error.name === 'KnexTimeoutError');
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
