import type { Knex } from 'knex';

/** A MAC over each sign-in link and token, so that nobody without the master key makes one by writing into the database. */
export async function up(db: Knex): Promise<void> {
  for (const name of ['login_links', 'api_tokens'])
    await db.schema.alterTable(name, (table) => {
      table.string('mac', 64);
    });
}

export async function down(db: Knex): Promise<void> {
  for (const name of ['login_links', 'api_tokens'])
    await db.schema.alterTable(name, (table) => table.dropColumn('mac'));
}
