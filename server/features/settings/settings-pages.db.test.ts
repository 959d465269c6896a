import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { SMTPServer } from 'smtp-server';
import { createApp } from '../../app';
import { ensureLedger } from '../../entries/ledger-setup';
import { parseRecord } from '../../core/sealed-record';
import { createTestStore, type TestStore } from '../../testing/test-app';
import type { Role } from '../access/rights';

// The real program behind its real doors: sign-in, CSRF and rights included. What differs between engines is tested below it.

let store: TestStore;
let server: Server;
let stopApp: () => void;
let base: string;

beforeEach(async () => {
  store = await createTestStore('sqlite');
  const made = createApp(store.deps);
  stopApp = made.stop;
  server = createServer(made.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  stopApp();
  await store.stop();
});

/** Somebody at a browser: keeps the cookie, and takes the form's token from the page as a person would. */
async function signIn(options: { role?: Role; name?: string; tenant?: string } = {}) {
  const { role = 'super_admin', name = 'jane', tenant = 'default' } = options;
  const ledger = await ensureLedger(store.deps, tenant);
  const token = await store.deps.loginLinks.create({ tenantId: ledger.tenant.id, tenant, role, name });
  const agent = request.agent(base);
  const page = await agent.get(`/sign-in/${token}`);
  await agent
    .post(`/sign-in/${token}`)
    .type('form')
    .send({ _csrf: csrfIn(page.text) })
    .expect(303);
  return {
    get: (path: string) => agent.get(path),
    async post(path: string, form: Record<string, unknown>, from = '/settings/general') {
      const { text } = await agent.get(from);
      return agent
        .post(path)
        .type('form')
        .send({ _csrf: csrfIn(text), ...form });
    },
    raw: agent,
  };
}

function csrfIn(html: string): string {
  return /name="_csrf" value="([^"]*)"/.exec(html)?.[1] ?? '';
}

function versionIn(html: string): string {
  return /name="version" value="(\d+)"/.exec(html)?.[1] ?? '';
}

async function entriesOf(action: string, tenant = 'default') {
  const ledger = await ensureLedger(store.deps, tenant);
  const rows = await store.database.knex<{ ledger_id: number; action: string; seq: number; record: string }>('entries').where({ ledger_id: ledger.id, action }).orderBy('seq'); // prettier-ignore
  return rows.flatMap(({ record }) => parseRecord(record) ?? []);
}

const GENERAL = {
  organisation: 'Acme',
  support_url: '',
  languages: ['en', 'zh-TW'],
  language: 'en',
  time_zone: 'Asia/Taipei',
  record_reads: 'on',
  ip_mode: 'hashed',
  trusted_proxies: '10.0.0.0/8\r\n192.0.2.1',
};

