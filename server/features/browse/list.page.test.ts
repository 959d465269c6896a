import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { readCsv } from '../../testing/read-csv';
import type { TestSite } from '../../testing/test-site';
import { signIn, startTestPages, type TestPages, type VisitorOptions } from '../../testing/visitor';

// What people do with the list: the built program with the demo month, in a real browser. Counted by SQL.

// Some go through a dozen pages and two people.

let pages: TestPages;
let site: TestSite;

beforeAll(async () => {
  pages = await startTestPages({ demo: true });
  ({ site } = pages);
});
afterAll(() => pages?.stop());
afterEach(async () => {
  await pages?.leave();
  for (const table of ['saved_views', 'person_preferences']) await site.db(table).delete();
});

const openAt = (where: string, options: VisitorOptions = {}) => pages.openAt(where, options);
const text = (locator: Locator) => locator.innerText().then((found) => found.trim());
async function seqsOf(page: Page): Promise<number[]> {
  // A click waits until there is a next page, not until it is whole.
  await page.waitForLoadState();
  return (await page.locator('tbody .st-col-seq').allTextContents()).map(Number);
}
const headers = (page: Page) => page.locator('th').allInnerTexts().then((all) => all.map((one) => one.trim())); // prettier-ignore

async function seqs(where: string): Promise<number[]> {
  const rows = await site.db.raw<{ seq: number }[]>(`SELECT seq FROM entries ${where} ORDER BY seq DESC`);
  return rows.map(({ seq }) => seq);
}

