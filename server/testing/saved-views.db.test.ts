import path from 'node:path';
import express from 'express';
import request from 'supertest';
import { KnownError } from '../errors';
import { createI18n, createLanguageChoice } from '../http/i18n';
import { createPageLocals } from '../http/page-locals';
import { createUrlBuilder } from '../http/url-builder';
import { PROGRAM_ROOT } from '../root';
import { createTestStore, type TestStore } from './test-app';
import type { Viewer } from '../features/access/viewer';
import { createBrowseRoutes } from '../features/browse/browse-routes';
import { createViewsRoutes } from '../features/views/views-routes';

const PEOPLE: Readonly<Record<string, Viewer>> = {
  jane: { name: 'jane', role: 'auditor', tenant: 'default' },
  bob: { name: 'bob', role: 'auditor', tenant: 'default' },
  limited: { name: 'limited', role: 'standard_user', tenant: 'default' },
  admin: { name: 'jane', role: 'auditor', tenant: 'default', billing: { adminId: '7', role: 'Full' } },
};

let test: TestStore;
let app: express.Express;

beforeAll(async () => {
  test = await createTestStore('sqlite');
  app = express();
  app.set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs').set('query parser', 'simple');
  app.use(express.urlencoded({ extended: false }));
  app.use(createLanguageChoice(createI18n()), createPageLocals({ url: createUrlBuilder('/') }));
  app.use((req, res, next) => {
    res.locals['viewer'] = PEOPLE[req.get('x-person') ?? 'jane'];
    next();
  });
  const { views, store, browse, related } = test.deps;
  const now = () => test.clock.now();
  app.use(createViewsRoutes({ views, store, now }));
  app.use(createBrowseRoutes({ views, browse, related, findCover: () => Promise.resolve(undefined), proveEntry: () => Promise.resolve(undefined), findLedger: (name) => store.findLedger(name), findPruned: () => Promise.resolve(undefined), now })); // prettier-ignore
  const showCode: express.ErrorRequestHandler = (error, _req, res, next) =>
    error instanceof KnownError ? void res.status(error.status).send(error.code) : next(error);
  app.use(showCode);
});
afterEach(async () => {
  for (const table of ['saved_views', 'person_preferences']) await test.database.knex(table).delete();
});
afterAll(() => test.stop());

const post = (where: string, form: Record<string, string | string[]>, person = 'jane') =>
  request(app).post(where).set('x-person', person).type('form').send(form);
const get = (where: string, person = 'jane') => request(app).get(where).set('x-person', person);

async function saved(name: string, form: Record<string, string> = {}): Promise<string> {
  const { headers } = await post('/views', { name, query: 'severity=critical&range=7d', ...form }).expect(303);
  return new URLSearchParams(String(headers['location']).split('?')[1]).get('saved') ?? '';
}

