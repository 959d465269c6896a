import { anAppendItem } from '../../testing/append-item';
import { lookAtVerifications } from '../../cli/verification-checks';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { until } from '../../testing/until';
import { webPerson } from '../../testing/web-person';
import { createJobService, type JobService } from '../jobs/job-service';
import { createDailyVerification, createVerifyJob, enqueueVerification } from './verify-job-service';
import type { VerifyService } from './verify-service';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

describe.each(ENGINES)('verification as a job on %s', (engine) => {
  let app: TestApp;
  let headers: Record<string, string>;

  beforeEach(async () => {
    app = await createTestApp(engine, { recordsCredentials: true });
    headers = { authorization: `Bearer ${await app.token(['verify'])}` };
    await app.deps.store.append(
      app.ledger,
      Array.from({ length: 700 }, () => anAppendItem(app.ledger)),
    );
    await app.deps.tree.catchUp(app.ledger);
  });
  afterEach(() => app.stop());

  async function call(method: string, path: string, body?: object): Promise<Answer> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${app.url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...json,
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  async function verify(body?: object): Promise<Record<string, unknown>> {
    const { status, body: asked } = await call('POST', '/verify', body);
    expect([status, asked]).toEqual([202, { job_id: expect.any(String) }]);
    await app.deps.jobs.run();
    return (await call('GET', `/jobs/${String(asked['job_id'])}`)).body;
  }
  const size = async () => (await app.deps.store.findHead(app.ledger))?.seq ?? 0;
  const breakRow = async (seq: number) => {
    await app.database.knex.raw('DROP TRIGGER entries_no_update');
    await app.database.knex('entries').where({ seq }).update({ outcome: 'failure' });
  };
  const auditEntries = async () =>
    (
      await app.database
        .knex('entries')
        .whereIn('action', ['audit.chain_verified', 'audit.chain_broken'])
        .orderBy('seq')
    ).map((row: { action: string }) => row.action);

  it('is asked for and followed over the API, and leaves a report and an entry', async () => {
    const before = await size();
    const job = await verify();
    expect(job).toMatchObject({
      kind: 'verify',
      state: 'done',
      progress: { done: before, total: before },
      result: {
        report: expect.any(Number),
        verdict: 'intact',
        ledgers: [
          {
            ledger: 'default',
            verdict: 'intact',
            scope: 'whole',
            scanned: before,
            valid: before,
            broken_count: 0,
            broken: [],
          },
        ],
      },
    });
    const [report] = await app.deps.verifications.list(app.ledger, { limit: 10 });
    expect(report).toMatchObject({ verdict: 'intact', scope: 'whole', requestedBy: 'test', isAuthentic: true });
    expect(await auditEntries()).toEqual(['audit.chain_verified']);
    expect(await app.deps.findChain(app.ledger)).toMatchObject({ status: 'intact' });
  });

  it('lists every break and says that the ledger is broken', async () => {
    await breakRow(300);
    expect(await verify()).toMatchObject({
      result: { verdict: 'broken', ledgers: [{ broken_count: 1, broken: [{ seq: 300, kind: 'projection' }] }] },
    });
    expect(await auditEntries()).toEqual(['audit.chain_broken']);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toContain('sealtrail_chain_broken{ledger="default"} 1');
    const read = await app.token(['read']);
    const list = await fetch(`${app.url}/api/v1/entries?status=broken`, {
      headers: { authorization: `Bearer ${read}` },
    });
    expect(await list.json()).toMatchObject({ total: 1, entries: [{ seq: 300, integrity: { status: 'broken' } }] });
  });

  it('takes a range, an actor, and what is new', async () => {
    await breakRow(300);
    const scopeOf = async (body: object) => {
      const { result } = await verify(body);
      return (result as { ledgers: Record<string, unknown>[] }).ledgers[0];
    };
    expect(await scopeOf({ from: 290, to: 299 })).toMatchObject({ scope: 'range', scanned: 10, verdict: 'intact' });
    expect(await scopeOf({ from: 300, to: 300 })).toMatchObject({ scope: 'range', scanned: 1, verdict: 'broken' });
    expect(await scopeOf({ actor: 'admin:7' })).toMatchObject({ scope: 'actor', scanned: 700, broken_count: 1 });
    expect(await scopeOf({ actor: 'admin:7', from: 301, to: 310 })).toMatchObject({ scope: 'actor', from: 301, to: 310, scanned: 10, broken_count: 0 }); // prettier-ignore
    await app.database.knex('entries').where({ seq: 300 }).update({ outcome: 'success' });
    expect(await scopeOf({})).toMatchObject({ scope: 'whole', verdict: 'intact' });
    expect(await scopeOf({ mode: 'incremental' })).toMatchObject({ scope: 'new', verdict: 'intact', scanned: 2 });
  });

  it.each([
    { mode: 'half' },
    { from: 0 },
    { actor: 'jane' },
    { form: 5 },
    { from: 9, to: 2 },
    { mode: 'incremental', from: 2 },
    { mode: 'incremental', to: 2 },
    { mode: 'incremental', actor: 'admin:7' },
  ])('is refused for %j', async (body) => {
    expect(await call('POST', '/verify', body)).toMatchObject({
      status: 400,
      body: { type: 'urn:sealtrail:error:bad_request' },
    });
    expect(await app.deps.verifications.list(app.ledger, { limit: 1 })).toEqual([]);
  });

  it.each([
    [
      { mode: 'range', from: '9', to: '2' },
      /value="9".*value="2".*id="p-range"[^>]*>The first number is larger than the last one/s,
    ],
    [{ mode: 'range', from: 'nine', to: '' }, /value="nine".*id="p-range"[^>]*>Write sequence numbers/s],
    [{ mode: 'actor', actor: 'jane' }, /value="jane".*id="p-actor"[^>]*>Write a type and an id/s],
  ])('is asked for anew on the page for %j', async (form, text) => {
    const jane = await webPerson(app, 'jane');
    await jane.get('/verify');
    const answer = await jane.post('/verify', form);
    expect([answer.status, answer.text]).toEqual([422, expect.stringMatching(text)]);
    expect(answer.text).toMatch(/<details class="[^"]*st-verify-part" open>/);
    expect(await app.deps.verifications.list(app.ledger, { limit: 1 })).toEqual([]);
  });

  it('needs the scope, and shows no job of another tenant', async () => {
    const { body } = await call('POST', '/verify');
    headers = { authorization: `Bearer ${await app.token(['verify'], 'other')}` };
    expect((await call('GET', `/jobs/${String(body['job_id'])}`)).status).toBe(404);
    expect((await call('POST', `/jobs/${String(body['job_id'])}/cancel`)).status).toBe(404);
    headers = { authorization: `Bearer ${await app.token(['read'])}` };
    for (const [method, path] of [
      ['POST', '/verify'],
      ['GET', '/jobs/x'],
      ['GET', '/entries/5/verify'],
    ] as const)
      expect((await call(method, path)).status).toBe(403);
  });

  it('can be cancelled before it begins', async () => {
    const { body } = await call('POST', '/verify');
    expect(await call('POST', `/jobs/${String(body['job_id'])}/cancel`)).toMatchObject({
      status: 202,
      body: { state: 'cancelled', result: null },
    });
    await app.deps.jobs.run();
    expect(await app.deps.verifications.list(app.ledger, { limit: 1 })).toEqual([]);
  });

  it('looks at one entry on request, and keeps nothing of it', async () => {
    expect(await call('GET', '/entries/42/verify')).toMatchObject({
      status: 200,
      body: { seq: 42, ledger: 'default', verdict: 'intact', checks: { seal: 'ok', leaf: 'ok' }, broken: [] },
    });
    await breakRow(42);
    expect((await call('GET', '/entries/42/verify')).body).toMatchObject({
      verdict: 'broken',
      checks: { seal: 'ok', columns: 'broken' },
      broken: [{ kind: 'projection' }],
    });
    expect((await call('GET', '/entries/9999/verify')).status).toBe(404);
    expect(await auditEntries()).toEqual([]);
  });

  describe('that its process left in the middle', () => {
    /** A process whose verification ends for good after so many slices. */
    let isGone = false;
    function aProcess(slices: number, leaseMs = 15_000): JobService {
      const { store, verifications, ownEvents, verifier } = app.deps;
      let left = slices;
      isGone = false;
      const dying: VerifyService = {
        ...verifier,
        run: (ledger, options, resumed, hooks) =>
          verifier.run(ledger, options, resumed, {
            ...hooks,
            async onSlice(state, breaks) {
              if (left === 0) {
                isGone = true;
                return new Promise(() => undefined);
              }
              left -= 1;
              await hooks.onSlice(state, breaks);
            },
          }),
      };
      const now = () => app.clock.now();
      const onReport = () => Promise.resolve();
      const kind = createVerifyJob({ verifier: dying, verifications, store, ownEvents, onReport, now });
      return createJobService({
        database: app.database,
        rowMac: app.deps.rowMac,
        kinds: [kind],
        now,
        onError: () => undefined,
        leaseMs,
      });
    }

    it.each([0, 1])('goes on from what was saved after %i slices, and names each break once', async (slices) => {
      await breakRow(300);
      const jobs = aProcess(slices);
      const requestedBy = { type: 'admin', id: '7', name: 'jane', role: null, actingAs: null } as const;
      const job = await enqueueVerification(jobs, app.ledger, { requestedBy, via: 'ui' });
      void jobs.run();
      await until('the first process is gone', () => isGone);
      app.clock.advance(20_000);
      await app.deps.jobs.run();
      const done = await app.deps.jobs.find(job.tenantId, job.id);
      expect(done).toMatchObject({ state: 'done', result: { verdict: 'broken', ledgers: [{ broken_count: 1, broken: [{ seq: 300 }] }] } }); // prettier-ignore
      expect(await app.deps.verifications.list(app.ledger, { limit: 10 })).toHaveLength(1);
      expect(await auditEntries()).toEqual(['audit.chain_broken']);
    });
  });

  it('runs by itself every day, and clears away what a cancelled one began', async () => {
    const start = { jobId: 'gone', actor: null, startedAt: app.clock.now(), requestedBy: 'jane' };
    await app.deps.verifications.open(app.ledger, start);
    const daily = createDailyVerification(app.deps);
    await daily.run(new AbortController().signal, 1);
    expect(await app.deps.verifications.listOpen()).toEqual([]);
    await app.deps.jobs.run();
    const [report] = await app.deps.verifications.list(app.ledger, { limit: 1 });
    expect(report).toMatchObject({ verdict: 'intact', scope: 'whole', requestedBy: 'Sealtrail' });
  });

  it('is missed where it does not run, by doctor and on the page', async () => {
    const DAY_MS = 86_400_000;
    const missed = async () => ({
      doctor: (await lookAtVerifications(app.deps)).troubles,
      // A session does not last as long as that.
      page: (await (await webPerson(app, 'jane')).get('/verify')).text.includes(
        'It runs by itself once a day: find out why',
      ),
    });
    await app.deps.jobs.run();
    expect(await missed()).toEqual({ doctor: [], page: false });
    app.clock.advance(3 * DAY_MS);
    expect(await missed()).toEqual({
      doctor: ['default: not verified yet: it should be verified every day'],
      page: false,
    });
    await verify();
    const at = app.clock.now().toISOString();
    expect(await missed()).toEqual({ doctor: [], page: false });
    app.clock.advance(2 * DAY_MS + 1);
    expect(await missed()).toEqual({ doctor: [`default: intact, ${at}: it should be verified every day`], page: true });
  });
});
