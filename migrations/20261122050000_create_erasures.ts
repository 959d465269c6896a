import type { Knex } from 'knex';

/** How far each erasure has come, so that one which was interrupted goes on from there. What is erased is said by entries alone. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  await db.schema.createTable('erasures', (table) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
    // The event id of its entries.
    table.string('id', 64).notNullable();
    table.integer('ledger_id').notNullable().references('ledgers.id');
    table.string('subject_ref', 255).notNullable();
    table.bigInteger('entry_seq').notNullable();
    table.bigInteger('done_seq').notNullable();
    table.bigInteger('actor_entries').notNullable();
    table.bigInteger('subject_entries').notNullable();
    table.bigInteger('started_at').notNullable();
    table.bigInteger('finished_at');
    table.primary(['ledger_id', 'id']);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('erasures');
}