describe('general settings', () => {
  it('are saved in one entry with before and after, and hold at once', async () => {
    const jane = await signIn();
    const answer = await jane.post('/settings/general', { ...GENERAL, version: '0' });
    expect([answer.status, answer.headers['location']]).toEqual([303, '/settings/general?saved=1']);
    const [entry, ...more] = await entriesOf('audit.settings_changed');
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ actor: { type: 'admin', id: 'jane', role: 'super_admin' }, via: 'ui' });
    expect(entry?.changes).toEqual([
      { field: 'organisation', before: '', after: 'Acme' },
      { field: 'ip_mode', before: 'full', after: 'hashed' },
      { field: 'time_zone', before: '', after: 'Asia/Taipei' },
      { field: 'languages', before: 'en, zh-CN, zh-TW', after: 'en, zh-TW' },
      { field: 'trusted_proxies', before: '', after: '10.0.0.0/8, 192.0.2.1' },
    ]);
    const { text } = await jane.get('/settings/general?saved=1');
    expect(text).toContain('Saved.');
    expect(text).toContain('Set by jane');
    expect(text).toContain('(Asia/Taipei)');
    expect(text).toContain('<p class="st-printed"><bdi>Acme</bdi></p>');
    // Not offered any more, but to be chosen as the default again with it.
    const [, offered = ''] = /id="st-language"([\s\S]*?)<\/select>/.exec(text) ?? [];
    expect(offered).toContain('value="zh-TW"');
    expect(offered).not.toContain('value="zh-CN"');
  });

  it('tell a wrong value beside its field and keep everything that was typed', async () => {
    const jane = await signIn();
    const { status, text } = await jane.post('/settings/general', { ...GENERAL, organisation: 'Typed <b>', trusted_proxies: '10.0.0.0/8 nonsense', languages: [], version: '0' }); // prettier-ignore
    expect(status).toBe(400);
    expect(text).toMatch(/id="p-trusted_proxies">Write addresses or CIDRs/);
    expect(text).toMatch(/id="p-languages">Tick at least one language/);
    expect(text).toContain('value="Typed &lt;b&gt;"');
    expect(text).toContain('10.0.0.0/8 nonsense</textarea>');
    expect(await entriesOf('audit.settings_changed')).toEqual([]);
  });

  it('say who changed what meanwhile, and let the second save through', async () => {
    const [jane, john] = [await signIn(), await signIn({ name: 'john' })];
    const opened = versionIn((await jane.get('/settings/general')).text);
    await john.post('/settings/general', { ...GENERAL, organisation: 'Theirs', version: opened });
    const refused = await jane.post('/settings/general', { ...GENERAL, organisation: 'Mine', version: opened });
    expect(refused.status).toBe(409);
    expect(refused.text).toMatch(/id="p-organisation">john set this to “Theirs” meanwhile \(entry \d+\)/);
    expect(refused.text).toContain('value="Mine"');
    expect((await store.deps.settings.read(store.ledger.tenant.id)).organisation).toBe('Theirs');
    const again = await jane.post('/settings/general', { ...GENERAL, organisation: 'Mine', version: versionIn(refused.text) }); // prettier-ignore
    expect(again.status).toBe(303);
  });

  it('of the whole installation are not another tenant’s to change, whatever its form says', async () => {
    const other = await signIn({ tenant: 'other' });
    const { text } = await other.get('/settings/general');
    expect(text).toContain('is set by the tenant “default”');
    expect((await other.post('/settings/general', { ...GENERAL, version: '0' })).status).toBe(303);
    expect((await entriesOf('audit.settings_changed', 'other'))[0]?.changes.map(({ field }) => field)).toEqual([
      'organisation',
      'ip_mode',
    ]);
    expect((await store.deps.settings.read(store.ledger.tenant.id)).trustedProxies).toEqual([]);
    expect((await other.post('/settings/mail/test', { to: 'a@example.com' }, '/settings/mail')).status).toBe(403);
  });
});

describe('the doors of the settings', () => {
  const POSTS = ['general', 'mail', 'mail/test', 'bridges', 'bridges/x/rotate', 'bridges/x/revoke', 'tokens', 'tokens/x/revoke', 'keys/rotate']; // prettier-ignore

  it.each(POSTS)('refuse a POST to /settings/%s without the form’s token', async (path) => {
    const jane = await signIn();
    const answer = await jane.raw.post(`/settings/${path}`).type('form').send({ confirm: 'yes', name: 'x' });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('out of date');
  });

  it.each(POSTS)('refuse a POST to /settings/%s from who may only read, and say which right it takes', async (path) => {
    const reader = await signIn({ role: 'compliance_officer' });
    const page = await reader.get('/settings/general');
    expect(page.status).toBe(200);
    expect(page.text).toContain('needs the right “settings.change”');
    expect(page.text).not.toContain('Save the settings');
    expect((await reader.post(`/settings/${path}`, { confirm: 'yes', name: 'x' })).status).toBe(403);
  });

  it.each(['general', 'mail', 'bridges', 'tokens', 'keys'])('keep /settings/%s from an auditor', async (section) => {
    const auditor = await signIn({ role: 'auditor' });
    const answer = await auditor.get(`/settings/${section}`);
    expect(answer.status).toBe(403);
  });
});

