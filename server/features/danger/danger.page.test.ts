import type { Page } from 'playwright-core';
import { anAppendItem } from '../../testing/append-item';
import { createTestApp, type TestApp } from '../../testing/test-app';
import type { TestSite } from '../../testing/test-site';
import {
  sideways,
  signIn,
  startTestPages,
  type TestPages,
  type Visitor,
  type VisitorOptions,
} from '../../testing/visitor';
import { DEFAULT_DELAY_MS } from './purge-service';

let app: TestApp;
let site: TestSite;
let pages: TestPages;

/** A window of somebody who has just signed in, at the clock of the test. */
async function windowOf(name: string, options: VisitorOptions = {}): Promise<Visitor> {
  const visitor = await pages.open({ isStranger: true, ...options });
  await signIn(site, visitor, name);
  return visitor;
}

const button = (page: Page, name: string) => page.getByRole('button', { name });

beforeAll(async () => {
  app = await createTestApp('sqlite');
  const ask = async (_command: string, _flag: string, name: string) => {
    const viewer = { name, role: 'super_admin', tenant: 'default', tenantId: app.ledger.tenant.id } as const;
    return { url: `${app.url}/sign-in/${await app.deps.loginLinks.create(viewer)}` };
  };
  site = { url: app.url, ask } as unknown as TestSite;
  const receivedAt = app.clock.now().toISOString();
  await app.deps.appender.append(app.ledger, Array.from({ length: 600 }, () => anAppendItem(app.ledger, { receivedAt })), []); // prettier-ignore
  await app.deps.indexer.catchUp();
  pages = await startTestPages({ site });
});
afterAll(async () => {
  await pages.stop();
  await app.stop();
});
afterEach(() => pages.leave());

it.each([
  ['en', 'Danger zone'],
  ['zh-CN', '危险操作'],
  ['zh-TW', '危險操作'],
])('stands alone and fits a narrow window, in %s', async (language, title) => {
  const { page, complaints } = await pages.open({ language, viewport: { width: 390, height: 800 } });
  for (const where of ['/danger', '/danger/purge', '/danger/uninstall', '/erasure']) {
    await page.goto(`${app.url}${where}`);
    expect([where, await sideways(page)]).toEqual([where, 0]);
    expect(await page.locator('main').innerText()).not.toMatch(/(danger|erasure|common):|\{\{/);
  }
  await page.goto(`${app.url}/danger`);
  expect(await page.locator('h1').innerText()).toBe(title);
  expect(await page.evaluate<string>("getComputedStyle(document.querySelector('.st-danger')).borderLeftColor")).toBe(
    'rgb(179, 22, 28)',
  );
  expect(complaints).toEqual([]);
});

it('goes from the phrase over a second person to entries that are gone', async () => {
  await windowOf('joe');
  const jane = await windowOf('jane');
  await jane.page.goto(`${app.url}/danger/purge`);
  await jane.page.locator('#st-phrase').fill('delete 511 entries');
  await button(jane.page, 'Ask to delete 511 entries').click();
  await expect(jane.page.locator('#st-phrase-problem').innerText()).resolves.toContain('This is not the phrase.');
  await jane.page.locator('#st-phrase').fill('DELETE 511 ENTRIES');
  await button(jane.page, 'Ask to delete 511 entries').click();
  await jane.page.waitForURL(/\/danger\/requests\//);
  expect(await button(jane.page, 'Delete 511 entries').count()).toBe(0);
  const where = jane.page.url();
  await jane.page.goto(`${app.url}/entries`);
  await expect(jane.page.locator('main [role=status]').first().innerText()).resolves.toContain(
    'jane asked for: Delete 511 entries.',
  );

  app.clock.advance(DEFAULT_DELAY_MS);
  const joe = await windowOf('joe');
  await joe.page.goto(where);
  await button(joe.page, 'Delete 511 entries').click();
  await joe.page.locator('[data-danger-progress] progress').waitFor();
  await app.deps.jobs.run();
  await joe.page.getByText('It is done: 511 entries are gone.').waitFor();
  await joe.page.getByRole('link', { name: /^#6/ }).first().click();
  await expect(joe.page.locator('h1').innerText()).resolves.toContain('purged');
  expect([...jane.complaints.filter((one) => !one.includes('400')), ...joe.complaints]).toEqual([]);
});

it('works without scripts', async () => {
  const { page } = await windowOf('jane', { javaScriptEnabled: false });
  await page.goto(`${app.url}/danger/uninstall`);
  await page.locator('#st-phrase').fill('UNINSTALL AND DELETE 0 ENTRIES');
  await button(page, 'Ask to uninstall and delete 0 entries').click();
  await page.waitForURL(/\/danger\/requests\//);
  await button(page, 'Cancel this, delete nothing').click();
  await page.getByText('cancelled it. Nothing was deleted.').waitFor();
});
