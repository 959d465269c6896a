import { v7 as uuidv7 } from 'uuid';
import { createApp } from '../../app';
import { listRoutes } from '../../testing/app-routes';
import { aHookItem } from '../../testing/builders';
import { openSession, signInTo, type PageSession } from '../../testing/page-session';
import type { Sender } from '../../testing/sender';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { RIGHTS, ROLES, type Role } from './rights';
import { SCOPES, type Scope } from './token-service';

/**
 * Every route of the app and who gets in. S, C, A and U are the built-in roles from super admin to standard user, X is a custom
 * role that exports what it did itself, N is a super admin who comes through a bridge. `status` is the answer to those; the
 * others get 403, and who has not signed in is sent to do so.
 */
const PAGES: Readonly<Record<string, { readonly who: string; readonly status: number; readonly path?: string }>> = {
  'GET /': { who: 'SCAUXN', status: 200 },
  'GET /entries': { who: 'SCAUXN', status: 200 },
  'GET /entries/new': { who: 'SCAN', status: 400 },
  'GET /entries/:id': { who: 'SCAN', status: 200, path: '/entries/2' },
  'GET /entries/:id/proof': { who: 'SCAN', status: 200, path: '/entries/2/proof' },
  'POST /entries/:id/verify': { who: 'SCAN', status: 200, path: '/entries/2/verify' },
  'GET /timeline': { who: 'SCAN', status: 200 },
  'GET /views': { who: 'SCAUXN', status: 200 },
  'POST /views': { who: 'SCAUXN', status: 400 },
  'POST /views/preferences': { who: 'SCAUXN', status: 303 },
  'POST /views/default': { who: 'SCAUXN', status: 303 },
  'POST /views/:id': { who: 'SCAUXN', status: 400, path: '/views/none' },
  'POST /views/:id/query': { who: 'SCAUXN', status: 404, path: '/views/none/query' },
  'POST /views/:id/delete': { who: 'SCAUXN', status: 404, path: '/views/none/delete' },
  'GET /help': { who: 'SCAUXN', status: 200 },
  'GET /help/:slug': { who: 'SCAUXN', status: 404, path: '/help/none' },
  'GET /changelog': { who: 'SCAUXN', status: 200 },
  'GET /export': { who: 'SCAXN', status: 400 },
  'GET /export.csv': { who: 'SCAXN', status: 200 },
  'GET /export.json': { who: 'SCAXN', status: 200 },
  'GET /export.ndjson': { who: 'SCAXN', status: 200 },
  'GET /export.zip': { who: 'SCAXN', status: 200 },
  'GET /verify': { who: 'SCAN', status: 200 },
  'POST /verify': { who: 'SCAN', status: 303 },
  'GET /verify/jobs/:id': { who: 'SCAN', status: 404, path: '/verify/jobs/none' },
  'POST /verify/jobs/:id/cancel': { who: 'SCAN', status: 404, path: '/verify/jobs/none/cancel' },
  'GET /verify/reports': { who: 'SCAN', status: 200 },
  'GET /verify/reports/:id': { who: 'SCAN', status: 404, path: '/verify/reports/77' },
  'GET /retention': { who: 'SCAN', status: 200 },
  'POST /retention': { who: 'SC', status: 400 },
  'POST /retention/holds': { who: 'SC', status: 400 },
  'POST /retention/holds/:id/release': { who: 'SC', status: 400, path: '/retention/holds/none/release' },
  'GET /quarantine': { who: 'SCAN', status: 200 },
  'GET /erasure': { who: 'SC', status: 200 },
  'POST /erasure': { who: 'SC', status: 400 },
  'GET /erasure/receipts/:id': { who: 'SC', status: 404, path: '/erasure/receipts/none' },
  'GET /danger': { who: 'S', status: 200 },
  'GET /danger/purge': { who: 'S', status: 200 },
  'POST /danger/purge': { who: 'S', status: 400 },
  'GET /danger/uninstall': { who: 'S', status: 200 },
  'POST /danger/uninstall': { who: 'S', status: 400 },
  'GET /danger/requests/:id': { who: 'S', status: 404, path: '/danger/requests/none' },
  'GET /danger/requests/:id/left.txt': { who: 'S', status: 404, path: '/danger/requests/none/left.txt' },
  'GET /danger/requests/:id/left.json': { who: 'S', status: 404, path: '/danger/requests/none/left.json' },
  'POST /danger/requests/:id/confirm': { who: 'S', status: 404, path: '/danger/requests/none/confirm' },
  'POST /danger/requests/:id/cancel': { who: 'S', status: 404, path: '/danger/requests/none/cancel' },
  'POST /danger/requests/:id/resume': { who: 'S', status: 404, path: '/danger/requests/none/resume' },
  'GET /settings': { who: 'SCN', status: 303 },
  'GET /settings/general': { who: 'SCN', status: 200 },
  'POST /settings/general': { who: 'S', status: 400 },
  'GET /settings/mail': { who: 'SCN', status: 200 },
  'POST /settings/mail': { who: 'S', status: 303 },
  'POST /settings/mail/test': { who: 'S', status: 400 },
  'GET /settings/bridges': { who: 'SCN', status: 200 },
  'POST /settings/bridges': { who: 'S', status: 400 },
  'POST /settings/bridges/:id/rotate': { who: 'S', status: 404, path: '/settings/bridges/none/rotate' },
  'POST /settings/bridges/:id/revoke': { who: 'S', status: 404, path: '/settings/bridges/none/revoke' },
  'GET /settings/tokens': { who: 'SCN', status: 200 },
  'POST /settings/tokens': { who: 'S', status: 400 },
  'POST /settings/tokens/:id/revoke': { who: 'S', status: 404, path: '/settings/tokens/none/revoke' },
  'GET /settings/keys': { who: 'SCN', status: 200 },
  'POST /settings/keys/rotate': { who: 'S', status: 400 },
  'GET /settings/roles': { who: 'SCN', status: 200 },
  'POST /settings/roles': { who: 'S', status: 400 },
  'POST /settings/roles/:id': { who: 'S', status: 400, path: '/settings/roles/none' },
  'POST /settings/roles/:id/remove': { who: 'S', status: 400, path: '/settings/roles/none/remove' },
  'POST /settings/roles/mappings': { who: 'S', status: 400, path: '/settings/roles/mappings' },
  'GET /settings/people': { who: 'SCN', status: 200 },
  'POST /settings/people/:id': { who: 'S', status: 400, path: '/settings/people/none' },
};

