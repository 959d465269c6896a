import type { Knex } from 'knex';

/** Leases are for every part that one process at a time does, not for retention alone: anchors are brought their checkpoints so too. */
export async function up(db: Knex): Promise<void> {
  await createLeases(db, 'leases', 64);
  await db.schema.dropTable('retention_leases');
}

export async function down(db: Knex): Promise<void> {
  await createLeases(db, 'retention_leases', 16);
  await db.schema.dropTable('leases');
}

// Nothing is taken over: a lease ends by itself, and whoever had one takes it anew.
async function createLeases(db: Knex, name: string, nameLength: number): Promise<void> {
  await db.schema.createTable(name, (table) => {
    if ((db.client as { config: { client: string } }).config.client === 'mysql2') {
      table.charset('ascii');
      table.collate('ascii_bin');
    }
    table.integer('ledger_id').notNullable();
    table.string('name', nameLength).notNullable();
    table.string('holder', 36).notNullable();
    table.bigInteger('expires_at').notNullable();
    table.primary(['ledger_id', 'name']);
  });
}
