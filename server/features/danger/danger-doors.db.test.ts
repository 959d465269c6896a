import { ensureLedger } from '../../entries/ledger-setup';
import { anAppendItem } from '../../testing/append-item';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { webPerson, type WebPerson } from '../../testing/web-person';
import { DEFAULT_DELAY_MS, FRESH_MS } from './purge-service';

const GOING = 511;
const PHRASE = 'DELETE 511 ENTRIES';

let app: TestApp;

async function fill(): Promise<void> {
  const receivedAt = app.clock.now().toISOString();
  await app.deps.appender.append(app.ledger, Array.from({ length: 600 }, () => anAppendItem(app.ledger, { receivedAt })), []); // prettier-ignore
  await app.deps.indexer.catchUp();
}

async function asked(by: WebPerson, phrase = PHRASE, kind = 'purge'): Promise<string> {
  const answer = await by.post(`/danger/${kind}`, { until: '', archive: 'yes', phrase });
  expect([answer.status, answer.location]).toEqual([303, expect.stringMatching(/^\/danger\/requests\//)]);
  return answer.location;
}

const countOf = async () => Number((await app.database.knex('entries').where({ ledger_id: app.ledger.id }).count<{ n: number }[]>({ n: '*' }))[0]?.n); // prettier-ignore

beforeEach(async () => {
  app = await createTestApp('sqlite');
  await fill();
});
afterEach(() => app.stop());

describe('the danger zone', () => {
  it('takes two people through two steps, to entries that are gone', async () => {
    await webPerson(app, 'joe');
    const jane = await webPerson(app, 'jane');
    const step1 = await jane.get('/danger/purge');
    for (const text of [
      PHRASE,
      'Ask to delete 511 entries',
      'somebody other than you has to confirm it: joe',
      '24 hours',
      'Step 1 of 2',
    ])
      expect(step1.text).toContain(text);
    const where = await asked(jane);
    const waiting = await jane.get(where);
    expect(waiting.text).toContain('Cancel this, delete nothing');
    expect(waiting.text).not.toContain('name="entries"');

    app.clock.advance(DEFAULT_DELAY_MS);
    const joe = await webPerson(app, 'joe');
    const everywhere = await joe.get('/entries');
    expect(everywhere.text).toContain('jane asked for: Delete 511 entries.');
    const step2 = await joe.get(where);
    expect(step2.text).toContain(`name="entries" value="${GOING}"`);
    const confirmed = await joe.post(`${where}/confirm`, { entries: String(GOING) });
    expect(confirmed.status).toBe(303);
    expect((await joe.get(confirmed.location)).text).toContain('data-danger-progress');
    await app.deps.jobs.run();
    const done = await joe.get(where);
    for (const text of ['It is done: 511 entries are gone.', 'Recorded in entry', 'Certificates in the ledger'])
      expect(done.text).toContain(text);
    expect(await countOf()).toBeLessThan(120);
    const pruned = await joe.get('/entries/100');
    expect([pruned.status, pruned.text]).toEqual([410, expect.stringContaining('It was deleted in the danger zone')]);
    expect((await joe.get('/retention')).text).toContain('none: a purge');
    expect((await joe.get('/danger')).text).toContain('Delete 511 entries');
  });

  it('takes the phrase of the reader’s language as well', async () => {
    const jane = await webPerson(app, 'jane', { language: 'zh-TW' });
    expect((await jane.get('/danger/purge')).text).toContain('刪除511筆記錄');
    await asked(jane, '刪除 511 筆記錄');
  });

  it('says beside the phrase that it is another one, and keeps what was chosen', async () => {
    const jane = await webPerson(app, 'jane');
    const answer = await jane.post('/danger/purge', { until: '', phrase: 'DELETE 512 ENTRIES' });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/id="st-phrase-problem" role="alert">This is not the phrase/);
    expect(answer.text).not.toMatch(/name="archive" value="yes" checked/);
  });

  it.each([['nonsense'], ['2026-13-45'], ['2999-01-01']])('refuses the day %s', async (until) => {
    const jane = await webPerson(app, 'jane');
    const answer = await jane.post('/danger/purge', { until, phrase: PHRASE });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('Write a day that is over')]);
  });

  it('names the hold that keeps some of it, and offers no form', async () => {
    const scope = { client: null, target: null, actor: null, after: 0, before: null };
    const hold = await app.deps.retention.holds.place(app.ledger, scope, 'case 7', { name: 'x', via: 'cli' });
    const { text } = await (await webPerson(app, 'jane')).get('/danger/purge');
    expect(text).toContain(hold.id);
    expect(text).toContain('A legal hold keeps entries that would go');
    expect(text).not.toContain('name="phrase"');
  });

  it.each([
    ['before the delay is over', 0, 'joe', 'The delay is not over yet.'],
    ['by the one who asked', DEFAULT_DELAY_MS, 'jane', 'Somebody else than the one who asked has to confirm it.'],
  ])('refuses a confirmation %s', async (_name, wait, who, text) => {
    await webPerson(app, 'joe');
    const where = await asked(await webPerson(app, 'jane'));
    app.clock.advance(wait);
    const person = await webPerson(app, who);
    const answer = await person.post(`${where}/confirm`, { entries: String(GOING) });
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining(text)]);
    await app.deps.jobs.run();
    expect(await countOf()).toBeGreaterThan(600);
  });

  it('refuses a confirmation behind an older sign-in, or of another number', async () => {
    const gone = await webPerson(app, 'joe');
    const where = await asked(await webPerson(app, 'jane'));
    app.clock.advance(DEFAULT_DELAY_MS);
    const joe = await webPerson(app, 'joe');
    app.clock.advance(FRESH_MS + 60_000);
    const over = await gone.post(`${where}/confirm`, { entries: String(GOING) });
    expect([over.status, over.text]).toEqual([401, expect.stringContaining('<main id="main"')]);
    expect((await joe.post(`${where}/confirm`, { entries: String(GOING) })).text).toContain(
      'Sign in by a new link first',
    );
    const fresh = await webPerson(app, 'joe');
    expect((await fresh.post(`${where}/confirm`, { entries: '510' })).text).toContain(
      'The number of entries has changed',
    );
    expect((await joe.post(`${where}/confirm`, { entries: String(GOING) })).text).toContain(
      'Sign in by a new link first',
    );
  });

  it('lets anybody with the right cancel, and nobody go on behind that', async () => {
    const where = await asked(await webPerson(app, 'jane'));
    const ann = await webPerson(app, 'ann');
    expect((await ann.post(`${where}/cancel`)).status).toBe(303);
    expect((await ann.get(where)).text).toContain('ann cancelled it. Nothing was deleted.');
    expect((await ann.post(`${where}/cancel`)).status).toBe(409);
    expect((await ann.post(`${where}/resume`)).status).toBe(404);
    expect((await ann.post(`${where}/confirm`, { entries: String(GOING) })).status).toBe(409);
  });

  it.each(['auditor', 'compliance_officer', 'standard_user'] as const)('is closed to the role %s, at every door', async (role) => {
    const where = await asked(await webPerson(app, 'jane'));
    const other = await webPerson(app, 'other', { role });
    for (const path of ['/danger', '/danger/purge', '/danger/uninstall', where, `${where}/left.txt`])
      expect([path, (await other.get(path)).status]).toEqual([path, 403]);
    for (const path of ['/danger/purge', '/danger/uninstall', `${where}/confirm`, `${where}/cancel`, `${where}/resume`])
      expect([path, (await other.post(path, { phrase: PHRASE })).status]).toEqual([path, 403]);
    const { text } = await other.get('/verify');
    expect(text).not.toContain('jane asked for');
    expect(text).not.toContain('href="/danger"');
  }); // prettier-ignore

  it('refuses every form without the token of its page', async () => {
    const jane = await webPerson(app, 'jane');
    const where = await asked(jane);
    for (const path of ['/danger/purge', '/danger/uninstall', `${where}/confirm`, `${where}/cancel`, `${where}/resume`])
      expect([path, (await jane.post(path, { _csrf: 'forged' })).status]).toEqual([path, 403]);
  });

  it('does not know the requests of another tenant', async () => {
    const where = await asked(await webPerson(app, 'jane'));
    await ensureLedger(app.deps, 'other');
    const stranger = await webPerson(app, 'jane', { tenant: 'other' });
    for (const path of [where, `${where}/left.txt`]) expect((await stranger.get(path)).status).toBe(404);
    for (const door of ['confirm', 'cancel', 'resume'])
      expect((await stranger.post(`${where}/${door}`)).status).toBe(404);
    expect((await stranger.get('/entries')).text).not.toContain('jane asked for');
  });

  it('says that entries were edited, and does nothing', async () => {
    const jane = await webPerson(app, 'jane');
    await asked(jane);
    const db = app.database.knex;
    await db.raw('DROP TRIGGER entries_no_update');
    await db('entries').where({ action: 'audit.purge_requested' }).update({ record: db.raw(`replace(record, '"delay_ms":', '"delay_ms":1')`) }); // prettier-ignore
    expect((await jane.get('/danger')).text).toContain('do not fit their seals');
    expect((await jane.get('/danger/purge')).text).toContain('do not fit their seals');
    expect((await jane.get('/entries')).status).toBe(200);
  });

  it('says why the work stopped, and goes on with it', async () => {
    await webPerson(app, 'joe');
    const where = await asked(await webPerson(app, 'jane'));
    app.clock.advance(DEFAULT_DELAY_MS);
    const joe = await webPerson(app, 'joe');
    const { location } = await joe.post(`${where}/confirm`, { entries: String(GOING) });
    const scope = { client: null, target: null, actor: null, after: 0, before: null };
    const by = { name: 'x', via: 'cli' } as const;
    const hold = await app.deps.retention.holds.place(app.ledger, scope, 'case 7', by);
    await app.deps.jobs.run();
    const stopped = await joe.get(location);
    expect(stopped.text).toContain(`the legal hold ${hold.id} keeps entries that would go`);
    await app.deps.retention.holds.release(app.ledger, hold.id, 'over', by);
    expect((await joe.post(`${where}/resume`)).status).toBe(303);
    await app.deps.jobs.run();
    expect((await joe.get(where)).text).toContain('It is done: 511 entries are gone.');
  });

  it('hands out what is left of an uninstalled ledger to the one who confirmed it', async () => {
    const jane = await webPerson(app, 'jane');
    expect((await jane.get('/danger/uninstall')).text).toContain('UNINSTALL AND DELETE 511 ENTRIES');
    const where = await asked(jane, 'UNINSTALL AND DELETE 511 ENTRIES', 'uninstall');
    app.clock.advance(3 * DEFAULT_DELAY_MS);
    const again = await webPerson(app, 'jane');
    expect((await again.post(`${where}/confirm`, { entries: String(GOING) })).status).toBe(303);
    await app.deps.jobs.run();
    expect((await again.get(where)).text).toContain('Download as JSON');
    const text = await again.get(`${where}/left.txt`);
    expect(text.text).toContain('Sealtrail: what is left');
    expect(JSON.parse((await again.get(`${where}/left.json`)).text)).toMatchObject({ ledger: 'default' });
  });
});
