import { readFileSync } from 'node:fs';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { readCsv } from '../../testing/read-csv';
import { startTestSite, type TestSite } from '../../testing/test-site';
import { startTestPages, type TestPages, type Visitor, type VisitorOptions } from '../../testing/visitor';
import { until } from '../../testing/until';
import { startWhmcs, type Whmcs } from '../../testing/whmcs';

// A person at work in WHMCS's admin area: the stand-in under a real PHP, the built program behind it, a real browser.

let site: TestSite;
let whmcs: Whmcs;
let pages: TestPages;
let admin: string;
let cookies: Awaited<ReturnType<Visitor['context']['cookies']>>;

const ADDON = 'addonmodules.php?module=sealtrail';
const text = (locator: Locator) => locator.innerText().then((found) => found.trim());
const frameOf = (page: Page): FrameLocator => page.frameLocator('iframe.sealtrail-frame');
const english = (value: number) => value.toLocaleString('en');

async function count(where: string, ...values: readonly (string | number)[]): Promise<number> {
  const [row] = await site.db.raw<{ n: number }[]>(`SELECT COUNT(*) AS n FROM entries ${where}`, values);
  return row?.n ?? 0;
}

async function signInAs(visitor: Visitor, username: string): Promise<void> {
  await visitor.page.goto(`${admin}/login.php`);
  await visitor.page.getByLabel('username').fill(username);
  await visitor.page.getByLabel('password').fill('admin-password');
  await visitor.page.getByRole('button', { name: 'Log in' }).click();
  await visitor.page.waitForURL(`${admin}/index.php`);
}

/** A window of the signed-in administrator. */
async function open(where: string, options: VisitorOptions = {}): Promise<Visitor> {
  const visitor = await pages.open({ isStranger: true, viewport: { width: 1440, height: 1000 }, ...options });
  await visitor.context.addCookies(cookies);
  await visitor.page.goto(`${admin}/${where}`);
  return visitor;
}

/** What the banner was told last is kept for a minute. */
const forgetBanner = () => whmcs.db.query(`DELETE FROM mod_sealtrail_state WHERE name = 'admin_pages'`);

/**
 * A page of WHMCS with figures of ours. It waits a quarter of a second for them, and does without for a while after it waited in
 * vain: on a machine that is busy it is opened again.
 */
async function showFigures(page: Page, where: string, figures: Locator): Promise<void> {
  await until(`${where} has its figures`, async () => {
    await forgetBanner();
    await page.goto(`${admin}/${where}`);
    return (await figures.count()) > 0;
  });
}

beforeAll(async () => {
  site = await startTestSite('sqlite', { demo: true });
  whmcs = await startWhmcs(site.url, null);
  admin = await whmcs.serve();
  pages = await startTestPages({ site });
});
afterAll(async () => {
  await pages?.stop();
  await whmcs?.stop();
  await site?.stop();
});
afterEach(() => pages?.leave());

it('is paired by a pasted code, and shows the round trip', async () => {
  const visitor = await pages.open({ isStranger: true });
  const { page } = visitor;
  await signInAs(visitor, 'admin');
  cookies = await visitor.context.cookies();

  await page.goto(`${admin}/${ADDON}`);
  expect(await page.locator('iframe').count()).toBe(0);
  expect(await text(page.locator('.sealtrail'))).toContain('npx sealtrail bridge add --name billing');
  const paste = async (code: string) => {
    await page.getByLabel('Pairing code').fill(code);
    await page.getByRole('button', { name: 'Pair' }).click();
    return text(page.locator('.alert').first());
  };
  const { code } = await site.ask<{ code: string }>('bridge', 'add', '--name', 'billing', '--url', site.url);
  expect(await paste(`${code.slice(0, 40)}`)).toContain('Not paired');
  expect(await paste(code)).toContain('Paired');
  expect(await text(page.locator('.sealtrail'))).toMatch(/Round trip\s+\d+ ms[\s\S]*Ledger\s+default/);
  expect(visitor.complaints).toEqual([]);

  const [stored] = await whmcs.db.query(`SELECT setting, value FROM tbladdonmodules WHERE module = 'sealtrail'`);
  expect(JSON.stringify(stored)).not.toContain('whsec_');
  await page.getByRole('link', { name: 'Audit log' }).click();
  await frameOf(page).locator('.st-counters').waitFor();
});

