import type { Knex } from 'knex';

/** A bridge's second secret while it is changed for the first. */
export async function up(db: Knex): Promise<void> {
  await db.schema.alterTable('bridges', (table) => {
    table.string('next_wrapped_secret', 255);
    table.bigInteger('rotated_at');
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.alterTable('bridges', (table) => table.dropColumns('next_wrapped_secret', 'rotated_at'));
}
