import { anAppendItem } from '../../testing/append-item';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { webPerson, type WebPerson } from '../../testing/web-person';

// Whoever can write the database must not be able to keep anybody from reading the rest of it.

const PAGES = [
  '/', '/entries', '/entries/2', '/timeline?actor=admin:7', '/views', '/verify', '/quarantine', '/retention', '/erasure', '/danger', '/danger/purge',
  '/danger/uninstall', '/settings/general', '/settings/mail', '/settings/bridges', '/settings/tokens', '/settings/keys', '/settings/people', '/settings/roles',
]; // prettier-ignore

/** Columns of moments, by their tables. Sessions and links end by theirs, and are ours to lose. */
const MOMENTS = {
  entries: ['occurred_at', 'received_at'],
  epochs: ['created_at', 'retired_at'],
  tenants: ['created_at'],
  ledgers: ['created_at'],
  bridges: ['created_at', 'last_seen_at'],
  api_tokens: ['created_at', 'last_used_at'],
  checkpoints: ['signed_at'],
  trees: ['stopped_at'],
  holds: ['placed_at', 'released_at'],
  retention_policies: ['changed_at'],
  settings: ['changed_at'],
  verifications: ['started_at', 'finished_at'],
  jobs: ['created_at', 'finished_at'],
  people: ['last_seen_at'],
} as const;

describe.each(ENGINES)('pages over a store that somebody wrote into, on %s', (engine) => {
  let app: TestApp;
  let jane: WebPerson;

  beforeAll(async () => {
    app = await createTestApp(engine);
    const { deps, ledger } = app;
    await deps.appender.append(ledger, [anAppendItem(ledger), anAppendItem(ledger)], []);
    await deps.keys.rotate(ledger, { via: 'cli' });
    await deps.checkpoints.sign(ledger, 'request');
    await deps.retention.holds.place(ledger, { client: '5', target: null, actor: null, after: 0, before: null }, 'case 7', { name: 'x', via: 'cli' }); // prettier-ignore
    await deps.retention.retention.set(ledger, 3_000, { name: 'x', via: 'cli' });
    await deps.settings.change('default', { organisation: 'Acme' }, { name: 'x', via: 'cli' });
    await deps.bridges.add('billing', ledger);
    await deps.tokens.create('auditor', ledger.tenant.id, ['read']);
    jane = await webPerson(app, 'jane');
    await jane.post('/verify', {});
    await deps.jobs.run();
    for (const verb of ['update', 'delete']) await app.database.knex.raw(`DROP TRIGGER entries_no_${verb}`);
  });
  afterAll(() => app.stop());

  async function faults(): Promise<string[]> {
    const found = [];
    for (const page of PAGES) {
      const { status } = await jane.get(page);
      if (status >= 500) found.push(`${page} ${status}`);
    }
    return found;
  }

  it('are readable before', async () => {
    expect(await faults()).toEqual([]);
  });

  it.each(Object.entries(MOMENTS).flatMap(([table, columns]) => columns.map((column) => [table, column] as const)))(
    'are readable with a number in %s.%s that is no moment',
    async (table, column) => {
      // It stays: the last page is asked for with all of them.
      expect(await app.database.knex(table).update({ [column]: 9e15 })).toBeGreaterThan(0);
      expect(await faults()).toEqual([]);
    },
  );

  it('of the danger zone say that an entry about a hold is not what was sealed', async () => {
    await app.database.knex('entries').where({ action: 'audit.hold_placed' }).update({ severity: 'info' });
    for (const page of ['/danger/purge', '/danger/uninstall']) {
      const { status, text } = await jane.get(page);
      expect([status, text]).toEqual([200, expect.stringContaining('do not fit their seals')]);
      expect(text).not.toContain('name="phrase"');
    }
  });
});
