import type { Knex } from 'knex';

/**
 * MACs over jobs, what they have done and what they found, and over reports that wait to become entries: the program acts on these
 * rows. Those of an earlier version cannot be told from made-up ones. Jobs are forgotten: reports and erasures stand elsewhere,
 * and what was not done is asked for again. A gap whose report was waiting is told anew.
 */
export async function up(db: Knex): Promise<void> {
  await db('jobs').delete();
  await db.schema.alterTable('jobs', (table) => {
    for (const name of ['mac', 'memo_mac', 'result_mac']) table.string(name, 64);
  });
  const waiting = db('watch_reports').where({ action: 'audit.gap_detected' }).distinct('bridge_id');
  await db('bridge_gaps')
    .whereNull('closed_at')
    .whereIn('bridge_id', await waiting.pluck<string[]>('bridge_id'))
    .update({ detected_at: null });
  await db('watch_reports').delete();
  await db.schema.alterTable('watch_reports', (table) => {
    table.string('mac', 64);
  });
}

export async function down(db: Knex): Promise<void> {
  await db.schema.alterTable('watch_reports', (table) => table.dropColumn('mac'));
  await db.schema.alterTable('jobs', (table) => table.dropColumns('mac', 'memo_mac', 'result_mac'));
}
