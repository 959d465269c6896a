import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { readCsv } from '../../testing/read-csv';
import type { TestSite } from '../../testing/test-site';
import { until } from '../../testing/until';
import {
  sideways,
  signIn,
  startTestPages,
  type TestPages,
  type Visitor,
  type VisitorOptions,
} from '../../testing/visitor';

// The built program with the demo month on SQLite, in a real browser. What a page should show is counted by SQL.

let pages: TestPages;
let site: TestSite;

beforeAll(async () => {
  pages = await startTestPages({ demo: true });
  ({ site } = pages);
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

const openAt = (where: string, options: VisitorOptions = {}) => pages.openAt(where, options);

async function count(where: string, ...values: readonly (string | number)[]): Promise<number> {
  return (await seqs(where, ...values)).length;
}

/** Newest first. */
async function seqs(where: string, ...values: readonly (string | number)[]): Promise<number[]> {
  const rows = await site.db.raw<{ seq: number }[]>(`SELECT e.seq FROM entries e ${where} ORDER BY e.seq DESC`, values);
  return rows.map((row) => row.seq);
}

const VALUES = 'JOIN entry_values v ON v.ledger_id = e.ledger_id AND v.seq = e.seq';
const rowsOf = (page: Page) => page.locator('.st-table tbody tr');
const linksOf = (page: Page) => page.locator('.st-row-link');
const chipsOf = (page: Page) => page.locator('.st-chip > span');
/** Goes where a link leads, until the whole page is there. */
const follow = async (page: Page, link: Locator) => {
  await Promise.all([page.waitForEvent('domcontentloaded'), link.click()]);
};
const text = (locator: Locator) => locator.innerText().then((found) => found.trim());
const english = (value: number) => value.toLocaleString('en');

function wordsOf(language: string, file: string): Record<string, unknown> {
  const where = path.join(__dirname, '..', '..', '..', 'locales', language, `${file}.json`);
  return JSON.parse(readFileSync(where, 'utf8')) as Record<string, unknown>;
}
const wordOf = (language: string, file: string, key: string): string =>
  key.split('.').reduce<unknown>((found, name) => (found as Record<string, unknown>)[name], wordsOf(language, file)) as string; // prettier-ignore

/** The number that "Showing 1–20 of 1,312" ends with, or 0. */
async function totalOf(page: Page): Promise<number> {
  const digits = /([\d,]+)$/.exec(await text(page.locator('.st-count')))?.[1];
  return digits === undefined ? 0 : Number(digits.replaceAll(',', ''));
}

async function attributesOf(locator: Locator, name: string): Promise<string[]> {
  return Promise.all((await locator.all()).map(async (one) => String(await one.getAttribute(name))));
}

async function hrefsOf(page: Page): Promise<string[]> {
  return attributesOf(linksOf(page), 'href');
}

describe('signing in', () => {
  it('works once with a link, and says so the second time', async () => {
    const { url } = await site.ask<{ url: string }>('login-link', '--name', 'wang.fang');
    const { page } = await pages.open({ isStranger: true });
    await page.goto(url);
    // Opening the link must not use it up: mail programs open links, too.
    await page.goto(url);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${site.url}/`);
    expect(await text(page.locator('.st-who'))).toContain('wang.fang');

    const late = await pages.open({ isStranger: true });
    const answer = await late.page.goto(url);
    expect(answer?.status()).toBe(403);
    expect(await text(late.page.locator('h1'))).toBe(wordOf('en', 'errors', 'title.bad_login_link'));
    await late.page.goto(site.url);
    expect(late.page.url()).toBe(`${site.url}/sign-in`);
  });

  it.each(['/', '/entries', '/entries?category=tickets', '/entries/1', '/verify', '/quarantine', '/export.csv'])(
    'comes before %s',
    async (where) => {
      const answer = await fetch(`${site.url}${where}`, { redirect: 'manual', headers: { accept: 'text/html' } });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/sign-in']);
    },
  );

  it('is told to a program as 401', async () => {
    const answer = await fetch(`${site.url}/entries`, { headers: { accept: 'application/json' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      401,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('ends by signing out', async () => {
    const visitor = await pages.open({ isStranger: true });
    await signIn(site, visitor);
    await visitor.page.locator('.st-who summary', { hasText: 'jane.doe' }).click();
    await visitor.page.getByRole('button', { name: 'Sign out' }).click();
    await visitor.page.waitForURL(`${site.url}/sign-in`);
    await visitor.page.goto(`${site.url}/entries`);
    expect(visitor.page.url()).toBe(`${site.url}/sign-in`);
  });
});

describe('the dashboard', () => {
  it('leads from a counter to exactly these entries', async () => {
    const page = await openAt('/');
    await page.locator('.st-counter-critical a').click();
    expect(await totalOf(page)).toBe(await count(`WHERE severity = 'critical'`));
  });

  it.each([
    ['severity', ['info', 'notice', 'warning', 'critical']],
    ['action', undefined],
    ['actor', undefined],
    ['category', undefined],
  ] as const)('sorts the latest entries by %s, both ways', async (column, ranks) => {
    const page = await openAt('/');
    const newest = (await hrefsOf(page)).sort();
    expect(newest).toHaveLength(10);
    const cells = async () => {
      const found = await page.locator(`#latest tbody .st-col-${column}`).allInnerTexts();
      return found.map((cell) => (ranks ? String(ranks.indexOf(cell.trim().toLowerCase() as never)) : cell.trim()));
    };
    const header = page.locator(`#latest th.st-col-${column}`);
    const order = new Intl.Collator('en', { numeric: true });
    const seen = new Set<string | null>();
    for (let click = 0; click < 2; click += 1) {
      await header.locator('a').click();
      await page.waitForLoadState();
      const direction = await header.getAttribute('aria-sort');
      seen.add(direction);
      const sorted = (await cells()).sort((a, b) => (direction === 'ascending' ? 1 : -1) * order.compare(a, b));
      expect(await cells()).toEqual(sorted);
      expect((await hrefsOf(page)).sort()).toEqual(newest);
    }
    expect([...seen].sort()).toEqual(['ascending', 'descending']);
  });
});

describe('the audit log', () => {
  it('shows the newest first and says how many there are', async () => {
    const page = await openAt('/entries?range=all');
    // That somebody reads is an entry itself, once in a quarter of an hour.
    await until('page and store agree', async () => {
      await page.reload();
      return (await text(page.locator('.st-count'))) === `Showing 1–20 of ${english(await count(''))}`;
    });
    expect(await rowsOf(page).count()).toBe(20);
    const newest = (await seqs('')).slice(0, 20);
    expect(await page.locator('tbody .st-col-seq').allTextContents()).toEqual(newest.map(String));
  });

  it.each([
    ['category', 'tickets', `WHERE category = 'tickets'`, '.st-col-category', 'Tickets'],
    ['severity', 'critical', `WHERE severity = 'critical'`, '.st-col-severity', 'Critical'],
  ])('is narrowed by %s', async (name, value, where, column, cell) => {
    const page = await openAt('/entries?range=all');
    await page.click(`#f-${name}`);
    await page.check(`input[name=${name}][value=${value}]`);
    await page.locator(`.st-field-${name}`).getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(new RegExp(`${name}=${value}`));
    expect(await totalOf(page)).toBe(await count(where));
    expect(
      new Set((await page.locator(`tbody ${column} a:not(.st-not)`).allInnerTexts()).map((one) => one.trim())),
    ).toEqual(new Set([cell]));
    expect(page.url()).toBe(`${site.url}/entries?view=default&${name}=${value}&range=all`);
  });

  it.each([
    ['actor', 'admin:2', `WHERE actor_type = 'admin' AND actor_id = '2'`],
    ['actor', 'gateway', `WHERE actor_type = 'gateway'`],
    ['target', 'client:101', `WHERE target_type = 'client' AND target_id = '101'`],
    ['target', 'ticket', `WHERE target_type = 'ticket'`],
  ])('is narrowed by %s %s', async (name, value, where) => {
    const page = await openAt('/entries?range=all');
    await page.fill(`#f-${name}`, value);
    await page.keyboard.press('Enter');
    await page.waitForURL(/view=default/);
    const wanted = await seqs(where);
    expect(wanted.length).toBeGreaterThan(0);
    expect(await totalOf(page)).toBe(wanted.length);
    expect(await page.locator('tbody .st-col-seq').allTextContents()).toEqual(wanted.slice(0, 20).map(String));
  });

  it.each([
    ['an English word', 'Goodwill', '%Goodwill refund%'],
    ['words in any order', 'refund goodwill', '%Goodwill refund%'],
    ['a Chinese word', '茶行', '%林氏茶行%'],
    ['a part of a Chinese sentence', '无法收信', '%邮箱无法收信%'],
    ['Traditional Chinese', '發票抬頭', '%發票抬頭要更改%'],
  ])('is searched for %s', async (_what, words, like) => {
    const where = `${VALUES} WHERE e.record LIKE ? OR v.subject_body LIKE ?`;
    const page = await openAt('/entries?range=all');
    await page.fill('#f-q', words);
    await page.keyboard.press('Enter');
    await page.waitForURL(/view=default/);
    const wanted = await seqs(where, like, like);
    expect(wanted.length).toBeGreaterThan(0);
    expect(await totalOf(page)).toBe(wanted.length);
    expect(await page.locator('tbody .st-col-seq').allTextContents()).toEqual(wanted.slice(0, 20).map(String));
  });

  it('takes days in the zone of the reader, both of them whole', async () => {
    const day = new Date(Date.now() - 10 * 86_400_000).toISOString().slice(0, 10);
    const start = Date.parse(`${day}T00:00:00+08:00`);
    const times = [start - 1, start, start + 86_400_000 - 1, start + 86_400_000];
    const sender = await site.pair();
    const events = times.map((time, at) =>
      aHookItem({
        id: uuidv7(),
        seq: at + 1,
        occurred_at: new Date(time).toISOString(),
        actor: { type: 'api', id: 'zone-probe', name: null, role: null, acting_as: null },
      }),
    );
    expect((await sender.send(events)).body.accepted).toBe(4);

    const page = await openAt('/entries?actor=api:zone-probe', { timeZone: 'Asia/Taipei' });
    await page.click('#f-period');
    await page.fill('#f-from', day);
    await page.fill('#f-to', day);
    await page.locator('.st-field-period').getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/from=/);
    const shown = await attributesOf(page.locator('tbody time'), 'datetime');
    expect(shown.map(Date.parse)).toEqual([times[2], times[1]]);
    expect(await totalOf(page)).toBe(2);
  });

  it('shows what narrows it, takes one value back and all of them', async () => {
    const page = await openAt('/entries?category=clients,domains&severity=notice&q=phonenumber&range=all');
    expect(await chipsOf(page).allInnerTexts()).toEqual([
      'Category: Clients',
      'Category: Domains',
      'Severity: Notice',
      'Words: phonenumber',
    ]);
    const [both, one] = [`category = 'clients' AND severity = 'notice'`, `category = 'clients'`];
    await page.getByRole('link', { name: 'Remove the filter “Category: Domains”' }).click();
    await page.getByRole('link', { name: 'Remove the filter “Words: phonenumber”' }).click();
    await page.waitForURL((url) => !url.search.includes('phonenumber'));
    expect(await totalOf(page)).toBe(await count(`WHERE ${both}`));
    await page.getByRole('link', { name: 'Remove the filter “Severity: Notice”' }).click();
    await page.waitForURL((url) => !url.search.includes('notice'));
    expect(await totalOf(page)).toBe(await count(`WHERE ${one}`));
    expect(await chipsOf(page).allInnerTexts()).toEqual(['Category: Clients']);
    await page.getByRole('link', { name: 'Clear all' }).click();
    await page.waitForURL(`${site.url}/entries?range=30d&view=default`);
    expect(await chipsOf(page).allInnerTexts()).toEqual(['Period: Last 30 days']);
  });

  it('filters by a value that is clicked', async () => {
    const page = await openAt('/entries?category=clients&range=all');
    await page.locator('tbody .st-col-actor a', { hasText: 'wang.fang' }).first().click();
    await page.waitForURL(/actor=/);
    expect(await chipsOf(page).allInnerTexts()).toEqual(['Category: Clients', 'Who: Admin 2']);
    expect(await totalOf(page)).toBe(await count(`WHERE category = 'clients' AND actor_type = 'admin' AND actor_id = '2'`)); // prettier-ignore
  });

  it('says which filter cannot be read, and searches nothing', async () => {
    const { page } = await pages.open();
    const answer = await page.goto(`${site.url}/entries?actor=bob`);
    expect(answer?.status()).toBe(400);
    expect(await page.inputValue('#f-actor')).toBe('bob');
    expect(await text(page.locator('#p-actor'))).toContain('admin:7');
    expect(await rowsOf(page).count()).toBe(0);
  });

  it('says what was searched when nothing is found', async () => {
    const page = await openAt('/entries?q=nothinglikethis');
    expect(await text(page.locator('.st-count'))).toBe('No entries');
    expect(await text(page.locator('.st-nothing h2'))).toBe(
      'Nothing found for Words: nothinglikethis, Period: Last 30 days',
    );
  });

  it('turns pages by place, so that new entries move nothing', async () => {
    const page = await openAt('/entries?category=financial&range=all');
    const all = await seqs(`WHERE category = 'financial'`);
    const shown = () => page.locator('tbody .st-col-seq').allTextContents();
    const first = await shown();
    expect(first).toEqual(all.slice(0, 20).map(String));
    expect(await page.getByRole('link', { name: 'Previous' }).count()).toBe(0);

    const sender = await site.pair();
    expect((await sender.send([aHookItem({ id: uuidv7(), hook: 'InvoicePaid' })])).body.accepted).toBe(1);

    await follow(page, page.getByRole('link', { name: 'Next' }));
    expect(page.url()).toContain('cursor=');
    expect(await shown()).toEqual(all.slice(20, 40).map(String));
    expect(await text(page.locator('.st-count'))).toBe(`Showing 21–40 of ${english(all.length + 1)}`);
    await follow(page, page.getByRole('link', { name: 'Next' }));
    expect(await shown()).toEqual(all.slice(40, 60).map(String));
    await follow(page, page.getByRole('link', { name: 'Previous' }));
    expect(await shown()).toEqual(all.slice(20, 40).map(String));
    await follow(page, page.getByRole('link', { name: 'First page' }));
    expect((await shown()).slice(1)).toEqual(all.slice(0, 19).map(String));
  });

  it('reaches the last page', async () => {
    const page = await openAt('/entries?category=tickets&per_page=100&range=all');
    const all = await seqs(`WHERE category = 'tickets'`);
    const shown: string[] = [];
    for (;;) {
      shown.push(...(await page.locator('tbody .st-col-seq').allTextContents()));
      const next = page.getByRole('link', { name: 'Next' });
      if ((await next.count()) === 0) break;
      await follow(page, next);
    }
    expect(shown).toEqual(all.map(String));
    expect(all.length).toBeGreaterThan(100);
  });

  it.each([50, 100])('shows %d on a page when asked, and keeps the filter', async (size) => {
    const page = await openAt('/entries?category=financial&range=all');
    await page.locator('.st-sizes a', { hasText: new RegExp(`^${size}$`) }).click();
    await page.waitForURL(`**per_page=${size}`);
    expect(await rowsOf(page).count()).toBe(size);
    const total = await count(`WHERE category = 'financial'`);
    expect(await text(page.locator('.st-count'))).toBe(`Showing 1–${size} of ${english(total)}`);
  });

  it('tells times relative to now, and exactly in UTC on hover', async () => {
    const page = await openAt('/entries?action=admin.role_changed', { timeZone: 'Asia/Taipei' });
    const time = page.locator('tbody time').first();
    const [row] = (await site.db('entries').where({ action: 'admin.role_changed' }).select('occurred_at')) as [{ occurred_at: number }]; // prettier-ignore
    const iso = new Date(row.occurred_at).toISOString();
    expect(await time.getAttribute('title')).toBe(`${iso.slice(0, 10)} ${iso.slice(11, 23)} UTC`);
    // Days of the calendar in Taipei, which is eight hours ahead.
    const dayAt = (ms: number) => Math.floor((ms + 8 * 3_600_000) / 86_400_000);
    const days = dayAt(Date.now()) - dayAt(row.occurred_at);
    const weekday = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'][dayAt(row.occurred_at) % 7];
    expect(await text(time)).toBe(days <= 13 ? `${weekday}, ${days} days ago` : `${days} days ago`);
  });

  it('sorts by time, both ways', async () => {
    const page = await openAt('/entries?range=all');
    const times = () => attributesOf(page.locator('tbody time'), 'datetime');
    await follow(page, page.locator('th.st-col-time a'));
    await page.locator('th.st-col-time[aria-sort=descending]').waitFor();
    expect(await times()).toEqual((await times()).sort().reverse());
    await follow(page, page.locator('th.st-col-time a'));
    await page.locator('th.st-col-time[aria-sort=ascending]').waitFor();
    expect(await times()).toEqual((await times()).sort());
    const [oldest] = await site.db.raw<{ at: number }[]>('SELECT MIN(occurred_at) AS at FROM entries');
    expect((await times())[0]).toBe(new Date(oldest?.at ?? 0).toISOString());
  });
});

