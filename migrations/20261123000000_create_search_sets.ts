import type { Knex } from 'knex';

/**
 * The index of the search: words as they stand (they sort, so that a beginning of one is a range), and sets of entries in blocks. It
 * is filled behind the commits; what was indexed before by the numbers of whole words is indexed again.
 */
export async function up(db: Knex): Promise<void> {
  for (const sql of TABLES.map(typesOf(db))) await db.raw(sql);
  await db.schema.dropTable('entry_tokens');
  await db('consumers').where({ name: 'search' }).delete();
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['fresh_words', 'entry_sets', 'entry_blocks', 'entry_words']) await db.schema.dropTable(table);
  await db('consumers').where({ name: 'words' }).delete();
  await db.raw(typesOf(db)(TOKENS));
}

// As in create_ledger: ASCII, WORDS and TEXT8 are ours. BYTES(n) are n bytes at most.
function typesOf(db: Knex): (sql: string) => string {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  if (!isMysql) return (sql) => sql.replace(/WORDS\(\d+\)|TEXT8/g, 'TEXT').replace(/BYTES\(\d+\)/g, 'BLOB');
  return (sql) => {
    const typed = sql
      .replace(/WORDS\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
      .replace(/TEXT8/g, 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
      .replace(/BYTES\((\d+)\)/g, 'VARBINARY($1)');
    return typed.startsWith('CREATE TABLE')
      ? `${typed} ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC`
      : typed;
  };
}

const TABLES = [
  `CREATE TABLE entry_words (ledger_id INTEGER NOT NULL, word WORDS(80) NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (ledger_id, word, seq))`,
  `CREATE TABLE fresh_words (ledger_id INTEGER NOT NULL, seq BIGINT NOT NULL, words TEXT8 NOT NULL, PRIMARY KEY (ledger_id, seq))`,
  `CREATE TABLE entry_blocks (
     ledger_id INTEGER NOT NULL, block INTEGER NOT NULL, min_at BIGINT NOT NULL, max_at BIGINT NOT NULL, gone BYTES(1024), times BLOB NOT NULL,
     PRIMARY KEY (ledger_id, block))`,
  `CREATE TABLE entry_sets (
     ledger_id INTEGER NOT NULL, term BIGINT NOT NULL, block INTEGER NOT NULL, seqs BYTES(1024) NOT NULL, PRIMARY KEY (ledger_id, term, block))`,
  `CREATE INDEX entry_sets_block ON entry_sets (ledger_id, block)`,
];
const TOKENS = `CREATE TABLE entry_tokens (ledger_id INTEGER NOT NULL, token BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (ledger_id, token, seq))`;
