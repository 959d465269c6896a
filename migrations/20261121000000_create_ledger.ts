import type { Knex } from 'knex';

/** Tenants, ledgers with their head and keys, and the append-only entries with what is kept beside them. */
export async function up(db: Knex): Promise<void> {
  const isMysql = isMysqlClient(db);
  for (const sql of TABLES.map(isMysql ? toMysql : toSqlite)) await db.raw(sql);
  for (const sql of isMysql ? MYSQL_TRIGGERS : SQLITE_TRIGGERS) await db.raw(sql);
}

export async function down(db: Knex): Promise<void> {
  const tables = [
    'consumers',
    'entry_tokens',
    'quarantine',
    'day_counters',
    'entry_values',
    'entries',
    'epochs',
    'heads',
    'ledgers',
    'tenants',
    'installation',
  ];
  for (const table of tables) await db.schema.dropTableIfExists(table);
}

function isMysqlClient(db: Knex): boolean {
  return (db.client as { config: { client: string } }).config.client === 'mysql2';
}

// ASCII(n), WORDS(n) and TEXT8 are ours: n ASCII characters, n characters, a long text; all compared by their bytes.
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
  `CREATE TABLE installation (name ASCII(64) NOT NULL PRIMARY KEY, value TEXT8 NOT NULL)`,
  `CREATE TABLE tenants (id INTEGER NOT NULL PRIMARY KEY, slug ASCII(64) NOT NULL UNIQUE, name WORDS(191) NOT NULL, created_at BIGINT NOT NULL)`,
  `CREATE TABLE ledgers (
     id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER NOT NULL, name ASCII(128) NOT NULL UNIQUE, created_at BIGINT NOT NULL,
     FOREIGN KEY (tenant_id) REFERENCES tenants (id))`,
  `CREATE TABLE heads (
     ledger_id INTEGER NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, hash ASCII(64) NOT NULL, mac ASCII(64) NOT NULL, epoch INTEGER NOT NULL,
     FOREIGN KEY (ledger_id) REFERENCES ledgers (id))`,
  `CREATE TABLE epochs (
     ledger_id INTEGER NOT NULL, epoch INTEGER NOT NULL, wrapped_key ASCII(255) NOT NULL, opened_seq BIGINT NOT NULL, created_at BIGINT NOT NULL,
     PRIMARY KEY (ledger_id, epoch), FOREIGN KEY (ledger_id) REFERENCES ledgers (id))`,
  `CREATE TABLE entries (
     ledger_id INTEGER NOT NULL, seq BIGINT NOT NULL, id ASCII(36) NOT NULL, tenant_id INTEGER NOT NULL,
     event_id ASCII(64) NOT NULL, part SMALLINT NOT NULL, epoch INTEGER NOT NULL,
     occurred_at BIGINT NOT NULL, received_at BIGINT NOT NULL,
     category ASCII(32) NOT NULL, severity ASCII(16) NOT NULL, action ASCII(64) NOT NULL, outcome ASCII(16) NOT NULL,
     actor_type ASCII(16) NOT NULL, actor_id WORDS(191), target_type ASCII(32) NOT NULL, target_id WORDS(191), client_id WORDS(191),
     via ASCII(16), hook ASCII(100),
     prev_hash ASCII(64) NOT NULL, hash ASCII(64) NOT NULL, record TEXT8 NOT NULL,
     PRIMARY KEY (ledger_id, seq))`,
  `CREATE UNIQUE INDEX entries_id ON entries (id)`,
  `CREATE UNIQUE INDEX entries_event ON entries (tenant_id, event_id, part)`,
  `CREATE INDEX entries_category ON entries (ledger_id, category, severity, seq)`,
  `CREATE INDEX entries_action ON entries (ledger_id, action, seq)`,
  `CREATE INDEX entries_actor ON entries (ledger_id, actor_type, actor_id, seq)`,
  `CREATE INDEX entries_target ON entries (ledger_id, target_type, target_id, seq)`,
  `CREATE INDEX entries_client ON entries (ledger_id, client_id, seq)`,
  `CREATE INDEX entries_outcome ON entries (ledger_id, outcome, seq)`,
  `CREATE INDEX entries_via ON entries (ledger_id, via, seq)`,
  `CREATE INDEX entries_hook ON entries (ledger_id, hook, seq)`,
  `CREATE INDEX entries_occurred ON entries (ledger_id, occurred_at, seq)`,
  `CREATE INDEX entries_hash ON entries (ledger_id, hash)`,
  `CREATE TABLE entry_values (
     ledger_id INTEGER NOT NULL, seq BIGINT NOT NULL, digest ASCII(128),
     actor_salt ASCII(64), actor_body TEXT8, subject_salt ASCII(64), subject_body TEXT8,
     PRIMARY KEY (ledger_id, seq))`,
  `CREATE TABLE day_counters (
     ledger_id INTEGER NOT NULL, day INTEGER NOT NULL, category ASCII(32) NOT NULL, severity ASCII(16) NOT NULL,
     entries BIGINT NOT NULL, min_seq BIGINT NOT NULL, max_seq BIGINT NOT NULL,
     PRIMARY KEY (ledger_id, day, category, severity))`,
  `CREATE TABLE quarantine (
     id ROWID_KEY, tenant_id INTEGER NOT NULL, bridge_id ASCII(36) NOT NULL, digest ASCII(64) NOT NULL, event_id WORDS(191),
     reason ASCII(64) NOT NULL, detail WORDS(1000) NOT NULL, item TEXT8 NOT NULL, received_at BIGINT NOT NULL)`,
  `CREATE UNIQUE INDEX quarantine_item ON quarantine (bridge_id, digest)`,
  `CREATE INDEX quarantine_tenant ON quarantine (tenant_id, id)`,
  `CREATE TABLE entry_tokens (ledger_id INTEGER NOT NULL, token BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (ledger_id, token, seq))`,
  `CREATE TABLE consumers (name ASCII(32) NOT NULL, ledger_id INTEGER NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (name, ledger_id))`,
];

// A guard against accident; the chain is the proof.
const REFUSAL = 'entries are append-only';
const MYSQL_TRIGGERS = ['UPDATE', 'DELETE'].map(
  (verb) =>
    `CREATE TRIGGER entries_no_${verb.toLowerCase()} BEFORE ${verb} ON entries FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${REFUSAL}'`,
);
const SQLITE_TRIGGERS = ['UPDATE', 'DELETE'].map(
  (verb) =>
    `CREATE TRIGGER entries_no_${verb.toLowerCase()} BEFORE ${verb} ON entries BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
);
