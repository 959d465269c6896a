import type { Knex } from 'knex';
import type { Database } from './connection';

const MAX_ATTEMPTS = 5;

/** A transaction that is tried again when it lost a race for a lock; what it does must come out the same then. */
export async function retriedTransaction<T>(
  { knex: db, dialect }: Database,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (!dialect.isRetriable(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
