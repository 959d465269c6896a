import { createTestDatabase } from '../testing/test-database';

/** A plan is no result: without the key SQLite answers rightly too, and looks at a million entries for it. */
describe('looking up rows of SQLite by their keys', () => {
  it.each(['seq, occurred_at', 'seq, action', 'seq, record'])(
    'reads the rows asked for, where %s is wanted',
    async (columns) => {
      const database = await createTestDatabase('sqlite');
      try {
        const sql = `SELECT ${columns} FROM entries ${database.dialect.useKey('entries')} WHERE ledger_id = 1 AND seq IN (1, 20, 300)`;
        const plan = await database.knex.raw<readonly { readonly detail: string }[]>(`EXPLAIN QUERY PLAN ${sql}`);
        expect(plan.map(({ detail }) => detail)).toEqual([
          expect.stringMatching(/^SEARCH .*\(ledger_id=\? AND seq=\?\)$/),
        ]);
      } finally {
        await database.drop();
      }
    },
  );
});
