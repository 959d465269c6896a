import type { Knex } from 'knex';

/** What tells a wrong chain key from a changed entry, where an epoch ends and whether its key is gone; who signs bundles. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  const ascii = (length: number) => (isMysql ? `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin` : 'TEXT');
  await db.raw(`ALTER TABLE epochs ADD COLUMN check_value ${ascii(16)} NULL`);
  await db.raw('ALTER TABLE epochs ADD COLUMN closed_seq BIGINT NULL');
  await db.raw('ALTER TABLE epochs ADD COLUMN retired_at BIGINT NULL');
  await db.raw('ALTER TABLE verifications ADD COLUMN by_proof BIGINT NOT NULL DEFAULT 0');
  await db.schema.createTable('signers', (table) => {
    if (isMysql) table.charset('ascii');
    if (isMysql) table.collate('ascii_bin');
    table.string('name', 16).primary();
    table.text('wrapped_key').notNullable();
    table.text('certificates').notNullable();
    table.bigInteger('created_at').notNullable();
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('signers');
  await db.raw('ALTER TABLE verifications DROP COLUMN by_proof');
  for (const column of ['check_value', 'closed_seq', 'retired_at'])
    await db.raw(`ALTER TABLE epochs DROP COLUMN ${column}`);
}
