import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { createTreeReader } from '../../entries/tree-reader';
import { createDerivedChecks } from './derived/derived-checks';
import { createRangeScanner } from './range-scanner';
import { createVerifyService, type VerifyService } from './verify-service';

describe.each(ENGINES)('an erasure while a scan runs on %s', (engine) => {
  let test: TestStore;
  let verifier: VerifyService;

  beforeEach(async () => {
    test = await createTestStore(engine);
    const { database, store, keyRing, headNotes, erasureReader, erasures, retention } = test.deps;
    const trees = createTreeReader(database);
    const scanner = createRangeScanner({
      databaseUrl: test.database.url,
      store: { ...store, ...trees },
      isThreadWanted: true,
    });
    verifier = createVerifyService({
      database,
      store,
      keyRing,
      headNotes,
      certificates: retention.certificates,
      trees,
      evidence: { findVkeys: () => Promise.resolve([]), heldCheckpoints: () => Promise.resolve([]) },
      derived: createDerivedChecks(test.database.url, database, () => Promise.resolve([])),
      findMark: () => Promise.resolve(undefined),
      erasures: erasureReader,
      scanner: {
        // After the verifier has read what was erased.
        async scan(request, onProgress) {
          await erasures.erase(test.ledger, { ref: 'client:5', basis: 'request', ground: 'case 4711' });
          return scanner.scan(request, onProgress);
        },
      },
    });
  });
  afterEach(() => test.stop());

  const append = (...items: AppendItemOptions[]) =>
    test.deps.appender.append(test.ledger, items.map((item) => anAppendItem(test.ledger, item)), []); // prettier-ignore
  const about: AppendItemOptions = { action: 'client.updated', client: '5', payload: { email: 'erika@example.com' } };

  it('is no break, and counts as valid', async () => {
    await append(about, {}, about);
    expect(await verifier.verify({})).toMatchObject({
      verdict: 'intact',
      ledgers: [{ scanned: 4, valid: 4, unverifiable: 0, broken: [] }],
    });
  });

  it('does not hide what was changed before', async () => {
    await append(about, about, {});
    await test.database
      .knex('entry_values')
      .where({ seq: 3 })
      .update({ subject_salt: 'a'.repeat(64) });
    await test.database.knex('entry_values').where({ seq: 4 }).update({ actor_salt: null, actor_body: null });
    expect(await verifier.verify({})).toMatchObject({
      verdict: 'broken',
      ledgers: [
        {
          scanned: 4,
          valid: 2,
          broken: [
            { seq: 3, kind: 'commitment' },
            { seq: 4, kind: 'commitment' },
          ],
        },
      ],
    });
  });
});