describe('the audit log in its frame', () => {
  it('filters, keeps its place in the address, and opens in a window of its own', async () => {
    const { page, complaints, context } = await open(ADDON);
    const frame = frameOf(page);
    await frame.locator('.st-nav').getByRole('link', { name: 'Audit log' }).click();
    await frame.locator('#f-category').click();
    await frame.locator('input[name=category][value=tickets]').check();
    await frame.locator('.st-field-category').getByRole('button', { name: 'Apply' }).click();
    await frame.locator('.st-chip', { hasText: 'Tickets' }).waitFor();
    const total = await count(`WHERE category = 'tickets'`);
    expect(await text(frame.locator('.st-count'))).toBe(`Showing 1–20 of ${english(total)}`);

    await until('the address has the filter', () => new URL(page.url()).searchParams.get('category') === 'tickets');
    expect(new URL(page.url()).searchParams.get('at')).toBe('/entries');
    await page.reload();
    expect(await text(frame.locator('.st-count'))).toBe(`Showing 1–20 of ${english(total)}`);
    await frame.getByRole('link', { name: 'Next' }).click();
    await frame.locator('.st-count', { hasText: '21–40' }).waitFor();
    await frame.locator('th.st-col-time a').click();
    await frame.locator('th.st-col-time[aria-sort=descending]').waitFor();

    const opening = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Open full window' }).click();
    const full = await opening;
    await full.locator('.st-chip').first().waitFor();
    expect(await full.locator('.navbar').count()).toBe(0);
    expect(await text(full.locator('.st-count'))).toContain(english(total));
    expect(complaints).toEqual([]);
  });

  it('has the scheme of the page around it, and in a window of its own that of the device', async () => {
    const { page } = await open(`${ADDON}&at=%2Fentries`, { colorScheme: 'dark' });
    const frame = frameOf(page);
    await frame.locator('.st-count').waitFor();
    const ground = 'getComputedStyle(document.body).backgroundColor';
    expect(await page.frames()[1]?.evaluate<string>(ground)).toBe('rgb(245, 246, 247)');
    await page.goto(`${admin}/${ADDON}&st=%2Fentries`);
    expect(await page.evaluate<string>(ground)).toBe('rgb(18, 23, 28)');
  });

  it('opens an entry in a drawer over the list, and goes back to it', async () => {
    const { page, complaints } = await open(`${ADDON}&at=${encodeURIComponent('/entries?category=clients')}`);
    const frame = frameOf(page);
    const row = frame.locator('.st-row-link').first();
    const sentence = await text(row);
    await row.click();
    const drawer = frame.locator('dialog[open] .st-entry');
    await drawer.waitFor();
    expect(await text(drawer.locator('h1'))).toBe(sentence);
    await frame.locator('[data-drawer-next]').click();
    await drawer.locator('h1', { hasText: await text(frame.locator('.st-row-link').nth(1)) }).waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    expect(await frame.locator('.st-row-link').count()).toBe(20);
    expect(complaints).toEqual([]);
  });

  it('exports exactly what the filter shows, in the administrator’s name', async () => {
    const { page } = await open(`${ADDON}&at=${encodeURIComponent('/entries?category=tickets')}`);
    const downloading = page.waitForEvent('download');
    await frameOf(page).locator('.st-actions a[href*="export.csv"]').click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^sealtrail-audit-\d{4}-\d\d-\d\d-\d{4}\.csv$/);
    const bytes = readFileSync(await download.path());
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [, ...rows] = readCsv(bytes.subarray(3).toString('utf8'));
    const expected = await site.db.raw<{ seq: number }[]>(`SELECT seq FROM entries WHERE category = 'tickets' ORDER BY seq DESC`); // prettier-ignore
    expect(rows.map(([seq]) => Number(seq))).toEqual(expected.map(({ seq }) => seq));

    const { entries } = await site.api<{ entries: { actor: object }[] }>('/entries?action=audit.exported&per_page=1');
    expect(entries[0]?.actor).toMatchObject({ type: 'admin', id: '1', name: 'admin', role: 'Full Administrator' });
  });

  it('changes language and time zone on the spot, and keeps them', async () => {
    const { page, complaints } = await open(`${ADDON}&at=${encodeURIComponent('/entries?category=tickets')}`);
    const frame = frameOf(page);
    await frame.locator('.st-menu-preferences summary').click();
    await frame.locator('#st-language').selectOption('zh-TW');
    await frame.locator('#st-zone').selectOption('Asia/Taipei');
    await frame.locator('.st-menu-preferences button[type=submit]').click();
    await frame.locator('html[lang=zh-TW]').waitFor();
    await frame.locator('.st-chip').nth(1).waitFor();
    expect(await frame.locator('.st-chip').count()).toBe(2);
    await page.goto(`${admin}/${ADDON}`);
    await frame.locator('html[lang=zh-TW]').waitFor();
    expect(await text(frame.locator('.st-menu-preferences summary'))).toContain('Asia/Taipei');
    expect(complaints).toEqual([]);
  });
});

