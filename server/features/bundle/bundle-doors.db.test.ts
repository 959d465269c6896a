import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { createErrorHandler } from '../../http/error-handler';
import { createI18n, createLanguageChoice } from '../../http/i18n';
import { createPageLocals } from '../../http/page-locals';
import { createUrlBuilder } from '../../http/url-builder';
import { PROGRAM_ROOT } from '../../root';
import { anAppendItem } from '../../testing/append-item';
import { createTestApp, type TestApp } from '../../testing/test-app';
import type { Viewer } from '../access/viewer';
import { createBundleRoutes } from './bundle-routes';
import { verifyBundle, type BundleReport } from './verify-bundle';

let app: TestApp;
let folder: string;
let pages: Server;

/** The pages without their session: who looks is said by the test. */
function servePages(): Promise<Server> {
  const { deps } = app;
  const viewer: Viewer = { name: 'jane', role: 'auditor', tenant: 'default' };
  const program = express().set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs').set('query parser', 'simple'); // prettier-ignore
  program.use(createLanguageChoice(createI18n()), createPageLocals({ url: createUrlBuilder('/') }));
  program.use((_request, response, next) => {
    response.locals.viewer = viewer;
    next();
  });
  program.use(
    createBundleRoutes({ bundles: deps.bundles, store: deps.store, ownEvents: deps.ownEvents, now: deps.now }),
  );
  program.use(createErrorHandler(deps.logger));
  const server = createServer(program);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function take(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly name: string | null; readonly report: BundleReport | null }> {
  const response = await fetch(url, { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) return { status: response.status, name: null, report: null };
  expect(response.headers.get('content-type')).toContain('application/zip');
  const file = path.join(folder, 'taken.zip');
  writeFileSync(file, bytes);
  return { status: 200, name: response.headers.get('content-disposition'), report: await verifyBundle(file, { vkeys: [] }) }; // prettier-ignore
}

const page = (query: string) => take(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/export.zip?${query}`);
const lastExport = async () => {
  const row = await app.database.knex('entries').where({ action: 'audit.exported' }).orderBy('seq', 'desc').first();
  return JSON.parse(row.record).source.payload as unknown;
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-doors-'));
  app = await createTestApp('sqlite');
  const items = ['5', '5', '6'].map((id) => anAppendItem(app.ledger, { target: { type: 'invoice', id, label: null } }));
  await app.deps.store.append(app.ledger, items);
  pages = await servePages();
});
afterAll(async () => {
  await new Promise((resolve) => pages.close(resolve));
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a bundle from the pages', () => {
  it('holds what the filter shows, under a name that says when', async () => {
    const { name, report } = await page('target=invoice:5&sort=-seq');
    expect([name, report?.verdict, report?.entries]).toEqual(['attachment; filename=sealtrail-bundle-2026-11-21-0102.zip', 'intact', 2]); // prettier-ignore
    expect(await lastExport()).toEqual({ format: 'bundle', filter: { target: 'invoice:5' } });
  });

  it('holds the entries that were ticked', async () => {
    expect((await page('picked=1&entries=2&entries=4')).report).toMatchObject({ verdict: 'intact', entries: 2 });
    expect(await lastExport()).toEqual({ format: 'bundle', entries: [2, 4] });
    expect((await page('entries=3')).report).toMatchObject({ verdict: 'intact', entries: 1 });
  });

  it.each(['picked=1', 'entries=', 'entries=x', 'entries=0', 'entries=1&entries=%27'])('refuses %s', async (query) => {
    expect((await page(query)).status).toBe(400);
  });
});

describe('a bundle from the API', () => {
  const api = async (query: string, scope: 'export' | 'read' = 'export') =>
    take(`${app.url}/api/v1/export?format=bundle&${query}`, { authorization: `Bearer ${await app.token([scope])}` });

  it('is for tokens that may export, with and without values', async () => {
    expect((await api('target=invoice:5', 'read')).status).toBe(403);
    const [whole, bare] = [await api('target=invoice:5'), await api('entries=2,3&values=0')];
    expect(whole.report).toMatchObject({ verdict: 'intact', entries: 2, openings: 2 });
    expect(bare.report).toMatchObject({ verdict: 'intact', entries: 2, openings: 0 });
  });

  it('refuses what is no list of entries, and a ledger that signs no checkpoints', async () => {
    expect((await api('entries=1;2')).status).toBe(400);
    await app.database.knex('trees').update({ state: 'stopped', stopped_detail: 'test' });
    expect((await api('entries=1')).status).toBe(409);
    await app.database.knex('trees').update({ state: 'open', stopped_detail: null });
  });
});
