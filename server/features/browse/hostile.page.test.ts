import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { readCsv } from '../../testing/read-csv';
import { hostileItem } from '../../testing/hostile-item';
import { sideways, startTestPages, type TestPages } from '../../testing/visitor';

const MARKUP = `"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script><svg onload=window.pwned=1>'</bdi></td>`;
const FORMULA = `=HYPERLINK("http://evil.example","click")`;
const TEMPLATE = '<%= 7*7 %>{{actor}}$t(errors:not_found)';
const LONG = 'W'.repeat(3_000);
const RIGHT_TO_LEFT = 'safe\u202Egpj.exe';

let pages: TestPages;

beforeAll(async () => {
  pages = await startTestPages();
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

it('a first run tells the three steps, and notices the first event by itself', async () => {
  const page = await pages.openAt('/');
  expect(await page.locator('.st-first-run li').count()).toBe(3);
  expect(await page.locator('.st-first-run .st-command code').first().innerText()).toContain('hooks-bridge/modules');
  const sender = await pages.site.pair();
  await sender.send([aHookItem({ id: uuidv7() })]);
  await page.locator('.st-first-run').waitFor({ state: 'detached' });
  await page.locator('#latest').getByText('Invoice #123 was paid').first().waitFor();
});

it.each([
  ['markup', MARKUP],
  ['a formula', FORMULA],
  ['a template', TEMPLATE],
  ['a text without an end', LONG],
  ['text that turns the reading direction', RIGHT_TO_LEFT],
])('%s in every field is shown as text, on every page, and fits a phone', async (_what, value) => {
  const sender = await pages.site.pair();
  const { body } = await sender.send([hostileItem(value), { ...hostileItem(value), hook: value }]);
  expect([body.accepted, body.quarantined]).toEqual([1, 1]);
  const seq = body.receipts[0]?.seq ?? 0;

  const { page, complaints } = await pages.open({ viewport: { width: 390, height: 844 } });
  for (const where of [
    '/',
    '/entries',
    `/entries/${seq}`,
    `/timeline?target=ticket:7`,
    `/timeline?actor=${encodeURIComponent(`admin:${value.slice(0, 180).replaceAll(',', ';')}`)}`,
    '/quarantine',
    `/entries?q=${encodeURIComponent(value.slice(0, 150))}`,
  ]) {
    await page.goto(`${pages.site.url}${where}`);
    expect([where, await sideways(page)]).toEqual([where, 0]);
    expect([
      where,
      await page.locator('main img, main script:not([src^="/assets/"]), main svg[onload], main b').count(),
    ]).toEqual([where, 0]);
  }
  await page.goto(`${pages.site.url}/entries?hook=TicketOpen&range=all`);
  await page.locator('.st-row-link').first().click();
  const entry = page.locator('dialog .st-entry');
  await entry.waitFor();
  const payload = JSON.parse(
    (await entry.locator('.st-payload').innerText()).replaceAll('⟨U+202E⟩', '\u202E'),
  ) as object;
  expect(payload).toMatchObject({ subject: value, message: value });
  expect(await sideways(page)).toBe(0);
  // What cannot be seen but changes what is read is written out.
  expect(await page.locator('body').innerText()).not.toContain('\u202E');
  expect(await page.evaluate('window.pwned')).toBeUndefined();
  expect(complaints).toEqual([]);
});

it('a formula does not reach a spreadsheet as one, in no column', async () => {
  const { context } = await pages.open();
  const answer = await context.request.get(`${pages.site.url}/export.csv?hook=TicketOpen`);
  const rows = readCsv((await answer.text()).replace(/^\uFEFF/, ''));
  const cells = rows.flat();
  expect(cells.filter((cell) => /^[\s]*[=+\-@]/.test(cell))).toEqual([]);
  expect(cells.filter((cell) => cell === `'${FORMULA}`).length).toBeGreaterThan(2);
});

it('the quarantine says how much there is and turns its pages', async () => {
  const sender = await pages.site.pair();
  const before = (await pages.site.api<{ quarantined: number }>('/stats')).quarantined;
  const events = Array.from({ length: 60 }, (_, at) => ({ ...aHookItem({ id: uuidv7() }), hook: `NoSuchHook${at}` }));
  expect((await sender.send(events)).body.quarantined).toBe(60);

  const page = await pages.openAt('/quarantine');
  expect(await page.locator('.st-count').innerText()).toBe(`Showing 1–50 of ${before + 60}`);
  await page.getByRole('link', { name: 'Next' }).click();
  expect(await page.locator('.st-count').innerText()).toBe(`Showing 51–${before + 60} of ${before + 60}`);
  expect(await page.locator('.st-quarantine > li').first().innerText()).toContain('NoSuchHook9');
  expect(await page.getByRole('link', { name: 'Next' }).count()).toBe(0);
  await page.goto(`${pages.site.url}/quarantine?before=1`);
  expect(page.url()).toBe(`${pages.site.url}/quarantine`);
});
