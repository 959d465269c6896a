import { createTestStore, type TestStore } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { runDerivedChecks } from './derived-checks';

const BY = { name: 'jane', via: 'ui' } as const;
const SCOPE = { client: '5', target: null, actor: null, after: 1_763_773_323_456, before: null };

describe.each(ENGINES)('limit and legal holds that somebody changed in the database, on %s', (engine) => {
  let store: TestStore;
  let open: string;
  let released: string;
  const faults = async () => (await runDerivedChecks(store.database, store.ledger)).map(({ detail }) => detail);
  const policies = () => store.database.knex('retention_policies');
  const holds = () => store.database.knex('holds');

  beforeEach(async () => {
    store = await createTestStore(engine);
    const { retention, holds: service } = store.deps.retention;
    await retention.set(store.ledger, 400, BY);
    await retention.set(store.ledger, 800, BY);
    ({ id: open } = await service.place(store.ledger, SCOPE, 'case 7', BY));
    ({ id: released } = await service.place(store.ledger, { ...SCOPE, client: '6' }, 'case 8', BY));
    await service.release(store.ledger, released, 'closed', BY);
    expect(await faults()).toEqual([]);
  });
  afterEach(() => store.stop());

  it.each([30, null, -1])('are found where the limit is %p', async (days) => {
    await policies().update({ days });
    expect(await faults()).toEqual([`the retention is ${days ?? 'unlimited'} in its table, and 800 as the last entry about it says`]); // prettier-ignore
  });

  it('are found where the limit is gone, or stands there without an entry', async () => {
    await policies().delete();
    expect(await faults()).toEqual(['the retention is unlimited in its table, and 800 as the last entry about it says']); // prettier-ignore
  });

  it.each([
    [
      'gone',
      () => holds().where({ id: open }).delete(),
      () => `the hold ${open} is gone, and an entry says that it was placed`,
    ],
    [
      'gone after it was released',
      () => holds().where({ id: released }).delete(),
      () => `the hold ${released} is gone, and an entry says that it was placed`,
    ],
    [
      'narrowed',
      () =>
        holds()
          .where({ id: open })
          .update({ scope: '{"actor":null,"after":null,"before":null,"client":"9","target":null}' }),
      () => `the hold ${open} keeps other entries than the entry about it says`,
    ],
    [
      'released',
      () => holds().where({ id: open }).update({ released_at: 5 }),
      () => `the hold ${open} was released, and no entry says so`,
    ],
  ] as const)('are found where a hold was %s', async (name, change, told) => {
    await change();
    expect(await faults()).toEqual([told()]);
    await store.deps.retention.holds.restore(store.ledger);
    if (name !== 'gone after it was released') expect(await faults()).toEqual([]);
  });

  it('are not seen in what the program leaves where it ends in between', async () => {
    await policies().update({ days: 400 });
    await holds().where({ id: released }).update({ released_at: null });
    await holds().insert({
      id: 'new',
      ledger_id: store.ledger.id,
      scope: '{}',
      reason: 'x',
      placed_at: 1,
      placed_by: 'x',
    });
    expect(await faults()).toEqual([]);
  });
});
