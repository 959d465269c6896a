import type { Knex } from 'knex';

/** How long entries are kept, what holds them longer, and what was pruned; the DELETE trigger lets only a prune through. */
export async function up(db: Knex): Promise<void> {
  const isMysql = isMysqlClient(db);
  for (const sql of TABLES.map(isMysql ? toMysql : toSqlite)) await db.raw(sql);
  await db.schema.alterTable('verifications', (table) => table.bigInteger('pruned').notNullable().defaultTo(0));
  await db.raw('DROP TRIGGER entries_no_delete');
  await db.raw(isMysql ? MYSQL_TRIGGER : SQLITE_TRIGGER);
}

export async function down(db: Knex): Promise<void> {
  const isMysql = isMysqlClient(db);
  await db.raw('DROP TRIGGER entries_no_delete');
  await db.raw(
    isMysql
      ? `CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${REFUSAL}'`
      : `CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
  );
  await db.schema.alterTable('verifications', (table) => table.dropColumn('pruned'));
  for (const table of ['retention_leases', 'prunes', 'holds', 'retention_policies']) await db.schema.dropTable(table);
}

function isMysqlClient(db: Knex): boolean {
  return (db.client as { config: { client: string } }).config.client === 'mysql2';
}

// ASCII(n), WORDS(n) and TEXT8 as in the first migration.
function toMysql(sql: string): string {
  const typed = sql
    .replace(/ASCII\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET ascii COLLATE ascii_bin')
    .replace(/WORDS\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
    .replace(/TEXT8/g, 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  return typed.startsWith('CREATE TABLE')
    ? `${typed} ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC`
    : typed;
}

function toSqlite(sql: string): string {
  return sql.replace(/(ASCII|WORDS)\(\d+\)|TEXT8/g, 'TEXT');
}

const TABLES = [
  `CREATE TABLE retention_policies (
     ledger_id INTEGER NOT NULL PRIMARY KEY, days INTEGER, changed_at BIGINT NOT NULL, changed_by WORDS(191) NOT NULL,
     FOREIGN KEY (ledger_id) REFERENCES ledgers (id))`,
  `CREATE TABLE holds (
     id ASCII(36) NOT NULL PRIMARY KEY, ledger_id INTEGER NOT NULL, scope TEXT8 NOT NULL, reason WORDS(1000) NOT NULL,
     placed_at BIGINT NOT NULL, placed_by WORDS(191) NOT NULL, released_at BIGINT, released_by WORDS(191), release_reason WORDS(1000),
     FOREIGN KEY (ledger_id) REFERENCES ledgers (id))`,
  `CREATE INDEX holds_ledger ON holds (ledger_id, released_at)`,
  `CREATE TABLE prunes (
     id ASCII(36) NOT NULL PRIMARY KEY, ledger_id INTEGER NOT NULL, state ASCII(16) NOT NULL, from_seq BIGINT NOT NULL, to_seq BIGINT NOT NULL,
     entries INTEGER NOT NULL, days INTEGER NOT NULL, archive ASCII(255), archive_digest ASCII(64), certificate TEXT8, certificate_seq BIGINT,
     deleted_to BIGINT NOT NULL, deleted INTEGER NOT NULL, requested_by WORDS(191) NOT NULL, started_at BIGINT NOT NULL, finished_at BIGINT,
     FOREIGN KEY (ledger_id) REFERENCES ledgers (id))`,
  `CREATE INDEX prunes_state ON prunes (ledger_id, state)`,
  `CREATE UNIQUE INDEX prunes_range ON prunes (ledger_id, from_seq)`,
  `CREATE TABLE retention_leases (
     ledger_id INTEGER NOT NULL, name ASCII(16) NOT NULL, holder ASCII(36) NOT NULL, expires_at BIGINT NOT NULL, PRIMARY KEY (ledger_id, name))`,
];

// Only what a certificate in the chain covers may go. A guard against accident; the chain is the proof.
const REFUSAL = 'entries are append-only';
const ALLOWED = `EXISTS (SELECT 1 FROM prunes p WHERE p.ledger_id = OLD.ledger_id AND p.state = 'deleting' AND p.from_seq <= OLD.seq AND p.to_seq >= OLD.seq)`;
const MYSQL_TRIGGER = `CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries FOR EACH ROW
  IF NOT ${ALLOWED} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${REFUSAL}'; END IF`;
const SQLITE_TRIGGER = `CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries WHEN NOT ${ALLOWED}
  BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`;
