import { v7 as uuidv7 } from 'uuid';
import { createApp } from '../../app';
import { listRoutes } from '../../testing/app-routes';
import { aHookItem } from '../../testing/builders';
import { cookieOf, openSession, signInTo } from '../../testing/page-session';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { SESSION_LIFE_MS } from './access-routes';

const HTML = { accept: 'text/html' };

let app: TestApp;
beforeEach(async () => {
  app = await createTestApp('sqlite');
  const sender = await app.pair();
  await sender.send([aHookItem({ id: uuidv7() })]);
});
afterEach(() => app.stop());

const linkFor = (name: string) =>
  app.deps.loginLinks.create({ name, role: 'super_admin', tenant: 'default', tenantId: app.ledger.tenant.id });

describe('CSRF', () => {
  it('no form of a page is taken without a token of the session, with that of another, or from another site', async () => {
    const [jane, other] = [await signInTo(app, { role: 'super_admin', name: 'jane' }), await signInTo(app, { role: 'super_admin', name: 'eve' })]; // prettier-ignore
    const { app: express, stop } = createApp(app.deps);
    stop();
    const doors = listRoutes(express).flatMap((door) => /^POST (\/(?!bridge|api).*)$/.exec(door)?.[1] ?? []);
    expect(doors.length).toBeGreaterThan(10);
    for (const door of doors) {
      const path = door.replace(/:\w+/g, '1');
      const refused = [
        await jane.post(path, { _csrf: '' }),
        await jane.post(path, { _csrf: other.csrf }),
        await jane.post(path, {}, { 'sec-fetch-site': 'cross-site' }),
        await jane.post(path, {}, { 'sec-fetch-site': 'same-site' }),
        await jane.post(path, {}, { origin: 'https://evil.example' }),
        await jane.post(path, {}, { origin: 'null' }),
      ];
      expect([path, ...refused.map(({ status }) => status)]).toEqual([path, 403, 403, 403, 403, 403, 403]);
      expect(await refused[0]!.text()).toContain('out of date');
    }
    expect((await jane.get('/entries')).status).toBe(200);
  });
});

describe('a session', () => {
  it('gets a new id at sign-in, so that a planted one is worth nothing', async () => {
    const token = await linkFor('jane');
    const offered = await fetch(`${app.url}/sign-in/${token}`, { headers: HTML });
    const planted = cookieOf(offered);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(await offered.text())?.[1] ?? '';
    const entered = await fetch(`${app.url}/sign-in/${token}`, { method: 'POST', redirect: 'manual', headers: { ...HTML, cookie: planted }, body: new URLSearchParams({ _csrf: csrf }) }); // prettier-ignore
    expect(cookieOf(entered)).not.toBe(planted);
    expect((await fetch(`${app.url}/entries`, { redirect: 'manual', headers: { ...HTML, cookie: planted } })).status).toBe(303); // prettier-ignore
    expect((await fetch(`${app.url}/entries`, { headers: { ...HTML, cookie: cookieOf(entered) } })).status).toBe(200);
  });

  it('is over for good after sign-out, also for who kept the cookie', async () => {
    const jane = await signInTo(app, { role: 'super_admin', name: 'jane' });
    const left = await jane.post('/sign-out');
    expect([left.status, left.headers.get('location')]).toEqual([303, '/sign-in']);
    expect((await jane.get('/entries')).headers.get('location')).toBe('/sign-in');
  });

  it('is over when somebody else wrote into it, or gave it the content of another', async () => {
    const auditor = await signInTo(app, { role: 'auditor', name: 'jane' });
    const [row] = await app.database.knex<{ sid: string; sess: string }>('sessions').where('sess', 'like', '%jane%');
    const admin = await signInTo(app, { role: 'super_admin', name: 'root' });
    const [other] = await app.database.knex<{ sid: string; sess: string }>('sessions').where('sess', 'like', '%root%');
    const write = (sess: string) => app.database.knex('sessions').where({ sid: row?.sid }).update({ sess });
    for (const sess of [(row?.sess ?? '').replace('auditor', 'super_admin'), other?.sess ?? '', '{"cookie":{}}']) {
      expect(sess).not.toBe(row?.sess);
      await write(sess);
      expect((await auditor.get('/entries')).headers.get('location')).toBe('/sign-in');
    }
    await write(row?.sess ?? '');
    expect([(await auditor.get('/entries')).status, (await admin.get('/entries')).status]).toEqual([200, 200]);
  });

  it('has a cookie that no script reads and no other site sends, over https alone where the address says so', async () => {
    const [cookie = ''] = (await fetch(`${app.url}/sign-in`, { headers: HTML })).headers.getSetCookie();
    expect(cookie).toMatch(/^sealtrail_session=/);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Lax');
    expect(cookie).not.toContain('Secure');
    const { app: express, stop } = createApp({ ...app.deps, config: { ...app.deps.config, publicUrl: 'https://audit.example' } }); // prettier-ignore
    const server = express.listen(0);
    const { port } = server.address() as { port: number };
    const [secure = ''] = (await fetch(`http://127.0.0.1:${port}/sign-in`, { headers: { ...HTML, 'x-forwarded-proto': 'https' } })).headers.getSetCookie(); // prettier-ignore
    await new Promise((resolve) => server.close(resolve));
    stop();
    expect(secure).toContain('Secure');
  });

  it('ends after 24 hours however busy it is, and with its row', async () => {
    const [jane, joe] = [await signInTo(app, { role: 'super_admin', name: 'jane' }), await signInTo(app, { role: 'super_admin', name: 'joe' })]; // prettier-ignore
    app.clock.advance(SESSION_LIFE_MS - 1);
    expect((await jane.get('/entries')).status).toBe(200);
    app.clock.advance(1);
    expect((await jane.get('/entries')).headers.get('location')).toBe('/sign-in');
    await app.database.knex('sessions').delete();
    expect((await joe.get('/entries')).headers.get('location')).toBe('/sign-in');
  });

  it('that ended before its form was sent is told to sign in, and the form does nothing', async () => {
    const jane = await signInTo(app, { role: 'super_admin', name: 'jane' });
    app.clock.advance(SESSION_LIFE_MS);
    const ended = await jane.post('/retention', { choice: '30', understood: 'yes' });
    expect(ended.status).toBe(401);
    expect(await ended.text()).toContain('Please sign in');
    expect(await app.database.knex('entries').where({ action: 'audit.retention_changed' })).toEqual([]);
  });
});

