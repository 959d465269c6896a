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
      if (kind === 'words') expect(['a', 'x']).toContain(text);
      else expect(text).toMatch(/^no text \([0-9a-f]{16}\) 61$/);
    }
  }
});

it('of an expression are left alone', async () => {
  await insert(`'a', 'b', 1, 2, x'00', 3`);
  const sql = `SELECT COUNT(*), MAX(n), CAST(name AS BLOB), small + 0.5 FROM cells`;
  expect(await database.dialect.selectArrays(database.knex, sql, [])).toEqual([[1, 2, Buffer.from('a'), 1.5]]);
});

it('that are bytes read differently in every process: nobody can seal the text that they will be read as', async () => {
  await insert(`x'61', NULL, NULL, NULL, NULL, NULL`);
  const nameIn = async (store: Database) => (await store.dialect.selectArrays(store.knex, SELECT, []))[0]?.[0];
  let open = openDatabase;
  jest.isolateModules(() => {
    open = jest.requireActual<{ openDatabase: typeof openDatabase }>('./connection').openDatabase;
  });
  const again = open(`sqlite:${path.join(folder, 'test.db')}`);
  const other = await nameIn(again);
  await again.close();
  expect(await nameIn(database)).not.toEqual(other);
});
