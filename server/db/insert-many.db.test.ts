import { createTestDatabase, ENGINES, type TestDatabase } from '../testing/test-database';

const TABLES = { left_rows: { columns: ['id', 'word'] }, right_rows: { columns: ['id', 'word'] } } as const;
const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => [from + i, `word ${from + i}`]);

describe.each(ENGINES)('insertMany on %s', (engine) => {
  let test: TestDatabase;

  beforeEach(async () => {
    test = await createTestDatabase(engine);
    for (const table of Object.keys(TABLES))
      await test.knex.raw(`CREATE TABLE ${table} (id BIGINT NOT NULL PRIMARY KEY, word VARCHAR(64) NOT NULL)`);
  });
  afterEach(() => test.drop());

  const idsOf = async (table: keyof typeof TABLES) =>
    (await test.dialect.selectArrays(test.knex, `SELECT id FROM ${table} ORDER BY id`, [])).map(([id]) => Number(id));
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  it('stores what it was handed for each table, a hundred times over', async () => {
    for (let round = 0; round < 100; round += 1) {
      const from = round * 10 + 1;
      await test.appends.transaction((trx) =>
        test.dialect.insertMany(trx, TABLES, async (write) => {
          write('left_rows', rows(from, from + 6));
          await new Promise((resolve) => setImmediate(resolve));
          write('right_rows', rows(from, from + 9));
          write('left_rows', rows(from + 7, from + 9));
        }),
      );
    }
    expect([await idsOf('left_rows'), await idsOf('right_rows')]).toEqual([numbers(1, 1000), numbers(1, 1000)]);
  });

  it('tells the first refusal, and rolls back what was handed over before and after it', async () => {
    const refused = test.appends.transaction((trx) =>
      test.dialect.insertMany(trx, TABLES, (write) => {
        write('left_rows', rows(1, 200));
        write('left_rows', rows(200, 200));
        write('right_rows', rows(1, 200));
        return Promise.resolve();
      }),
    );
    const error: unknown = await refused.catch((reason: unknown) => reason);
    expect(test.dialect.isDuplicate(error)).toBe(true);
    expect([await idsOf('left_rows'), await idsOf('right_rows')]).toEqual([[], []]);
  });

  it('leaves nothing behind when the work itself fails, and the connection as it was', async () => {
    for (let round = 0; round < 12; round += 1) {
      const failed = test.appends.transaction((trx) =>
        test.dialect.insertMany(trx, TABLES, (write) => {
          write('left_rows', rows(1, 64));
          return Promise.reject(new Error('cannot be linked'));
        }),
      );
      await expect(failed).rejects.toThrow('cannot be linked');
    }
    // The connections take rows again.
    await Promise.all(
      numbers(1, 12).map((id) =>
        test.appends.transaction((trx) =>
          test.dialect.insertMany(trx, TABLES, (write) => Promise.resolve(write('left_rows', [[id, 'x']]))),
        ),
      ),
    );
    expect(await idsOf('left_rows')).toEqual(numbers(1, 12));
  });
});

// SQLite has one writer: nobody can get into the way of a transaction there.
describe.each(ENGINES.filter((engine) => engine !== 'sqlite'))('insertMany on %s, in a deadlock', (engine) => {
  it('is refused where statements commit by themselves', async () => {
    const test = await createTestDatabase(engine);
    try {
      const insert = test.knex.transaction((trx) => test.dialect.insertMany(trx, TABLES, () => Promise.resolve()));
      await expect(insert).rejects.toThrow('only where nothing commits by itself');
    } finally {
      await test.drop();
    }
  });

  it('commits nothing of what is on its way behind the end of its transaction', async () => {
    const test = await createTestDatabase(engine);
    try {
      await test.knex.raw('CREATE TABLE left_rows (id BIGINT NOT NULL PRIMARY KEY, word VARCHAR(64) NOT NULL)');
      await test.knex('left_rows').insert([{ id: 1, word: 'a' }, { id: 2, word: 'b' }]); // prettier-ignore
      const other = await test.knex.transaction();
      // The heavier transaction wins.
      await other('left_rows').insert(rows(1001, 1400).map(([id, word]) => ({ id, word })));
      await other('left_rows').where({ id: 1 }).update({ word: 'other' });
      const ours = await test.appends.transaction();
      await ours('left_rows').where({ id: 2 }).update({ word: 'ours' });
      const waiting = other('left_rows').where({ id: 2 }).update({ word: 'other' });
      const waits = waiting.then(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));

      const refused = test.dialect.insertMany(ours, { left_rows: { columns: ['id', 'word'] } }, (write) => {
        write('left_rows', rows(11, 11));
        // The first row is there and locked by the other one: a circle.
        write('left_rows', rows(1, 1));
        write('left_rows', rows(12, 300));
        return Promise.resolve();
      });
      const error: unknown = await refused.catch((reason: unknown) => reason);
      expect(test.dialect.isRetriable(error)).toBe(true);
      await ours.rollback();
      await waits;
      await other.commit();
      const ids = (await test.dialect.selectArrays(test.knex, 'SELECT id FROM left_rows WHERE id < 1000 ORDER BY id', [])).map(([id]) => Number(id)); // prettier-ignore
      expect(ids).toEqual([1, 2]);
    } finally {
      await test.drop();
    }
  });
});
