import type { Knex } from 'knex';
import { parseRecord } from '../../core/sealed-record';
import { createDeps } from '../../deps';
import { ensureLedger } from '../../entries/ledger-setup';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { InvalidSettingsError, StaleSettingsError, type ChangedBy } from './settings-service';

const JANE: ChangedBy = {
  actor: { type: 'admin', id: 'jane', name: 'jane', role: 'super_admin', actingAs: null },
  name: 'jane',
  via: 'ui',
};

describe.each(ENGINES)('the settings, on %s', (engine) => {
  let store: TestStore;
  const service = () => store.deps.settings;
  const read = () => service().read(store.ledger.tenant.id);
  const view = () => service().view(store.ledger.tenant.id);
  const change = (...args: Parameters<ReturnType<typeof service>['change']> extends [string, ...infer R] ? R : never) =>
    service().change('default', ...args);

  async function entries(ledger = store.ledger) {
    const rows = await store.database
      .knex<{ ledger_id: number; seq: number; action: string; record: string }>('entries')
      .where({ ledger_id: ledger.id, action: 'audit.settings_changed' })
      .orderBy('seq')
      .select('record');
    return rows.map(({ record }) => parseRecord(record));
  }

  beforeEach(async () => {
    store = await createTestStore(engine);
  });
  afterEach(() => store.stop());

  it('are the defaults as long as nobody has set any', async () => {
    expect(await read()).toEqual({
      organisation: '',
      supportUrl: null,
      timeZone: null,
      language: 'en',
      languages: ['en', 'zh-CN', 'zh-TW'],
      recordReads: true,
      ipMode: 'full',
      trustedProxies: [],
      smtp: null,
      mailFrom: null,
      alertTo: [],
    });
    expect(await entries()).toEqual([]);
  });

  it('state one save in one entry, with every value before and after and who did it', async () => {
    const names = await change({ organisation: ' Acme  Hosting ', record_reads: 'off', language: 'en' }, JANE);
    expect(names).toEqual(['organisation', 'record_reads']);
    expect(await read()).toMatchObject({ organisation: 'Acme Hosting', recordReads: false });
    const [entry, ...more] = await entries();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      actor: { type: 'admin', id: 'jane', role: 'super_admin' },
      via: 'ui',
      changes: [
        { field: 'organisation', before: '', after: 'Acme Hosting' },
        { field: 'record_reads', before: 'on', after: 'off' },
      ],
    });
    expect((await view()).marks.organisation).toMatchObject({ by: 'jane', seq: Number(entry?.seq) });
  });

  it('make no entry for a save that changes nothing', async () => {
    await change({ organisation: 'Acme' }, JANE);
    expect(await change({ organisation: 'Acme', ip_mode: 'full' }, JANE)).toEqual([]);
    expect(await entries()).toHaveLength(1);
  });

  it('refuse wrong values all at once, and set none of the right ones beside them', async () => {
    const refused = change({ organisation: 'Acme', trusted_proxies: '10.0.0.0/8 300.1.1.1', ip_mode: 'half' }, JANE);
    await expect(refused).rejects.toThrow(InvalidSettingsError);
    await expect(refused).rejects.toMatchObject({ problems: { trusted_proxies: 'not_proxy', ip_mode: 'not_choice' } });
    expect((await read()).organisation).toBe('');
    expect(await entries()).toEqual([]);
  });

  it('refuse a default language that is not offered, from either side', async () => {
    await expect(change({ languages: 'zh-CN' }, JANE)).rejects.toMatchObject({
      problems: { language: 'language_not_offered' },
    });
    await change({ languages: 'zh-TW, zh-CN', language: 'zh-TW' }, JANE);
    expect(await read()).toMatchObject({ language: 'zh-TW', languages: ['zh-CN', 'zh-TW'] });
  });

  it('refuse a save of what somebody else changed since it was read, and take one of something else', async () => {
    const { version } = await view();
    await change({ organisation: 'Theirs' }, { ...JANE, name: 'john' });
    await expect(change({ organisation: 'Mine' }, JANE, { version })).rejects.toThrow(StaleSettingsError);
    expect((await read()).organisation).toBe('Theirs');
    await change({ support_url: 'https://help.example.com/' }, JANE, { version });
    expect(await read()).toMatchObject({ organisation: 'Theirs', supportUrl: 'https://help.example.com/' });
  });

  it('let one of two savers at the same moment through', async () => {
    const { version } = await view();
    const saves = await Promise.allSettled(
      ['One', 'Two'].map((organisation) => change({ organisation }, JANE, { version })),
    );
    expect(saves.filter((save) => save.status === 'fulfilled')).toHaveLength(1);
    expect(await entries()).toHaveLength(1);
  });

  it('keep a password wrapped, and out of the entry about it', async () => {
    await change({ smtp_server: 'mail.example.com', smtp_account: 'sealtrail', smtp_password: 'correct horse' }, JANE);
    expect(await service().readSmtpPassword()).toBe('correct horse');
    expect((await read()).smtp).toMatchObject({ host: 'mail.example.com', user: 'sealtrail', hasPassword: true });
    expect((await view()).texts.smtp_password).toBe('[redacted]');
    const stored = JSON.stringify([await store.database.knex('settings'), await entries()]);
    expect(stored).not.toContain('correct horse');
    expect((await entries())[0]?.changes).toContainEqual({ field: 'smtp_password', before: '', after: '[redacted]' });

    // The same again is no change; another one shows that it is another one.
    expect(await change({ smtp_password: 'correct horse' }, JANE)).toEqual([]);
    await change({ smtp_password: 'battery staple' }, JANE);
    expect((await entries())[1]?.changes).toEqual([
      { field: 'smtp_password', before: '[redacted]', after: '[redacted:changed]' },
    ]);
  });

  it.each<[string, (rows: () => Knex.QueryBuilder) => Promise<unknown>]>([
    ['changed', (rows) => rows().where({ name: 'organisation' }).update({ value: 'Mallory' })],
    [
      'is no value at all',
      (rows) =>
        rows()
          .where({ name: 'organisation' })
          .update({ value: 'x'.repeat(500) }),
    ],
    ['is gone', (rows) => rows().where({ name: 'organisation' }).delete()],
    [
      'was made up',
      (rows) =>
        rows().where({ name: 'organisation' }).update({ name: 'support_url', value: 'https://mallory.example/' }),
    ],
  ])('are as the entries say where a row %s', async (_, write) => {
    await change({ organisation: 'Acme', record_reads: 'off' }, JANE);
    await write(() => store.database.knex('settings'));
    const restarted = createDeps(store.config, { now: () => store.clock.now(), logger: store.deps.logger });
    for (const { settings } of [store.deps, restarted]) {
      expect(await settings.read(store.ledger.tenant.id)).toMatchObject({ organisation: 'Acme', recordReads: false, supportUrl: null }); // prettier-ignore
      expect((await settings.view(store.ledger.tenant.id)).texts).toMatchObject({
        organisation: 'Acme',
        support_url: '',
      });
    }
    await restarted.close();
    // Saved again, the table says so as well.
    await change({ organisation: 'Acme Ltd', support_url: 'https://help.example.com/' }, JANE);
    expect(await read()).toMatchObject({ organisation: 'Acme Ltd', supportUrl: 'https://help.example.com/' });
  });

  it('are what is set now, also where a table that was written past us says the same already', async () => {
    await change({ organisation: 'Acme', support_url: 'https://help.example.com/' }, JANE);
    await store.database.knex('settings').where({ name: 'organisation' }).update({ value: 'Mallory' });
    await store.database.knex('settings').where({ name: 'support_url' }).delete();
    expect((await view()).marks.support_url).toMatchObject({
      seq: expect.any(Number),
      at: expect.any(Number),
      by: 'jane',
    });

    expect(await change({ organisation: 'Mallory', support_url: '' }, JANE)).toEqual(['organisation', 'support_url']);
    expect(await read()).toMatchObject({ organisation: 'Mallory', supportUrl: null });
    await store.database.knex('settings').where({ name: 'organisation' }).update({ value: 'Eve' });
    expect(await change({ organisation: 'Mallory', support_url: '' }, JANE)).toEqual(['organisation']);
    expect((await entries()).map((entry) => entry?.changes)).toEqual([
      expect.any(Array),
      [
        { field: 'organisation', before: 'Acme', after: 'Mallory' },
        { field: 'support_url', before: 'https://help.example.com/', after: '' },
      ],
      [{ field: 'organisation', before: 'Eve', after: 'Mallory' }],
    ]);
    const rows = await store.database.knex<{ name: string; value: string }>('settings').select('name', 'value');
    expect(rows).toContainEqual({ name: 'organisation', value: 'Mallory' });
  });

  it('have no password for the mail server where another one was put into the table', async () => {
    await change({ smtp_server: 'mail.example.com', smtp_account: 'sealtrail', smtp_password: 'correct horse' }, JANE);
    const old = await store.database
      .knex('settings')
      .where({ name: 'smtp_password' })
      .first<{ value: string }>('value');
    await change({ smtp_password: 'battery staple' }, JANE);
    await store.database.knex('settings').where({ name: 'smtp_password' }).update(old);
    expect(await service().readSmtpPassword()).toBeUndefined();
  });

  it('are a tenant’s own, but for what holds for the whole installation', async () => {
    const other = await ensureLedger(store.deps, 'other');
    await change({ organisation: 'First', trusted_proxies: '10.0.0.1', time_zone: 'Asia/Taipei' }, JANE);
    await service().change('other', { organisation: 'Other' }, JANE);
    expect(await service().read(other.tenant.id)).toMatchObject({
      organisation: 'Other',
      trustedProxies: ['10.0.0.1'],
      timeZone: 'Asia/Taipei',
    });
    expect((await read()).organisation).toBe('First');
    await expect(service().change('other', { trusted_proxies: '0.0.0.1' }, JANE)).rejects.toMatchObject({
      problems: { trusted_proxies: 'not_here' },
    });
    expect((await entries(other)).map((entry) => entry?.changes)).toEqual([
      [{ field: 'organisation', before: '', after: 'Other' }],
    ]);
  });
});
