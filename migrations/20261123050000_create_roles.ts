import type { Knex } from 'knex';

/**
 * Who may do what: roles of a tenant's own, everybody who was seen with the role that was given to them, and which of our roles
 * a role of the billing system stands for. And what is read and refused, counted until its quarter of an hour is over.
 */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  // Compared by bytes, like every table of ours; SQLite does so anyway, and knex refuses to say it there.
  const compareBytes = (table: Knex.CreateTableBuilder) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
  };
  await db.schema.createTable('custom_roles', (table) => {
    compareBytes(table);
    table.string('id', 36).primary();
    table.integer('tenant_id').notNullable().references('tenants.id');
    table.string('name', 64).notNullable();
    // A comma list of rights.
    table.string('rights', 1000).notNullable();
    table.bigInteger('changed_at').notNullable();
    table.string('changed_by', 191).notNullable();
    table.unique(['tenant_id', 'name'], { indexName: 'custom_roles_name' });
  });
  await db.schema.createTable('role_mappings', (table) => {
    compareBytes(table);
    table.integer('tenant_id').notNullable().references('tenants.id');
    // The role's name in the billing system.
    table.string('billing_role', 191).notNullable();
    // A built-in role, the id of a custom one, or `none`.
    table.string('role', 36).notNullable();
    table.bigInteger('changed_at').notNullable();
    table.string('changed_by', 191).notNullable();
    table.primary(['tenant_id', 'billing_role']);
  });
  await db.schema.createTable('people', (table) => {
    compareBytes(table);
    table.string('id', 36).primary();
    table.integer('tenant_id').notNullable().references('tenants.id');
    // The bridge that tells of an administrator; empty for a sign-in of our own.
    table.string('bridge_id', 36).notNullable();
    // The administrator's id there, or the name of the sign-in.
    table.string('ref', 191).notNullable();
    table.string('name', 191).notNullable();
    // What the billing system calls the role; null for a sign-in of our own.
    table.string('billing_role', 191);
    // The role of the latest sign-in link; null for an administrator of the billing system.
    table.string('link_role', 36);
    // What was given here: a built-in role, the id of a custom one, `none`; null where nothing was.
    table.string('role', 36);
    table.bigInteger('changed_at');
    table.bigInteger('first_seen_at').notNullable();
    table.bigInteger('last_seen_at').notNullable();
    table.unique(['tenant_id', 'bridge_id', 'ref'], { indexName: 'people_ref' });
  });
  await db.schema.createTable('access_windows', (table) => {
    compareBytes(table);
    table.integer('tenant_id').notNullable().references('tenants.id');
    // The start of its quarter of an hour.
    table.bigInteger('started_at').notNullable();
    // `entry`, `search`, `verify`, `export`, `denied`.
    table.string('kind', 16).notNullable();
    // A digest of who it is about.
    table.string('reader', 64).notNullable();
    // JSON: who it is about, and where from.
    table.text('origin').notNullable();
    // After the first, which was recorded at once.
    table.integer('more').notNullable();
    // JSON: what it was about, of the first few.
    table.text('details').notNullable();
    table.primary(['tenant_id', 'started_at', 'kind', 'reader']);
  });
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['access_windows', 'people', 'role_mappings', 'custom_roles']) await db.schema.dropTable(table);
}
