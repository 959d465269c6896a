import type { Knex } from 'knex';
import type { Database } from './connection';

/** Reads several tables as they were at one moment, whatever is committed meanwhile. Nothing may be written. */
export async function readSnapshot<T>(
  { knex: db, dialect }: Database,
  read: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  // SQLite's transactions are snapshots anyway; ours on MySQL read what was committed last, statement by statement.
  return db.transaction(read, dialect.name === 'sqlite' ? { readOnly: true } : { isolationLevel: 'repeatable read' });
}
