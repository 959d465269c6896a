import type { Knex } from 'knex';

/** What a person has set, each value beside the entry that states it. What nobody has set has no row. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  await db.raw(isMysql ? toMysql(TABLE) : TABLE.replace(/(ASCII|WORDS)\(\d+\)|TEXT8/g, 'TEXT'));
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('settings');
}

// ASCII(n), WORDS(n) and TEXT8 as in the first migration.
function toMysql(sql: string): string {
  const typed = sql
    .replace(/ASCII\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET ascii COLLATE ascii_bin')
    .replace(/WORDS\((\d+)\)/g, 'VARCHAR($1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
    .replace(/TEXT8/g, 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  return `${typed} ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC`;
}

const TABLE = `CREATE TABLE settings (
  tenant_id INTEGER NOT NULL, name ASCII(64) NOT NULL, value TEXT8 NOT NULL, seq BIGINT NOT NULL,
  changed_at BIGINT NOT NULL, changed_by WORDS(191) NOT NULL,
  PRIMARY KEY (tenant_id, name), FOREIGN KEY (tenant_id) REFERENCES tenants (id))`;
