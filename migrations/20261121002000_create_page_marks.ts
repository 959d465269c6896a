import type { Knex } from 'knex';

/** What pages inside the billing system do once: the first sight of an admin's session, a signed form. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  await db.schema.createTable('page_marks', (table) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
    table.string('bridge_id', 36).notNullable();
    table.string('kind', 16).notNullable();
    table.string('mark', 256).notNullable();
    table.bigInteger('at').notNullable();
    table.primary(['bridge_id', 'kind', 'mark']);
    table.index(['kind', 'at'], 'page_marks_age');
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('page_marks');
}
