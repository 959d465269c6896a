import type { Knex } from 'knex';

/** What is known of each bridge's numbers and of its outbox, and what there is to report about it. */
export async function up(db: Knex): Promise<void> {
  const isMysql = (db.client as { config: { client: string } }).config.client === 'mysql2';
  // Compared by bytes, like every table of ours; SQLite does so anyway, and knex refuses to say it there.
  const compareBytes = (table: Knex.CreateTableBuilder) => {
    if (isMysql) table.charset('utf8mb4');
    if (isMysql) table.collate('utf8mb4_bin');
  };
  await db.schema.alterTable('bridges', (table) => {
    table.integer('seq_step');
    table.bigInteger('silent_at');
    table.bigInteger('clock_drift_ms');
    table.bigInteger('drift_at');
  });
  await db.schema.createTable('bridge_sequences', (table) => {
    compareBytes(table);
    table.string('bridge_id', 36).primary();
    table.integer('run').notNullable();
    table.bigInteger('run_at').notNullable();
    table.bigInteger('base_seq');
    table.bigInteger('highest_seq');
  });
  await db.schema.createTable('bridge_ranges', (table) => {
    compareBytes(table);
    table.string('bridge_id', 36).notNullable();
    table.integer('run').notNullable();
    table.bigInteger('from_seq').notNullable();
    table.bigInteger('to_seq').notNullable();
    table.primary(['bridge_id', 'run', 'from_seq']);
  });
  await db.schema.createTable('bridge_gaps', (table) => {
    compareBytes(table);
    table.bigIncrements('id');
    table.string('bridge_id', 36).notNullable();
    table.integer('run').notNullable();
    table.bigInteger('from_seq').notNullable();
    table.bigInteger('to_seq').notNullable();
    table.bigInteger('missing').notNullable();
    table.bigInteger('noticed_at').notNullable();
    table.bigInteger('detected_at');
    table.bigInteger('closed_at');
    table.string('closed_by', 16);
    table.index(['bridge_id', 'closed_at']);
  });
  await db.schema.createTable('bridge_heartbeats', (table) => {
    compareBytes(table);
    table.string('bridge_id', 36).notNullable();
    table.string('node', 64).notNullable();
    table.bigInteger('at').notNullable();
    table.bigInteger('pending').notNullable();
    table.bigInteger('oldest_seq');
    table.bigInteger('oldest_at');
    table.bigInteger('next_seq').notNullable();
    table.integer('parked').notNullable();
    table.text('parked_seqs', 'mediumtext').notNullable();
    table.bigInteger('spooled').notNullable();
    table.boolean('paused').notNullable();
    table.string('php', 64);
    table.string('sapi', 64);
    table.primary(['bridge_id', 'node']);
  });
  await db.schema.createTable('watch_reports', (table) => {
    compareBytes(table);
    table.bigIncrements('id');
    table.string('once', 191).notNullable();
    table.string('action', 64).notNullable();
    table.string('bridge_id', 36).notNullable();
    table.text('payload', 'mediumtext').notNullable();
    table.unique(['action', 'once']);
  });
}

export async function down(db: Knex): Promise<void> {
  for (const table of ['watch_reports', 'bridge_heartbeats', 'bridge_gaps', 'bridge_ranges', 'bridge_sequences'])
    await db.schema.dropTable(table);
  await db.schema.alterTable('bridges', (table) =>
    table.dropColumns('seq_step', 'silent_at', 'clock_drift_ms', 'drift_at'),
  );
}
