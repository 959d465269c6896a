import { startTestPages, type TestPages } from '../../testing/visitor';

let pages: TestPages;

beforeAll(async () => {
  pages = await startTestPages({ demo: true });
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly received_at: number;
}

it('the verify button says that nobody changed anything, and what that rests on', async () => {
  const page = await pages.openAt('/verify');
  expect(await page.locator('.st-nothing h2').innerText()).toBe('Nobody has run a verification yet.');
  const [{ size, hash }] = (await pages.site.db('heads').select('seq as size', 'hash')) as [
    { size: number; hash: string },
  ];
  await page.getByRole('button', { name: 'Verify every entry now' }).click();
  await page.waitForURL(/\/verify\/reports\/\d+$/);
  expect(await page.locator('.st-verdict-word').innerText()).toBe('Intact');
  expect(await page.locator('.st-headline').innerText()).toBe(`✅ Verified, ${size.toLocaleString('en')} entries`);
  const ledger = page.locator('tbody tr');
  expect(await ledger.locator('[data-label=Checked]').innerText()).toBe(size.toLocaleString('en'));
  expect(await ledger.locator('[data-label=Breaks]').innerText()).toBe('0');
  // The head that was checked, not the one that this verification's own entry has made since.
  expect(await ledger.locator('[data-label=Head] code').getAttribute('title')).toBe(hash);
});

describe('after somebody edited one entry by SQL', () => {
  let edited: Row;

  beforeAll(async () => {
    const { db } = pages.site;
    const found = await db<Row & { action: string }>('entries')
      .where({ action: 'gateway.updated' })
      .orderBy('seq')
      .first();
    if (!found) throw new Error('the demo month has no such entry');
    edited = found;
    await db.raw('DROP TRIGGER entries_no_update');
    const changed = await db('entries')
      .where({ seq: edited.seq })
      .update({ record: db.raw(`replace(record, '"Full Administrator"', '"Full administrator"')`) });
    expect(changed).toBe(1);
  });

  it('the list and the entry say so at once, before anybody verifies', async () => {
    const page = await pages.openAt('/entries?action=gateway.updated');
    const broken = page.locator('.st-row-broken');
    expect(await broken.count()).toBe(1);
    expect(await broken.locator('.st-chain').innerText()).toBe('Broken');
    expect(await page.locator('.st-row-valid .st-chain').first().innerText()).toBe('Valid');
    expect(await broken.locator('.st-row-link').getAttribute('href')).toContain(`/entries/${edited.id}?`);
    await broken.locator('.st-row-link').click();
    expect(await page.locator('dialog [role=alert]').innerText()).toContain('is not what was written');
  });

  it('verifying names the entry, what is wrong and when it was received', async () => {
    const page = await pages.openAt('/verify', { timeZone: 'Asia/Taipei' });
    await page.locator('.st-actions button').click();
    await page.locator('.st-verdict-broken').first().waitFor();
    expect(await page.locator('.st-verdict-word').innerText()).toBe('Broken');
    const found = page.locator('section', { has: page.getByRole('heading', { name: 'Where it is broken' }) });
    expect(await found.locator('tbody tr').count()).toBe(1);
    expect(await found.locator('td').nth(0).innerText()).toBe(edited.seq.toLocaleString('en'));
    expect(await found.locator('td').nth(1).innerText()).toContain('Content mismatch');
    const time = found.locator('time');
    expect(await time.getAttribute('datetime')).toBe(new Date(edited.received_at).toISOString());
    expect(await time.innerText()).toContain('(Asia/Taipei)');
    await found.locator('a').click();
    expect(page.url()).toBe(`${pages.site.url}/entries/${edited.id}`);
    expect(await page.locator('[role=alert]').innerText()).toContain('is not what was written');
  });

  it('a report leads to just the broken entries', async () => {
    const page = await pages.openAt('/verify');
    expect(await page.locator('.st-headline').innerText()).toBe(`❌ Break at row #${edited.seq.toLocaleString('en')}`);
    await page.getByRole('link', { name: 'Show just the broken entries' }).click();
    await page.waitForLoadState();
    expect(await page.locator('.st-row-link').count()).toBe(1);
    expect(await page.locator('.st-row-link').getAttribute('href')).toContain(`/entries/${edited.id}?`);
    await page.goto(`${pages.site.url}/`);
    expect(await page.locator('.dash-strip a').first().innerText()).toBe('Log broken');
  });

  it.each([true, false])('an entry is verified again on its own page (JavaScript: %s)', async (javaScriptEnabled) => {
    const page = await pages.openAt(`/entries/${edited.id}`, { javaScriptEnabled });
    await page.getByRole('button', { name: 'Re-verify this entry' }).click();
    expect(await page.locator('.st-verdict-word').innerText()).toBe('Broken');
    const row = page.locator('tbody tr', { hasText: 'The sealed record gives the hash' });
    expect(await row.locator('td').innerText()).toBe('Broken');
    await page.goto(`${pages.site.url}/entries/${edited.seq - 1}`);
    await page.getByRole('button', { name: 'Re-verify this entry' }).click();
    expect(await page.locator('.st-headline').innerText()).toBe('✅ Verified');
  });

  it('the filter finds it, the export marks it, and the command line agrees', async () => {
    const page = await pages.openAt('/entries?status=broken');
    expect(await page.locator('.st-count').innerText()).toBe('Showing 1–1 of 1');
    expect(await page.locator('.st-row-link').getAttribute('href')).toContain(`/entries/${edited.id}?`);
    const csv = await (await page.context().request.get(`${pages.site.url}/export.csv?status=broken&raw=1`)).text();
    expect(csv.trimEnd()).toMatch(/,broken$/);
    const { code, stdout } = await pages.site.run('verify');
    const report = JSON.parse(stdout) as {
      ledgers: { broken: { seq: number; kind: string; received_at: string }[] }[];
    };
    const received_at = new Date(edited.received_at).toISOString();
    expect([code, report.ledgers[0]?.broken]).toMatchObject([1, [{ seq: edited.seq, kind: 'content', received_at }]]);
  });

  it.each(['zh-CN', 'zh-TW'] as const)('the verdict is told in %s', async (language) => {
    const page = await pages.openAt('/verify', { language, viewport: { width: 390, height: 844 } });
    expect(await page.locator('.st-verdict-word').innerText()).toMatch(/\p{Script=Han}/u);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });
});
