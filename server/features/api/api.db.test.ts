import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { Scope } from '../access/token-service';
import type { EntryView } from '../browse/browse-service';

let app: TestApp;
let reader: string;

interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

interface EntryList {
  readonly total: number;
  readonly pages: number;
  readonly entries: readonly EntryView[];
  readonly next_cursor: string | null;
}

async function get<T = Record<string, unknown>>(path: string, token: string | undefined = reader): Promise<Answer<T>> {
  const response = await fetch(
    `${app.url}${path}`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json') && !path.includes('ndjson');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
}

const list = (query: string, token?: string) => get<EntryList>(`/api/v1/entries?${query}`, token);
const anItem = (parts: Readonly<Record<string, unknown>> = {}) => aHookItem({ id: uuidv7(), ...parts });

async function expectProblem(answer: Answer<unknown>, status: number, code: string, detail?: string): Promise<void> {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    status,
    expect.stringContaining('application/problem+json'),
  ]);
  expect(answer.body).toMatchObject({
    type: `urn:sealtrail:error:${code}`,
    status,
    title: expect.any(String),
    request_id: answer.headers.get('x-request-id'),
  });
  if (detail !== undefined) expect(answer.body).toMatchObject({ detail: expect.stringContaining(detail) });
  return Promise.resolve();
}

