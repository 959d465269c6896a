import { createRandom } from '../testing/random';
import { createTestDatabase, ENGINES, type TestDatabase } from '../testing/test-database';
import type { Cell } from './dialect';

describe.each(ENGINES)('insertRows on %s', (engine) => {
  let test: TestDatabase;

  beforeEach(async () => {
    test = await createTestDatabase(engine);
    const text = engine === 'sqlite' ? 'TEXT' : 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
    const blob = engine === 'sqlite' ? 'BLOB' : 'LONGBLOB';
    await test.knex.raw(
      `CREATE TABLE samples (id BIGINT NOT NULL PRIMARY KEY, n BIGINT, a ${text}, b ${text}, c ${blob})`,
    );
  });
  afterEach(() => test.drop());

  const insert = (rows: Cell[][], onConflict?: 'ignore') =>
    test.dialect.insertRows(test.knex, 'samples', ['id', 'n', 'a', 'b', 'c'], rows, onConflict && { onConflict });
  const stored = () => test.dialect.selectArrays(test.knex, 'SELECT id, n, a, b, c FROM samples ORDER BY id', []);

  it('stores what it was given, however many rows of whatever length', async () => {
    const random = createRandom(6);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
    const numbers = [
      0,
      1,
      -1,
      255,
      2 ** 31,
      -(2 ** 31),
      2 ** 32,
      -(2 ** 32) - 1,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ];
    // Around the lengths at which the protocol writes a length in another way, for one, two, three and four bytes a character.
    const lengths = [0, 1, 62, 83, 84, 125, 250, 251, 252, 255, 256, 21_845, 21_846, 32_768, 65_535, 65_536];
    const characters = ['a', "'", '"', '\\', '\0', '\n', '%', '\x1a', 'ü', '审', '😀', '𠮷'];
    const text = () => {
      const length = pick(random() < 0.2 ? lengths : lengths.slice(0, 11));
      const one = pick(characters);
      return random() < 0.5
        ? one.repeat(length)
        : Array.from({ length: Math.min(length, 300) }, () => pick(characters)).join('');
    };
    const maybe = <T>(make: () => T): T | null => (random() < 0.2 ? null : make());
    const rows = Array.from({ length: 701 }, (_, id): Cell[] => [
      id,
      maybe(() => pick(numbers)),
      maybe(text),
      maybe(text),
      maybe(() => Buffer.from(text())),
    ]);
    for (let at = 0, size = 0; at < rows.length; at += size) {
      size += 1;
      await insert(rows.slice(at, at + size));
    }
    expect(await stored()).toEqual(rows);
  });

  it('stores a text of several megabytes beside short ones', async () => {
    const rows: Cell[][] = [
      [1, null, 'short', '审'.repeat(2_000_000), null],
      [2, 5, 'x'.repeat(3_000_000), '😀', Buffer.alloc(100_000, 7)],
      [3, null, null, 'y', null],
    ];
    await insert(rows);
    expect(await stored()).toEqual(rows);
  });

  if (engine !== 'sqlite')
    it.each([
      ['characters that it has no place for', 'caf\u00e9'],
      ['more than fits', 'x'.repeat(9)],
    ])('leaves it to a column to refuse %s', async (_, text) => {
      await test.knex.raw('CREATE TABLE narrow (a VARCHAR(8) CHARACTER SET ascii)');
      const refused = test.dialect.insertRows(test.knex, 'narrow', ['a'], [['fits'], [text]]);
      await expect(refused).rejects.toThrow(/Incorrect string value|Data too long|impossible/);
      expect(await test.dialect.selectArrays(test.knex, 'SELECT a FROM narrow', [])).toEqual([]);
    });

  it('keeps the row that is there where it is told so, and refuses it where it is not', async () => {
    await insert([[1, 1, 'first', null, null]]);
    const again: Cell[][] = [[1, 2, 'second', null, null], [2, 2, 'new', null, null]]; // prettier-ignore
    const refusal: unknown = await insert(again).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(test.dialect.isDuplicate(refusal)).toBe(true);
    await insert(again, 'ignore');
    expect((await stored()).map((row) => row[2])).toEqual(['first', 'new']);
  });

  it('sends nothing behind a statement that failed', async () => {
    const rows = Array.from({ length: 300 }, (_, id): Cell[] => [id, null, 'x', null, null]);
    await insert([[100, null, 'there', null, null]]);
    await expect(insert(rows)).rejects.toMatchObject({ code: expect.any(String) as string });
    // Outside a transaction a server keeps what stands before the failure, 64 rows in one statement; SQLite takes everything back.
    expect(await stored()).toHaveLength(engine === 'sqlite' ? 1 : 65);
    // The connection is as good as before.
    await insert([[1_000, 1, 'later', null, null]]);
    expect((await stored()).at(-1)?.[0]).toBe(1_000);
  });
});
