import type { EventEmitter } from 'node:events';
import type { Knex } from 'knex';
import type { Cell } from './execute-packet';
import { insertPrepared } from './prepared-insert';
import { pipelineInserts } from './insert-pipeline';
import type { InsertText, PreparingConnection } from './insert-statement';

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
    tables: Readonly<Record<T, Insert>>,
    work: (write: (table: T, rows: readonly (readonly Cell[])[]) => void) => Promise<void>,
  ): Promise<void>;
  /** Rows as arrays in the order of the selected columns: the cheapest form for reading many. */
  selectArrays(db: Knex, sql: string, bindings: readonly Cell[]): Promise<Cell[][]>;
  /**
   * The same rows one by one. A server sends them while `visit` looks at those before, and none is kept; SQLite reads all of them at
   * once. What `visit` throws is thrown, and it is not called again.
   */
  eachArray(db: Knex, sql: string, bindings: readonly Cell[], visit: (cells: Cell[]) => void): Promise<void>;
  /** Index hint for one query, so that ORDER BY ... LIMIT never makes the planner walk the whole ledger. */
  useIndex(index: string): string;
  /**
   * The same for the primary key of a table: SQLite would rather walk a whole index that has all columns asked for than look up a
   * hundred rows by their keys. Not for a table WITHOUT ROWID, whose key has no name there.
   */
  useKey(table: string): string;
  /** For a SELECT that locks the rows it reads; a transaction of SQLite holds the writer's lock from its begin (sqlite-client.ts). */
  readonly forUpdate: string;
  isDuplicate(error: unknown): boolean;
  /** The transaction lost a race (deadlock, lock wait, busy) and may be tried again. */
  isRetriable(error: unknown): boolean;
}

/** Where rows go: the columns that each of them has values for. */
export interface Insert extends InsertOptions {
  readonly columns: readonly string[];
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
  useKey: () => 'FORCE INDEX (PRIMARY)',
  async insertRows(db, table, columns, rows, options = {}) {
    if (rows.length === 0) return;
    const insert = mysqlInsert(table, { columns, ...options });
    await onConnection(db, (connection: PreparingConnection) => insertPrepared(connection, insert, rows));
  },
  async insertMany(trx, tables, work) {
    const inserts = mysqlInserts(tables);
    await onConnection(trx, (connection: PreparingConnection) =>
      pipelineInserts(connection, Object.values(inserts), (send) => work((table, rows) => send(inserts[table], rows))),
    );
  },
  async selectArrays(db, sql, bindings) {
    return onConnection(db, (connection: Mysql2Connection) =>
      query(connection, { sql, rowsAsArray: true }, bindings),
    ) as Promise<Cell[][]>;
  },
  async eachArray(db, sql, bindings, visit) {
    await onConnection(db, (connection: Mysql2Connection) => queryEach(connection, sql, bindings, visit));
  },
  isDuplicate: (error) => codeOf(error) === 'ER_DUP_ENTRY',
  isRetriable: (error) => ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT'].includes(codeOf(error)),
};

const sqlite: Dialect = {
  name: 'sqlite',
  forUpdate: '',
  useIndex: (index) => `INDEXED BY ${index}`,
  useKey: (table) => `INDEXED BY sqlite_autoindex_${table}_1`,
  async insertRows(db, table, columns, rows, options = {}) {
    if (rows.length === 0) return;
    // Past knex's own query, which waits for the writer's lock beside the thread (sqlite-client.ts).
    if (!db.isTransaction) return db.transaction((trx) => sqlite.insertRows(trx, table, columns, rows, options));
    const sql = sqliteInsert(table, { columns, ...options });
    await onConnection(db, (connection: SqliteConnection) => {
      const statement = prepared(connection, sql);
      for (const row of rows) statement.run(row);
    });
  },
  async insertMany(trx, tables, work) {
    const inserts = eachTable(tables, sqliteInsert);
    await onConnection(trx, (connection: SqliteConnection) =>
      work((table, rows) => {
        const statement = prepared(connection, inserts[table]);
        for (const row of rows) statement.run(row);
      }),
    );
  },
  async selectArrays(db, sql, bindings) {
    return onConnection(db, (connection: SqliteConnection) => connection.prepare(sql).raw().all(bindings));
  },
  async eachArray(db, sql, bindings, visit) {
    for (const cells of await sqlite.selectArrays(db, sql, bindings)) visit(cells);
  },
  isDuplicate: (error) => codeOf(error).startsWith('SQLITE_CONSTRAINT'),
  isRetriable: (error) => codeOf(error).startsWith('SQLITE_BUSY'),
};

/** The text around the lists of values. */
function mysqlInsert(table: string, { columns, onConflict }: Insert): InsertText {
  const verb = onConflict === 'ignore' ? 'INSERT IGNORE' : 'INSERT';
  const merge =
    typeof onConflict === 'object'
      ? ` ON DUPLICATE KEY UPDATE ${onConflict.set.map((part) => part.replace(/new\((\w+)\)/g, 'VALUES($1)')).join(', ')}`
      : '';
  return { before: `${verb} INTO ${table} (${columns.join(', ')}) VALUES `, after: merge, columns: columns.length };
}

const knownInserts = new WeakMap<object, Record<string, InsertText>>();

/** Made once for the same tables. */
function mysqlInserts<T extends string>(tables: Readonly<Record<T, Insert>>): Record<T, InsertText> {
  const made = knownInserts.get(tables) ?? eachTable(tables, mysqlInsert);
  knownInserts.set(tables, made);
  return made;
}

/** The text of one row. */
function sqliteInsert(table: string, { columns, onConflict }: Insert): string {
  const verb = onConflict === 'ignore' ? 'INSERT OR IGNORE' : 'INSERT';
  const merge =
    typeof onConflict === 'object'
      ? ` ON CONFLICT (${onConflict.key.join(', ')}) DO UPDATE SET ${onConflict.set.map((part) => part.replace(/new\((\w+)\)/g, 'excluded.$1')).join(', ')}`
      : '';
  return `${verb} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})${merge}`;
}

function eachTable<T extends string, R>(
  tables: Readonly<Record<T, Insert>>,
  textOf: (table: string, insert: Insert) => R,
): Record<T, R> {
  const names = Object.keys(tables) as T[];
  return Object.fromEntries(names.map((name) => [name, textOf(name, tables[name])])) as Record<T, R>;
}

interface Mysql2Connection extends EventEmitter {
  query(
    options: string | { sql: string; rowsAsArray: boolean },
    values: readonly unknown[],
    done: (error: Error | null, rows: unknown) => void,
  ): void;
  query(options: { sql: string; rowsAsArray: boolean }, values: readonly unknown[]): EventEmitter;
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

function queryEach(
  connection: Mysql2Connection,
  sql: string,
  values: readonly unknown[],
  visit: (cells: Cell[]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const settle = (error: Error | undefined) => {
      connection.off('error', settle);
      if (error === undefined) resolve();
      else reject(error);
    };
    // A query without a callback is not told that its connection was lost.
    connection.on('error', settle);
    const query = connection.query({ sql, rowsAsArray: true }, values);
    query.on('result', (cells: Cell[]) => {
      if (failure !== undefined) return;
      try {
        visit(cells);
      } catch (error) {
        // Thrown into the driver it would end the connection.
        failure = error as Error;
      }
    });
    query.on('error', settle);
    query.on('end', () => settle(failure));
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
