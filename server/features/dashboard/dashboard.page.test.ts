import type { Page } from 'playwright-core';
import { sideways, startTestPages, type TestPages, type VisitorOptions } from '../../testing/visitor';
import { until } from '../../testing/until';

// The built program with the demo month on SQLite, in a real browser. What a figure should be is counted by SQL.

const DAY_MS = 86_400_000;
/** Nepal: neither a whole nor a half hour from UTC, and no clock is changed there. */
const ZONE = { timeZone: 'Asia/Kathmandu', offset: 5.75 * 3_600_000 };

let pages: TestPages;

beforeAll(async () => {
  pages = await startTestPages({ demo: true });
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

/** The counters run behind the commits. */
const counted = () =>
  until('the counters hold every entry', async () =>
    /^sealtrail_activity_behind 0$/m.test(await (await fetch(`${pages.site.url}/metrics`)).text()),
  );
const openAt = (where: string, options: VisitorOptions = {}) => pages.openAt(where, options);
const numberIn = (text: string) => Number(text.replaceAll(',', ''));

async function count(where: string, ...values: readonly (string | number)[]): Promise<number> {
  const rows = await pages.site.db.raw<{ entries: number }[]>(`SELECT COUNT(*) AS entries FROM entries ${where}`, values); // prettier-ignore
  return rows[0]?.entries ?? -1;
}

/** A look during which no entry came, all of those before being counted: what the test before read is recorded behind its answers. */
async function quietly<T>(look: () => Promise<T>): Promise<T> {
  for (;;) {
    const before = await count('');
    await counted();
    const seen = await look();
    if ((await count('')) === before) return seen;
  }
}

/** "Showing 1–20 of 49" */
async function totalOf(page: Page): Promise<number> {
  return numberIn(/([\d,]+)$/.exec(await page.locator('.st-count').innerText())?.[1] ?? '');
}

/** Numbers of a table, row by row; the tables are folded away. */
async function figures(page: Page, section: string): Promise<number[][]> {
  await page.locator(`${section} .st-chart-table summary`).click();
  const rows = await page.locator(`${section} .st-chart-table tbody tr`).all();
  return Promise.all(rows.map(async (row) => (await row.locator('td').allInnerTexts()).map(numberIn)));
}

it('counts what the API and the entries count', async () => {
  const stats = await pages.site.api<{ total: number; critical: number; today: number }>('/stats');
  // What was recorded of asking for them, too.
  await counted();
  const page = await openAt('/', { timeZone: 'UTC' });
  const counters = (await page.locator('.st-counters strong').allInnerTexts()).map(numberIn);
  expect(counters).toEqual([stats.total, stats.critical, stats.today]);
  const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  expect(counters).toEqual([await count(''), await count(`WHERE severity = 'critical'`), await count('WHERE occurred_at >= ?', midnight)]); // prettier-ignore
});

it('draws the days of the reader’s zone, also of one that is no whole hour from UTC, and tells the same in a table', async () => {
  const today = Math.floor((Date.now() + ZONE.offset) / DAY_MS) * DAY_MS - ZONE.offset;
  const { rows, expected, columns } = await quietly(async () => {
    const page = await openAt('/?days=7', { timeZone: ZONE.timeZone });
    const days = [];
    for (let day = 6; day >= 0; day -= 1)
      days.push(await count('WHERE occurred_at >= ? AND occurred_at < ?', today - day * DAY_MS, today - (day - 1) * DAY_MS)); // prettier-ignore
    return { rows: await figures(page, '#activity'), expected: days, columns: await page.locator('#activity .dash-wide .dash-column').count() }; // prettier-ignore
  });
  expect(rows.map(([all]) => all)).toEqual(expected);
  expect(rows.map(([, ...parts]) => parts.reduce((sum, part) => sum + part, 0))).toEqual(expected);
  expect(columns).toBe(7);
});

it('leads from a figure to exactly these entries', async () => {
  const page = await openAt('/', { timeZone: ZONE.timeZone });
  await page.locator('#activity .st-chart-table summary').click();
  const link = page.locator('#activity .st-chart-table tbody tr').nth(20).locator('td a').nth(1);
  const figure = numberIn(await link.innerText());
  await link.click();
  expect(await totalOf(page)).toBe(figure);
});

it('leads from a bar of the picture to its day', async () => {
  const page = await openAt('/');
  const bar = page.locator('#activity .dash-wide a').nth(25);
  const entries = numberIn(/: ([\d,]+) entries$/.exec((await bar.locator('title').textContent()) ?? '')?.[1] ?? '');
  await bar.click();
  expect(await totalOf(page)).toBe(entries);
});

it('has each entry of the period in one hour of the week, and leads to the latest such hour', async () => {
  const heat = 'section[aria-labelledby=heat-title]';
  const { shown, rows, entries } = await quietly(async () => {
    const page = await openAt('/?days=90', { timeZone: ZONE.timeZone });
    return { shown: page, rows: await figures(page, heat), entries: await count('') };
  });
  expect(rows).toHaveLength(24);
  expect(rows.flat().reduce((sum, figure) => sum + figure, 0)).toBe(entries);
  await shown.locator(`${heat} td a`).first().click();
  expect(await totalOf(shown)).toBeGreaterThan(0);
});

it.each([
  ['actor', 7],
  ['target', 30],
] as const)('ranks each %s by the entries of %s days, and leads to them', async (side, days) => {
  const from = (Math.floor(Date.now() / DAY_MS) - days + 1) * DAY_MS;
  const { shown, ranked } = await quietly(async () => ({
    shown: await openAt(`/?top=${days}`),
    ranked: await pages.site.db.raw<{ entries: number }[]>(
      `SELECT COUNT(*) AS entries FROM entries WHERE occurred_at >= ? AND occurred_at < ? GROUP BY ${side}_type, ${side}_id ORDER BY entries DESC LIMIT 8`,
      [from, (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS],
    ),
  }));
  const table = shown.locator('#top .dash-ranking').nth(side === 'actor' ? 0 : 1);
  const ranking = (await table.locator('td.st-number').allInnerTexts()).map(numberIn);
  expect(ranking).toEqual(ranked.map(({ entries }) => entries));
  await table.locator('a').nth(1).click();
  expect(await totalOf(shown)).toBe(ranking[1]);
});

describe.each([
  ['wide', 1360, 'dash-wide', 'dash-narrow'],
  ['narrow', 390, 'dash-narrow', 'dash-wide'],
] as const)('on a %s screen', (_name, width, shown, hidden) => {
  it.each(['/', '/help', '/help/operating', '/changelog'])(
    '%s fits, without a complaint of the browser or a script',
    async (where) => {
      const { page, complaints } = await pages.open({ viewport: { width, height: 844 }, javaScriptEnabled: false });
      await page.goto(`${pages.site.url}${where}`);
      expect(complaints).toEqual([]);
      expect(await page.locator('h1').count()).toBe(1);
      if (where !== '/') return;
      expect(await page.locator(`.${shown}`).first().isVisible()).toBe(true);
      expect(await page.locator(`.${hidden}`).first().isVisible()).toBe(false);
    },
  );

  it('nothing goes sideways', async () => {
    for (const where of ['/', '/?days=90', '/help/operating', '/help/schema', '/changelog'])
      expect([where, await sideways(await openAt(where, { viewport: { width, height: 844 } }))]).toEqual([where, 0]);
  });
});

it('reads the shipped documents, from the quick start to a heading of one', async () => {
  const page = await openAt('/');
  await page.getByRole('link', { name: 'Back up, and restore' }).click();
  await page.waitForLoadState();
  expect(page.url()).toBe(`${pages.site.url}/help/operating#backup`);
  expect(await page.locator('h2#backup').isVisible()).toBe(true);
  await page.getByRole('link', { name: 'All documents' }).click();
  await page.getByRole('link', { name: 'Versions' }).click();
  expect(page.url()).toBe(`${pages.site.url}/changelog`);
});