it.each(['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/\tevil', ''])(
  'no form leads to another site: return_to %j',
  async (target) => {
    const jane = await signInTo(app, { role: 'auditor', name: 'jane' });
    const answer = await jane.post('/preferences', { return_to: target });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
  },
);

it.each(['/sign-in', '/entries', '/settings/people', '/no-such-page', '/assets/sealtrail.css'])(
  'no other site may frame %s',
  async (path) => {
    const jane = await signInTo(app, { role: 'super_admin', name: 'jane' });
    const { headers } = await jane.get(path);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'self'");
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
  },
);

describe('another tenant', () => {
  it('has no entry, export, job, report, bundle, person or role of ours, whatever is asked for by name', async () => {
    const sender = await app.pair('other');
    await sender.send([aHookItem({ id: uuidv7(), actor: { type: 'admin', id: '9', name: 'theirs', role: 'x', acting_as: null } })]); // prettier-ignore
    const theirs = (await app.deps.store.findLedger('other'))!;
    const eve = await signInTo(app, { role: 'super_admin', name: 'eve', tenant: 'other' });
    const jane = await signInTo(app, { role: 'super_admin', name: 'jane.doe' });
    const job = (await jane.post('/verify', { mode: 'whole' })).headers.get('location') ?? '';
    await app.deps.jobs.run();
    const report = (await jane.get(job)).headers.get('location') ?? job;
    expect((await jane.get(report)).status).toBe(200);
    const entry = (await app.deps.browse.findEntry(app.ledger, '2'))!;
    const asked = [`/entries/${entry.id}`, job, report];
    for (const path of asked) expect([path, (await eve.get(path)).status]).toEqual([path, 404]);
    expect((await eve.post(`${job}/cancel`)).status).toBe(404);
    const csv = await (await eve.get('/export.csv?raw=1')).text();
    expect(csv).toContain('theirs');
    expect(csv).not.toContain(entry.id);
    const zip = Buffer.from(await (await eve.get('/export.zip')).arrayBuffer());
    expect(zip.includes(entry.id)).toBe(false);
    const people = await (await eve.get('/settings/people')).text();
    expect(people).toContain('eve');
    expect(people).not.toContain('jane.doe');
    const ours = (await app.deps.people.list(app.ledger.tenant.id)).find(({ name }) => name === 'jane.doe')!;
    expect((await eve.post(`/settings/people/${ours.id}`, { role: 'none' })).status).toBe(400);
    expect((await jane.get('/entries')).status).toBe(200);
    // A token of the one sees nothing of the other, a bridge speaks for its own.
    const headers = { authorization: `Bearer ${await app.token(['admin'], 'other')}` };
    expect((await fetch(`${app.url}/api/v1/entries/${entry.id}`, { headers })).status).toBe(404);
    expect((await fetch(`${app.url}/api/v1/entries?ledger=default`, { headers })).status).toBe(400);
    const viewer = { admin_id: '7', name: 'jane', role: 'x', session: 'b'.repeat(64) };
    const mount = { base: 'addonmodules.php?module=sealtrail', path_param: 'st' };
    const page = await sender.sendBody(JSON.stringify({ method: 'GET', path: `/entries/${entry.id}`, viewer, mount }), { path: '/bridge/v1/page' }); // prettier-ignore
    expect(page.status).toBe(404);
    expect(theirs.tenant.id).not.toBe(app.ledger.tenant.id);
  });
});

describe('sign-in', () => {
  it('is slowed down for who tries at one link, and for who tries many', async () => {
    const token = await linkFor('jane');
    const stranger = await openSession(app.url, '');
    const statuses = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await stranger.get(`/sign-in/${token}`)).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
    const guesses = [];
    for (let i = 0; i < 31; i += 1) guesses.push((await stranger.get(`/sign-in/guess-${i}`)).status);
    expect(guesses.at(-1)).toBe(429);
  });
});