describe('filters', () => {
  it.each([[true], [false]])('take any of several values and "is not" (JavaScript %s)', async (javaScriptEnabled) => {
    const page = await openAt('/entries?range=all&per_page=100', { javaScriptEnabled });
    await page.click('#f-category');
    await page.check('input[name=category][value=domains]');
    await page.check('input[name=category][value=services]');
    await page.locator('.st-field-category').getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/category=/);
    expect(await seqsOf(page)).toEqual((await seqs(`WHERE category IN ('domains', 'services')`)).slice(0, 100));

    await page.click('#f-severity');
    await page.locator('.st-field-severity').getByLabel('is not').check();
    await page.check('input[name=severity][value=info]');
    await page.locator('.st-field-severity').getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/severity=/);
    const wanted = await seqs(`WHERE category IN ('domains', 'services') AND severity <> 'info'`);
    expect(await seqsOf(page)).toEqual(wanted.slice(0, 100));
    expect(await page.locator('.st-chip > span').allInnerTexts()).toEqual([
      'Category: Services',
      'Category: Domains',
      'Severity: not Info',
    ]);
    await page.getByRole('link', { name: 'Show only Info instead' }).click();
    await page.getByRole('link', { name: 'Exclude Info instead' }).waitFor();
    expect(await seqsOf(page)).toEqual((await seqs(`WHERE category IN ('domains', 'services') AND severity = 'info'`)).slice(0, 100)); // prettier-ignore
  });

  it('find an action by its words, and tick several', async () => {
    const page = await openAt('/entries?range=all');
    await page.click('.st-more summary');
    await page.click('#f-action');
    await page.locator('[data-find-action]').fill('invoice paid');
    const shown = page.locator('.st-field-action .st-pop-list label:visible');
    expect(await shown.allInnerTexts()).toContain('Invoice paid');
    expect(await shown.count()).toBeLessThan(20);
    await page.check('input[name=action][value="invoice.paid"]');
    await page.locator('#f-action-pattern').fill('domain.*');
    await page.locator('.st-field-action').getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/action=/);
    expect(await seqsOf(page)).toEqual((await seqs(`WHERE action = 'invoice.paid' OR action LIKE 'domain.%'`)).slice(0, 20)); // prettier-ignore
  });

  it('exclude a value of a row', async () => {
    const page = await openAt('/entries?category=clients&range=all');
    const cell = page.locator('tbody .st-col-actor', { hasText: 'jane.doe' }).first();
    await cell.hover();
    await cell.locator('.st-not').click();
    await page.waitForURL(/actor=/);
    const wanted = await seqs(`WHERE category = 'clients' AND NOT (actor_type = 'admin' AND actor_id = '1')`);
    expect(wanted.length).toBeGreaterThan(0);
    expect(await seqsOf(page)).toEqual(wanted.slice(0, 20));
  });

  it.each([[true], [false]])(
    'take what is ticked along when a period is chosen (JavaScript %s)',
    async (javaScriptEnabled) => {
      const page = await openAt('/entries?from=2020-01-01&to=2020-02-01', { javaScriptEnabled });
      await page.locator('#f-category').click();
      await page.getByLabel('Tickets', { exact: true }).check();
      await page.locator('#f-category').click();
      await page.locator('#f-period').click();
      await page.getByRole('button', { name: 'Everything' }).click();
      await page.waitForURL(/preset=all|range=all/);
      expect(await page.locator('.st-chip > span').allInnerTexts()).toEqual(['Category: Tickets']);
      expect(await seqsOf(page)).toEqual((await seqs(`WHERE category = 'tickets'`)).slice(0, 20));
    },
  );

  it('search 30 days at first, and everything by one click', async () => {
    const page = await openAt('/entries?per_page=100');
    expect(await text(page.locator('.st-chip').first())).toBe('Period: Last 30 days');
    await page.getByRole('link', { name: 'Show all time instead' }).click();
    await page.waitForURL(/range=all/);
    expect(await text(page.locator('.st-count'))).toContain((await seqs('')).length.toLocaleString('en'));
  });

  it('offer what leads to entries where there are none', async () => {
    const page = await openAt('/entries?q=nothinglikethis&category=domains&range=all');
    await page.getByRole('link', { name: 'Without Words: nothinglikethis' }).click();
    await page.locator('.st-row').first().waitFor();
    expect(await seqsOf(page)).toEqual((await seqs(`WHERE category = 'domains'`)).slice(0, 20));
  });

  it('stay when a day is jumped to, and both ways lead on from there', async () => {
    const day = new Date(Date.now() - 10 * 86_400_000).toISOString().slice(0, 10);
    const end = Date.parse(`${day}T00:00:00Z`) + 86_400_000;
    const page = await openAt('/entries?category=financial&range=all&sort=-occurred_at');
    await page.fill('#st-day', day);
    await page.getByRole('button', { name: 'Go', exact: true }).click();
    await page.waitForURL(/day=/);
    const times = await page.locator('tbody time').evaluateAll((all: { getAttribute(name: string): string | null }[]) => all.map((one) => Date.parse(one.getAttribute('datetime') ?? ''))); // prettier-ignore
    const rows = await site.db('entries').where({ category: 'financial' }).where('occurred_at', '<', end).orderBy([{ column: 'occurred_at', order: 'desc' }, { column: 'seq', order: 'desc' }]).limit(20).select<{ occurred_at: number }[]>('occurred_at'); // prettier-ignore
    expect(times).toEqual(rows.map((row) => row.occurred_at));
    const [later] = (await site.db('entries').where({ category: 'financial' }).where('occurred_at', '>=', end).count({ n: '*' })) as [{ n: number }]; // prettier-ignore
    expect(await text(page.locator('.st-count'))).toContain(`Showing ${later.n + 1}–${later.n + 20} of`);
    await page.getByRole('link', { name: 'Previous' }).click();
    await page.waitForURL(/cursor=/);
    expect(await text(page.locator('.st-count'))).toContain(`Showing ${later.n - 19}–${later.n} of`);
  });
});

