import { checkEngine } from '../db/connection';
import { createTestDatabase, ENGINES } from './test-database';

describe.each(ENGINES)('a test database on %s', (engine) => {
  it('is migrated, obeys, and is gone after drop', async () => {
    const database = await createTestDatabase(engine);
    expect(await database.knex('entries').count({ count: '*' })).toEqual([{ count: 0 }]);
    await expect(checkEngine(database)).resolves.toMatchObject({
      name: { sqlite: 'SQLite', mariadb: 'MariaDB', mysql: 'MySQL' }[engine],
    });
    await database.drop();
  });

  it('is one of a test alone', async () => {
    const [one, two] = [await createTestDatabase(engine), await createTestDatabase(engine)];
    await one.knex('installation').insert({ name: 'x', value: 'y' });
    expect(await two.knex('installation').select()).toEqual([]);
    await Promise.all([one.drop(), two.drop()]);
  });
});

describe.each(ENGINES.filter((engine) => engine !== 'sqlite'))('tables on %s', (engine) => {
  it('keep every character, whatever character set the server is set to', async () => {
    const database = await createTestDatabase(engine);
    const [columns] = (await database.knex.raw(
      `SELECT CONCAT(table_name, '.', column_name, ' ', collation_name) AS name FROM information_schema.columns
       WHERE table_schema = DATABASE() AND table_name NOT LIKE 'knex%' AND character_set_name NOT IN ('utf8mb4', 'ascii')`,
    )) as [{ name: string }[]];
    await database.drop();
    expect(columns.map((column) => column.name)).toEqual([]);
  });
});
