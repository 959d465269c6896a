import type { Database } from './connection';

/** What the database takes the time for, in milliseconds: a second clock where it runs on another machine. */
export async function readDatabaseClock({ knex, dialect }: Database): Promise<number> {
  const sql =
    dialect.name === 'mysql'
      ? 'SELECT UNIX_TIMESTAMP(NOW(3)) * 1000'
      : `SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`;
  const [row] = await dialect.selectArrays(knex, sql, []);
  return Number(row?.[0]);
}
