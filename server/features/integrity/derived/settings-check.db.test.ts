import { createTestStore, type TestStore } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { runDerivedChecks } from './derived-checks';

const JANE = { name: 'jane', via: 'ui' } as const;

describe.each(ENGINES)('settings that somebody changed in the database, on %s', (engine) => {
  let store: TestStore;
  const change = (patch: Record<string, string>) => store.deps.settings.change('default', patch, JANE);
  const faults = async () => (await runDerivedChecks(store.database, store.ledger)).map(({ detail }) => detail);
  const rows = () => store.database.knex('settings');

  beforeEach(async () => {
    store = await createTestStore(engine);
    await change({ organisation: 'Acme', record_reads: 'off' });
    await change({ organisation: 'Acme Ltd', smtp_server: 'mail', smtp_account: 'a', smtp_password: 'b' });
    expect(await faults()).toEqual([]);
  });

  afterEach(() => store.stop());

  it('are found by a verification', async () => {
    await rows().where({ name: 'record_reads' }).update({ value: 'on' });
    expect(await faults()).toEqual(['setting record_reads: differs from what the entry about it says']);
  });

  it('are found where an older value was put back', async () => {
    await rows().where({ name: 'organisation' }).update({ value: 'Acme' });
    expect(await faults()).toEqual(['setting organisation: differs from what the entry about it says']);
  });

  it('are found where a row was taken away or added', async () => {
    await rows().where({ name: 'record_reads' }).delete();
    await rows().insert({ tenant_id: store.ledger.tenant.id, name: 'ip_mode', value: 'full', seq: 2, changed_at: 1, changed_by: 'x' }); // prettier-ignore
    expect(await faults()).toEqual([
      'setting ip_mode: no entry says that it was set',
      'setting record_reads: is gone, and an entry says that it was set',
    ]);
  });

  it('are found where a password is another one, and not where it was removed by a save', async () => {
    await rows().where({ name: 'smtp_password' }).update({ value: 'AAAA' });
    expect(await faults()).toEqual(['setting smtp_password: differs from what the entry about it says']);
    await change({ smtp_password: '' });
    expect(await faults()).toEqual([]);
  });
});
