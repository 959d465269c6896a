import { addRunningJob, endJob } from '../../testing/running-job';
import { startTestPages, type TestPages } from '../../testing/visitor';
import { until } from '../../testing/until';

let pages: TestPages;

beforeAll(async () => {
  pages = await startTestPages({ demo: true });
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

interface JobRow {
  readonly state: string;
  readonly attempts: number;
}

/** Makes the database so slow at opening a report that there is time to look, to cancel and to pull the plug. */
async function slowDown(seconds: number): Promise<void> {
  const counting = `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ${seconds * 4_000_000}) SELECT COUNT(*) FROM c`;
  await pages.site.db.raw(`CREATE TRIGGER slow BEFORE INSERT ON verifications BEGIN SELECT (${counting}); END`);
}
const speedUp = () => pages.site.db.raw('DROP TRIGGER IF EXISTS slow');
const newestJob = () => pages.site.db<JobRow>('jobs').orderBy('created_at', 'desc').first();

it('a verification that a power cut ended goes on by itself after the restart', async () => {
  const { site } = pages;
  const page = await pages.openAt('/verify');
  await slowDown(30);
  await page.getByRole('button', { name: 'Verify every entry now' }).click({ noWaitAfter: true });
  await until('the job runs', async () => (await newestJob())?.state === 'running');
  await site.kill();
  await speedUp();
  await site.start();
  expect((await newestJob())?.state).toBe('running');
  await until('the job is done', async () => (await newestJob())?.state === 'done', 40_000);
  expect((await newestJob())?.attempts).toBeGreaterThanOrEqual(1);
  await page.goto(`${site.url}/verify`);
  expect(await page.locator('.st-verdict-word').innerText()).toBe('Intact');
  expect(await site.db('verifications').count({ n: '*' })).toEqual([{ n: 1 }]);
});

describe('while it runs', () => {
  afterEach(() => pages.site.db('jobs').delete());

  it.each([true, false])('its page shows how far it is, and cancels (JavaScript: %s)', async (javaScriptEnabled) => {
    const id = await addRunningJob(pages.site);
    const page = await pages.openAt(`/verify/jobs/${id}`, { javaScriptEnabled });
    expect(await page.locator('progress').getAttribute('value')).toBe('250000');
    expect(await page.locator('.st-job').innerText()).toMatch(/250,000 of 1,000,000 entries · about \d+ minutes left/);
    await pages.site.db('jobs').update({ progress_done: 500_000 });
    await until('it is drawn anew', async () => (await page.locator('progress').getAttribute('value')) === '500000');
    expect(await (await pages.openAt('/verify')).locator('progress').count()).toBe(1);
    await page.getByRole('button', { name: 'Cancel the verification' }).click();
    await until('it is asked for', async () => {
      const row = await pages.site.db('jobs').where({ id }).first<{ cancel_asked: number }>('cancel_asked');
      return row.cancel_asked === 1;
    });
  });

  it('the page goes on to the report when it is done', async () => {
    const id = await addRunningJob(pages.site);
    const page = await pages.openAt(`/verify/jobs/${id}`);
    const [{ report }] = (await pages.site.db('verifications').max({ report: 'id' })) as [{ report: number }];
    await endJob(pages.site, id, { report });
    await page.waitForURL(/\/verify\/reports\/\d+$/);
    expect(await page.locator('.st-verdict-word').innerText()).toBe('Intact');
  });
});