describe.each(ENGINES)('/api/v1 on %s', (engine) => {
  beforeAll(async () => {
    app = await createTestApp(engine);
    reader = await app.token(['read']);
    const sender = await app.pair();
    const items = Array.from({ length: 30 }, (_, n) =>
      anItem({ hook: n % 3 === 0 ? 'InvoiceRefunded' : 'InvoicePaid', seq: n + 1, params: { invoiceid: n + 1 } }),
    );
    await sender.send(items);
    await sender.send([anItem({ hook: 'NoSuchHook' })]);
    await app.deps.indexer.catchUp();
  });
  afterAll(() => app.stop());

  describe('GET /entries', () => {
    it('gives the newest first, twenty at a time, and a cursor to the rest', async () => {
      const { body } = await list('');
      expect([body.total, body.pages, body.entries.length]).toEqual([32, 2, 20]);
      expect(body.entries.map((entry) => entry.seq)).toEqual(Array.from({ length: 20 }, (_, i) => 32 - i));
      const rest = await list(`cursor=${body.next_cursor}`);
      expect(rest.body.entries.map((entry) => entry.seq)).toEqual(Array.from({ length: 12 }, (_, i) => 12 - i));
      expect(rest.body.next_cursor).toBeNull();
    });

    it('gives entries in the shape of the contract', async () => {
      const { body } = await list('per_page=1&hook=InvoicePaid&sort=seq');
      const entry = body.entries[0];
      expect(entry).toMatchObject({
        seq: 3, tenant: 'default', ledger: 'default', occurred_at: '2026-11-21T01:02:03.456Z', received_at: '2026-11-21T01:02:03.456Z', category: 'financial', action: 'invoice.paid',
        outcome: 'success', actor: { type: 'admin', id: '7', name: 'jane', role: 'Full Administrator', acting_as: null }, target: { type: 'invoice', id: '2' }, ip: '203.0.113.42',
        user_agent: 'Mozilla/5.0', via: 'ui', reason: null, changes: [], source: { kind: 'hook', hook: 'InvoicePaid', seq: '2', payload: { invoiceid: 2 } },
        integrity: { epoch: 1, status: 'valid', hash: expect.stringMatching(/^[0-9a-f]{64}$/), prev_hash: expect.stringMatching(/^[0-9a-f]{64}$/) }, erased: [],
      }); // prettier-ignore
      expect(entry?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    });

    it('filters, and all filters together', async () => {
      expect((await list('action=invoice.refunded')).body.total).toBe(10);
      expect((await list('action=invoice.*&target=invoice:7')).body.entries.map((entry) => entry.target.id)).toEqual([
        '7',
      ]);
      expect((await list('hook=!InvoicePaid,!InvoiceRefunded')).body.entries.map((entry) => entry.action)).toEqual([
        'audit.event_quarantined',
        'audit.chain_initialised',
      ]);
      expect(
        (
          await list(
            'q=jane&ip=203.0.113.42&via=ui&actor=admin:7&after=2026-11-21&before=2026-11-22&category=financial',
          )
        ).body.total,
      ).toBe(30);
      expect((await list('severity=critical&severity')).status).toBe(400);
    });

    it.each([
      ['per_page=1', 1],
      ['per_page=100', 32],
    ])('takes %s', async (query, length) => {
      expect((await list(query)).body.entries).toHaveLength(length);
    });

    it.each([
      ['per_page=0', 'bad_filter', 'per_page'],
      ['per_page=101', 'bad_filter', 'per_page'],
      ['per_page=-1', 'bad_filter', 'per_page'],
      ['per_page=1.5', 'bad_filter', 'per_page'],
      ['per_page=many', 'bad_filter', 'per_page'],
      ['page=0', 'bad_filter', 'page'],
      ['page=1e9', 'bad_cursor', 'page'],
      ['sort=hash', 'bad_filter', 'sort'],
      ['sort=-seq;DROP', 'bad_filter', 'sort'],
      ['severty=critical', 'bad_filter', 'severty'],
      ['per-page=5', 'bad_filter', 'per-page'],
      ['category=financial&category=clients', 'bad_filter', 'category'],
      ['category[]=financial', 'bad_filter', 'category[]'],
      ['__proto__=1', 'bad_filter', '__proto__'],
      ['after=tomorrow', 'bad_filter', 'after'],
      ['after=2026-11-22&before=2026-11-21', 'bad_filter', 'after'],
      ['cursor=x', 'bad_cursor', ''],
      ['hash=zz', 'bad_filter', 'hash'],
      ['ledger=other', 'bad_filter', 'ledger'],
    ])('refuses ?%s', async (query, code, detail) => {
      await expectProblem(await list(query), 400, code, detail);
    });
  });

  describe('GET /entries/:id', () => {
    it('finds an entry by its number and by its id, in any case', async () => {
      const bySeq = await get<EntryView>('/api/v1/entries/5');
      expect([bySeq.status, bySeq.body.seq]).toEqual([200, 5]);
      expect((await get('/api/v1/entries/' + bySeq.body.id)).body).toEqual(bySeq.body);
      expect((await get('/api/v1/entries/' + bySeq.body.id.toUpperCase())).body).toEqual(bySeq.body);
      expect((await list(`hash=${bySeq.body.integrity.hash.slice(0, 8)}`)).body.entries).toContainEqual(bySeq.body);
    });

    it.each([
      '0',
      '9999',
      '99999999999999999999',
      '-1',
      '1.0',
      '0x5',
      'abc',
      uuidv7(),
      '%27%20OR%201%3D1',
      '..%2Fstats',
      '5%00',
    ])('finds nothing for %s', async (id) => {
      await expectProblem(await get(`/api/v1/entries/${id}`), 404, 'entry_not_found');
    });

    it('answers a path that cannot be decoded, and one that is not there', async () => {
      await expectProblem(await get('/api/v1/entries/%E0%A4%A'), 400, 'bad_request');
      for (const path of ['/api/v1/nothing', '/api/v1', '/api/v1/entries/5/nothing'])
        await expectProblem(await get(path), 404, 'not_found');
    });

    it('shows an entry that somebody changed as broken', async () => {
      await app.database.knex.raw('DROP TRIGGER entries_no_update');
      await app.database.knex('entries').where({ seq: 9 }).update({ severity: 'critical' });
      const broken = await get<EntryView>('/api/v1/entries/9');
      const severity = broken.body.severity;
      await app.database.knex('entries').where({ seq: 9 }).update({ severity });
      expect([broken.status, broken.body.integrity.status, severity === 'critical']).toEqual([200, 'broken', false]);
      expect((await get<EntryView>('/api/v1/entries/9')).body.integrity.status).toBe('valid');
    });
  });

  it('GET /stats counts what is there', async () => {
    const { body } = await get<
      Record<string, unknown> & {
        days: { day: string; entries: number }[];
        by_category: Record<string, number>;
        by_severity: Record<string, number>;
      }
    >('/api/v1/stats');
    expect(body).toMatchObject({ total: 32, today: 32, time_zone: 'UTC', quarantined: 1 });
    expect(body.by_category['financial']).toBe(30);
    expect(Object.values(body.by_category).reduce((a, b) => a + b)).toBe(32);
    expect(Object.values(body.by_severity).reduce((a, b) => a + b)).toBe(32);
    expect(body.days).toHaveLength(30);
    expect(body.days.at(-1)).toMatchObject({ day: '2026-11-21', entries: 32 });
    expect(body.days[0]).toMatchObject({ day: '2026-10-23', entries: 0 });
  });

  it('GET /export gives what GET /entries gives', async () => {
    const exporter = await app.token(['export', 'read']);
    const json = await get<EntryView[]>('/api/v1/export?format=json&action=invoice.refunded&sort=seq', exporter);
    const listed = await list('action=invoice.refunded&sort=seq&per_page=100', exporter);
    expect(json.body).toEqual(listed.body.entries);
    expect(json.headers.get('content-disposition')).toBe('attachment; filename=sealtrail-audit-2026-11-21-0102.json');
    await expectProblem(await get('/api/v1/export?format=xlsx', exporter), 400, 'bad_request', 'csv');
    await expectProblem(await get('/api/v1/export?nothing=1', exporter), 400, 'bad_filter', 'nothing');
  });

  it('keeps answers out of caches', async () => {
    expect((await list('')).headers.get('cache-control')).toContain('no-store');
  });

  describe('between tenants', () => {
    let other: string;
    const shared = uuidv7();

    beforeAll(async () => {
      const [here, there] = [await app.pair(), await app.pair('b')];
      other = await app.token(['admin', 'read', 'export'], 'b');
      const item = (who: string) =>
        anItem({ id: shared, params: { invoiceid: who }, actor: { type: 'admin', id: '7', name: `agent ${who}` } });
      expect((await here.send([item('ours')])).body).toMatchObject({ accepted: 1 });
      // The same event id in another tenant is another event.
      expect((await there.send([item('theirs'), anItem({ hook: 'NoSuchHook' })])).body).toMatchObject({
        accepted: 1,
        duplicates: 0,
        quarantined: 1,
      });
      await app.deps.indexer.catchUp();
    });

    it('a token sees its own entries alone', async () => {
      const theirs = await list('per_page=100', other);
      expect(theirs.body.total).toBe(3);
      expect(new Set(theirs.body.entries.map((entry) => `${entry.tenant} ${entry.ledger}`))).toEqual(new Set(['b b']));
      const ours = await list('per_page=100');
      expect(new Set(ours.body.entries.map((entry) => entry.tenant))).toEqual(new Set(['default']));
      expect((await list('q=theirs')).body.total).toBe(0);
      expect((await list('q=theirs', other)).body.total).toBe(1);
      expect((await list('actor_name=agent', other)).body.entries.map((entry) => entry.source.payload)).toEqual([
        { invoiceid: 'theirs' },
      ]);
    });

    it('no id, hash, cursor or ledger name leads to the other', async () => {
      const ours = (await list('per_page=1&sort=seq&hook=InvoicePaid')).body.entries[0] as EntryView;
      await expectProblem(await get(`/api/v1/entries/${ours.id}`, other), 404, 'entry_not_found');
      await expectProblem(await get('/api/v1/entries/20', other), 404, 'entry_not_found');
      expect((await list(`hash=${ours.integrity.hash}`, other)).body.entries).toEqual([]);
      await expectProblem(await list('ledger=default', other), 400, 'bad_filter', 'ledger');
      await expectProblem(await get('/api/v1/stats?ledger=default', other), 400, 'bad_filter', 'ledger');
      const { next_cursor: cursor } = (await list('per_page=5')).body;
      const followed = await list(`cursor=${cursor}`, other);
      expect(followed.body.entries.every((entry) => entry.tenant === 'b')).toBe(true);
    });

    it('counts and exports are its own', async () => {
      expect((await get('/api/v1/stats', other)).body).toMatchObject({ total: 3, today: 3, quarantined: 1 });
      const exported = (await get<EntryView[]>('/api/v1/export?format=json', other)).body;
      expect(exported.map((entry) => entry.tenant)).toEqual(['b', 'b', 'b', 'b']);
      expect(exported[0]).toMatchObject({ action: 'audit.exported', via: 'api' });
    });

    it('both chains verify', async () => {
      expect((await app.deps.verifier.verify({})).ledgers.map((one) => [one.ledger, one.verdict])).toEqual([['default', 'intact'], ['b', 'intact']]);
    }); // prettier-ignore
  });

  describe('without a token', () => {
    it('/healthz and /readyz tell that it runs and can store', async () => {
      expect((await get('/healthz', '')).body).toEqual({ status: 'ok' });
      expect((await get('/readyz', '')).status).toBe(200);
    });

    it('/metrics tells numbers and no content', async () => {
      await app.deps.indexer.catchUp();
      const { body, status } = await get<string>('/metrics', '');
      expect(status).toBe(200);
      const entries = Number((await app.database.knex('entries').count({ n: '*' }))[0]?.['n']);
      expect(body).toContain(`sealtrail_entries ${entries}\n`);
      expect(body).toContain('sealtrail_quarantined 2\n');
      expect(body).toContain('sealtrail_index_behind 0\n');
      expect(body).toMatch(/^sealtrail_tree_behind \d+$/m);
      expect(body).toContain('sealtrail_checkpoints_stopped 0\n');
      expect(body).not.toContain('jane');
    });

    it('/readyz says no when the store is away', async () => {
      await app.database.knex.raw('ALTER TABLE heads RENAME TO heads_away');
      const answer = await get('/readyz', '');
      await app.database.knex.raw('ALTER TABLE heads_away RENAME TO heads');
      expect([answer.status, answer.body]).toEqual([503, { status: 'database away' }]);
    });
  });

  // Each refusal and each export is an entry: these stand behind what counts them.
  describe('lets in', () => {
    it.each<[Scope, string, number]>([
      ['read', '/api/v1/entries', 200],
      ['read', '/api/v1/entries/2', 200],
      ['read', '/api/v1/stats', 200],
      ['read', '/api/v1/export', 403],
      ['export', '/api/v1/export', 200],
      ['export', '/api/v1/entries', 403],
      ['verify', '/api/v1/entries', 403],
      ['write', '/api/v1/stats', 403],
      ['admin', '/api/v1/entries', 200],
      ['admin', '/api/v1/export', 200],
    ])('the scope %s to %s: %i', async (scope, path, status) => {
      const answer = await get(path, await app.token([scope]));
      expect(answer.status).toBe(status);
      if (status === 403) await expectProblem(answer, 403, 'missing_scope', 'scope');
    });

    it.each<[string, string | undefined]>([
      ['no token', undefined],
      ['an empty token', ''],
      ['a token that is none', 'stk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
      ['SQL', `stk_'OR'1'='1'--`],
      ['the hash of a token', 'a'.repeat(64)],
    ])('nobody with %s, and says where a token belongs', async (_name, token) => {
      for (const path of ['/api/v1/entries', '/api/v1/entries/1', '/api/v1/stats', '/api/v1/export']) {
        const response = await fetch(
          `${app.url}${path}`,
          token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
        );
        expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
        expect(await response.json()).toMatchObject({ type: 'urn:sealtrail:error:bad_token', status: 401 });
      }
    });

    it('a token by its own scheme only, in any case of the word', async () => {
      const ask = async (authorization: string) =>
        (await fetch(`${app.url}/api/v1/stats`, { headers: { authorization } })).status;
      expect(await ask(`bearer ${reader}`)).toBe(200);
      expect(await ask(`Basic ${reader}`)).toBe(401);
      expect(await ask(reader)).toBe(401);
      expect(await ask(`Bearer ${reader} x`)).toBe(401);
    });

    it('a token until it is revoked', async () => {
      const ledger = app.ledger;
      const { id, token } = await app.deps.tokens.create('short', ledger.tenant.id, ['read']);
      expect((await get('/api/v1/stats', token)).status).toBe(200);
      expect(await app.deps.tokens.revoke(id)).toBe(true);
      await expectProblem(await get('/api/v1/stats', token), 401, 'bad_token');
    });
  });
});
