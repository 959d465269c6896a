import { createTestDatabase, type Engine } from '../testing/test-database';
import type { Cell } from '../db/dialect';
import { ENTRY_COLUMNS } from '../entries/entry-row';

/**
 * The baseline: plain multi-row INSERTs of the same rows into the same table with the same indexes, `size` rows a statement and
 * commit, over `connections` at once, nothing else. Rows a second.
 */
export async function measurePlainInsert(
  engine: Engine,
  rows: readonly (readonly Cell[])[],
  options: { readonly size: number; readonly connections: number },
): Promise<number> {
  const database = await createTestDatabase(engine);
  try {
    await database.knex.raw(engine === 'sqlite' ? 'PRAGMA foreign_keys = OFF' : 'SELECT 1');
    const batches: (readonly (readonly Cell[])[])[] = [];
    for (let at = 0; at < rows.length; at += options.size) batches.push(rows.slice(at, at + options.size));
    let next = 0;
    const startedAt = process.hrtime.bigint();
    await Promise.all(
      Array.from({ length: options.connections }, async () => {
        for (let batch = batches[next++]; batch; batch = batches[next++]) {
          const rowsOfBatch = batch;
          await database.knex.transaction((trx) =>
            database.dialect.insertRows(trx, 'entries', ENTRY_COLUMNS, rowsOfBatch),
          );
        }
      }),
    );
    return rows.length / (Number(process.hrtime.bigint() - startedAt) / 1e9);
  } finally {
    await database.drop();
  }
}
