import type { Knex } from 'knex';

/** Long work that survives a restart, what runs once a day, and verifications as dated reports that cannot be edited unseen. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  // Compared by bytes, like every table of ours; SQLite does so anyway, and knex refuses to say it there.
  const compareBytes = (table: Knex.CreateTableBuilder) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
  };
  await db.schema.createTable('jobs', (table) => {
    compareBytes(table);
    table.string('id', 36).primary();
    table.string('kind', 32).notNullable();
    table.integer('tenant_id').notNullable().references('tenants.id');
    table.string('ledger', 128);
    table.text('params', 'mediumtext').notNullable();
    table.string('state', 16).notNullable();
    // What the same request would have, while it is not finished: asked for twice it is one job.
    table.string('active_key', 64).unique();
    table.bigInteger('progress_done').notNullable();
    table.bigInteger('progress_total').notNullable();
    // Where the work stands, to go on from.
    table.text('memo', 'mediumtext');
    table.text('result', 'mediumtext');
    table.string('problem', 1000);
    table.string('requested_by', 191).notNullable();
    table.boolean('cancel_asked').notNullable();
    table.integer('attempts').notNullable();
    table.string('holder', 36);
    table.bigInteger('held_until').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('started_at');
    table.bigInteger('finished_at');
    table.index(['kind', 'state', 'created_at'], 'jobs_waiting');
    table.index(['tenant_id', 'created_at'], 'jobs_tenant');
  });
  await db.schema.createTable('daily_tasks', (table) => {
    compareBytes(table);
    table.string('name', 64).primary();
    // The last day that it was done for, as 20261121.
    table.integer('done_day').notNullable();
    table.string('holder', 36);
    table.bigInteger('held_until').notNullable();
    table.bigInteger('done_at');
  });
  await db.schema.alterTable('verifications', (table) => {
    table.string('state', 8).notNullable().defaultTo('saved');
    table.string('job_id', 36).unique();
    table.string('scope', 16).notNullable().defaultTo('whole');
    table.bigInteger('from_seq').notNullable().defaultTo(1);
    table.bigInteger('to_seq').notNullable().defaultTo(0);
    table.string('actor', 255);
    table.bigInteger('tree_size');
    table.string('tree_root', 64);
    table.string('mac', 64);
    table.index(['ledger_id', 'state', 'id'], 'verifications_ledger');
  });
  await db.schema.alterTable('verification_breaks', (table) => table.string('mac', 64));
  await db.schema.alterTable('verification_breaks', (table) => {
    table.index(['seq', 'verification_id'], 'verification_breaks_seq');
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.alterTable('verification_breaks', (table) => table.dropIndex([], 'verification_breaks_seq'));
  await db.schema.alterTable('verification_breaks', (table) => table.dropColumn('mac'));
  await db.schema.alterTable('verifications', (table) => table.dropIndex([], 'verifications_ledger'));
  await db.schema.alterTable('verifications', (table) => table.dropUnique(['job_id']));
  await db.schema.alterTable('verifications', (table) =>
    table.dropColumns('state', 'job_id', 'scope', 'from_seq', 'to_seq', 'actor', 'tree_size', 'tree_root', 'mac'),
  );
  for (const table of ['daily_tasks', 'jobs']) await db.schema.dropTable(table);
}