/** Where everybody gets in, with or without a sign-in; forms only with a token of ours. */
const OPEN = {
  'GET /healthz': 200,
  'GET /readyz': 200,
  'GET /metrics': 200,
  'GET /sign-in': 200,
  'GET /sign-in/:token': 403,
  'POST /sign-in/:token': 403,
  'POST /sign-out': 303,
  'POST /preferences': 303,
};

/** Programs: the scope that is needed, and the answer to who has it. */
const API: Readonly<Record<string, { readonly scope: Scope; readonly status: number; readonly path?: string }>> = {
  'GET /entries': { scope: 'read', status: 200 },
  'GET /entries/:id': { scope: 'read', status: 200, path: '/entries/2' },
  'GET /entries/:id/related': { scope: 'read', status: 200, path: '/entries/2/related' },
  'GET /entries/:id/proof': { scope: 'read', status: 200, path: '/entries/2/proof' },
  'GET /entries/:id/verify': { scope: 'verify', status: 200, path: '/entries/2/verify' },
  'GET /stats': { scope: 'read', status: 200 },
  'GET /export': { scope: 'export', status: 200 },
  'GET /checkpoint': { scope: 'read', status: 200 },
  'GET /^\\/tile\\/(.+)$/': { scope: 'read', status: 404, path: '/tile/0/7' },
  'GET /consistency': { scope: 'read', status: 400 },
  'POST /erasures': { scope: 'admin', status: 400 },
  'POST /verify': { scope: 'verify', status: 202 },
  'GET /jobs/:id': { scope: 'verify', status: 404, path: '/jobs/none' },
  'POST /jobs/:id/cancel': { scope: 'verify', status: 404, path: '/jobs/none/cancel' },
};

/** Bridges: nothing without a signature, whatever is asked. */
const BRIDGE = ['events', 'heartbeat', 'page', 'summary'];

const LETTERS: Readonly<Record<string, Role | 'exporter'>> = { S: 'super_admin', C: 'compliance_officer', A: 'auditor', U: 'standard_user', X: 'exporter' }; // prettier-ignore
const EVERYBODY = { name: 'test', rights: [], via: 'cli' } as const;

let app: TestApp;
const sessions = new Map<string, PageSession>();

beforeAll(async () => {
  app = await createTestApp('sqlite');
  const sender = await app.pair();
  await sender.send([aHookItem({ id: uuidv7() }), aHookItem({ id: uuidv7(), seq: 78 })]);
  const custom = await app.deps.roles.save(app.ledger.tenant, { id: null, name: 'Exporter', rights: ['entries.read_own', 'entries.export'] }, { ...EVERYBODY, rights: ['entries.read_own', 'entries.export'] }); // prettier-ignore
  const keys = { ...LETTERS, X: custom.ok ? custom.value.id : '' };
  for (const [letter, role] of Object.entries(keys)) sessions.set(letter, await signInTo(app, { role, name: `jane-${letter}` })); // prettier-ignore
});
afterAll(() => app.stop());

