import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase, type Database } from './connection';

let folder: string;
let database: Database;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-cells-'));
  database = openDatabase(`sqlite:${path.join(folder, 'test.db')}`);
  await database.knex.raw(
    'CREATE TABLE cells (name VARCHAR(9), words TEXT, small SMALLINT, n BIGINT, bytes BLOB, "when" datetime)',
  );
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function insert(values: string): Promise<void> {
  await database.knex.raw(`INSERT INTO cells VALUES (${values})`);
}

const SELECT = 'SELECT name, words, small, n, bytes, "when" FROM cells';

it('are read as they are where their column can hold them', async () => {
  await insert(`'a', '', 1, -2, x'00ff', 3`);
  await insert('NULL, NULL, NULL, NULL, NULL, NULL');
  const whole = ['a', '', 1, -2, Buffer.from([0, 255]), 3];
  expect(await database.dialect.selectArrays(database.knex, SELECT, [])).toEqual([whole, [null, null, null, null, null, null]]); // prettier-ignore
  const [first] = await database.knex('cells').select();
  expect(Object.values(first as object)).toEqual(whole);
});

it.each([
  ['bytes', `x'61', x'61', x'31', x'31', NULL, NULL`],
  ['words', `'a', 'a', 'x', 'x', NULL, NULL`],
])('that are %s of another class equal nothing that a column holds', async (kind, values) => {
  await insert(values);
  const [cells] = await database.dialect.selectArrays(database.knex, SELECT, []);
  const [row] = await database.knex('cells').select<Record<string, unknown>[]>();
  for (const [name, words, small, n] of [cells ?? [], Object.values(row ?? {})]) {
    expect([small, n]).toEqual([Number.NaN, Number.NaN]);
    for (const text of [name, words]) {
      expect(typeof text).toBe('string');
      // No text that was sealed has a lone surrogate.
      expect(String(text).isWellFormed()).toBe(kind !== 'bytes');
    }
  }
});

it('of an expression are left alone', async () => {
  await insert(`'a', 'b', 1, 2, x'00', 3`);
  const sql = `SELECT COUNT(*), MAX(n), CAST(name AS BLOB), small + 0.5 FROM cells`;
  expect(await database.dialect.selectArrays(database.knex, sql, [])).toEqual([[1, 2, Buffer.from('a'), 1.5]]);
});
