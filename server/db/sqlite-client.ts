import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3';
import SqliteTransaction from 'knex/lib/dialects/sqlite3/execution/sqlite-transaction';
import { readAsDeclared, type PreparingConnection } from './sqlite-cells';

/** How long a write waits for another writer before it fails with SQLITE_BUSY. */
export const BUSY_TIMEOUT_MS = 10_000;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;

interface SqliteConnection extends PreparingConnection {
  readonly inTransaction: boolean;
  pragma(source: string): unknown;
}

/**
 * knex's client for better-sqlite3, with three differences. A cell that is not of its column's type is told from one that is
 * (sqlite-cells.ts). A transaction takes the writer's lock when it begins, so that one which reads first and writes then is not refused
 * halfway (https://sqlite.org/lang_transaction.html, "BEGIN IMMEDIATE"). And while another connection holds that lock, the wait is a timer
 * and not SQLite's own sleep, which would hold the whole program for as long.
 */
export class SqliteClient extends BetterSqlite3Client<SqliteConnection> {
  override async acquireRawConnection(): Promise<SqliteConnection> {
    const connection = await super.acquireRawConnection();
    readAsDeclared(connection);
    return connection;
  }

  override transaction(...args: unknown[]): Knex.Transaction {
    return new ImmediateTransaction(this, ...args) as unknown as Knex.Transaction;
  }

  override async _query(connection: SqliteConnection, query: { sql: string }): Promise<unknown> {
    // Who is inside a transaction has the lock already; who only reads needs none (WAL).
    if (connection.inTransaction || /^\s*select\b/i.test(query.sql)) return super._query(connection, query);
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await withoutWaiting(connection, () => super._query(connection, query));
      } catch (error) {
        // Busy with another writer, or with the log of one that died (SQLITE_BUSY_RECOVERY).
        const isBusy = String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY');
        if (!isBusy || performance.now() > deadline) throw error;
      }
      await sleep(pause);
    }
  }
}

class ImmediateTransaction extends SqliteTransaction {
  override begin(connection: unknown): Promise<unknown> {
    return this.query(connection, this.readOnly === true ? 'BEGIN;' : 'BEGIN IMMEDIATE;');
  }
}

/** `_query` of better-sqlite3 has run its statement when it returns its promise. */
function withoutWaiting<T>(connection: SqliteConnection, run: () => Promise<T>): Promise<T> {
  connection.pragma('busy_timeout = 0');
  try {
    return run();
  } finally {
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}