describe('the view', () => {
  const open = (page: Page) => page.locator('[data-tool=columns] summary').click();

  it.each([[true], [false]])(
    'is remembered for one person, and told by the address (JavaScript %s)',
    async (javaScriptEnabled) => {
      const page = await openAt('/entries', { javaScriptEnabled });
      await open(page);
      for (const column of ['category', 'ip', 'chain']) await page.uncheck(`input[name=columns][value=${column}]`);
      await page.check('input[name=columns][value=reason]');
      await page.getByLabel('Compact').check();
      await page.getByRole('button', { name: 'Use from now on' }).click();
      await page.waitForURL(/columns=/);
      const chosen = ['No.', 'When', 'Severity', 'What happened', 'Action', 'Who', 'On what', 'Reason'];
      expect(await headers(page)).toEqual(chosen);
      await page.goto(`${site.url}/entries?category=clients`);
      expect(await headers(page)).toEqual(chosen);
      expect(await page.locator('.st-density-compact').count()).toBe(1);
      if (javaScriptEnabled) expect(page.url()).toContain('density=compact');

      // A colleague who likes it as it is sees what the address tells, and keeps what they like.
      const colleague = await pages.open({ isStranger: true });
      await signIn(site, colleague, 'wang.fang');
      await colleague.page.goto(
        new URL((await page.locator('[data-copy-link]').getAttribute('href')) ?? '', site.url).href,
      );
      expect(await headers(colleague.page)).toEqual(chosen);
      await colleague.page.goto(`${site.url}/entries`);
      expect(await headers(colleague.page)).toContain('Seal');
    },
  );

  it('can be tried once, and put back to what the program has', async () => {
    const page = await openAt('/entries?severity=notice');
    await open(page);
    await page.uncheck('input[name=columns][value=category]');
    await page.getByRole('button', { name: 'Only this time' }).click();
    await page.waitForURL(/columns=/);
    expect(page.url()).toContain('severity=notice');
    expect(await headers(page)).not.toContain('Category');
    await page.goto(`${site.url}/entries`);
    expect(await headers(page)).toContain('Category');
    expect(await site.db('person_preferences').count({ n: '*' })).toEqual([{ n: 0 }]);
  });
});

