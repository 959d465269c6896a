import type { Knex } from 'knex';

/** Views of the audit log that people keep, and how each of them likes to see it. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  const compareBytes = (table: Knex.CreateTableBuilder) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
  };
  await db.schema.createTable('saved_views', (table) => {
    compareBytes(table);
    table.string('id', 36).primary();
    table.integer('tenant_id').notNullable().references('tenants.id');
    // Who the person is, not what they are called: "name:jane", "billing:7".
    table.string('owner', 200).notNullable();
    table.string('owner_name', 191).notNullable();
    table.string('name', 80).notNullable();
    table.text('query').notNullable();
    table.boolean('shared').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('changed_at').notNullable();
    table.unique(['tenant_id', 'owner', 'name'], { indexName: 'saved_views_name' });
    table.index(['tenant_id', 'shared'], 'saved_views_shared');
  });
  await db.schema.createTable('person_preferences', (table) => {
    compareBytes(table);
    table.integer('tenant_id').notNullable().references('tenants.id');
    table.string('owner', 200).notNullable();
    // Columns, density, order and page size of the list, as in its address.
    table.string('list_view', 500);
    table.string('default_view', 36);
    table.bigInteger('changed_at').notNullable();
    table.primary(['tenant_id', 'owner']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('person_preferences');
  await db.schema.dropTable('saved_views');
}
