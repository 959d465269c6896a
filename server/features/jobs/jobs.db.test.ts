import { spawn } from 'node:child_process';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { until } from '../../testing/until';
import { createDailyTasks, type DailyTask } from './daily-task-service';
import { createJobService, type JobKind, type JobRun, type JobService } from './job-service';

const LEASE_MS = 15_000;

describe.each(ENGINES)('jobs on %s', (engine) => {
  let test: TestStore;
  const errors: unknown[] = [];
  const services: JobService[] = [];

  beforeAll(async () => {
    test = await createTestStore(engine);
  });
  afterAll(() => test?.stop());
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    await test.database.knex('jobs').delete();
    errors.length = 0;
  });

  const never = () => new Promise<never>(() => undefined);

  /** A process of its own, as far as the table can tell. */
  function aProcess(run: JobKind['run']): JobService {
    const service = createJobService({
      database: test.database,
      rowMac: test.deps.rowMac,
      kinds: [{ kind: 'count', run }],
      now: () => test.clock.now(),
      onError: (error) => errors.push(error),
      leaseMs: LEASE_MS,
    });
    // One whose work never ends is as good as killed: nobody waits for it.
    if (run !== never) services.push(service);
    return service;
  }
  const tenantId = () => test.ledger.tenant.id;
  const request = (to = 3) => ({
    kind: 'count',
    tenantId: tenantId(),
    ledger: 'default',
    params: { to },
    requestedBy: 'jane',
  });
  const untilAborted = ({ signal }: JobRun) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });

  it('runs what waits, and keeps progress and result', async () => {
    const jobs = aProcess((run) => {
      run.progress(3, 3);
      return Promise.resolve({ counted: run.job.params['to'] ?? 0 });
    });
    const { id } = await jobs.enqueue(request());
    expect(await jobs.find(tenantId(), id)).toMatchObject({ state: 'queued', requestedBy: 'jane', params: { to: 3 } });
    await jobs.run();
    expect(await jobs.find(tenantId(), id)).toMatchObject({
      state: 'done',
      progress: { done: 3, total: 3 },
      result: { counted: 3 },
    });
    expect(errors).toEqual([]);
  });

  it('shows a job to its own tenant only', async () => {
    const jobs = aProcess(never);
    const { id } = await jobs.enqueue(request());
    expect(await jobs.find(tenantId() + 1, id)).toBeUndefined();
    expect(await jobs.cancel(tenantId() + 1, id)).toBe(false);
  });

  it('gives the same job for the same request while it is not finished, and a new one after', async () => {
    const jobs = aProcess(() => Promise.resolve({}));
    const both = await Promise.all([jobs.enqueue(request()), jobs.enqueue(request())]);
    expect(both[0].id).toBe(both[1].id);
    expect((await jobs.enqueue(request(4))).id).not.toBe(both[0].id);
    await jobs.run();
    expect((await jobs.enqueue(request())).id).not.toBe(both[0].id);
  });

  it('tells why a job failed', async () => {
    const jobs = aProcess(() => Promise.reject(new Error('the disk is full')));
    const { id } = await jobs.enqueue(request());
    await jobs.run();
    expect(await jobs.find(tenantId(), id)).toMatchObject({
      state: 'failed',
      problem: 'the disk is full',
      result: null,
    });
    expect(errors).toHaveLength(1);
  });

  it('is run by one process only, however many look', async () => {
    let runs = 0;
    const processes = [1, 2, 3, 4].map(() =>
      aProcess(() => {
        runs += 1;
        return Promise.resolve({});
      }),
    );
    for (let to = 0; to < 10; to += 1) await processes[0]?.enqueue(request(to));
    await Promise.all(processes.map((one) => one.run()));
    expect(runs).toBe(10);
  });

  it('goes on in another process from where the one that vanished had saved', async () => {
    const first = aProcess(async (run) => {
      await run.save({ counted: 2 });
      return never();
    });
    services.length = 0;
    const { id } = await first.enqueue(request());
    void first.run();
    await until(
      'the job is there',
      async () => (await test.database.knex('jobs').where({ id }).first<{ memo: string | null }>())?.memo !== null,
    );

    const memos: unknown[] = [];
    const second = aProcess((run) => {
      memos.push(run.memo);
      return Promise.resolve({ counted: 3 });
    });
    await second.run();
    // Its holder may still be there.
    expect(memos).toEqual([]);
    test.clock.advance(LEASE_MS + 1);
    await second.run();
    expect(memos).toEqual([{ counted: 2 }]);
    expect(await second.find(tenantId(), id)).toMatchObject({ state: 'done', result: { counted: 3 } });
  });

  it('refuses what a process saves after it lost the job', async () => {
    let save: JobRun['save'] | undefined;
    const slow = aProcess((run) => {
      save = (memo) => run.save(memo);
      return untilAborted(run);
    });
    const { id } = await slow.enqueue(request());
    const run = slow.run();
    await until('the job runs', () => save !== undefined);
    test.clock.advance(LEASE_MS + 1);
    const other = aProcess(never);
    void other.run();
    await until(
      'the job is there',
      async () => (await test.database.knex('jobs').where({ id }).first<{ attempts: number }>())?.attempts === 2,
    );
    await expect(save?.({ counted: 9 })).rejects.toThrow('another process has taken the job');
    await run;
    expect(await slow.find(tenantId(), id)).toMatchObject({ state: 'running' });
    expect(errors).toEqual([]);
  });

  it('cancels what waits at once, and what runs as soon as it hears of it', async () => {
    const jobs = aProcess(untilAborted);
    const running = await jobs.enqueue(request(1));
    const waiting = await jobs.enqueue(request(2));
    expect(await jobs.cancel(tenantId(), waiting.id)).toBe(true);
    expect(await jobs.find(tenantId(), waiting.id)).toMatchObject({ state: 'cancelled' });
    const work = jobs.run();
    await until('the job is there', async () => (await jobs.find(tenantId(), running.id))?.state === 'running');
    // Asked for in another process: the row alone tells it.
    expect(await aProcess(never).cancel(tenantId(), running.id)).toBe(true);
    await work;
    expect(await jobs.find(tenantId(), running.id)).toMatchObject({ state: 'cancelled', result: null });
    expect(await jobs.cancel(tenantId(), running.id)).toBe(false);
  });

  it('is left to the next process when this one stops', async () => {
    const first = aProcess(untilAborted);
    const { id } = await first.enqueue(request());
    void first.run();
    await until('the job is there', async () => (await first.find(tenantId(), id))?.state === 'running');
    await first.stop();
    const second = aProcess(() => Promise.resolve({ counted: 3 }));
    await second.run();
    expect(await second.find(tenantId(), id)).toMatchObject({ state: 'done' });
  });

  it('gives up a job that ends its process again and again', async () => {
    const { id } = await aProcess(never).enqueue(request());
    for (let attempt = 0; attempt < 5; attempt += 1) {
      void aProcess(never).run();
      await until(
        'the job is there',
        async () =>
          (await test.database.knex('jobs').where({ id }).first<{ attempts: number }>())?.attempts === attempt + 1,
      );
      test.clock.advance(LEASE_MS + 1);
    }
    const last = aProcess(never);
    await last.run();
    expect(await last.find(tenantId(), id)).toMatchObject({
      state: 'failed',
      problem: 'it ended 5 times without getting on',
    });
  });

  it('waits for the end of a job, and not for ever', async () => {
    const jobs = aProcess(() => Promise.resolve({}));
    const { id } = await jobs.enqueue(request());
    expect((await jobs.waitFor(tenantId(), id, 20))?.state).toBe('queued');
    const waiting = jobs.waitFor(tenantId(), id, 10_000);
    await jobs.run();
    expect((await waiting)?.state).toBe('done');
  });

  it('hears of the end of a job in another process', async () => {
    const { id } = await aProcess(never).enqueue(request());
    const waiting = aProcess(never).waitFor(tenantId(), id, 10_000);
    await aProcess(() => Promise.resolve({})).run();
    expect((await waiting)?.state).toBe('done');
  });

  it('starts a process for kinds that are not run here, when one waits', async () => {
    const started: string[] = [];
    const ends: unknown[] = [];
    const service = createJobService({
      database: test.database,
      rowMac: test.deps.rowMac,
      kinds: [{ kind: 'count', run: never }],
      now: () => test.clock.now(),
      onError: (error) => errors.push(error),
      apart: {
        kinds: ['count'],
        start(kind) {
          started.push(kind);
          return spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
        },
        onEnd: (kind, end) => ends.push([kind, end]),
      },
    });
    services.push(service);
    service.start();
    const { id } = await service.enqueue(request());
    await until('it ends', () => ends.length > 0);
    expect([started[0], ends[0]]).toEqual(['count', ['count', { how: undefined, failures: 0 }]]);
    expect(await service.find(tenantId(), id)).toMatchObject({ state: 'queued' });
    expect(errors).toEqual([]);
  });

  describe('in the database', () => {
    const rows = () => test.database.knex('jobs');
    const done = (): Promise<{ counted: number }> => Promise.resolve({ counted: 3 });
    const CHANGED = { state: 'failed', result: null, problem: 'the job was changed in the database' };

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['for somebody else', () => rows().update({ requested_by: 'root' })],
      ['of something else', () => rows().update({ params: '{"to":4}' })],
      ['of another ledger', () => rows().update({ ledger: 'other' })],
      [
        'that nobody asked for',
        async (id) =>
          rows().insert({ ...(await rows().where({ id }).first<object>()), id: 'made-up', active_key: null }),
      ],
    ])('a job %s is not done', async (_, write) => {
      const seen: unknown[] = [];
      const jobs = aProcess((run) => {
        seen.push(run.job.params, run.job.requestedBy);
        return done();
      });
      const { id } = await jobs.enqueue(request());
      await write(id);
      const isMadeUp = (await rows().pluck('id')).includes('made-up');
      await jobs.run();
      expect(seen).toEqual(isMadeUp ? [{ to: 3 }, 'jane'] : []);
      expect(await jobs.find(tenantId(), isMadeUp ? 'made-up' : id)).toMatchObject(CHANGED);
    });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['an order', () => rows().update({ params: '{"to":' })],
      ['a result', (id) => rows().where({ id }).update({ state: 'done', active_key: null, result: '{"counted":' })],
    ])('%s that is no JSON is no job under way, and read as one that failed', async (_, write) => {
      const jobs = aProcess(done);
      const { id } = await jobs.enqueue(request());
      await write(id);
      expect(await jobs.listActive(tenantId(), 'count')).toEqual([]);
      expect(await jobs.find(tenantId(), id)).toMatchObject(CHANGED);
    });

    it('a note that somebody wrote is not gone on from', async () => {
      const memos: unknown[] = [];
      const jobs = aProcess((run) => {
        memos.push(run.memo);
        return done();
      });
      await jobs.enqueue(request());
      await rows().update({ memo: '{"state":{"after":9}}' });
      await jobs.run();
      expect(memos).toEqual([null]);
    });

    it('a result that somebody wrote is not told', async () => {
      const jobs = aProcess(done);
      const { id } = await jobs.enqueue(request());
      await jobs.run();
      expect(await jobs.find(tenantId(), id)).toMatchObject({ state: 'done', result: { counted: 3 } });
      await rows().update({ result: '{"counted":4}' });
      expect(await jobs.find(tenantId(), id)).toMatchObject(CHANGED);
      await rows().update({ state: 'cancelled' });
      expect(await jobs.find(tenantId(), id)).toMatchObject({ state: 'cancelled', result: null });
    });
  });

  describe('daily tasks', () => {
    const DAY_MS = 86_400_000;
    const runs: string[] = [];
    const aTask = (name: string, run: () => Promise<void> = () => Promise.resolve()): DailyTask => ({
      name,
      run: () => {
        runs.push(name);
        return run();
      },
    });
    const sidecar = (...tasks: DailyTask[]) =>
      createDailyTasks({ tasks, database: test.database, now: () => test.clock.now(), logger: test.deps.logger });

    beforeEach(async () => {
      runs.length = 0;
      await test.database.knex('daily_tasks').delete();
    });

    it('run once a day, in one process, the first time on the next day', async () => {
      const sidecars = [sidecar(aTask('a')), sidecar(aTask('a')), sidecar(aTask('a'))];
      const look = () => Promise.all(sidecars.map((one) => one.run()));
      await look();
      expect(runs).toEqual([]);
      test.clock.advance(DAY_MS);
      await look();
      await look();
      expect(runs).toEqual(['a']);
      test.clock.advance(DAY_MS);
      await look();
      expect(runs).toEqual(['a', 'a']);
    });

    it('make up once for days on which nothing was up', async () => {
      await sidecar(aTask('a')).run();
      test.clock.advance(5 * DAY_MS);
      const next = sidecar(aTask('a'));
      await next.run();
      await next.run();
      expect(runs).toEqual(['a']);
    });

    it('are told how many days went by since, over the end of a year and under a clock that was put back', async () => {
      const told: number[] = [];
      const at = (time: string) =>
        createDailyTasks({
          tasks: [{ name: 'a', run: (_, days) => Promise.resolve(void told.push(days)) }],
          database: test.database,
          now: () => new Date(time),
          logger: test.deps.logger,
        });
      const days = ['2026-12-30', '2026-12-31', '2027-01-01', '2027-03-01', '2037-03-01', '2027-03-02', '2027-03-03'];
      for (const day of days) await at(`${day}T03:00:00Z`).run();
      expect(told).toEqual([1, 1, 59, 3_653, -3_652, 1]);
    });

    it('are tried again after a failure, and do not keep others from running', async () => {
      const both = sidecar(
        aTask('a', () => Promise.reject(new Error('the disk is full'))),
        aTask('b'),
      );
      await both.run();
      test.clock.advance(DAY_MS);
      await both.run();
      await both.run();
      expect(runs).toEqual(['a', 'b']);
      test.clock.advance(15 * 60_000);
      await both.run();
      expect(runs).toEqual(['a', 'b', 'a']);
    });

    it.each([{ done_day: 99_991_231 }, { held_until: 9e15 }])(
      'run whatever the row says of times to come: %j',
      async (written) => {
        await sidecar(aTask('a')).run();
        await test.database.knex('daily_tasks').update(written);
        test.clock.advance(DAY_MS);
        await sidecar(aTask('a')).run();
        await sidecar(aTask('a')).run();
        expect(runs).toEqual(['a']);
      },
    );

    it('run once where the clocks of two processes lie on both sides of the hour', async () => {
      const at = (ms: number) =>
        createDailyTasks({
          tasks: [aTask('a')],
          database: test.database,
          now: () => new Date(ms),
          logger: test.deps.logger,
        });
      const hour = Date.parse('2026-11-23T02:00:00Z');
      await at(hour - DAY_MS).run();
      for (const ms of [hour + 1_000, hour - 1_000, hour + 2_000]) await at(ms).run();
      expect(runs).toEqual(['a']);
    });

    it('are told when the program stops, and run again in the next one', async () => {
      const task: DailyTask = {
        name: 'a',
        run: (signal) =>
          new Promise((_, reject) => {
            runs.push('a');
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
      };
      await sidecar(task).run();
      test.clock.advance(DAY_MS);
      const stopping = sidecar(task);
      const run = stopping.run();
      await until('the task runs', () => runs.length === 1);
      await stopping.stop();
      await run;
      await sidecar(aTask('a')).run();
      expect(runs).toEqual(['a', 'a']);
    });
  });
});