describe('saved views', () => {
  async function save(page: Page, name: string, share = false): Promise<void> {
    await page.locator('[data-tool=views] summary').click();
    await page.fill('#st-view-name', name);
    if (share) await page.check('[data-tool=views] input[name=shared]');
    await page.getByRole('button', { name: 'Save this view' }).click();
  }

  it.each([[true], [false]])(
    'bring the whole list back, and take changes (JavaScript %s)',
    async (javaScriptEnabled) => {
      const page = await openAt('/entries?category=tickets&range=7d&columns=time.what.hook&sort=occurred_at', { javaScriptEnabled }); // prettier-ignore
      await save(page, 'Tickets 發票');
      await page.waitForURL(/saved=/);
      await page.goto(`${site.url}/entries`);
      await page.locator('[data-tool=views] summary').click();
      await page.getByRole('link', { name: 'Tickets 發票' }).click();
      await page.waitForURL(/saved=/);
      expect(await headers(page)).toEqual(['When', 'What happened', 'Hook']);
      expect(await page.locator('.st-chip > span').allInnerTexts()).toEqual([
        'Category: Tickets',
        'Period: Last 7 days',
      ]);
      expect(await text(page.locator('[data-tool=views] summary'))).toBe('View: Tickets 發票');

      await page.getByRole('link', { name: 'Exclude Tickets instead' }).click();
      await page.waitForURL(/%21tickets/);
      expect(await text(page.locator('[data-tool=views] summary'))).toBe('View: Tickets 發票 (changed)');
      await page.locator('[data-tool=views] summary').click();
      await page.getByRole('button', { name: 'Save changes to “Tickets 發票”' }).click();
      await page.waitForLoadState();
      expect(await text(page.locator('[data-tool=views] summary'))).toBe('View: Tickets 發票');
    },
  );

  it('say what is wrong with a name, and keep what was typed', async () => {
    const page = await openAt('/entries?category=tickets');
    await save(page, 'Twice');
    await page.waitForURL(/saved=/);
    await page.goto(`${site.url}/entries?category=clients`);
    await save(page, 'Twice');
    await page.waitForURL(`${site.url}/views`);
    expect(await page.inputValue('#view-name')).toBe('Twice');
    expect(await text(page.locator('#view-problem'))).toBe('You already have a view of this name.');
    await page.fill('#view-name', 'Once more');
    await page.locator('form[action="/views"] button').click();
    await page.waitForURL(/category=clients.*saved=/);
  });

  it('open first, are renamed and deleted, and are shared with their owner’s name', async () => {
    const page = await openAt('/entries?category=tickets');
    await save(page, 'Tickets', true);
    await page.waitForURL(/saved=/);
    const colleague = await pages.open({ isStranger: true });
    await signIn(site, colleague, 'wang.fang');
    await colleague.page.goto(`${site.url}/views`);
    expect(await text(colleague.page.locator('.st-view-list li'))).toBe('Tickets by jane.doe');
    expect(await colleague.page.getByRole('button', { name: 'Delete' }).count()).toBe(0);

    await page.goto(`${site.url}/views`);
    await page.getByRole('button', { name: 'Open the log with it' }).click();
    await page.getByRole('button', { name: 'Do not open with it' }).waitFor();
    await page.goto(`${site.url}/entries`);
    expect(page.url()).toContain('category=tickets');
    await page.goto(`${site.url}/views`);
    await page.getByRole('textbox', { name: 'Name' }).fill('All tickets');
    await page.getByLabel('Share with everybody here').uncheck();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForLoadState();
    await colleague.page.reload();
    expect(await colleague.page.locator('.st-view-list li').count()).toBe(0);
    await page.getByRole('button', { name: 'Delete the view “All tickets”' }).click();
    await page.getByText('You have saved none yet').waitFor();
    await page.goto(`${site.url}/entries`);
    expect(page.url()).toBe(`${site.url}/entries`);
  });

  it('of another person are not there, whoever knows their number', async () => {
    const page = await openAt('/entries?category=tickets');
    await save(page, 'Private');
    await page.waitForURL(/saved=/);
    const id = new URL(page.url()).searchParams.get('saved') ?? '';
    const colleague = await pages.open({ isStranger: true });
    await signIn(site, colleague, 'wang.fang');
    await colleague.page.goto(`${site.url}/entries?saved=${id}`);
    expect(await text(colleague.page.locator('[data-tool=views] summary'))).toBe('Views');
    const token = await colleague.page.locator('input[name=_csrf]').first().inputValue();
    for (const [where, form] of [
      [`/views/${id}`, { name: 'Mine' }],
      [`/views/${id}/query`, { query: 'category=clients' }],
      [`/views/${id}/delete`, {}],
      ['/views/default', { id }],
    ] as const) {
      const post = (fields: Record<string, string>) =>
        colleague.context.request.post(`${site.url}${where}`, { form: { ...form, ...fields }, maxRedirects: 0 });
      expect([where, (await post({ _csrf: token })).status()]).toEqual([where, 404]);
      expect([where, (await post({})).status()]).toEqual([where, 403]);
    }
    expect(await site.db('saved_views').select('name', 'query')).toMatchObject([{ name: 'Private' }]);
  });
});

