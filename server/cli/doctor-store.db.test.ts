import { createTestDatabase, ENGINES, type TestDatabase } from '../testing/test-database';
import { findDurabilityFault, findMissingGuards } from './doctor-store';

describe.each(ENGINES)('what doctor looks at in the store, on %s', (engine) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase(engine);
  });
  afterEach(() => database.drop());

  it('is in order in a new store', async () => {
    expect(await findMissingGuards(database)).toEqual([]);
    expect(await findDurabilityFault(database)).toBeUndefined();
  });

  it.each(['entries_no_delete', 'entries_no_update'])('names the trigger %s when it is gone', async (guard) => {
    await database.knex.raw(`DROP TRIGGER ${guard}`);
    expect(await findMissingGuards(database)).toEqual([guard]);
  });
});

const SERVERS = ENGINES.filter((engine) => engine !== 'sqlite');

describe.each(SERVERS)('a %s that answers before it is on the disk', (engine) => {
  it('is told, with what to set', async () => {
    const database = await createTestDatabase(engine);
    try {
      // The setting is the whole server's: the answer is read as if it were so, and nobody else is disturbed.
      const selectArrays = () => Promise.resolve([[2]]);
      const lax = { ...database, dialect: { ...database.dialect, selectArrays } };
      expect(await findDurabilityFault(lax)).toMatch(/innodb_flush_log_at_trx_commit is 2.*Set it to 1/);
    } finally {
      await database.drop();
    }
  });
});
