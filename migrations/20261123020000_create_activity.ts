import type { Knex } from 'knex';

/**
 * Counters behind the commits: what happened in each quarter of an hour, and who and what had the most entries lately. They are
 * filled from the entries, also from those that were there before.
 */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  for (const sql of TABLES) await db.raw(isMysql ? toMysql(sql) : toSqlite(sql));
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['party_totals', 'party_days', 'activity_slots']) await db.schema.dropTableIfExists(table);
  await db('consumers').whereIn('name', ['activity', 'activity_day']).delete();
}

// ASCII(n) and WORDS(n) are ours: n ASCII characters, n characters; all compared by their bytes.
function toMysql(sql: string): string {
  const typed = sql
    .replace(/ASCII\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET ascii COLLATE ascii_bin')
    .replace(/WORDS\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  return typed.startsWith('CREATE TABLE')
    ? `${typed} ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC`
    : typed;
}

function toSqlite(sql: string): string {
  return sql.replace(/(ASCII|WORDS)\(\d+\)/g, 'TEXT');
}

const TABLES = [
  `CREATE TABLE activity_slots (
     ledger_id INTEGER NOT NULL, slot INTEGER NOT NULL,
     authentication BIGINT NOT NULL, clients BIGINT NOT NULL, financial BIGINT NOT NULL, tickets BIGINT NOT NULL,
     services BIGINT NOT NULL, domains BIGINT NOT NULL, configuration BIGINT NOT NULL, modules BIGINT NOT NULL,
     info BIGINT NOT NULL, notice BIGINT NOT NULL, warning BIGINT NOT NULL, critical BIGINT NOT NULL,
     PRIMARY KEY (ledger_id, slot))`,
  `CREATE TABLE party_days (
     ledger_id INTEGER NOT NULL, side ASCII(8) NOT NULL, type ASCII(32) NOT NULL, id WORDS(191) NOT NULL, day INTEGER NOT NULL,
     entries BIGINT NOT NULL, PRIMARY KEY (ledger_id, side, type, id, day))`,
  `CREATE TABLE party_totals (
     ledger_id INTEGER NOT NULL, side ASCII(8) NOT NULL, type ASCII(32) NOT NULL, id WORDS(191) NOT NULL,
     entries_7 BIGINT NOT NULL, entries_30 BIGINT NOT NULL, due_day INTEGER NOT NULL, PRIMARY KEY (ledger_id, side, type, id))`,
  `CREATE INDEX party_totals_7 ON party_totals (ledger_id, side, entries_7, type, id)`,
  `CREATE INDEX party_totals_30 ON party_totals (ledger_id, side, entries_30, type, id)`,
  `CREATE INDEX party_totals_due ON party_totals (ledger_id, due_day)`,
];
