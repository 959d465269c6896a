import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { webPerson, type WebPerson } from '../../testing/web-person';

let app: TestApp;
let jane: WebPerson;

/** Two entries about client 5, and one about client 6. */
async function send(): Promise<void> {
  const sender = await app.pair();
  const edit = (userid: number, email: string, lastname = 'Smith') => aHookItem({ id: uuidv7(), hook: 'ClientEdit', params: { userid, email, firstname: 'Ann', lastname, olddata: { email: 'old@example.com' } } }); // prettier-ignore
  const { status } = await sender.send([edit(5, 'ann@example.com'), edit(5, 'smith@example.com'), edit(6, 'joe@example.com', 'Miller')]); // prettier-ignore
  expect(status).toBe(200);
  await app.deps.indexer.catchUp();
}

async function post(path: string, body: object, token: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${app.url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

const erasures = () => app.database.knex('entries').where({ action: 'audit.erasure_applied' }).pluck<number[]>('seq');
const entriesIn = async () => Number(/name="entries" value="(\d+)"/.exec((await jane.get('/erasure?subject=client%3A5')).text)?.[1]); // prettier-ignore
const FORM = { subject: 'client:5', ground: 'case 7', basis: 'request', phrase: 'ERASE client:5' };

describe.each(ENGINES)('the erasure page on %s', (engine) => {
  beforeEach(async () => {
    app = await createTestApp(engine);
    await send();
    jane = await webPerson(app, 'jane', { role: 'compliance_officer' });
  });
  afterEach(() => app.stop());

  it.each(['client:5', '5', 'smith@example.com'])('finds a person by %s', async (text) => {
    const { text: html } = await jane.get(`/erasure?q=${encodeURIComponent(text)}`);
    expect(html).toContain('href="/erasure?subject=client%3A5"');
    for (const other of ['client%3A6', 'admin']) expect(html).not.toContain(`subject=${other}`);
  });

  it('says that nobody was found', async () => {
    expect((await jane.get('/erasure?q=nobody-of-this-name')).text).toContain('No entry names such a person.');
  });

  it('shows what would go and what stays, erases it, and gives a receipt', async () => {
    const before = await jane.get('/erasure?subject=client%3A5');
    for (const text of [
      'Erase the values in 2 entries',
      'The sealed record',
      'ERASE client:5',
      'Backups of the database',
    ])
      expect(before.text).toContain(text);
    const { status, location } = await jane.post('/erasure', { ...FORM, entries: '2' });
    await app.deps.jobs.run();
    expect([status, location]).toEqual([303, expect.stringMatching(/^\/erasure\/receipts\//)]);
    const receipt = await jane.get(location);
    const [seq] = await erasures();
    for (const text of ['The values are erased.', 'case 7', 'client:5', `href="/entries/${seq}"`]) expect(receipt.text).toContain(text); // prettier-ignore
    expect(await entriesIn()).toBeNaN();
    expect((await jane.get('/erasure?subject=client%3A5')).text).toContain('Nothing of this person is left to erase.');
    const { ledgers } = await app.deps.verifier.verify({ ledger: 'default' });
    expect(ledgers[0]).toMatchObject({ verdict: 'intact', broken: [] });
    const entry = await app.deps.browse.findEntry(app.ledger, String(seq));
    expect(entry).toMatchObject({ actor: { type: 'admin', id: 'jane' }, via: 'ui', source: { payload: { ground: 'case 7' } } }); // prettier-ignore
  });

  it('erases what was there when it was asked for, also where its job is put back in the database', async () => {
    await jane.get('/erasure?subject=client%3A5');
    await jane.post('/erasure', { ...FORM, entries: '2' });
    const jobs = () => app.database.knex('jobs');
    const asked = await jobs().first<object>();
    await send();
    await app.deps.jobs.run();
    expect(await erasures()).toHaveLength(1);
    expect(await entriesIn()).toBe(2);

    await jobs().update(asked);
    await app.deps.jobs.run();
    expect(await jobs().pluck('state')).toEqual(['done']);
    expect(await erasures()).toHaveLength(1);
    expect(await entriesIn()).toBe(2);
  });

  it.each([
    ['another phrase', { phrase: 'ERASE client:6' }, 'This is not the phrase.'],
    ['no reason', { ground: ' ' }, 'Write a reason'],
    ['another number', { entries: '1' }, 'The number of entries changed meanwhile.'],
  ])('refuses %s, and keeps what was written', async (_name, change, text) => {
    const answer = await jane.post('/erasure', { ...FORM, entries: '2', ...change });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(text)]);
    if (!('ground' in change)) expect(answer.text).toContain('value="case 7"');
    expect([await erasures(), await app.database.knex('jobs').select()]).toEqual([[], []]);
  });

  it('erases nothing that a legal hold keeps', async () => {
    const scope = { client: '5', target: null, actor: null, after: null, before: null };
    await app.deps.retention.holds.place(app.ledger, scope, 'case 8', { name: 'x', via: 'cli' });
    expect((await jane.get('/erasure?subject=client%3A5')).text).toContain('A legal hold keeps some of these entries.');
    await jane.post('/erasure', { ...FORM, entries: '2' });
    await app.deps.jobs.run();
    expect(await erasures()).toEqual([]);
    const token = await app.token(['admin']);
    expect((await post('/erasures', { subject: 'client:5', ground: 'case 7' }, token)).status).toBe(409);
  });

  it('is closed to who may not erase, and to a form without its token', async () => {
    const auditor = await webPerson(app, 'auditor', { role: 'auditor' });
    for (const path of ['/erasure', '/erasure?q=5', '/erasure?subject=client%3A5', `/erasure/receipts/${uuidv7()}`])
      expect([path, (await auditor.get(path)).status]).toEqual([path, 403]);
    expect((await auditor.post('/erasure', { ...FORM, entries: '2' })).status).toBe(403);
    expect((await jane.post('/erasure', { ...FORM, entries: '2', _csrf: 'forged' })).status).toBe(403);
    expect((await jane.get(`/erasure/receipts/${uuidv7()}`)).status).toBe(404);
  });

  describe('over the API', () => {
    it('tells what would go, and erases as a job', async () => {
      const token = await app.token(['admin']);
      const dry = await post('/erasures', { subject: 'client:5', dry_run: true }, token);
      expect(dry).toMatchObject({ status: 200, json: { subject: 'client:5', dry_run: true, entries: 2, held: 0 } });
      expect(await erasures()).toEqual([]);
      const asked = await post('/erasures', { subject: 'client:5', ground: 'case 7', basis: 'objection' }, token);
      expect(asked.status).toBe(202);
      await app.deps.jobs.run();
      const answer = await fetch(`${app.url}/api/v1/jobs/${String(asked.json['job_id'])}`, { headers: { authorization: `Bearer ${token}` } }); // prettier-ignore
      expect(await answer.json()).toMatchObject({ state: 'done', result: { ref: 'client:5', entries: 2, recorded_in: await erasures() } }); // prettier-ignore
    });

    it('refuses what is not whole, and a token of a lesser scope', async () => {
      const token = await app.token(['admin']);
      for (const body of [
        {},
        { subject: 'client' },
        { subject: 'client:5' },
        { subject: 'client:5', ground: 'x', basis: 'whim' },
        { subject: 'client:5', ground: 'x', more: 1 },
      ])
        // prettier-ignore
        expect([body, (await post('/erasures', body, token)).status]).toEqual([body, 400]);
      const lesser = await app.token(['read', 'export', 'verify', 'write']);
      expect((await post('/erasures', { subject: 'client:5', dry_run: true }, lesser)).status).toBe(403);
      const stranger = await app.token(['admin'], 'other');
      expect((await post('/erasures', { subject: 'client:5', dry_run: true }, stranger)).json).toMatchObject({
        entries: 0,
      });
    });
  });
});
