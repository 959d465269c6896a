import { spawn, type ChildProcess } from 'node:child_process';
import { until } from '../../testing/until';
import { createJobProcess, type JobProcess, type ProcessEnd } from './job-process';

const REST_MS = 40;

describe('a process for jobs', () => {
  const children: ChildProcess[] = [];
  const ends: ProcessEnd[] = [];
  let frees = 0;
  let jobs: JobProcess;

  /** Each process runs this; what it is worth to wait for comes from `onFree` as in the program. */
  function aProcess(script: string, options: { readonly wakes?: boolean } = {}): void {
    children.length = 0;
    ends.length = 0;
    frees = 0;
    jobs = createJobProcess({
      start() {
        const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
        children.push(child);
        return child;
      },
      onEnd: (end) => ends.push(end),
      onFree() {
        frees += 1;
        if (options.wakes) jobs.wake();
      },
      restMs: REST_MS,
    });
  }
  afterEach(() => jobs.stop());

  const FOR_EVER = 'setInterval(() => undefined, 1000)';

  it('is one, however often it is woken', () => {
    aProcess(FOR_EVER);
    for (let i = 0; i < 5; i += 1) jobs.wake();
    expect(children).toHaveLength(1);
  });

  it('is looked after when it was woken on its way out', async () => {
    aProcess('');
    jobs.wake();
    await until('it ends', () => ends.length === 1);
    expect(frees).toBe(0);
    jobs.wake();
    jobs.wake();
    await until('it ends', () => ends.length === 2);
    expect(frees).toBe(1);
    expect(ends).toEqual([
      { how: undefined, failures: 0 },
      { how: undefined, failures: 0 },
    ]);
  });

  it('is started less and less often when it ends badly', async () => {
    aProcess('process.exit(3)', { wakes: true });
    const startedAt = Date.now();
    jobs.wake();
    jobs.wake();
    await until('it has ended three times', () => ends.length === 3);
    expect(ends.map(({ failures }) => failures)).toEqual([1, 2, 3]);
    expect(ends[0]?.how).toBe('exit code 3');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(3 * REST_MS);
    expect(children).toHaveLength(3);
  });

  it('rests after a bad end, whoever wakes it', async () => {
    aProcess('process.kill(process.pid, "SIGKILL")');
    jobs.wake();
    await until('it ends', () => ends.length === 1);
    jobs.wake();
    expect(children).toHaveLength(1);
    expect(ends).toEqual([{ how: 'SIGKILL', failures: 1 }]);
    await until('it may be started again', () => frees === 1);
    jobs.wake();
    expect(children).toHaveLength(2);
  });

  it('is gone when it was stopped, and is not started again', async () => {
    aProcess(FOR_EVER);
    jobs.wake();
    await jobs.stop();
    expect(children[0]?.signalCode).toBe('SIGTERM');
    jobs.wake();
    expect(children).toHaveLength(1);
    expect(ends).toEqual([]);
  });

  it('tells when it cannot be started', async () => {
    aProcess('');
    jobs = createJobProcess({
      start: () => spawn('/nonexistent/program'),
      onEnd: (end) => ends.push(end),
      onFree: () => undefined,
    });
    jobs.wake();
    await until('it is told', () => ends.length === 1);
    expect(ends[0]).toMatchObject({ how: expect.stringContaining('ENOENT') as string, failures: 1 });
  });
});