const ask = (session: PageSession, door: string, path?: string) => {
  const [method = '', pattern = ''] = door.split(' ');
  return method === 'POST' ? session.post(path ?? pattern) : session.get(path ?? pattern);
};

it('the table names every route that there is, and no other', () => {
  const { app: express, stop } = createApp(app.deps);
  stop();
  const named = [
    ...Object.keys(PAGES),
    ...Object.keys(OPEN),
    ...Object.keys(API).map((door) => door.replace(' ', ' /api/v1')),
    ...BRIDGE.flatMap((door) => [`POST /bridge/v1/${door}`, `ALL /bridge/v1/${door}`]),
  ];
  expect(listRoutes(express)).toEqual(named.sort());
});

describe.each(Object.entries(PAGES))('%s', (door, { who, status, path }) => {
  it.each(Object.entries(LETTERS))(`lets in ${who}, asked as %s (%s)`, async (letter) => {
    const answer = await ask(sessions.get(letter) as PageSession, door, path);
    const own = letter === 'U' || letter === 'X';
    // What others did is not there; the first page shows such a person no figures.
    const expected = door === 'GET /entries/:id' && own ? 404 : who.includes(letter) ? status : 403; // prettier-ignore
    expect(answer.status).toBe(expected);
    await answer.arrayBuffer();
  });

  it('asks a stranger to sign in', async () => {
    const stranger = await openSession(app.url, '');
    const answer = await ask(stranger, door, path);
    expect([answer.status, answer.headers.get('location')]).toEqual(
      door.startsWith('POST') ? [401, null] : [303, '/sign-in'],
    );
  });
});

describe('through a bridge, where Full Administrator counts as super admin', () => {
  let sender: Sender;
  beforeAll(async () => {
    sender = await app.pair();
    await app.deps.roles.map(app.ledger.tenant, 'Full Administrator', 'super_admin', { ...EVERYBODY, rights: RIGHTS });
  });

  const ask = async (method: string, path: string, form = '') => {
    const viewer = { admin_id: '7', name: 'jane', role: 'Full Administrator', session: 'a'.repeat(64), token: 't' };
    const mount = { base: 'addonmodules.php?module=sealtrail', path_param: 'st' };
    const body = JSON.stringify({ method, path, query: '', form, viewer, mount });
    return sender.sendBody(body, { path: '/bridge/v1/page' });
  };

  it.each(Object.entries(PAGES))('%s', async (door, { who, status, path }) => {
    const [method = '', pattern = ''] = door.split(' ');
    const token = /name="_csrf" value="([^"]+)"/.exec((await ask('GET', '/')).text)?.[1] ?? '';
    const { status: answered } = await ask(method, path ?? pattern, method === 'POST' ? `_csrf=${token}` : '');
    expect(answered).toBe(who.includes('N') ? status : 403);
  });
});

describe.each(Object.entries(API))('the API: %s', (door, { scope, status, path }) => {
  const [method = '', pattern = ''] = door.split(' ');
  const call = async (token: string | null) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(`${app.url}/api/v1${path ?? pattern}`, { method, headers });
    await answer.arrayBuffer();
    return answer.status;
  };

  it.each(SCOPES)(`needs ${scope}, asked with %s`, async (given) => {
    expect(await call(await app.token([given]))).toBe(given === scope || given === 'admin' ? status : 403);
  });

  it('needs a token, and a session is none', async () => {
    expect([await call(null), await call('stk_unknown-unknown')]).toEqual([401, 401]);
    const signedIn = await fetch(`${app.url}/api/v1${path ?? pattern}`, { method, headers: { cookie: sessions.get('S')?.cookie ?? '' } }); // prettier-ignore
    expect(signedIn.status).toBe(401);
  });
});

it.each(BRIDGE)('a bridge door takes nothing unsigned: %s', async (door) => {
  const unsigned = await fetch(`${app.url}/bridge/v1/${door}`, { method: 'POST', body: '{}' });
  const asked = await fetch(`${app.url}/bridge/v1/${door}`);
  expect([unsigned.status, asked.status]).toEqual([401, 405]);
});

it.each(Object.entries(OPEN))('%s answers anybody with %s', async (door, status) => {
  const [method = '', pattern = ''] = door.split(' ');
  const path = pattern.replace(':token', 'no-such-link');
  const session = await openSession(app.url, '');
  const answer = method === 'POST' ? await session.post(path) : await session.get(path);
  expect(answer.status).toBe(status);
});

it('an address that is not there tells nobody more than that', async () => {
  for (const letter of Object.keys(LETTERS)) expect((await sessions.get(letter)?.get('/nothing'))?.status).toBe(404);
});

it('no role but those that are named here is built in', () => {
  expect(Object.values(LETTERS).slice(0, 4)).toEqual([...ROLES]);
});