it('is shown in the language that the administrator has in WHMCS', async () => {
  const { page } = await open('myaccount.php');
  await page.getByLabel('language').fill('chinese');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.goto(`${admin}/${ADDON}`);
  await frameOf(page).locator('html[lang=zh-CN]').waitFor();
  expect(await text(page.locator('.nav-tabs'))).toContain('审计日志');
  await showFigures(page, 'index.php', page.locator('.widget-sealtrailaudit .sealtrail-facts'));
  expect(await text(page.locator('.widget-sealtrailaudit'))).toMatch(/链(完整|尚未验证)/);
  await whmcs.db.query(`UPDATE tbladmins SET language = '' WHERE id = 1`);
});

describe('a form', () => {
  const verifications = () => count(`WHERE action = 'audit.chain_verified'`);

  it('verifies, and the entry names the administrator', async () => {
    const { page, complaints } = await open(`${ADDON}&at=%2Fverify`);
    const frame = frameOf(page);
    const before = await verifications();
    await frame.locator('main .st-actions button').click();
    await frame.locator('.st-verdict-intact').first().waitFor();
    expect(await verifications()).toBe(before + 1);
    const { entries } = await site.api<{ entries: { actor: object }[] }>(
      '/entries?action=audit.chain_verified&per_page=1',
    );
    expect(entries[0]?.actor).toMatchObject({ type: 'admin', id: '1', name: 'admin', role: 'Full Administrator' });
    expect(complaints).toEqual([]);
  });

  it.each([
    ['WHMCS’s token', 'token', ''],
    ['WHMCS’s token, but another', 'token', 'x'.repeat(40)],
    ['our token', '_csrf', ''],
    ['our token, but another', '_csrf', 'x'.repeat(43)],
  ])('without %s is refused', async (_what, field, value) => {
    const { page, context } = await open(`${ADDON}&st=%2Fverify`);
    const form: Record<string, string> = {};
    for (const name of ['_csrf', 'token'])
      form[name] = await page.locator(`main form input[name=${name}]`).first().inputValue();
    const before = await verifications();
    const post = () => context.request.post(`${admin}/${ADDON}&st=%2Fverify`, { form, maxRedirects: 0 });
    form[field] = value;
    const answer = await post();
    expect([answer.status(), await verifications()]).toEqual([403, before]);
    expect(await answer.text()).not.toContain('navbar');
  });
});

describe('without JavaScript', () => {
  it('filters, turns the page, opens an entry and verifies', async () => {
    const { page, complaints } = await open(`${ADDON}&st=%2Fentries`, { javaScriptEnabled: false });
    await page.click('#f-category');
    await page.check('input[name=category][value=clients]');
    await page.locator('.st-field-category').getByRole('button', { name: 'Apply' }).click();
    const total = await count(`WHERE category = 'clients'`);
    expect(await text(page.locator('.st-count'))).toBe(`Showing 1–20 of ${english(total)}`);
    await page.getByRole('link', { name: 'Next' }).click();
    expect(await text(page.locator('.st-count'))).toBe(`Showing 21–40 of ${english(total)}`);
    const sentence = await text(page.locator('.st-row-link').first());
    await page.locator('.st-row-link').first().click();
    expect(await text(page.locator('main h1'))).toBe(sentence);
    await page.getByRole('link', { name: 'Verify' }).click();
    await page.locator('main .st-actions button').click();
    await page.locator('.st-verdict-intact').first().waitFor();
    expect(page.url()).toContain('st=%2Fverify');
    expect(complaints).toEqual([]);
  });
});

describe('a link', () => {
  it('from a mail opens the right entry, in a window and in the frame', async () => {
    const [row] = await site.db.raw<{ seq: number; id: string }[]>(`SELECT seq, id FROM entries WHERE action = 'client.email_changed' LIMIT 1`); // prettier-ignore
    const { page } = await open(`${ADDON}&st=/entries/${row?.seq}`);
    expect(await text(page.locator('.st-changes tbody th'))).toBe('email');
    await page.goto(`${admin}/${ADDON}&at=/entries/${row?.id}`);
    expect(await text(frameOf(page).locator('.st-changes tbody th'))).toBe('email');
  });

  it('to what is not there says so, within the frame', async () => {
    const { page } = await open(`${ADDON}&at=/entries/999999999`);
    expect(await text(frameOf(page).locator('h1'))).toMatch(/entry/i);
  });
});

