import { readFileSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { childrenOf, isRunning } from '../../testing/processes';
import { ENGINES } from '../../testing/test-database';
import { startTestSite, type TestSite } from '../../testing/test-site';
import { until } from '../../testing/until';

/** Enough for a second or more of verification. */
const ENTRIES = 20_000;
const BATCH = 500;

interface JobShown {
  readonly state: string;
  readonly result: { readonly verdict: string } | null;
}

describe.each(ENGINES)('the process that verifies for a server, on %s', (engine) => {
  let site: TestSite;
  let headers: Readonly<Record<string, string>>;

  beforeAll(async () => {
    // That it is killed is told in the log.
    site = await startTestSite(engine, { env: { SEALTRAIL_LOG_LEVEL: 'silent' } });
    const { token } = await site.ask<{ token: string }>('token', 'create', '--name', 'auditor', '--scope', 'verify');
    headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sender = await site.pair();
    for (let sent = 0; sent < ENTRIES; sent += BATCH) {
      const items = Array.from({ length: BATCH }, (_, at) => aHookItem({ id: uuidv7(), seq: sent + at + 1 }));
      expect((await sender.send(items)).status).toBe(200);
    }
  });
  afterAll(() => site?.stop());

  async function ask(): Promise<string> {
    const answer = await fetch(`${site.url}/api/v1/verify`, { method: 'POST', headers, body: '{}' });
    return ((await answer.json()) as { job_id: string }).job_id;
  }

  async function find(id: string): Promise<JobShown> {
    return (await (await fetch(`${site.url}/api/v1/jobs/${id}`, { headers })).json()) as JobShown;
  }

  /** A verification in the middle, and who does it. */
  async function begun(): Promise<{ readonly id: string; readonly worker: number }> {
    const id = await ask();
    await until('it begins', async () => (await find(id)).state === 'running');
    const [worker = 0, ...others] = childrenOf(site.pid());
    expect([worker > 0, others]).toEqual([true, []]);
    return { id, worker };
  }

  const ended = (id: string) =>
    until('it ends', async () => {
      const job = await find(id);
      return job.state !== 'running' && job.state !== 'queued' && job;
    });
  const gone = (pid: number) => until('the process ends', () => !isRunning(pid));

  it('ends with its work, has the settings of the server and shows no secret', async () => {
    const { id, worker } = await begun();
    expect(readFileSync(`/proc/${worker}/cmdline`, 'utf8').split('\0').slice(-4, -1)).toEqual(['work', '--kind', 'verify']); // prettier-ignore
    expect(await ended(id)).toMatchObject({ state: 'done', result: { verdict: 'intact' } });
    await gone(worker);
    expect(childrenOf(site.pid())).toEqual([]);
    // The entry about it came from the other process: the server's readers take it all the same.
    await until('they catch up', async () => {
      const metrics = await (await fetch(`${site.url}/metrics`)).text();
      return ['index', 'tree', 'activity'].every((name) => metrics.includes(`sealtrail_${name}_behind 0\n`));
    });
  });

  it('is a command that help does not list, that ends when nothing waits and refuses what it does not know', async () => {
    expect((await site.run('--help')).stdout).not.toMatch(/^ *work\b/m);
    expect(await site.run('work', '--kind', 'verify')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await site.run('work', '--kind', 'nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('write one of verify') }); // prettier-ignore
  });

  it('ends a cancelled verification before it is done', async () => {
    const { id } = await begun();
    await fetch(`${site.url}/api/v1/jobs/${id}/cancel`, { method: 'POST', headers });
    expect(await ended(id)).toMatchObject({ state: 'cancelled' });
  });

  it('is followed by another one when it is killed', async () => {
    const { id, worker } = await begun();
    process.kill(worker, 'SIGKILL');
    await until('another one comes', () => childrenOf(site.pid()).some((one) => one !== worker));
    expect(await ended(id)).toMatchObject({ state: 'done', result: { verdict: 'intact' } });
  });

  it('does not outlive a server that is killed, and the next server goes on', async () => {
    const { id, worker } = await begun();
    await site.kill();
    await gone(worker);
    expect(await site.db('jobs').where({ id }).pluck<string[]>('state')).toEqual(['running']);
    await site.start();
    expect(await ended(id)).toMatchObject({ state: 'done', result: { verdict: 'intact' } });
  });

  it('leaves its work and ends with a server that is told to end', async () => {
    const { id, worker } = await begun();
    await site.halt();
    expect(isRunning(worker)).toBe(false);
    expect(await site.db('jobs').where({ id }).first('state', 'holder')).toEqual({ state: 'running', holder: null });
    await site.start();
    expect(await ended(id)).toMatchObject({ state: 'done', result: { verdict: 'intact' } });
  });

  it('finds what was changed at either end, and so does a command, which checks the first part in its own thread', async () => {
    const seqs = [100, ENTRIES - 100];
    await site.db.raw('DROP TRIGGER entries_no_update');
    await site.db('entries').whereIn('seq', seqs).update({ severity: 'critical', action: 'client.deleted' });
    const found = seqs.map((seq) => expect.objectContaining({ seq, kind: 'projection' }) as unknown);
    const { code, stdout } = await site.run('verify');
    expect([code, (JSON.parse(stdout) as { ledgers: unknown[] }).ledgers]).toEqual([1, [expect.objectContaining({ broken: found })]]); // prettier-ignore
    const { id } = await begun();
    expect(await ended(id)).toMatchObject({ state: 'done', result: { verdict: 'broken' } });
    const reports = await site.db('verification_breaks').orderBy('seq').pluck<number[]>('seq');
    expect(reports).toEqual(seqs);
  });
});
