import { createHash, createHmac } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { readCsv } from '../../testing/read-csv';
import { signatureOf, type Sender } from '../../testing/sender';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';

const MOUNT = { base: 'addonmodules.php?module=sealtrail', path_param: 'st' };
const VIEWER = { admin_id: '7', name: 'jane', role: 'Full Administrator', language: 'english', time_zone: 'Europe/Berlin', session: 'a'.repeat(64), token: 'whmcs-token-1' }; // prettier-ignore

let app: TestApp;
let sender: Sender;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly isSigned: boolean;
}

interface Asking {
  readonly where?: string;
  readonly id?: string;
  readonly at?: Date;
  readonly secret?: string;
  readonly bridge?: string;
}

/** Asks as the module does, written without the program's own signing code. */
async function ask(content: object | string, asking: Asking = {}): Promise<Answer> {
  const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const id = asking.id ?? `msg_${uuidv7()}`;
  const timestamp = String(Math.floor((asking.at ?? app.clock.now()).getTime() / 1000));
  const secret = asking.secret ?? sender.bridge.secret;
  const response = await fetch(`${app.url}${asking.where ?? '/bridge/v1/page'}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sealtrail-bridge': asking.bridge ?? sender.bridge.id, 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatureOf(secret, id, timestamp, body) }, // prettier-ignore
    body,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const header = (name: string) => response.headers.get(name) ?? '';
  const isDownload = header('content-disposition').startsWith('attachment');
  const digest = isDownload ? 'streamed' : createHash('sha256').update(bytes).digest('hex');
  const lines = ['answer', id, String(response.status), header('content-type'), header('content-disposition'), header('location'), digest]; // prettier-ignore
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const mac = createHmac('sha256', key).update(lines.join('\n')).digest('base64');
  return { status: response.status, headers: response.headers, text: bytes.toString('utf8'), isSigned: header('sealtrail-answer').split(' ').includes(`v1,${mac}`) }; // prettier-ignore
}

const aPage = (path: string, parts: object = {}) => ({ method: 'GET', path, query: '', form: '', viewer: VIEWER, mount: MOUNT, ...parts }); // prettier-ignore
const page = (path: string, parts: object = {}, asking: Asking = {}) => ask(aPage(path, parts), asking);
const summary = (parts: object) => ask({ viewer: VIEWER, ...parts }, { where: '/bridge/v1/summary' });

/** What a form of ours would send: the token printed on a page of that session. */
async function formToken(viewer: object = VIEWER): Promise<string> {
  const { text } = await page('/verify', { viewer });
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

async function actionsOf(action: string) {
  const rows = await app.database.knex('entries').where({ action }).orderBy('seq').select<{ seq: number }[]>('seq');
  return Promise.all(rows.map(async ({ seq }) => (await app.deps.browse.findEntry(app.ledger, String(seq)))!));
}

const unescapeHtml = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&#34;', '"').replaceAll('&#39;', "'");
const attributesOf = (html: string, name: string) =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) => unescapeHtml(value));

describe.each(ENGINES)('pages inside the billing system, on %s', (engine) => {
  beforeAll(async () => {
    app = await createTestApp(engine, { recordsCredentials: true });
    sender = await app.pair();
    await sender.send([
      aHookItem({ id: uuidv7(), seq: 1 }),
      aHookItem({ id: uuidv7(), seq: 2, hook: 'ClientEdit', params: { userid: 5, email: 'new@example.com' }, before: { email: 'old@example.com' } }), // prettier-ignore
      ...Array.from({ length: 60 }, (_, n) => aHookItem({ id: uuidv7(), seq: n + 3, hook: 'ClientEdit', params: { userid: 5, firstname: `Grace ${n}` }, before: { firstname: `Grace ${n - 1}` } })), // prettier-ignore
    ]);
  });
  afterAll(() => app.stop());

  describe('a page', () => {
    it.each(['/', '/entries', '/entries/1', '/verify', '/quarantine', '/no-such-page'])(
      '%s leads nowhere but to pages of the mount, and to parts of itself',
      async (where) => {
        const { text, status } = await page(where);
        expect(status).toBe(where === '/no-such-page' ? 404 : 200);
        const found = ['href', 'src', 'action', 'data-waiting'].flatMap((name) => attributesOf(text, name));
        const elsewhere = found.filter((one) => !/^(#|addonmodules\.php(\?module=sealtrail&st=%2F|$))/.test(one));
        expect(elsewhere).toEqual([]);
        expect(found.length).toBeGreaterThan(8);
      },
    );

    it('is the page that is served at /, but for the addresses, the tokens and the menu', async () => {
      const { text } = await page('/entries', { query: 'category=clients&per_page=50' });
      const shown = [...text.matchAll(/st-col-seq st-number" data-label="[^"]*">(\d+)</g)].map(([, seq]) =>
        Number(seq),
      );
      expect(shown).toHaveLength(50);
      expect(text).toContain('class="st-chip"');
      expect(text).not.toContain('sign-out');
    });

    it('sends filters through hidden fields, because a GET form replaces the query of its address', async () => {
      const { text } = await page('/entries', { query: 'per_page=50' });
      const form = /<form class="st-filters"[\s\S]*?<\/form>/.exec(text)?.[0] ?? '';
      expect(attributesOf(form, 'action')).toEqual(['addonmodules.php']);
      expect([...form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])).toEqual([
        ['module', 'sealtrail'],
        ['st', '/entries'],
        ['per_page', '50'],
        // The span that the list shows while nobody chose another.
        ['range', '30d'],
      ]); // prettier-ignore
    });

    it('speaks the language and the time zone of the viewer, and names who looks', async () => {
      const viewer = { ...VIEWER, language: 'chinese-tw', time_zone: 'Asia/Taipei' };
      const { text } = await page('/entries', { viewer });
      expect(text).toContain('<html lang="zh-TW">');
      expect(text).toContain('Asia/Taipei');
      expect(text).toContain('jane');
      expect((await page('/', { viewer: { ...VIEWER, language: 'german', time_zone: '?' } })).text).toContain(
        'lang="en"',
      );
    });

    it('is light in a frame, because the billing system is', async () => {
      expect((await page('/', { framed: true })).text).toContain('<html lang="en" class="st-framed">');
      expect((await page('/')).text).toContain('<html lang="en">');
    });

    it('is a drawer when the query asks for one', async () => {
      const { text } = await page('/entries/2', { query: 'drawer=1' });
      expect(text).toContain('st-entry');
      expect(text).not.toContain('<html');
    });

    it('is never kept by a cache, and forbids inline code', async () => {
      const { headers } = await page('/entries');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain(`script-src 'self'`);
      expect(headers.get('set-cookie')).toBeNull();
    });

    it.each(['/sign-in', '/sign-out', '/api/v1/entries', '/bridge/v1/page', '/metrics', '/assets/../package.json'])(
      'is not %s',
      async (where) => {
        expect((await page(where)).status).toBe(404);
      },
    );
  });

  it('serves files with a mark of their content, and 304 to who has them', async () => {
    const { text } = await page('/');
    const [sheet = ''] = attributesOf(text, 'href').filter((one) => one.includes('sealtrail.css'));
    const [path = '', query = ''] = (new URLSearchParams(sheet.split('?')[1]).get('st') ?? '').split('?');
    const first = await page(path, { query });
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(first.headers.get('cache-control')).toContain('immutable');
    expect(first.isSigned).toBe(true);
    const second = await page(path, { query, if_none_match: first.headers.get('etag') });
    expect([second.status, second.text, second.isSigned]).toEqual([304, '', true]);
  });

  it('streams the export of a filter, as it is at /, and records who made it', async () => {
    const { status, headers, text, isSigned } = await page('/export.csv', { query: 'category=clients&raw=1' });
    expect([status, headers.get('content-type'), isSigned]).toEqual([200, 'text/csv; charset=utf-8', true]);
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename=sealtrail-audit-/);
    const [header = [], ...rows] = readCsv(text.slice(1));
    expect([header[0], rows.length]).toEqual(['seq', 62]);
    const exported = await actionsOf('audit.exported');
    expect(exported.at(-1)?.actor).toMatchObject({ type: 'admin', id: '7', name: 'jane', role: 'Full Administrator' });
  });

  /** What the verifications that wait have told, and those before. */
  async function verifications() {
    await app.deps.jobs.run();
    return actionsOf('audit.chain_verified');
  }

  describe('a form', () => {
    it('verifies with the token of the session, and the entry names the administrator', async () => {
      const answer = await page('/verify', { method: 'POST', form: `_csrf=${await formToken()}&token=whmcs-token-1` });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringMatching(/^addonmodules\.php\?module=sealtrail&st=%2Fverify%2Fjobs%2F[0-9a-f-]{36}$/)]); // prettier-ignore
      expect(answer.isSigned).toBe(true);
      const [verified] = await verifications();
      expect(verified?.actor).toMatchObject({ type: 'admin', id: '7', name: 'jane', role: 'Full Administrator' });
    });

    it('carries our token and the billing system’s', async () => {
      const { text } = await page('/verify');
      const forms = text.match(/<form[^>]+method="post"/g) ?? [];
      const tokens = [...text.matchAll(/name="token" value="([^"]+)"/g)].map(([, value]) => value);
      expect(forms.length).toBeGreaterThan(1);
      expect(tokens).toEqual(forms.map(() => 'whmcs-token-1'));
    });

    it('is refused without the token, with another, and with that of another admin, session or bridge', async () => {
      const post = async (form: string, viewer: object = VIEWER) => (await page('/verify', { method: 'POST', form, viewer })).status; // prettier-ignore
      const token = await formToken();
      const before = (await verifications()).length;
      expect(await post('')).toBe(403);
      expect(await post(`_csrf=${token}x`)).toBe(403);
      expect(await post(`_csrf=${token}&_csrf=${token}`)).toBe(403);
      expect(await post(`_csrf=${token}`, { ...VIEWER, admin_id: '8' })).toBe(403);
      expect(await post(`_csrf=${token}`, { ...VIEWER, session: 'b'.repeat(64) })).toBe(403);
      const other = await app.pair();
      const answer = await ask(aPage('/verify', { method: 'POST', form: `_csrf=${token}` }), { secret: other.bridge.secret, bridge: other.bridge.id }); // prettier-ignore
      expect(answer.status).toBe(403);
      expect(await verifications()).toHaveLength(before);
    });

    it('that somebody recorded is refused the second time, on whatever sidecar it is repeated', async () => {
      const content = aPage('/verify', { method: 'POST', form: `_csrf=${await formToken()}` });
      const id = `msg_${uuidv7()}`;
      expect((await ask(content, { id })).status).toBe(303);
      const before = (await verifications()).length;
      expect((await ask(content, { id })).status).toBe(401);
      expect(await Promise.all([ask(content, { id: 'msg_twice' }), ask(content, { id: 'msg_twice' })]).then((all) => all.map(({ status }) => status).sort())).toEqual([303, 401]); // prettier-ignore
      expect(await verifications()).toHaveLength(before + 1);
    });

    it('chooses language and time zone, and comes back to the page it was on', async () => {
      const returnTo = /name="return_to" value="([^"]+)"/.exec((await page('/entries', { query: 'page=2' })).text)?.[1];
      expect(unescapeHtml(returnTo ?? '')).toBe('/entries?page=2');
      const form = new URLSearchParams({ _csrf: await formToken(), language: 'zh-CN', time_zone: 'Asia/Shanghai', return_to: '/entries?page=2' }); // prettier-ignore
      const answer = await page('/preferences', { method: 'POST', form: form.toString() });
      expect(answer.headers.get('location')).toBe('addonmodules.php?module=sealtrail&st=%2Fentries%3Fpage%3D2');
      expect(answer.headers.getSetCookie().map((line) => line.split(';')[0])).toEqual(['sealtrail_lang=zh-CN', 'sealtrail_tz=Asia%2FShanghai']); // prettier-ignore
      form.set('return_to', '//evil.example');
      const evil = await page('/preferences', { method: 'POST', form: form.toString() });
      expect(evil.headers.get('location')).toBe('addonmodules.php?module=sealtrail&st=%2F');
    });
  });

  it('records the first page of each admin session, and no later one', async () => {
    const viewer = { ...VIEWER, name: 'sam', admin_id: 9, role: 'Sales Operator', session: 'c'.repeat(64) };
    const logins = async () => (await actionsOf('audit.login')).filter(({ actor }) => actor.id === '9');
    await Promise.all(['/', '/entries', '/assets/sealtrail.js'].map((where) => page(where, { viewer })));
    await page('/verify', { viewer });
    expect(await logins()).toMatchObject([
      { actor: { type: 'admin', name: 'sam', role: 'Sales Operator' }, via: 'ui' },
    ]);
    await page('/', { viewer: { ...viewer, session: 'd'.repeat(64) } });
    expect(await logins()).toHaveLength(2);
  });

  it('shows a bridge the entries of its own tenant alone', async () => {
    const other = await app.pair('other');
    const asking = { secret: other.bridge.secret, bridge: other.bridge.id };
    const { text } = await page('/entries', {}, asking);
    expect([...text.matchAll(/class="st-row-link"/g)]).toHaveLength(3);
    expect((await page('/entries/40', {}, asking)).status).toBe(404);
  });

  describe('refuses, without saying why,', () => {
    const cases: Record<string, () => Promise<Answer>> = {
      'a wrong secret': () => page('/', {}, { secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }),
      'an unknown bridge': () => page('/', {}, { bridge: uuidv7() }),
      'an old signature': () => page('/', {}, { at: new Date(app.clock.now().getTime() - 301_000) }),
      'a signature of the future': () => page('/', {}, { at: new Date(app.clock.now().getTime() + 301_000) }),
      'a wrong secret for a summary': () => ask({ of: 'banner', viewer: VIEWER }, { where: '/bridge/v1/summary', secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }), // prettier-ignore
    };
    it.each(Object.keys(cases))('%s', async (name) => {
      const answer = await cases[name]!();
      expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json; charset=utf-8']); // prettier-ignore
      expect(JSON.parse(answer.text)).not.toHaveProperty('detail');
      expect(answer.headers.get('sealtrail-answer')).toBeNull();
    });

    it('a bridge that was revoked', async () => {
      const gone = await app.pair();
      const asking = { secret: gone.bridge.secret, bridge: gone.bridge.id };
      expect((await page('/', {}, asking)).status).toBe(200);
      await app.deps.bridges.revoke(gone.bridge.id);
      expect((await page('/', {}, asking)).status).toBe(401);
    });
  });

  it('answers with both secrets while one replaces the other, so that either is believed', async () => {
    const { bridge } = await app.pair();
    const rotated = await app.deps.bridges.rotate(bridge.id);
    const older = await page('/', {}, { secret: bridge.secret, bridge: bridge.id });
    expect([older.status, older.headers.get('sealtrail-answer')?.split(' ').length]).toEqual([200, 2]);
    expect(older.isSigned).toBe(true);
    expect((await page('/', {}, { secret: rotated?.secret ?? '', bridge: bridge.id })).isSigned).toBe(true);
    expect((await page('/', {}, { secret: bridge.secret, bridge: bridge.id })).status).toBe(401);
  });

  it.each([
    ['another host', aPage('/', { mount: { base: '//evil.example/x?module=sealtrail', path_param: 'st' } })],
    ['a script', aPage('/', { mount: { base: 'javascript:alert(1)?x=1', path_param: 'st' } })],
    ['markup', aPage('/', { mount: { base: 'a.php?"><script>', path_param: 'st' } })],
    ['a path that is none', aPage('entries')],
    ['a path to another host', aPage('//evil.example/')],
    ['a query in the path', aPage('/entries?x=1')],
    ['a line break', aPage('/entries', { query: 'a=1\r\nx: y' })],
    ['another method', aPage('/', { method: 'DELETE' })],
    ['no session', aPage('/', { viewer: { ...VIEWER, session: '' } })],
    ['a viewer without an id', aPage('/', { viewer: { ...VIEWER, admin_id: 'root' } })],
    ['a list', '[]'],
    ['a delivery', '{"events":[]}'],
  ])('refuses %s as a shape that is not ours', async (_what, content) => {
    expect((await ask(content)).status).toBe(400);
  });

  it('refuses what is not JSON, and what is too large', async () => {
    expect((await ask('{')).status).toBe(400);
    expect((await page('/', { form: 'x'.repeat(1024 * 1024) })).status).toBe(413);
  });

  describe('a summary', () => {
    it('of the dashboard counts what the entries count', async () => {
      const { status, text, isSigned } = await summary({ of: 'dashboard' });
      expect([status, isSigned]).toEqual([200, true]);
      const entries = app.database.knex('entries').where({ ledger_id: app.ledger.id });
      const [all] = await entries.clone().count({ n: '*' });
      const [critical] = await entries.clone().where({ severity: 'critical' }).count({ n: '*' });
      expect(JSON.parse(text)).toEqual({
        total: Number(all?.['n']),
        critical: Number(critical?.['n']),
        today: { financial: 1, clients: 62, authentication: expect.any(Number), configuration: expect.any(Number) },
        chain: { status: 'intact', at: expect.any(String) },
        bridge: { silent: false },
      });
    });

    it('of a client tells its newest entries in the language of the viewer', async () => {
      const { text } = await summary({ of: 'client', id: '5', limit: 50, viewer: { ...VIEWER, language: 'chinese' } });
      const found = JSON.parse(text) as { total: number; entries: Record<string, string>[] };
      expect([found.total, found.entries.length]).toEqual([62, 50]);
      expect(found.entries[0]).toMatchObject({ category: 'clients', category_text: '客户', severity: 'notice', status: 'valid' }); // prettier-ignore
      expect(found.entries[0]?.['occurred_text']).toContain('Europe/Berlin');
      expect(JSON.parse((await summary({ of: 'client', id: 404 })).text)).toMatchObject({ total: 0, entries: [] });
    });

    it('for the banner knows a silent bridge, gaps and a broken chain', async () => {
      expect(JSON.parse((await summary({ of: 'banner' })).text)).toMatchObject({ chain: { status: 'intact' }, bridge_silent: false, gaps: 0 }); // prettier-ignore
      const gap = {
        bridge_id: sender.bridge.id,
        run: 1,
        from_seq: 5,
        to_seq: 6,
        missing: 2,
        noticed_at: 1,
        detected_at: 1,
      };
      await app.deps.bridges.flush();
      app.clock.advance(21 * 60_000);
      await app.deps.bridgeWatch.run();
      await app.database.knex('bridge_gaps').insert([gap, { ...gap, closed_at: 2 }, { ...gap, bridge_id: 'another' }]);
      const run = { startedAt: app.clock.now(), finishedAt: app.clock.now(), requestedBy: 'jane' };
      const { ledgers } = await app.deps.verifier.verify({ ledger: app.ledger.name });
      await app.deps.verifications.save(app.ledger, { ...ledgers[0]!, verdict: 'broken' }, run);
      expect(JSON.parse((await summary({ of: 'banner' })).text)).toEqual({
        chain: { status: 'broken', at: app.clock.now().toISOString() },
        bridge_silent: true,
        gaps: 1,
      });
    });

    it.each([{ of: 'everything' }, { of: 'client', id: "5' OR 1=1" }, { of: 'client', id: 5, limit: 51 }, {}])(
      'of %j is refused',
      async (parts) => {
        expect((await summary(parts)).status).toBe(400);
      },
    );
  });
});