describe('a saved view', () => {
  it('leads back to its list, with nothing in the address that is not of the list', async () => {
    const query = 'severity=critical&range=7d&columns=time.reason&cursor=abc&evil=1&next=//evil.example';
    const { headers } = await post('/views', { name: 'Criticals', query }).expect(303);
    expect(headers['location']).toMatch(/^\/entries\?severity=critical&range=7d&columns=time\.what\.reason&saved=[0-9a-f-]{36}$/); // prettier-ignore
    const { text } = await get(String(headers['location'])).expect(200);
    expect(text).toContain('View: Criticals');
  });

  it('is told to be wrong beside its field, and keeps what was typed', async () => {
    await saved('Twice');
    const { text } = await post('/views', { name: 'Twice', query: 'q=%3Cb%3E', shared: '1' }).expect(400);
    expect(text).toContain('You already have a view of this name.');
    expect(text).toMatch(/name="name" value="Twice"/);
    expect(text).toMatch(/name="query" value="q=%3Cb%3E&amp;range=30d&amp;view=default"/);
    const id = await saved('Other');
    const renamed = await post(`/views/${id}`, { name: '' }).expect(400);
    expect(renamed.text).toContain(`id="p-${id}"`);
  });

  it('is shared by those alone who may', async () => {
    await saved('For all', { shared: '1' });
    expect((await get('/views', 'bob').expect(200)).text).toMatch(/For all[\s\S]*by jane/);
    await post('/views', { name: 'Smuggled', query: '', shared: '1' }, 'limited').expect(303);
    expect((await get('/views', 'bob')).text).not.toContain('Smuggled');
  });

  it('of another person is answered as one that is not there, and stays as it was', async () => {
    const id = await saved('Private');
    for (const person of ['bob', 'admin']) {
      expect((await get('/views', person)).text).not.toContain('Private');
      expect((await get(`/entries?saved=${id}`, person).expect(200)).text).not.toContain('Private');
      for (const [where, form] of [
        [`/views/${id}`, { name: 'Mine' }],
        [`/views/${id}/query`, { query: 'q=x' }],
        [`/views/${id}/delete`, {}],
        ['/views/default', { id }],
      ] as const)
        expect([where, (await post(where, form, person)).status]).toEqual([where, 404]);
    }
    expect(await test.database.knex('saved_views').select('name', 'query')).toEqual([
      { name: 'Private', query: 'severity=critical&range=7d&view=default' },
    ]);
  });

  it('opens first until it is taken back or deleted, and takes what was changed', async () => {
    const id = await saved('First');
    await post('/views/default', { id }).expect(303);
    const opened = await get('/entries').expect(303);
    expect(opened.headers['location']).toContain(`severity=critical&range=7d&view=default&saved=${id}`);
    await get('/entries', 'bob').expect(200);
    await post(`/views/${id}/query`, { query: 'severity=warning&range=7d' }).expect(303);
    expect((await get('/entries').expect(303)).headers['location']).toContain('severity=warning');
    await post(`/views/${id}/delete`, {}).expect(303);
    await get('/entries').expect(200);
  });
});

describe('how somebody likes the list', () => {
  const form = { columns: ['time', 'reason', 'what'], density: 'compact', sort: '-seq', per_page: '50', query: 'q=x&range=7d&view=default' }; // prettier-ignore
  const columnsOf = (html: string) =>
    [...html.matchAll(/<th scope="col" class="st-col-(\w+)"/g)].map(([, name]) => name);

  it('is remembered for that person alone, and leads back to the same search', async () => {
    const { headers } = await post('/views/preferences', { ...form, do: 'remember' }).expect(303);
    expect(headers['location']).toBe('/entries?q=x&range=7d&columns=time.what.reason&density=compact&per_page=50');
    expect(columnsOf((await get('/entries')).text)).toEqual(['time', 'what', 'reason']);
    for (const person of ['bob', 'admin']) expect(columnsOf((await get('/entries', person)).text)).toContain('chain');
  });

  it('is not touched by an address that somebody sent, nor by a view for one time', async () => {
    await post('/views/preferences', { ...form, do: 'remember' });
    expect(columnsOf((await get('/entries?columns=seq.what')).text)).toEqual(['seq', 'what']);
    await post('/views/preferences', { ...form, columns: 'hash', do: 'once' }).expect(303);
    expect(columnsOf((await get('/entries')).text)).toEqual(['time', 'what', 'reason']);
    await post('/views/preferences', { ...form, do: 'reset' }).expect(303);
    expect(columnsOf((await get('/entries')).text)).toContain('chain');
  });
});

it('counts what comes in for those alone who may read all of it', async () => {
  await get('/entries/new?after_seq=0').expect(200);
  await get('/entries/new?after_seq=0', 'limited').expect(403);
  expect((await get('/entries', 'limited').expect(200)).text).not.toContain('data-news');
  expect((await get('/entries', 'limited')).text).not.toContain('export.csv');
});
