import type { Database } from '../db/connection';

/** What an operator should change on the database server, in his words; empty where all is well. */
export async function findDurabilityFault({ knex, dialect }: Database): Promise<string | undefined> {
  if (dialect.name === 'sqlite') return undefined;
  const [row] = await dialect.selectArrays(knex, 'SELECT @@innodb_flush_log_at_trx_commit', []);
  const setting = Number(row?.[0]);
  return setting === 1
    ? undefined
    : `innodb_flush_log_at_trx_commit is ${setting}: a power failure can lose entries that bridges have forgotten. Set it to 1`;
}

const GUARDS = ['entries_no_delete', 'entries_no_update'];

/** The triggers that refuse changes of entries, as far as they are gone. */
export async function findMissingGuards({ knex, dialect }: Database): Promise<string[]> {
  const sql =
    dialect.name === 'sqlite'
      ? `SELECT name FROM sqlite_master WHERE type = 'trigger'`
      : 'SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()';
  const present = new Set((await dialect.selectArrays(knex, sql, [])).map(([name]) => String(name)));
  return GUARDS.filter((guard) => !present.has(guard));
}
