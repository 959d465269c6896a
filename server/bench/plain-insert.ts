import { createTestDatabase, type Engine, type TestDatabase } from '../testing/test-database';
import type { Cell } from '../db/dialect';
import { ENTRY_COLUMNS } from '../entries/entry-row';

type Rows = readonly (readonly Cell[])[];

/**
 * The baseline: plain multi-row INSERTs of the same rows into the same table with the same indexes, `size` rows a statement and
 * commit, over `connections` at once, nothing else. Rows a second of those behind the first `warmUp` statements.
 */
export async function measurePlainInsert(
  engine: Engine,
  rows: Rows,
  options: { readonly size: number; readonly connections: number; readonly warmUp: number },
): Promise<number> {
  const database = await createTestDatabase(engine);
  try {
    const batches: Rows[] = [];
    for (let at = 0; at < rows.length; at += options.size) batches.push(rows.slice(at, at + options.size));
    const insert = engine === 'sqlite' ? await sqliteInsert(database) : serverInsert(database);
    await insertAll(batches.slice(0, options.warmUp));
    const startedAt = process.hrtime.bigint();
    await insertAll(batches.slice(options.warmUp));
    return (rows.length - options.warmUp * options.size) / (Number(process.hrtime.bigint() - startedAt) / 1e9);

    async function insertAll(all: readonly Rows[]): Promise<void> {
      let next = 0;
      await Promise.all(
        Array.from({ length: options.connections }, async () => {
          for (let batch = all[next++]; batch; batch = all[next++]) await insert(batch);
        }),
      );
    }
  } finally {
    await database.drop();
  }
}

interface ServerConnection {
  query(sql: string, values: readonly unknown[], done: (error: Error | null) => void): void;
}

/** Each statement commits by itself; the driver writes the rows into it, as its manual shows (`VALUES ?`). */
function serverInsert({ knex: db }: TestDatabase): (rows: Rows) => Promise<void> {
  const client = db.client as {
    acquireConnection(): Promise<ServerConnection>;
    releaseConnection(connection: ServerConnection): Promise<void>;
  };
  const sql = `INSERT INTO entries (${ENTRY_COLUMNS.join(', ')}) VALUES ?`;
  return async (rows) => {
    const connection = await client.acquireConnection();
    try {
      await new Promise<void>((resolve, reject) => {
        connection.query(sql, [rows], (error) => (error ? reject(error) : resolve()));
      });
    } finally {
      await client.releaseConnection(connection);
    }
  };
}

interface SqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): { run(values: readonly Cell[]): void };
}

/** SQLite has one writer, so that the connections take turns on it. Statements are prepared once for each size. */
async function sqliteInsert({ knex: db }: TestDatabase): Promise<(rows: Rows) => Promise<void>> {
  const client = db.client as {
    acquireConnection(): Promise<SqliteConnection>;
    releaseConnection(connection: SqliteConnection): Promise<void>;
  };
  const connection = await client.acquireConnection();
  // As durable as ours: each commit waits for the disk.
  connection.exec('PRAGMA synchronous = FULL');
  await client.releaseConnection(connection);
  const row = `(${ENTRY_COLUMNS.map(() => '?').join(', ')})`;
  const statements = new Map<number, { run(values: readonly Cell[]): void }>();
  return (rows) => {
    const statement =
      statements.get(rows.length) ??
      connection.prepare(`INSERT INTO entries (${ENTRY_COLUMNS.join(', ')}) VALUES ${rows.map(() => row).join(', ')}`);
    statements.set(rows.length, statement);
    statement.run(rows.flat());
    return Promise.resolve();
  };
}
