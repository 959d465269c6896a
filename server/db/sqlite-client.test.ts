import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type Database } from './connection';
import { readSnapshot } from './snapshot';

let folder: string;
let one: Database;
let other: Database;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-busy-'));
  one = openDatabase(`sqlite:${path.join(folder, 'test.db')}`);
  other = openDatabase(`sqlite:${path.join(folder, 'test.db')}`);
  await one.knex.schema.createTable('notes', (table) => table.integer('n'));
});
afterEach(async () => {
  await one.close();
  await other.close();
  rmSync(folder, { recursive: true, force: true });
});

const notes = () => one.knex('notes').orderBy('n').pluck<number[]>('n');

/** Holds the writer's lock until the returned function is called. */
async function holdLock(database: Database): Promise<() => Promise<void>> {
  const trx = await database.knex.transaction();
  await trx('notes').insert({ n: 1 });
  return async () => {
    await trx.commit();
  };
}

describe('two connections of one program to a SQLite store', () => {
  it('a transaction waits for the other, and the program goes on meanwhile', async () => {
    const release = await holdLock(one);
    const waiting = other.knex.transaction((trx) => trx('notes').insert({ n: 2 }));
    await sleep(50);
    await release();
    await waiting;
    expect(await notes()).toEqual([1, 2]);
  });

  it('so does a single statement', async () => {
    const release = await holdLock(one);
    const waiting = other.knex('notes').insert({ n: 2 });
    // knex sends it with the first `then`.
    const done = waiting.then(() => notes());
    await sleep(50);
    await release();
    expect(await done).toEqual([1, 2]);
  });

  it('so do rows that go past knex', async () => {
    const release = await holdLock(one);
    const done = other.dialect.insertRows(other.knex, 'notes', ['n'], [[2], [3]]).then(() => notes());
    await sleep(50);
    await release();
    expect(await done).toEqual([1, 2, 3]);
  });

  it('a transaction that reads first and writes then is not refused', async () => {
    const both = [one, other].map(({ knex }) =>
      knex.transaction(async (trx) => {
        const [row] = await trx('notes').max<{ n: number | null }[]>({ n: 'n' });
        await sleep(20);
        await trx('notes').insert({ n: (row?.n ?? 0) + 1 });
      }),
    );
    await Promise.all(both);
    expect(await notes()).toEqual([1, 2]);
  });

  it('a read and a snapshot wait for nobody, and see what was committed', async () => {
    const release = await holdLock(one);
    expect(await other.knex('notes')).toEqual([]);
    expect(await readSnapshot(other, (trx) => trx('notes').select())).toEqual([]);
    await release();
  });

  it('what is refused for another reason is refused at once', async () => {
    await expect(other.knex('notes').insert({ missing: 1 })).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
    expect(await other.knex('notes').insert({ n: 3 })).toHaveLength(1);
  });
});