describe('rows', () => {
  it('are chosen by keys and opened by one', async () => {
    const page = await openAt('/entries?category=clients&range=all');
    for (const key of ['j', 'j', 'k', 'ArrowDown', 'x']) await page.keyboard.press(key);
    expect(await page.locator('.st-row-picked').count()).toBe(1);
    const second = page.locator('.st-row').nth(1);
    expect(await second.locator('.st-pick-box').isChecked()).toBe(true);
    expect(await text(page.locator('[data-pick-count]'))).toBe('Selected: 1');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open] .st-entry').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type('j?');
    expect(await page.inputValue('#f-q')).toBe('j?');
    await page.locator('.st-title h1').click();
    await page.keyboard.press('?');
    await page.locator('.st-keys[open]').waitFor();
  });

  it.each(['csv', 'json', 'ndjson'] as const)('are exported as %s, as they were selected', async (format) => {
    const page = await openAt('/entries?category=clients&range=all', { acceptDownloads: true });
    const all = await seqsOf(page);
    for (const at of [0, 3]) await page.locator('.st-row .st-pick-box').nth(at).check();
    await page.selectOption('#st-format', format);
    const downloading = page.waitForEvent('download');
    await page.locator('#st-pick button').click();
    const file = readFileSync(await (await downloading).path(), 'utf8');
    const found =
      format === 'csv'
        ? readCsv(file.replace('\ufeff', '')).slice(1).map(([seq]) => Number(seq))
        : (format === 'json' ? (JSON.parse(file) as { seq: number }[]) : file.trim().split('\n').map((line) => JSON.parse(line) as { seq: number })).map(({ seq }) => seq); // prettier-ignore
    expect(found).toEqual([all[3], all[0]]);
    const last = await site.db('entries').where({ action: 'audit.exported' }).orderBy('seq', 'desc').first<{ record: string }>(); // prettier-ignore
    expect(last?.record).toContain(format);
  });

  it('are exported all of them that match, and none when none is selected', async () => {
    const page = await openAt('/entries?category=tickets&range=all', { acceptDownloads: true });
    await page.locator('[data-pick-all]').check();
    expect(await page.locator('.st-row-picked').count()).toBe(20);
    await page.locator('[data-pick-all]').uncheck();
    await page.locator('#st-pick button').click();
    expect(await page.locator('[data-pick-nothing]').isVisible()).toBe(true);
    await page.selectOption('#st-what', 'all');
    const downloading = page.waitForEvent('download');
    await page.locator('#st-pick button').click();
    const rows = readCsv(readFileSync(await (await downloading).path(), 'utf8').replace('\ufeff', '')).slice(1);
    expect(rows.map(([seq]) => Number(seq))).toEqual(await seqs(`WHERE category = 'tickets'`));
  });

  it('can be selected and exported without JavaScript', async () => {
    const page = await openAt('/entries?category=tickets&range=all', { javaScriptEnabled: false });
    await page.getByRole('link', { name: 'Select all on this page' }).click();
    await page.locator('.st-row .st-pick-box:checked').first().waitFor();
    expect(await page.locator('.st-row .st-pick-box:checked').count()).toBe(20);
    const ticked = await seqsOf(page);
    const form = await page.locator('#st-pick').getAttribute('action');
    const answer = await page.context().request.get(`${site.url}${form}?format=ndjson&what=ticked&${ticked.map((seq) => `entries=${seq}`).join('&')}`); // prettier-ignore
    expect((await answer.text()).trim().split('\n')).toHaveLength(20);
  });

  it('that came in are announced, put above the others and marked, and the others keep their place', async () => {
    const { page } = await pages.open();
    await page.clock.install();
    await page.goto(`${site.url}/entries?category=financial&range=all`);
    const before = await seqsOf(page);
    const count = await text(page.locator('.st-count'));
    const sender = await site.pair();
    const events = [1, 2, 3].map((seq) => aHookItem({ id: uuidv7(), seq, hook: 'InvoicePaid' }));
    expect((await sender.send(events)).body.accepted).toBe(3);
    await page.clock.runFor(21_000);
    await page.getByRole('link', { name: '3 new' }).click();
    await page.locator('.st-row-new').first().waitFor();
    expect(await page.locator('.st-row-new').count()).toBe(3);
    expect((await seqsOf(page)).slice(3)).toEqual(before);
    const total = Number((/of ([\d,]+)/.exec(count)?.[1] ?? '').replaceAll(',', ''));
    expect(await text(page.locator('.st-count'))).toBe(`Showing 1–23 of ${(total + 3).toLocaleString('en')}`);
    expect(await text(page.locator('[data-news]'))).toBe('Refresh');
    // What was put in opens as the others do.
    await page.locator('.st-row-new .st-row-link').first().click();
    await page.locator('dialog[open] .st-entry').waitFor();
  });
});
