import type { Knex } from 'knex';

/** Where checkpoints go out to, each copy that goes or went there, and the logs that we are a witness for. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  for (const sql of TABLES.map(isMysql ? toMysql : toSqlite)) await db.raw(sql);
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['witness_logs', 'anchor_reports', 'anchor_copies', 'anchors'])
    await db.schema.dropTableIfExists(table);
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
  `CREATE TABLE anchors (
     id ASCII(36) NOT NULL PRIMARY KEY, ledger_id INTEGER, kind ASCII(16) NOT NULL, name WORDS(191) NOT NULL, target WORDS(1000) NOT NULL,
     every_ms BIGINT NOT NULL, settings TEXT8 NOT NULL, wrapped_secret TEXT8, created_at BIGINT NOT NULL, removed_at BIGINT,
     mac ASCII(64) NOT NULL,
     halted_at BIGINT, failing_since BIGINT, last_error WORDS(1000))`,
  `CREATE TABLE anchor_copies (
     anchor_id ASCII(36) NOT NULL, ledger_id INTEGER NOT NULL, origin ASCII(255) NOT NULL, size BIGINT NOT NULL, root ASCII(64) NOT NULL,
     note TEXT8 NOT NULL, signed_at BIGINT NOT NULL, state ASCII(16) NOT NULL, attempts INTEGER NOT NULL, next_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
     done_at BIGINT, answer TEXT8, mac ASCII(64),
     PRIMARY KEY (anchor_id, ledger_id, origin, size))`,
  `CREATE TABLE anchor_reports (
     anchor_id ASCII(36) NOT NULL, origin ASCII(255) NOT NULL, note TEXT8 NOT NULL, reported_at BIGINT NOT NULL, mac ASCII(64) NOT NULL,
     PRIMARY KEY (anchor_id, origin))`,
  `CREATE TABLE witness_logs (
     origin ASCII(255) NOT NULL PRIMARY KEY, vkeys TEXT8 NOT NULL, added_at BIGINT NOT NULL, removed_at BIGINT,
     size BIGINT NOT NULL, root ASCII(64) NOT NULL, note TEXT8, cosignature TEXT8, signed_at BIGINT, mac ASCII(64) NOT NULL)`,
];
