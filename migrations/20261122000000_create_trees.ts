import type { Knex } from 'knex';

/** The Merkle tree of each ledger as tiles, and the checkpoints signed over it. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  for (const sql of TABLES.map(isMysql ? toMysql : toSqlite)) await db.raw(sql);
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['checkpoints', 'tree_tiles', 'trees']) await db.schema.dropTableIfExists(table);
}

// ASCII(n), WORDS(n), TEXT8 and ROWID_KEY as in 20261121000000_create_ledger.
function toMysql(sql: string): string {
  const typed = sql
    .replace(/ASCII\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET ascii COLLATE ascii_bin')
    .replace(/WORDS\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
    .replace(/TEXT8/g, 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
    .replace(/ROWID_KEY/g, 'BIGINT AUTO_INCREMENT PRIMARY KEY');
  return typed.startsWith('CREATE TABLE')
    ? `${typed} ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC`
    : typed;
}

function toSqlite(sql: string): string {
  return sql.replace(/(ASCII|WORDS)\(\d+\)|TEXT8/g, 'TEXT').replace(/ROWID_KEY/g, 'INTEGER PRIMARY KEY AUTOINCREMENT');
}

const TABLES = [
  `CREATE TABLE trees (
     ledger_id INTEGER NOT NULL PRIMARY KEY, origin ASCII(255) NOT NULL, origin_no INTEGER NOT NULL,
     size BIGINT NOT NULL, root ASCII(64) NOT NULL, signed_size BIGINT NOT NULL, signed_root ASCII(64) NOT NULL,
     state ASCII(16) NOT NULL, stopped_detail WORDS(1000), stopped_at BIGINT,
     FOREIGN KEY (ledger_id) REFERENCES ledgers (id))`,
  `CREATE TABLE tree_tiles (
     ledger_id INTEGER NOT NULL, level SMALLINT NOT NULL, tile BIGINT NOT NULL, hashes BLOB NOT NULL,
     PRIMARY KEY (ledger_id, level, tile))`,
  `CREATE TABLE checkpoints (
     id ROWID_KEY, ledger_id INTEGER NOT NULL, origin ASCII(255) NOT NULL, size BIGINT NOT NULL, root ASCII(64) NOT NULL,
     note TEXT8 NOT NULL, reason ASCII(16) NOT NULL, signed_at BIGINT NOT NULL)`,
  `CREATE UNIQUE INDEX checkpoints_size ON checkpoints (ledger_id, origin, size)`,
];
