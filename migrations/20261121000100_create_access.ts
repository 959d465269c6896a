import type { Knex } from 'knex';

/** Who may send and who may read: bridges, API tokens, sign-in links; and the findings of verifications. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  // Compared by bytes, like every table of ours; SQLite does so anyway, and knex refuses to say it there.
  const compareBytes = (table: Knex.CreateTableBuilder) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
  };
  await db.schema.createTable('bridges', (table) => {
    compareBytes(table);
    table.string('id', 36).primary();
    table.integer('tenant_id').notNullable().references('tenants.id');
    table.string('name', 191).notNullable();
    table.string('wrapped_secret', 255).notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('revoked_at');
    table.bigInteger('last_seen_at');
    table.string('last_seq', 32);
    table.string('whmcs', 64);
    table.string('bridge_version', 64);
    table.string('time_zone', 64);
  });
  await db.schema.createTable('api_tokens', (table) => {
    compareBytes(table);
    table.string('id', 36).primary();
    table.integer('tenant_id').notNullable().references('tenants.id');
    table.string('name', 191).notNullable();
    table.string('token_hash', 64).notNullable().unique();
    table.string('scopes', 191).notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('revoked_at');
    table.bigInteger('last_used_at');
  });
  await db.schema.createTable('login_links', (table) => {
    compareBytes(table);
    table.string('link_hash', 64).primary();
    table.integer('tenant_id').notNullable().references('tenants.id');
    table.string('role', 64).notNullable();
    table.string('name', 191).notNullable();
    table.bigInteger('expires_at').notNullable();
    table.bigInteger('used_at');
  });
  await db.schema.createTable('verifications', (table) => {
    compareBytes(table);
    table.increments('id');
    table.integer('ledger_id').notNullable().references('ledgers.id');
    table.string('verdict', 16).notNullable();
    table.bigInteger('size').notNullable();
    table.bigInteger('scanned').notNullable();
    table.bigInteger('valid').notNullable();
    table.bigInteger('unverifiable').notNullable();
    table.bigInteger('broken').notNullable();
    // The head that was checked; null where the ledger had none.
    table.bigInteger('head_seq');
    table.string('head_hash', 64);
    table.bigInteger('started_at').notNullable();
    table.bigInteger('finished_at').notNullable();
    table.string('requested_by', 191).notNullable();
  });
  await db.schema.createTable('verification_breaks', (table) => {
    compareBytes(table);
    table.integer('verification_id').unsigned().notNullable();
    table.integer('position').notNullable();
    table.bigInteger('seq').notNullable();
    table.string('entry_id', 36);
    table.string('kind', 16).notNullable();
    table.string('detail', 1000).notNullable();
    table.bigInteger('received_at');
    table.primary(['verification_id', 'position']);
  });
  await db.schema.createTable('sessions', (table) => {
    compareBytes(table);
    table.string('sid', 255).primary();
    table.text('sess', 'mediumtext').notNullable();
    table.dateTime('expired').notNullable().index();
  });
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['sessions', 'verification_breaks', 'verifications', 'login_links', 'api_tokens', 'bridges'])
    await db.schema.dropTable(table);
}
