import { openDatabase } from './connection';
import { createTestDatabase, ENGINES, type TestDatabase } from '../testing/test-database';

describe.each(ENGINES)('eachArray on %s', (engine) => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await createTestDatabase(engine);
    await test.knex.raw('CREATE TABLE words (id BIGINT NOT NULL PRIMARY KEY, word VARCHAR(64))');
    const rows = Array.from({ length: 3_000 }, (_none, at) => [at + 1, at % 7 === 0 ? null : `word ${at + 1}`]);
    await test.dialect.insertRows(test.knex, 'words', ['id', 'word'], rows);
  });
  afterAll(() => test.drop());

  const read = async (sql: string, bindings: readonly number[], visit: (id: unknown) => void = () => undefined) => {
    const rows: unknown[][] = [];
    await test.dialect.eachArray(test.knex, sql, bindings, (cells) => {
      visit(cells[0]);
      rows.push(cells);
    });
    return rows;
  };

  it('gives the rows that selectArrays gives', async () => {
    const sql = 'SELECT id, word FROM words WHERE id > ? ORDER BY id';
    expect(await read(sql, [10])).toEqual(await test.dialect.selectArrays(test.knex, sql, [10]));
    expect(await read(sql, [5_000])).toEqual([]);
  });

  it('throws what the visitor throws, does not call it again, and leaves the connection as it was', async () => {
    // More often than there are connections.
    for (let round = 0; round < 12; round += 1) {
      const seen: unknown[] = [];
      const reading = read('SELECT id FROM words ORDER BY id', [], (id) => {
        seen.push(id);
        if (id === 2) throw new Error('enough');
      });
      await expect(reading).rejects.toThrow('enough');
      expect(seen).toEqual([1, 2]);
    }
    expect(await read('SELECT id FROM words WHERE id = ?', [3])).toEqual([[3]]);
  });

  it('throws what the engine says of a statement that it does not take', async () => {
    await expect(read('SELECT id FROM no_such_table', [])).rejects.toMatchObject({
      message: expect.stringContaining('no_such_table') as string,
    });
  });
});

describe.each(ENGINES.filter((engine) => engine !== 'sqlite'))('eachArray on %s', (engine) => {
  it('throws when the connection is lost half way', async () => {
    const test = await createTestDatabase(engine);
    const other = openDatabase(test.url);
    try {
      await test.knex.raw('CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)');
      await test.dialect.insertRows(
        test.knex,
        'numbers',
        ['n'],
        Array.from({ length: 3_000 }, (_none, n) => [n]),
      );
      let killed: Promise<unknown> | undefined;
      // Nine million rows: the server is still sending when it is told.
      const reading = test.dialect.eachArray(
        test.knex,
        'SELECT CONNECTION_ID(), a.n FROM numbers a, numbers b',
        [],
        ([id]) => {
          killed ??= other.knex.raw(`KILL ${Number(id)}`).then(() => undefined);
        },
      );
      await expect(reading).rejects.toThrow(/lost|closed|interrupted|killed|ECONNRESET/i);
      await killed;
      expect(await test.dialect.selectArrays(test.knex, 'SELECT n FROM numbers WHERE n = ?', [3])).toEqual([[3]]);
    } finally {
      await other.close();
      await test.drop();
    }
  });
});
