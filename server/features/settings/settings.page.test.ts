import { sideways, startTestPages, type TestPages } from '../../testing/visitor';

// The built program in a real browser, mostly without scripts: they only improve these pages.

let pages: TestPages;

beforeAll(async () => {
  pages = await startTestPages();
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

const SECTIONS = ['general', 'mail', 'bridges', 'tokens', 'keys'];

it('saves settings without scripts, and says what is wrong beside the field with what was typed kept', async () => {
  const { page } = await pages.open({ javaScriptEnabled: false });
  await page.goto(`${pages.site.url}/settings`);
  expect(new URL(page.url()).pathname).toBe('/settings/general');
  await page.fill('#f-organisation', 'Acme 測試');
  await page.fill('#f-trusted_proxies', '10.0.0.0/8\nnonsense');
  await page.click('.st-save button');
  expect(await page.locator('#field-trusted_proxies .st-problem').innerText()).toContain('One of these is neither');
  expect(await page.inputValue('#f-organisation')).toBe('Acme 測試');

  await page.fill('#f-trusted_proxies', '10.0.0.0/8');
  await page.selectOption('#f-ip_mode', 'hashed');
  await page.click('.st-save button');
  expect(await page.locator('[role=status]').innerText()).toContain('Saved.');
  // The value leads to the entry that set it.
  await page.locator('#field-organisation .st-mark').click();
  expect(await page.locator('.st-changes').innerText()).toContain('Acme 測試');
});

it('pairs a bridge without scripts, shows its code once, and asks before it is revoked', async () => {
  const { page } = await pages.open({ javaScriptEnabled: false });
  await page.goto(`${pages.site.url}/settings/bridges`);
  await page.fill('#f-name', 'billing');
  await page.click('main .st-settings-form button');
  expect(await page.locator('.st-once code').innerText()).toMatch(/^stp1\.[\w-]+$/);
  await page.goto(`${pages.site.url}/settings/bridges`);
  expect(await page.locator('.st-once').count()).toBe(0);

  const revoke = page.locator('.st-ask', { has: page.locator('form[action$="/revoke"]') }).first();
  await revoke.locator('summary').click();
  await revoke.locator('button').click();
  expect(await page.locator('.st-ask[open] .st-problem').innerText()).toContain('Tick the box first');
  await page.locator('.st-ask[open] input[name=confirm]').check();
  await page.locator('.st-ask[open] button').click();
  await page.waitForLoadState();
  expect(await page.locator('main').innerText()).toContain('No bridge is paired');
});

it.each(SECTIONS)('shows %s in a narrow window in Chinese with nothing to complain of', async (section) => {
  const { page, complaints } = await pages.open({ viewport: { width: 390, height: 800 }, language: 'zh-TW' });
  await page.goto(`${pages.site.url}/settings/${section}`);
  expect(await page.locator('.st-settings-nav [aria-current=page]').count()).toBe(1);
  expect(await sideways(page)).toBe(0);
  expect(complaints).toEqual([]);
});