describe('mail', () => {
  let mails: { readonly from: string; readonly text: string }[];
  let smtp: SMTPServer;
  let port: number;

  beforeEach(async () => {
    mails = [];
    smtp = new SMTPServer({
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => done(username === 'sealtrail' && password === 'correct horse' ? null : new Error('no such account'), { user: 'x' }), // prettier-ignore
      onRcptTo: ({ address }, _session, done) => done(address.startsWith('nobody') ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null), // prettier-ignore
      onData(stream, session, done) {
        let text = '';
        stream.on('data', (part: Buffer) => (text += part.toString()));
        stream.on('end', () => {
          mails.push({ from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '', text });
          done(null, 'kept as 42');
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    port = ((smtp as unknown as { server: Server }).server.address() as AddressInfo).port;
  });
  afterEach(() => new Promise<void>((resolve) => smtp.close(() => resolve())));

  const server = () => ({ smtp_server: '127.0.0.1', smtp_port: String(port), smtp_security: 'none', smtp_account: 'sealtrail', smtp_password: 'correct horse', mail_from: 'Audit <audit@example.com>', alert_to: 'sec@example.com' }); // prettier-ignore

  it('goes out by the server that was set, and its answer stands beside the field', async () => {
    const jane = await signIn();
    expect((await jane.post('/settings/mail', { ...server(), version: '0' }, '/settings/mail')).status).toBe(303);
    const sent = await jane.post('/settings/mail/test', { to: 'me@example.com' }, '/settings/mail');
    expect(sent.text).toMatch(/Handed over for me@example\.com\. The server says: 250 kept as 42/);
    expect(mails).toEqual([{ from: 'audit@example.com', text: expect.stringContaining('jane asked for this mail') }]);
    expect(await store.deps.mail.alertTo()).toEqual(['sec@example.com']);
  });

  it('tells the server’s refusal beside the field', async () => {
    const jane = await signIn();
    await jane.post('/settings/mail', { ...server(), version: '0' }, '/settings/mail');
    const refused = await jane.post('/settings/mail/test', { to: 'nobody@example.com' }, '/settings/mail');
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/id="p-to"[^>]*>No mail was sent\. The answer: [^<]*550[^<]*no such mailbox/);
    expect(refused.text).toContain('value="nobody@example.com"');
    expect((await jane.post('/settings/mail/test', { to: 'no address' }, '/settings/mail')).text).toMatch(/id="p-to"[^>]*>Write a mail address/); // prettier-ignore
  });

  it('never shows the password, keeps it through a save without one, and forgets it when asked', async () => {
    const jane = await signIn();
    await jane.post('/settings/mail', { ...server(), version: '0' }, '/settings/mail');
    const page = await jane.get('/settings/mail');
    expect(page.text).toContain('A password is stored');
    expect(page.text).not.toContain('correct horse');
    await jane.post(
      '/settings/mail',
      { ...server(), smtp_password: '', version: versionIn(page.text) },
      '/settings/mail',
    );
    expect(await store.deps.settings.readSmtpPassword()).toBe('correct horse');
    await jane.post('/settings/mail', { ...server(), smtp_password: '', smtp_password_remove: 'yes', version: versionIn(page.text) }, '/settings/mail'); // prettier-ignore
    expect(await store.deps.settings.readSmtpPassword()).toBeUndefined();
  });
});

describe('bridges', () => {
  it('are paired, get a new secret and are revoked, each with an entry of the person; a code is shown once', async () => {
    const jane = await signIn();
    const paired = await jane.post('/settings/bridges', { name: 'billing', url: 'http://sidecar:8787/' });
    const code = /stp1\.([\w-]+)/.exec(paired.text)?.[1] ?? '';
    const {
      u,
      i: id,
      s,
    } = JSON.parse(Buffer.from(code, 'base64url').toString()) as { u: string; i: string; s: string };
    expect([u, s]).toEqual(['http://sidecar:8787', expect.stringMatching(/^whsec_/)]);
    expect((await jane.get('/settings/bridges')).text).not.toContain('stp1.');
    // Loaded again.
    const again = await jane.post('/settings/bridges', { name: 'billing', url: 'http://sidecar:8787/' });
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('is paired already')]);

    expect((await jane.post(`/settings/bridges/${id}/rotate`, {})).text).toContain('Tick the box first');
    const rotated = await jane.post(`/settings/bridges/${id}/rotate`, { confirm: 'yes' });
    expect(rotated.text).toContain('stp1.');
    expect((await store.deps.bridges.findActive(id))?.secrets).toHaveLength(2);
    expect((await jane.post(`/settings/bridges/${id}/revoke`, { confirm: 'yes' })).status).toBe(303);
    expect(await store.deps.bridges.findActive(id)).toBeUndefined();

    const made = [...(await entriesOf('audit.bridge_added')), ...(await entriesOf('audit.bridge_revoked'))];
    expect(made.map(({ actor, target, via }) => [actor.id, target.id, via])).toEqual(Array(3).fill(['jane', id, 'ui']));
    expect(JSON.stringify(made)).not.toContain('whsec_');
  });

  it('of another tenant are not seen and not reached', async () => {
    const made = await store.deps.bridges.add('theirs', await ensureLedger(store.deps, 'other'));
    const jane = await signIn();
    expect((await jane.get('/settings/bridges')).text).not.toContain('theirs');
    for (const what of ['rotate', 'revoke'])
      expect((await jane.post(`/settings/bridges/${made.id}/${what}`, { confirm: 'yes' })).status).toBe(404);
    expect((await store.deps.bridges.findActive(made.id))?.secrets).toHaveLength(1);
  });
});

describe('tokens', () => {
  it('are made with their scopes, shown once, and refused after they are revoked', async () => {
    const jane = await signIn();
    expect((await jane.post('/settings/tokens', { name: 'siem', scopes: [] })).text).toContain(
      'Tick at least one scope',
    );
    expect((await jane.post('/settings/tokens', { name: 'siem', scopes: ['root'] })).status).toBe(400);
    const made = await jane.post('/settings/tokens', { name: 'siem', scopes: ['read', 'export'] });
    const token = /stk_[\w-]+/.exec(made.text)?.[0] ?? '';
    expect(await store.deps.tokens.find(token)).toMatchObject({ name: 'siem', scopes: ['read', 'export'] });
    const list = await jane.get('/settings/tokens');
    expect(list.text).not.toContain(token);
    const id = /\/settings\/tokens\/([\w-]+)\/revoke/.exec(list.text)?.[1] ?? '';
    expect((await jane.post(`/settings/tokens/${id}/revoke`, {})).status).toBe(400);
    expect((await jane.post(`/settings/tokens/${id}/revoke`, { confirm: 'yes' })).status).toBe(303);
    expect(await store.deps.tokens.find(token)).toBeUndefined();
    for (const action of ['audit.token_created', 'audit.token_revoked'])
      expect((await entriesOf(action)).map(({ actor, target }) => [actor.id, target.id])).toEqual([['jane', id]]);
  });

  it('of another tenant are not seen and not reached', async () => {
    const { tenant } = await ensureLedger(store.deps, 'other');
    const made = await store.deps.tokens.create('theirs', tenant.id, ['read']);
    const jane = await signIn();
    expect((await jane.get('/settings/tokens')).text).not.toContain('theirs');
    expect((await jane.post(`/settings/tokens/${made.id}/revoke`, { confirm: 'yes' })).status).toBe(404);
    expect(await store.deps.tokens.find(made.token)).toBeDefined();
  });

  it('that were changed in the database are said to open nothing', async () => {
    await store.deps.tokens.create('siem', store.ledger.tenant.id, ['read']);
    const jane = await signIn();
    expect((await jane.get('/settings/tokens')).text).not.toContain('Opens nothing');
    await store.database.knex('api_tokens').update({ scopes: 'read,admin' });
    expect((await jane.get('/settings/tokens')).text).toContain('Opens nothing');
  });
});

describe('keys', () => {
  it('are changed after a tick, with the person in the entries about it', async () => {
    const jane = await signIn();
    const page = await jane.get('/settings/keys');
    expect(page.text).toContain(store.deps.keyRing.fingerprint);
    expect((await jane.post('/settings/keys/rotate', {})).status).toBe(400);
    const done = await jane.post('/settings/keys/rotate', { confirm: 'yes' });
    expect([done.status, done.headers['location']]).toEqual([303, '/settings/keys?rotated=2']);
    expect((await jane.get('/settings/keys?rotated=2')).text).toContain('Epoch 2 is open');
    expect((await entriesOf('audit.key_rotated')).map(({ actor, via }) => [actor.id, via])).toEqual(Array(2).fill(['jane', 'ui'])); // prettier-ignore
    expect((await store.deps.keys.list(store.ledger)).map(({ state }) => state)).toEqual(['closed', 'open']);
  });
});
