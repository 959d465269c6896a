import { v7 as uuidv7 } from 'uuid';
import { aHookItem, anActor } from '../../testing/builders';
import { signInTo } from '../../testing/page-session';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { until } from '../../testing/until';
import { WINDOW_MS } from './access-log-service';
import { RIGHTS, type Right } from './rights';
import { createStatedAccess } from './stated-access';

const OPERATOR = { name: 'operator', rights: RIGHTS, via: 'cli' } as const;

describe.each(ENGINES)('roles and people, on %s', (engine) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp(engine, { recordsReads: true });
  });
  afterEach(() => app.stop());

  const tenant = () => app.ledger.tenant;
  const personCalled = async (name: string) =>
    (await app.deps.people.list(tenant().id)).find((one) => one.name === name)!;
  const makeRole = async (name: string, rights: readonly Right[]) => {
    const made = await app.deps.roles.save(tenant(), { id: null, name, rights }, OPERATOR);
    if (!made.ok) throw new Error(made.refusal);
    return made.value.id;
  };
  async function entriesOf(action: string) {
    const rows = await app.database.knex('entries').where({ action }).orderBy('seq').select<{ seq: number }[]>('seq');
    return Promise.all(rows.map(async ({ seq }) => (await app.deps.browse.findEntry(app.ledger, String(seq)))!));
  } // prettier-ignore

  describe('a role of one’s own', () => {
    it('lets in where its rights do, and each change of it is a critical entry with before and after', async () => {
      const id = await makeRole('Verifier', ['ledger.verify']);
      const jane = await signInTo(app, { role: id, name: 'jane' });
      expect([(await jane.get('/verify')).status, (await jane.get('/quarantine')).status]).toEqual([200, 403]);
      const rights = ['ledger.verify', 'quarantine.read'];
      await app.deps.roles.save(tenant(), { id, name: 'Verifier', rights }, OPERATOR);
      expect((await jane.get('/quarantine')).status).toBe(200);
      const [made, changed] = await entriesOf('audit.role_changed');
      expect([made?.severity, changed?.severity]).toEqual(['critical', 'critical']);
      expect(changed?.changes).toEqual([{ field: 'rights', before: 'ledger.verify', after: rights.join(',') }]);
    });

    it.each([
      ['no_name', ' ', ['entries.read']],
      ['no_rights', 'Nobody', []],
      ['unknown_right', 'Root', ['everything']],
      ['name_taken', 'Auditor', ['entries.read']],
      ['beyond_own', 'Greater', ['entries.read', 'data.purge']],
    ])('is refused for %s', async (refusal, name, rights) => {
      const by = { ...OPERATOR, rights: ['entries.read', 'entries.read_own', 'people.manage'] as const };
      expect(await app.deps.roles.save(tenant(), { id: null, name, rights }, by)).toEqual({ ok: false, refusal });
      expect(await entriesOf('audit.role_changed')).toEqual([]);
    });

    it('cannot be narrowed by who lacks its rights, nor removed while somebody has it', async () => {
      const id = await makeRole('Keeper', ['keys.manage']);
      const small = { ...OPERATOR, rights: ['people.manage', 'ledger.verify'] as const };
      expect(await app.deps.roles.save(tenant(), { id, name: 'Keeper', rights: ['ledger.verify'] }, small)).toMatchObject({ refusal: 'beyond_own' }); // prettier-ignore
      await signInTo(app, { role: id, name: 'jane' });
      expect(await app.deps.roles.remove(tenant(), id, OPERATOR)).toMatchObject({ refusal: 'still_given' });
      await app.deps.people.setRole(tenant(), (await personCalled('jane')).id, 'auditor', OPERATOR);
      expect(await app.deps.roles.remove(tenant(), id, OPERATOR)).toMatchObject({ ok: true });
    });

    it('of another tenant is unknown', async () => {
      await app.pair('other');
      const id = await makeRole('Verifier', ['ledger.verify']);
      const other = (await app.deps.store.findLedger('other'))!.tenant;
      expect(await app.deps.roles.findMeaning(other.id, id)).toBeUndefined();
      expect(await app.deps.roles.remove(other, id, OPERATOR)).toMatchObject({ refusal: 'unknown_role' });
    });
  });

  describe('a role that is given to somebody', () => {
    it('counts from the next request on, in the session that is open', async () => {
      await signInTo(app, { role: 'super_admin', name: 'root' });
      const jane = await signInTo(app, { role: 'super_admin', name: 'jane' });
      expect((await jane.get('/settings/people')).status).toBe(200);
      const { id } = await personCalled('jane');
      await app.deps.people.setRole(tenant(), id, 'standard_user', OPERATOR);
      expect((await jane.get('/settings/people')).status).toBe(403);
      await app.deps.people.setRole(tenant(), id, 'none', OPERATOR);
      expect((await jane.get('/entries')).headers.get('location')).toBe('/sign-in');
      // The session is over, not asleep.
      await app.deps.people.setRole(tenant(), id, 'auditor', OPERATOR);
      expect((await jane.get('/entries')).headers.get('location')).toBe('/sign-in');
      const entries = await entriesOf('audit.access_changed');
      expect(entries.map(({ changes, severity }) => [severity, changes])).toEqual([
        ['critical', [{ field: 'role', before: 'super_admin', after: 'standard_user' }]],
        ['critical', [{ field: 'role', before: 'standard_user', after: 'none' }]],
        ['critical', [{ field: 'role', before: 'none', after: 'auditor' }]],
      ]);
      expect(entries[0]?.target).toEqual({ type: 'admin', id: 'jane', label: 'jane' });
    });

    it('wins over a link that was made before, and is not for who lacks its rights', async () => {
      const id = (await signInTo(app, { role: 'auditor', name: 'jane' })) && (await personCalled('jane')).id;
      const officer = { ...OPERATOR, rights: ['people.manage', 'entries.read', 'entries.read_own'] as const };
      expect(await app.deps.people.setRole(tenant(), id, 'super_admin', officer)).toMatchObject({ refusal: 'beyond_own' }); // prettier-ignore
      await app.deps.people.setRole(tenant(), id, 'standard_user', OPERATOR);
      const again = await signInTo(app, { role: 'super_admin', name: 'jane' });
      expect((await again.get('/verify')).status).toBe(403);
    });

    it('never takes the last super admin, also of two who take it from each other at once', async () => {
      const names = ['ann', 'bea'];
      for (const name of names) await signInTo(app, { role: 'super_admin', name });
      const ids = await Promise.all(names.map(async (name) => (await personCalled(name)).id));
      const changed = await Promise.all(ids.map((id) => app.deps.people.setRole(tenant(), id, 'auditor', OPERATOR)));
      expect(changed.filter(({ ok }) => ok)).toHaveLength(1);
      expect(changed.find(({ ok }) => !ok)).toEqual({ ok: false, refusal: 'last_super_admin' });
    });

    it('is set by the form of a super admin, with the token of the session and a reason where it is refused', async () => {
      const root = await signInTo(app, { role: 'super_admin', name: 'root' });
      await signInTo(app, { role: 'auditor', name: 'jane' });
      const { id } = await personCalled('jane');
      expect((await root.post(`/settings/people/${id}`, { role: 'compliance_officer' })).status).toBe(303);
      expect((await personCalled('jane')).role).toBe('compliance_officer');
      const [entry] = await entriesOf('audit.access_changed');
      expect([entry?.actor.name, entry?.ip, entry?.via]).toEqual(['root', '127.0.0.1', 'ui']);
      const refused = await root.post(`/settings/people/${(await personCalled('root')).id}`, { role: 'none' });
      expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('last super admin')]);
    });
  });

  describe('what somebody may do, whatever the tables say', () => {
    const rows = (table: string) => app.database.knex(table);

    it('is what was given to them', async () => {
      await signInTo(app, { role: 'super_admin', name: 'root' });
      const jane = await signInTo(app, { role: 'auditor', name: 'jane' });
      await rows('people').where({ ref: 'jane' }).update({ role: 'super_admin' });
      expect((await jane.get('/settings/people')).status).toBe(403);
      expect(await personCalled('jane')).toMatchObject({ givenRole: null, role: 'auditor' });
      // What the table says already is given all the same.
      expect(await app.deps.people.setRole(tenant(), (await personCalled('jane')).id, 'super_admin', OPERATOR)).toMatchObject({ ok: true }); // prettier-ignore
      expect((await jane.get('/settings/people')).status).toBe(200);
      await app.deps.people.setRole(tenant(), (await personCalled('jane')).id, 'none', OPERATOR);
      for (const write of [() => rows('people').update({ role: null }), () => rows('people').delete()]) {
        await write();
        expect(
          await app.deps.access.findSignedIn({ name: 'jane', role: 'super_admin', tenant: 'default' }),
        ).toBeUndefined();
      }
    });

    it('is what their role was made of', async () => {
      const id = await makeRole('Verifier', ['ledger.verify']);
      const jane = await signInTo(app, { role: id, name: 'jane' });
      await rows('custom_roles').update({ rights: RIGHTS.join(',') });
      expect((await jane.get('/quarantine')).status).toBe(403);
      expect(await app.deps.roles.list(tenant().id)).toMatchObject([{ id, rights: ['ledger.verify'] }]);
      await rows('custom_roles').delete();
      expect((await jane.get('/verify')).status).toBe(200);
    });

    it('is what their role in the billing system stands for', async () => {
      const { bridge } = await app.pair();
      const admin = { adminId: '7', name: 'jane', role: 'Support' };
      const roleOf = async () => (await app.deps.access.findBilling({ id: bridge.id, tenant: tenant() }, admin))?.role;
      expect(await roleOf()).toBe('auditor');
      await app.deps.roles.map(tenant(), 'Support', 'standard_user', OPERATOR);
      for (const write of [
        () => rows('role_mappings').update({ role: 'super_admin' }),
        () => rows('role_mappings').delete(),
      ]) {
        await write();
        expect(await roleOf()).toBe('standard_user');
      }
      await rows('role_mappings').insert({ tenant_id: tenant().id, billing_role: 'Support', role: 'super_admin', changed_at: 1, changed_by: 'x' }); // prettier-ignore
      await app.deps.roles.map(tenant(), 'Support', 'none', OPERATOR);
      expect(await roleOf()).toBeUndefined();
      await app.deps.roles.map(tenant(), 'Support', null, OPERATOR);
      expect(await roleOf()).toBe('auditor');
    });

    it('is nothing that an entry says which does not fit its seal, read by this process or by another', async () => {
      await signInTo(app, { role: 'super_admin', name: 'root' });
      await signInTo(app, { role: 'auditor', name: 'jane' });
      await app.deps.people.setRole(tenant(), (await personCalled('jane')).id, 'standard_user', OPERATOR);
      await app.database.knex.raw('DROP TRIGGER entries_no_update');
      const given = () => rows('entries').where({ action: 'audit.access_changed' });
      const { record } = await given().first<{ record: string }>('record');
      await given().update({ record: record.replaceAll('standard_user', 'super_admin') });
      const stated = await createStatedAccess((...asked) => app.deps.retention.facts.read(...asked))(app.ledger);
      expect(stated.findGiven('', 'jane')).toBeNull();
    });
  });

  describe('who may read only what they did', () => {
    const send = async () => {
      const sender = await app.pair();
      const by = (id: string, count: number) => Array.from({ length: count }, () => aHookItem({ id: uuidv7(), actor: { type: 'admin', id, name: `admin ${id}`, role: 'Support', acting_as: null } })); // prettier-ignore
      const own = await sender.send(by('7', 620));
      const others = await sender.send(by('8', 30));
      return { own: own.body.receipts[0]!.seq, other: others.body.receipts[0]!.seq };
    };

    it('finds nothing else in list, totals, detail, proof and export', async () => {
      const places = await send();
      const rights = ['entries.read_own', 'entries.export', 'ledger.verify'] as const;
      const jane = await signInTo(app, { role: await makeRole('Own', rights), name: '7' });
      const list = await (await jane.get('/entries?q=&per_page=50')).text();
      expect(list).not.toContain('admin 8');
      expect((await jane.get(`/entries/${places.own}`)).status).toBe(200);
      // As one that is not there, by either name, also as a drawer.
      const { id } = (await app.deps.browse.findEntry(app.ledger, String(places.other)))!;
      for (const path of [`/entries/${places.other}`, `/entries/${id}`, `/entries/${places.other}?drawer=1`, '/entries/99999']) expect((await jane.get(path)).status).toBe(404); // prettier-ignore
      expect((await jane.post(`/entries/${places.other}/verify`)).status).toBe(404);
      expect((await jane.post(`/entries/${places.own}/verify`)).status).toBe(200);
      // More than one page of the store, so that the scope holds to the end of a stream.
      const csv = await (await jane.get('/export.csv?raw=1')).text();
      expect(csv.split('\r\n').filter((line) => line.includes('invoice.paid'))).toHaveLength(620);
      expect(csv).not.toContain('admin 8');
      const asked = await (await jane.get('/export.csv?raw=1&actor=admin:8')).text();
      expect(asked.split('\r\n').filter((line) => line.includes('invoice.paid'))).toEqual([]);
      const zip = Buffer.from(await (await jane.get(`/export.zip?entries=${places.own},${places.other}&values=0`)).arrayBuffer()); // prettier-ignore
      expect(zip.includes(`proofs/${places.own}.`)).toBe(true);
      expect(zip.includes(`proofs/${places.other}.`)).toBe(false);
    });
  });

  describe('an administrator of the billing system', () => {
    const MOUNT = { base: 'addonmodules.php?module=sealtrail', path_param: 'st' };
    const viewer = (parts: object = {}) => ({ admin_id: '7', name: 'jane', role: 'Full Administrator', session: 'a'.repeat(64), ...parts }); // prettier-ignore
    const page = async (path: string, parts: object = {}) => {
      const sender = await app.pair();
      const body = { method: 'GET', path, query: '', form: '', viewer: viewer(parts), mount: MOUNT };
      return sender.sendBody(JSON.stringify(body), { path: '/bridge/v1/page' });
    };

    it('is an auditor by default, whatever the role there is called', async () => {
      expect((await page('/verify')).status).toBe(200);
      expect((await page('/settings/people')).status).toBe(403);
    });

    it('has what their role there stands for, but never what a bridge cannot give', async () => {
      await app.deps.roles.map(tenant(), 'Full Administrator', 'super_admin', OPERATOR);
      await app.deps.roles.map(tenant(), 'Sales', 'standard_user', OPERATOR);
      await app.deps.roles.map(tenant(), 'Trainee', 'none', OPERATOR);
      expect((await page('/settings/people')).text).not.toContain('action="addonmodules.php?module=sealtrail&#38;st=%2Fsettings%2Fpeople'); // prettier-ignore
      expect((await page('/settings/people')).text).not.toContain('<select class="form-select" name="role"');
      expect((await page('/verify', { role: 'Sales' })).status).toBe(403);
      expect((await page('/entries', { role: 'Sales' })).status).toBe(200);
      expect((await page('/entries', { role: 'Trainee' })).status).toBe(403);
    });

    it('can be given a role or none by themselves, by bridge and number, not by name', async () => {
      await page('/entries');
      const [person] = await app.deps.people.list(tenant().id);
      await app.deps.people.setRole(tenant(), person!.id, 'none', OPERATOR);
      const sender = await app.pair();
      const ask = (bridge: typeof sender) => bridge.sendBody(JSON.stringify({ method: 'GET', path: '/entries', viewer: viewer(), mount: MOUNT }), { path: '/bridge/v1/page' }); // prettier-ignore
      // Another bridge has an administrator 7 of its own.
      expect((await ask(sender)).status).toBe(200);
    });

    it('is told the figures of their own entries alone where they may read no other', async () => {
      const sender = await app.pair();
      await sender.send([aHookItem({ id: uuidv7() }), aHookItem({ id: uuidv7(), actor: { ...anActor({ id: '8' }), acting_as: null, actingAs: undefined } })]); // prettier-ignore
      await app.deps.roles.map(tenant(), 'Full Administrator', 'standard_user', OPERATOR);
      const answer = await sender.sendBody(JSON.stringify({ of: 'dashboard', viewer: viewer() }), { path: '/bridge/v1/summary' }); // prettier-ignore
      expect(JSON.parse(answer.text)).toMatchObject({ total: 1, critical: 0 });
      await app.deps.roles.map(tenant(), 'Full Administrator', 'none', OPERATOR);
      const none = await sender.sendBody(JSON.stringify({ of: 'dashboard', viewer: viewer() }), { path: '/bridge/v1/summary' }); // prettier-ignore
      expect(JSON.parse(none.text)).toMatchObject({ total: 0, critical: 0, today: {} });
    });
  });

  describe('reading', () => {
    const settled = async (action: string, count: number) => {
      await until('it was recorded', async () => (await entriesOf(action)).length >= count);
      return entriesOf(action);
    };

    it('is recorded at once, and what follows in the quarter of an hour in one more entry', async () => {
      const sender = await app.pair();
      await sender.send([aHookItem({ id: uuidv7() }), aHookItem({ id: uuidv7() })]);
      const jane = await signInTo(app, { role: 'auditor', name: 'jane' });
      await jane.get('/entries/2');
      const [first] = await settled('audit.log_viewed', 1);
      expect(first).toMatchObject({ severity: 'info', ip: '127.0.0.1', actor: { type: 'admin', id: 'jane', name: 'jane' } }); // prettier-ignore
      expect(first?.source.payload).toEqual({ kind: 'entry', entry: 2 });
      for (const path of ['/entries/3', '/entries/3', '/entries/2?drawer=1']) await jane.get(path);
      await jane.get('/entries?severity=critical&q=example');
      expect((await settled('audit.log_viewed', 2)).at(-1)?.source.payload).toEqual({ kind: 'search', page: '/entries', filter: { severity: 'critical', q: 'example' } }); // prettier-ignore
      await until('it was recorded', async () => (await app.database.knex('access_windows').where({ kind: 'entry' }).first<{ more: number }>('more'))?.more === 3); // prettier-ignore
      // Another sidecar sums up, as after a crash of this one; two at once write one entry.
      app.clock.advance(WINDOW_MS + 120_000);
      await Promise.all([app.deps.accessLog.sweep(), app.deps.accessLog.sweep()]);
      const all = await entriesOf('audit.log_viewed');
      expect(all).toHaveLength(3);
      expect(all[2]?.source.payload).toMatchObject({ kind: 'entry', times: 3, of: [{ entry: 2 }, { entry: 3 }] });
      expect(await app.database.knex('access_windows')).toEqual([]);
    });

    it('is recorded by the next sidecar where this one ended between counting and recording', async () => {
      const row = { tenant_id: tenant().id, started_at: app.clock.now().getTime() - 2 * WINDOW_MS, kind: 'entry', reader: 'x', more: 0, details: '[{"entry":1}]', origin: JSON.stringify({ actor: anActor(), targetId: 'default', ip: null, userAgent: null, via: 'ui' }) }; // prettier-ignore
      await app.database.knex('access_windows').insert(row);
      await app.deps.accessLog.sweep();
      expect((await entriesOf('audit.log_viewed')).map(({ source }) => source.payload)).toEqual([{ kind: 'entry', entry: 1 }]); // prettier-ignore
    });

    it('of the record of reading adds nothing to it', async () => {
      const jane = await signInTo(app, { role: 'auditor', name: 'jane' });
      await jane.get('/entries/1');
      const [viewed] = await settled('audit.log_viewed', 1);
      await jane.get(`/entries/${viewed!.seq}`);
      await jane.get('/entries?action=audit.log_viewed');
      await app.deps.accessLog.stop();
      const rows = await app.database.knex('access_windows').select<{ more: number }[]>('kind', 'more');
      expect(rows).toEqual([{ kind: 'entry', more: 0 }]);
    });

    it('by a token is recorded with the name of the token, and an export before its first byte', async () => {
      const token = await app.token(['read', 'export']);
      const headers = { authorization: `Bearer ${token}`, 'user-agent': 'probe/1' };
      await fetch(`${app.url}/api/v1/entries/1`, { headers });
      const [entry] = await settled('audit.log_viewed', 1);
      expect(entry).toMatchObject({ actor: { type: 'api', name: 'test' }, via: 'api', user_agent: 'probe/1' });
      const exported = await fetch(`${app.url}/api/v1/export?format=ndjson&category=configuration`, { headers });
      expect(await exported.text()).toContain('"audit.exported"');
      expect((await entriesOf('audit.exported'))[0]?.source.payload).toEqual({ format: 'ndjson', filter: { category: 'configuration' } }); // prettier-ignore
    });

    it('is not recorded where the tenant does not want it, and fails no page where it cannot be', async () => {
      await app.deps.settings.change('default', { record_reads: 'off' }, { name: 'x', via: 'cli' });
      const jane = await signInTo(app, { role: 'auditor', name: 'jane' });
      expect((await jane.get('/entries/1')).status).toBe(200);
      await app.deps.accessLog.stop();
      expect(await app.database.knex('access_windows')).toEqual([]);
      await app.deps.settings.change('default', { record_reads: 'on' }, { name: 'x', via: 'cli' });
      await app.database.knex.schema.dropTable('access_windows');
      expect((await jane.get('/entries/1')).status).toBe(200);
    });
  });

  it('a refusal is recorded once, however often somebody tries', async () => {
    const jane = await signInTo(app, { role: 'standard_user', name: 'jane' });
    for (let i = 0; i < 20; i += 1) expect((await jane.get('/quarantine')).status).toBe(403);
    await until('it was recorded', async () => (await app.database.knex('access_windows').where({ kind: 'denied' }).first<{ more: number }>('more'))?.more === 19); // prettier-ignore
    const [entry, ...more] = await entriesOf('audit.access_denied');
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ outcome: 'failure', actor: { name: 'jane' }, target: { type: 'page', id: '/quarantine' }, ip: '127.0.0.1' }); // prettier-ignore
    expect(entry?.source.payload).toMatchObject({ why: 'missing_scope', needs: 'quarantine.read' });
    const token = await app.token(['read']);
    await fetch(`${app.url}/api/v1/export`, { headers: { authorization: `Bearer ${token}` } });
    await fetch(`${app.url}/api/v1/export`, { headers: { authorization: 'Bearer stk_guessed-guessed' } });
    await until('it was recorded', async () => (await entriesOf('audit.access_denied')).length === 3);
    const actors = (await entriesOf('audit.access_denied')).slice(1).map(({ actor }) => `${actor.type} ${actor.name}`);
    expect(actors.sort()).toEqual(['api test', 'unknown null']);
  });
});
