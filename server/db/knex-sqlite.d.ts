/** The parts of knex's SQLite dialect that sqlite-client.ts overrides; knex ships no types for them. */
declare module 'knex/lib/dialects/better-sqlite3' {
  import type { Knex } from 'knex';

  class BetterSqlite3Client<Connection> extends Knex.Client {
    acquireRawConnection(): Promise<Connection>;
    _query(connection: Connection, query: { sql: string }): Promise<unknown>;
    transaction(...args: unknown[]): Knex.Transaction;
  }
  export = BetterSqlite3Client;
}

declare module 'knex/lib/dialects/sqlite3/execution/sqlite-transaction' {
  class SqliteTransaction {
    constructor(...args: unknown[]);
    readonly readOnly: boolean | undefined;
    query(connection: unknown, sql: string): Promise<unknown>;
    begin(connection: unknown): Promise<unknown>;
  }
  export = SqliteTransaction;
}