describe('WHMCS’s own pages', () => {
  it('the home page has the figures, and each leads to its entries', async () => {
    const { page, complaints } = await open('index.php');
    const widget = page.locator('.widget-sealtrailaudit');
    await showFigures(page, 'index.php', widget.locator('.sealtrail-facts'));
    const critical = await count(`WHERE severity = 'critical'`);
    expect(await text(widget.locator('.sealtrail-facts li').nth(2).locator('strong'))).toBe(english(critical));
    expect(await text(widget)).toContain('Chain intact');
    await widget.locator('.sealtrail-facts li').nth(2).locator('a').click();
    expect(await text(frameOf(page).locator('.st-count'))).toContain(`of ${english(critical)}`);
    expect(complaints).toEqual([]);
  });

  it('a client’s summary has its newest entries, and leads to one and to all', async () => {
    await whmcs.fire('ClientEdit', { userid: 5, email: 'new@example.com', olddata: { email: 'old@example.com' } }, ['--admin=7']); // prettier-ignore
    await whmcs.deliverAll();
    const { page, complaints } = await open('clientssummary.php?userid=5');
    const panel = page.locator('.panel.sealtrail');
    await showFigures(page, 'clientssummary.php?userid=5', panel.locator('tbody tr'));
    const total = await count(`WHERE client_id = '5'`);
    expect(total).toBeGreaterThan(0);
    expect(await panel.locator('tbody tr').count()).toBe(Math.min(50, total));
    const sentence = await text(panel.locator('tbody a').first());
    await panel.locator('tbody a').first().click();
    expect(await text(frameOf(page).locator('main h1'))).toBe(sentence);
    await page.goto(`${admin}/clientssummary.php?userid=5`);
    await page.getByRole('link', { name: 'All entries of this client' }).click();
    expect(await text(frameOf(page).locator('.st-count'))).toContain(`of ${english(total)}`);
    expect(complaints).toEqual([]);
  });

  it.each([
    ['invoices.php?action=edit&id=123', 'Invoice 123'],
    ['supporttickets.php?action=view&id=31', 'Ticket 31'],
    ['clientsservices.php?userid=5&id=41', 'Service 41'],
    ['clientsdomains.php?userid=5&id=51', 'Domain 51'],
  ])('%s leads to its trail', async (where, chip) => {
    const { page, complaints } = await open(where);
    await page.locator('.sealtrail-link').click();
    expect(await text(frameOf(page).locator('.st-chip > span').first())).toContain(chip);
    expect(complaints).toEqual([]);
  });

  it('a role that may not open the module sees nothing of it', async () => {
    const visitor = await pages.open({ isStranger: true });
    const { page } = visitor;
    await signInAs(visitor, 'sam');
    for (const where of ['index.php', 'clientssummary.php?userid=5', 'invoices.php?action=edit&id=123'])
      await page.goto(`${admin}/${where}`).then(async () => expect(await page.locator('[class*=sealtrail]').count()).toBe(0)); // prettier-ignore
    for (const where of [ADDON, `${ADDON}&st=%2Fentries`, `${ADDON}&st=%2Fexport.csv`]) {
      const answer = await page.goto(`${admin}/${where}`);
      expect([answer?.status(), await page.locator('.st-table').count()]).toEqual([403, 0]);
    }
  });
});

describe('when something is wrong', () => {
  it('a sidecar that is down slows no page, and its own page says what to do', async () => {
    await forgetBanner();
    await site.halt();
    const { page } = await open('clientssummary.php?userid=5');
    const startedAt = Date.now();
    for (let visit = 0; visit < 5; visit += 1) await page.goto(`${admin}/clientssummary.php?userid=5`);
    // What would be slow is a wait for the sidecar on each of them.
    expect(Date.now() - startedAt).toBeLessThan(5 * 5_000);
    expect(await page.locator('.panel.sealtrail tbody').count()).toBe(0);
    await page.getByRole('link', { name: 'All entries of this client' }).click();
    const frame = frameOf(page);
    expect(await text(frame.locator('h1'))).toBe('The sidecar does not answer');
    expect(await text(frame.locator('main'))).toContain('Nothing is lost');
    await site.start();
    await page.reload();
    await frame.locator('.st-count').waitFor();
  });

  it('a broken chain is told on every page, until somebody looks', async () => {
    const { page } = await open('index.php');
    expect(await page.locator('.sealtrail-banner').count()).toBe(0);
    await site.db.raw('DROP TRIGGER entries_no_update');
    await site.db.raw(
      `UPDATE entries SET severity = CASE severity WHEN 'info' THEN 'notice' ELSE 'info' END WHERE seq = 3`,
    );
    await page.goto(`${admin}/${ADDON}&at=%2Fverify`);
    await frameOf(page).locator('main .st-actions button').click();
    await frameOf(page).locator('.st-verdict-broken').first().waitFor();
    await showFigures(page, 'configgeneral.php', page.locator('.sealtrail-banner'));
    expect(await text(page.locator('.sealtrail-banner'))).toContain('The chain is broken');
    await page.locator('.sealtrail-banner a').first().click();
    await frameOf(page).locator('.st-verdict-broken').first().waitFor();
  });
});