describe('an entry', () => {
  const drawer = (page: Page) => page.locator('dialog[open] .st-entry');

  it('opens in a drawer over the list, which keeps its place', async () => {
    const page = await openAt('/entries?category=clients');
    const [first = '', second = ''] = await hrefsOf(page);
    const sentences = await linksOf(page).allInnerTexts();
    // The whole row reacts, not the link alone.
    await rowsOf(page)
      .first()
      .locator('.st-col-severity')
      .click({ position: { x: 2, y: 2 }, force: true });
    await drawer(page).waitFor();
    expect(page.url()).toBe(`${site.url}${first}`);
    expect(await text(drawer(page).locator('h1'))).toBe(sentences[0]);

    await page.keyboard.press('ArrowRight');
    await page.waitForURL(`${site.url}${second}`);
    await drawer(page)
      .locator('h1', { hasText: sentences[1] ?? '' })
      .waitFor();
    expect(await page.locator('.st-row-selected').count()).toBe(1);
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(`${site.url}${first}`);
    await page.locator('[data-drawer-next]').click();
    await page.waitForURL(`${site.url}${second}`);

    await page.keyboard.press('Escape');
    await page.waitForURL(`${site.url}/entries?category=clients`);
    expect(await page.locator('dialog[open]').count()).toBe(0);
    expect(await hrefsOf(page)).toHaveLength(20);
  });

  it('goes on beyond the end of the page, and back to the row', async () => {
    const page = await openAt('/entries?category=clients');
    const last = (await hrefsOf(page)).at(-1) ?? '';
    await linksOf(page).last().click();
    await drawer(page).waitFor();
    expect(page.url()).toBe(`${site.url}${last}`);
    const beyond = await drawer(page).locator('a[rel=next]').getAttribute('href');
    await page.locator('[data-drawer-next]').click();
    await page.waitForURL(`${site.url}${beyond}`);
    // Focus stays on the button that was pressed, and what is shown is said aloud.
    expect(await page.evaluate(`document.activeElement.matches('[data-drawer-next]')`)).toBe(true);
    const sentence = await text(drawer(page).locator('h1'));
    expect(await page.locator('[data-drawer-status]').textContent()).toContain(sentence);
    expect(await page.locator('dialog[open]').getAttribute('aria-label')).toBe(sentence);
    await page.locator('[data-drawer-previous]').click();
    await page.waitForURL(`${site.url}${last}`);
    await drawer(page).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect(await page.evaluate(`document.activeElement.getAttribute('href')`)).toBe(last);
  });

  it('opens a related one in the same drawer, and comes back', async () => {
    const page = await openAt('/entries?category=domains');
    await linksOf(page).first().click();
    await drawer(page).waitFor();
    const address = page.url();
    const related = drawer(page).locator('.st-related-group a[data-drawer-open]').first();
    const sentence = await text(related);
    await related.click();
    await drawer(page).locator('h1', { hasText: sentence }).waitFor();
    expect(page.url()).not.toBe(address);
    await page.goBack();
    await page.waitForURL(address);
    await drawer(page).waitFor();
  });

  it('takes the address of the entry alone to the clipboard', async () => {
    const { context, page } = await pages.open();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${site.url}/entries?category=clients`);
    await linksOf(page).first().click();
    await drawer(page).waitFor();
    await drawer(page).locator('[data-copy-address]').click();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(page.url().startsWith(`${copied}?list=`)).toBe(true);
  });

  it('as a page keeps to the list by its links and by the arrow keys, also without JavaScript', async () => {
    const list = await openAt('/entries?category=clients');
    const [first = '', second = ''] = await hrefsOf(list);
    const page = await openAt(first);
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(`${site.url}${second}`);
    const plain = await openAt(second, { javaScriptEnabled: false });
    expect(await plain.locator('a[rel=prev]').getAttribute('href')).toBe(first);
    await follow(plain, plain.locator('.st-back a'));
    // The place in a row's link is the whole list, also where its address was short.
    expect(plain.url()).toBe(`${site.url}/entries?category=clients&range=30d&view=default`);
  });

  it('gives its proof as a file', async () => {
    const page = await openAt('/entries/2', { acceptDownloads: true });
    const downloading = page.waitForEvent('download');
    await page.locator('a[href$="/proof"]').click();
    expect((await downloading).suggestedFilename()).toBe('sealtrail-default-2.tlog-proof');
  });

  it('prints alone when its drawer is open', async () => {
    const page = await openAt('/entries?category=clients');
    await linksOf(page).first().click();
    await drawer(page).waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await drawer(page).locator('h1').isVisible()).toBe(true);
    expect(await page.locator('.st-table').isVisible()).toBe(false);
    expect(await page.locator('.st-drawer-bar').isVisible()).toBe(false);
  });

  it('follows the back and forward buttons', async () => {
    const page = await openAt('/entries?category=clients');
    const [first = ''] = await hrefsOf(page);
    await linksOf(page).first().click();
    await drawer(page).waitFor();
    await page.goBack();
    await drawer(page).waitFor({ state: 'detached' });
    expect(page.url()).toBe(`${site.url}/entries?category=clients`);
    await page.goForward();
    await drawer(page).waitFor();
    expect(page.url()).toBe(`${site.url}${first}`);
  });

  it('has an address of its own', async () => {
    const list = await openAt('/entries?category=clients');
    const [first = ''] = await hrefsOf(list);
    await linksOf(list).first().click();
    await drawer(list).waitFor();
    const sentence = await text(drawer(list).locator('h1'));

    const page = await openAt(first);
    expect(await page.locator('dialog[open]').count()).toBe(0);
    expect(await text(page.locator('main h1'))).toBe(sentence);
    await page.goto(`${site.url}/entries/999999999`);
    expect(await text(page.locator('h1'))).toBe(wordOf('en', 'errors', 'title.entry_not_found'));
  });

  it('is a page of its own without JavaScript', async () => {
    const page = await openAt('/entries?category=clients', { javaScriptEnabled: false });
    const [first = ''] = await hrefsOf(page);
    const sentence = await text(linksOf(page).first());
    await linksOf(page).first().click();
    await page.waitForLoadState();
    expect(page.url()).toBe(`${site.url}${first}`);
    expect(await text(page.locator('main h1'))).toBe(sentence);
    expect(await page.locator('.st-payload').isVisible()).toBe(true);
  });

  it('tells before and after, who, from where, the payload and its seal', async () => {
    const [row] = (await site.db('entries').where({ action: 'client.email_changed' }).select('id', 'hash')) as [{ id: string; hash: string }]; // prettier-ignore
    const page = await openAt(`/entries/${row.id}`);
    const change = page.locator('.st-changes tbody tr');
    expect(await text(change.locator('th'))).toBe('email');
    expect(await text(change.locator('td').nth(0))).toContain('mei.lin');
    expect(await text(change.locator('td').nth(1))).toContain('accounts');
    const facts = await page.locator('.st-entry dl').allInnerTexts();
    expect(facts.join('\n')).toMatch(/wang\.fang[\s\S]*Sales Operator[\s\S]*198\.51\.100\.8/);
    const payload = JSON.parse(await page.locator('.st-payload').innerText()) as { email: string; olddata: object };
    expect([payload.email, payload.olddata]).toMatchObject([
      'accounts@lin-tea.example',
      { email: 'mei.lin@example.tw' },
    ]);
    expect(await page.locator(`code[title="${row.hash}"]`).count()).toBe(1);
  });
});

describe('the timeline', () => {
  it('is reached from an entry, and tells who changed the nameservers from what to what', async () => {
    const page = await openAt('/entries?action=domain.nameservers_changed');
    await linksOf(page).first().click();
    const entry = page.locator('dialog[open] .st-entry');
    await entry.waitFor();
    const before = await text(entry.locator('.st-changes td').first());
    await entry.locator('.st-fact-timeline[href*="target"]').click();
    await page.waitForURL(/\/timeline\?target=/);
    const newest = page.locator('.st-timeline-day > ol > li').filter({ has: page.locator('.st-timeline-changes') }).first(); // prettier-ignore
    expect(await text(newest.locator('.st-timeline-changes'))).toContain(before);
    expect(await text(page.locator('.st-state'))).toContain('ns1');
    expect(await page.locator('.st-gap').count()).toBe(0);
  });

  it('opens an entry in the drawer, and keeps its place', async () => {
    const page = await openAt('/timeline?client=101&category=tickets&order=oldest');
    const address = page.url();
    await page.locator('.st-row-link').first().click();
    await page.locator('dialog[open] .st-entry').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    await page.waitForURL(address);
    expect(await sideways(page)).toBe(0);
  });

  it('tells the state of a moment that is chosen, without JavaScript', async () => {
    const page = await openAt('/timeline?target=client:101', { javaScriptEnabled: false });
    await page.locator('#f-at').fill('2020-01-01T10:00:00');
    await page.locator('.st-state form button').click();
    expect(page.url()).toContain('at=2020-01-01T10%3A00');
    expect(await text(page.locator('.st-state h2'))).toContain('2020');
    expect(await text(page.locator('.st-state tbody'))).toContain('mei.lin@example.tw');
  });

  it('fits a phone', async () => {
    for (const where of [
      '/timeline',
      '/timeline?client=101',
      '/timeline?actor=admin:1',
      '/timeline?target=domain:3101',
    ]) {
      const page = await openAt(where, { viewport: { width: 390, height: 844 }, language: 'zh-TW' });
      expect([where, await sideways(page)]).toEqual([where, 0]);
    }
  });
});

describe('the export', () => {
  it.each([
    ['en', 'category=tickets&severity=info', `WHERE category = 'tickets' AND severity = 'info'`],
    ['zh-TW', 'q=茶行', `${VALUES} WHERE e.record LIKE '%林氏茶行%' OR v.subject_body LIKE '%林氏茶行%'`],
  ])('in %s holds exactly what the filter %s shows', async (language, query, where) => {
    const page = await openAt(`/entries?${query}&range=all`, { language, acceptDownloads: true });
    const downloading = page.waitForEvent('download');
    await page.locator('.st-actions a[href*="export.csv"]').click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^sealtrail-audit-\d{4}-\d\d-\d\d-\d{4}\.csv$/);

    const bytes = readFileSync(await download.path());
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [header = [], ...rows] = readCsv(bytes.subarray(3).toString('utf8'));
    expect([...header].sort()).toEqual(Object.values(wordsOf(language, 'export')).sort());
    expect(header[0]).toBe(wordOf(language, 'export', 'seq'));
    expect(rows.map(([seq]) => Number(seq))).toEqual(await seqs(where));
  });

  it('is itself recorded, with the filter', async () => {
    const { context } = await pages.open();
    await context.request.get(`${site.url}/export.csv?category=domains`);
    const page = await openAt('/entries?action=audit.exported');
    await linksOf(page).first().click();
    const payload = page.locator('dialog .st-payload');
    expect(JSON.parse(await payload.innerText())).toEqual({ format: 'csv', filter: { category: 'domains' } });
  });
});

describe.each(['zh-CN', 'zh-TW', 'en'] as const)('in %s', (language) => {
  const names = { en: 'English', 'zh-CN': '简体中文', 'zh-TW': '繁體中文' };

  async function choose(page: Page, name: string): Promise<void> {
    await page.locator('.st-menu-preferences summary').click();
    await page.selectOption('#st-language', { label: name });
    await page.locator('.st-menu-preferences button[type=submit]').click();
  }

  it('stays what was chosen, on the same page, after a reload and a new sign-in', async () => {
    // A browser that asks for another language than the one chosen.
    const visitor = await pages.open({ locale: language === 'en' ? 'zh-CN' : 'en-US' });
    const { page } = visitor;
    await page.goto(`${site.url}/entries?category=tickets`);
    expect(await page.locator('html').getAttribute('lang')).not.toBe(language);
    await choose(page, names[language]);
    expect(page.url()).toBe(`${site.url}/entries?category=tickets`);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    await page.reload();
    expect(await text(page.locator('h1'))).toBe(wordOf(language, 'browse', 'log_title'));
    await visitor.context.clearCookies({ name: 'sealtrail_session' });
    await signIn(site, visitor);
    expect(await text(page.locator('h1'))).toBe(wordOf(language, 'browse', 'dashboard_title'));
  });

  it('says categories, severities and actions in the language, and leaves field names alone', async () => {
    const page = await openAt('/entries?action=client.email_changed', { language });
    expect(await text(rowsOf(page).first().locator('.st-col-category'))).toBe(wordOf(language, 'terms', 'category.clients')); // prettier-ignore
    expect(await text(rowsOf(page).first().locator('.st-col-severity'))).toBe(wordOf(language, 'terms', 'severity.warning')); // prettier-ignore
    const label = wordOf(language, 'actions', 'client.email_changed');
    expect(await rowsOf(page).first().locator('.st-col-action .st-filter-link').getAttribute('title')).toContain(label);
    await linksOf(page).first().click();
    const entry = page.locator('dialog .st-entry');
    expect(await text(entry.locator('.st-changes tbody th'))).toBe('email');
    const payload = JSON.parse(await entry.locator('.st-payload').innerText()) as object;
    expect(Object.keys(payload)).toEqual(expect.arrayContaining(['userid', 'firstname', 'companyname', 'email', 'olddata'])); // prettier-ignore
  });

  it('fits a phone on every page', async () => {
    const page = await openAt('/', { language, viewport: { width: 390, height: 844 } });
    for (const where of PAGES) {
      await page.goto(`${site.url}${where}`);
      expect([where, await sideways(page)]).toEqual([where, 0]);
    }
    await page.goto(`${site.url}/entries?category=clients`);
    await linksOf(page).first().click();
    await page.locator('dialog .st-entry').waitFor();
    expect(await sideways(page)).toBe(0);
  });
});

const PAGES = [
  '/',
  '/?sort=severity',
  '/entries',
  '/entries?q=茶行&from=2026-01-01',
  '/entries?q=nothinglikethis',
  '/entries?actor=bob',
  '/entries/2',
  '/entries/999999999',
  '/verify',
  '/quarantine',
  '/nowhere',
];

describe('the time zone', () => {
  it('is chosen once and used on every page, always named', async () => {
    const page = await openAt('/entries?action=admin.role_changed');
    await page.locator('.st-menu-preferences summary').click();
    await page.selectOption('#st-zone', 'Asia/Taipei');
    await page.locator('.st-menu-preferences button[type=submit]').click();
    expect(page.url()).toBe(`${site.url}/entries?action=admin.role_changed`);
    expect(await text(page.locator('.st-title p').first())).toContain('Asia/Taipei');

    const utc = String(await page.locator('tbody time').first().getAttribute('datetime'));
    const local = new Date(Date.parse(utc) + 8 * 3_600_000).toISOString();
    await linksOf(page).first().click();
    const shown = await text(page.locator('dialog .st-entry header time'));
    expect(shown).toContain(`${local.slice(11, 19)} (Asia/Taipei)`);
    await page.goto(site.url);
    expect(await text(page.locator('.st-title p').first())).toContain('days in Asia/Taipei');
  });

  it('can be taken from the device', async () => {
    const page = await openAt('/entries', { timezoneId: 'America/Toronto' });
    await page.locator('.st-menu-preferences summary').click();
    await page.locator('[data-use-browser-zone]').click();
    await page.waitForLoadState();
    expect(await text(page.locator('.st-menu-preferences summary'))).toContain('America/Toronto');
  });
});

describe('without JavaScript', () => {
  it('everything can be read, filtered, sorted, verified and set', async () => {
    const page = await openAt('/', { javaScriptEnabled: false });
    for (const where of PAGES) {
      await page.goto(`${site.url}${where}`);
      expect(await text(page.locator('h1').first())).not.toBe('');
      // Buttons that need a script are not offered.
      expect(await page.locator('button.st-copy:visible, [data-use-browser-zone]:visible').count()).toBe(0);
    }
    await page.goto(site.url);
    await page.locator('#latest th.st-col-severity a').click();
    expect(await page.locator('#latest th.st-col-severity').getAttribute('aria-sort')).toBe('descending');

    await page.goto(`${site.url}/entries?range=all`);
    await page.click('#f-category');
    await page.check('input[name=category][value=domains]');
    await page.locator('.st-field-category').getByRole('button', { name: 'Apply' }).click();
    expect(await totalOf(page)).toBe(await count(`WHERE category = 'domains'`));
    await page.locator('.st-menu-preferences summary').click();
    await page.selectOption('#st-language', 'zh-TW');
    await page.locator('.st-menu-preferences button[type=submit]').click();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-TW');

    await page.goto(`${site.url}/verify`);
    await page.locator('.st-actions button').click();
    expect(await text(page.locator('.st-verdict-word'))).toBe(wordOf('zh-TW', 'terms', 'verdict.intact'));
  });
});

describe('forms', () => {
  const fields = { language: 'zh-TW', return_to: '/' };
  let token: string;
  let visitor: Visitor;

  beforeEach(async () => {
    visitor = await pages.open();
    await visitor.page.goto(`${site.url}/verify`);
    token = await visitor.page.locator('input[name=_csrf]').first().inputValue();
  });

  function post(where: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    return visitor.context.request.post(`${site.url}${where}`, { form, headers, maxRedirects: 0 });
  }

  it.each(['/preferences', '/verify'])('%s is taken with the token of our own page', async (where) => {
    const own = { origin: site.url, 'sec-fetch-site': 'same-origin' };
    expect((await post(where, { ...fields, _csrf: token }, own)).status()).toBe(303);
  });

  it.each(['/preferences', '/verify', '/sign-out'])('%s is refused when it comes from elsewhere', async (where) => {
    const good = { ...fields, _csrf: token };
    const refused = [
      await post(where, fields),
      await post(where, { ...fields, _csrf: `${token}x` }),
      await post(where, good, { origin: 'https://evil.example' }),
      await post(where, good, { origin: 'null' }),
      await post(where, good, { 'sec-fetch-site': 'cross-site' }),
      await post(where, good, { 'sec-fetch-site': 'same-site', origin: site.url }),
    ];
    expect(refused.map((answer) => answer.status())).toEqual([403, 403, 403, 403, 403, 403]);
    expect(refused.map((answer) => answer.headers()['set-cookie']).join()).not.toContain('sealtrail_lang');
    expect((await visitor.context.request.get(`${site.url}/`)).url()).toBe(`${site.url}/`);
  });

  it('lead back to our own pages only', async () => {
    const answer = await post('/preferences', { ...fields, return_to: '//evil.example', _csrf: token });
    expect([answer.status(), answer.headers()['location']]).toEqual([303, '/']);
  });
});

describe('every page', () => {
  it('forbids inline code and gives the browser nothing to complain about', async () => {
    const visitor = await pages.open();
    const { page, complaints } = visitor;
    for (const where of PAGES) {
      const answer = await page.goto(`${site.url}${where}`, { waitUntil: 'load' });
      const policy = answer?.headers()['content-security-policy'] ?? '';
      expect(policy.split(';').map((part) => part.trim())).toEqual(
        expect.arrayContaining([`default-src 'none'`, `script-src 'self'`, `style-src 'self'`, `base-uri 'none'`]),
      );
      expect(policy).not.toContain('unsafe');
      expect(answer?.headers()['cache-control']).toBe('no-store');
    }
    await page.goto(`${site.url}/entries?category=clients`);
    await linksOf(page).first().click();
    await page.locator('dialog .st-entry').waitFor();
    // Pages that are errors themselves are told on the console; nothing else may be.
    const wanted = complaints.filter((one) => /status of (400|404)/.test(one));
    expect(wanted).toHaveLength(3);
    expect(complaints.filter((one) => !wanted.includes(one))).toEqual([]);
  });

  it('would complain of inline code', async () => {
    const visitor = await pages.open();
    await visitor.page.goto(site.url);
    const complaint = visitor.page.waitForEvent('console', (message) => /inline/i.test(message.text()));
    await visitor.page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<b onclick="window.pwned = 1">x</b>')`);
    await visitor.page.evaluate(`document.body.lastElementChild.click()`);
    await complaint;
    expect(await visitor.page.evaluate('window.pwned')).toBeUndefined();
  });
});
