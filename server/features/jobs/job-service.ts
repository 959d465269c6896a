import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../core/canonical-json';
import type { RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import type { Job, JobRequest, JobState } from './job';
import { createJobProcess, type JobProcess, type ProcessEnd } from './job-process';
import { createJobStore, type ClaimedJob, type JobStore } from './job-store';

export type { Job, JobRequest } from './job';
export type { ProcessEnd } from './job-process';

/** One run of a job. It may end at any moment, with the process or without: what `save` was given is there the next time. */
export interface JobRun {
  readonly job: Job;
  /** Aborted when somebody cancels the job, the program stops, or another process has taken it over. */
  readonly signal: AbortSignal;
  /** What an earlier run saved; null in the first. */
  readonly memo: JsonObject | null;
  progress(done: number, total: number): void;
  /** Where the next run would go on. Throws when the job is not ours any more. */
  save(memo: JsonObject): Promise<void>;
}

/** What jobs of a kind do. `run` gives the result, and throws `signal.reason` when it was told to end. */
export interface JobKind {
  readonly kind: string;
  run(run: JobRun): Promise<JsonObject>;
}

/**
 * Long work behind a page or a request. A job is a row: it waits there, is held by the process that runs it, and goes on in
 * another one when its holder is gone. A process runs one job of a kind at a time.
 */
export interface JobService {
  /** The same request gives the job that is already waiting or running. */
  enqueue(request: JobRequest): Promise<Job>;
  find(tenantId: number, id: string): Promise<Job | undefined>;
  /** Waiting and running ones, oldest first. */
  listActive(tenantId: number, kind: string): Promise<Job[]>;
  /** False when there is nothing to cancel. A running job ends within a second or two. */
  cancel(tenantId: number, id: string): Promise<boolean>;
  /** The job when it has ended, or as it stands after `ms`. */
  waitFor(tenantId: number, id: string, ms: number): Promise<Job | undefined>;
  /** Runs what waits now, of one kind or of all, here, then resolves. */
  run(kind?: string): Promise<void>;
  start(): void;
  /** Ends what runs here; it goes on wherever the program is started next. */
  stop(): Promise<void>;
}

/** Kinds that are run by a process of their own each, not here. */
export interface JobsApart {
  readonly kinds: readonly string[];
  /** A process that works off what waits of a kind and then ends with 0. */
  readonly start: (kind: string) => ChildProcess;
  readonly onEnd: (kind: string, end: ProcessEnd) => void;
}

interface JobDeps {
  readonly database: Database;
  readonly rowMac: RowMac;
  readonly kinds: readonly JobKind[];
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly apart?: JobsApart | undefined;
  /** How long a job stays with a process that is not heard any more. */
  readonly leaseMs?: number;
}

const LEASE_MS = 15_000;
const TICK_MS = 1_000;
const POLL_MS = 3_000;
/** How soon the end of a job that runs elsewhere is heard of. */
const LISTEN_MS = 250;
/** A job that ends its process so often without getting on is given up. */
const MAX_ATTEMPTS = 5;

class Cancelled extends Error {}
class Stopping extends Error {}
class Lost extends Error {}

export function createJobService({
  database,
  rowMac,
  kinds,
  now,
  onError,
  apart,
  leaseMs = LEASE_MS,
}: JobDeps): JobService {
  const store = createJobStore({ database, rowMac, now });
  const holder = randomUUID();
  const running = new Map<string, AbortController>();
  const working = new Map<string, Promise<void>>();
  const ended = new Set<(id: string) => void>();
  const processes = new Map<string, JobProcess>(
    apart?.kinds.map((kind) => [
      kind,
      createJobProcess({
        start: () => apart.start(kind),
        onEnd: (end) => apart.onEnd(kind, end),
        onFree: () => look(),
      }),
    ]),
  );
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Everything of one kind that waits, one after the other. */
  function work(kind: JobKind): Promise<void> {
    const busy = working.get(kind.kind);
    if (busy) return busy;
    const done = workOff(kind).finally(() => working.delete(kind.kind));
    working.set(kind.kind, done);
    return done;
  }

  async function workOff(kind: JobKind): Promise<void> {
    while (!stopped) {
      const claimed = await store.claim(kind.kind, holder, leaseMs);
      if (!claimed) return;
      await runOne(store, kind, claimed, { holder, leaseMs, running, onError });
      for (const listener of ended) listener(claimed.job.id);
    }
  }

  function look(): void {
    for (const kind of kinds) {
      const process = processes.get(kind.kind);
      void (process ? wake(kind.kind, process) : work(kind)).catch(onError);
    }
  }

  async function wake(kind: string, process: JobProcess): Promise<void> {
    if (await store.isWaiting(kind)) process.wake();
  }

  /** Resolves when a job that runs here ends, or after `ms`. */
  function hear(id: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const listener = (one: string) => {
        if (one === id) done();
      };
      const wait = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(wait);
        ended.delete(listener);
        resolve();
      };
      ended.add(listener);
    });
  }

  function schedule(): void {
    timer = setTimeout(() => {
      look();
      schedule();
    }, POLL_MS).unref();
  }

  return {
    async enqueue(request) {
      const job = await store.add(request);
      if (timer) look();
      return job;
    },
    find: (tenantId, id) => store.find(tenantId, id),
    listActive: (tenantId, kind) => store.listActive(tenantId, kind),
    async cancel(tenantId, id) {
      const isThere = await store.askCancel(tenantId, id);
      if (isThere) running.get(id)?.abort(new Cancelled('the job was cancelled'));
      return isThere;
    },
    async waitFor(tenantId, id, ms) {
      const until = performance.now() + ms;
      for (;;) {
        const left = until - performance.now();
        const heard = hear(id, Math.min(left, LISTEN_MS));
        const job = await store.find(tenantId, id);
        if (left <= 0 || !job || (job.state !== 'queued' && job.state !== 'running')) return job;
        await heard;
      }
    },
    async run(only) {
      for (const kind of kinds) if (only === undefined || kind.kind === only) await work(kind);
    },
    start() {
      look();
      schedule();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
      for (const controller of running.values()) controller.abort(new Stopping('the program stops'));
      await Promise.allSettled([...working.values(), ...[...processes.values()].map((one) => one.stop())]);
    },
  };
}

interface RunContext {
  readonly holder: string;
  readonly leaseMs: number;
  readonly running: Map<string, AbortController>;
  readonly onError: (error: unknown) => void;
}

async function runOne(store: JobStore, kind: JobKind, claimed: ClaimedJob, context: RunContext): Promise<void> {
  const { job, memo } = claimed;
  const { holder, leaseMs, running, onError } = context;
  let progress = job.progress;
  const end = (state: JobState, more: { readonly result?: JsonObject; readonly problem?: string } = {}) =>
    store.finish(job.id, holder, { state, progress, ...more });
  if (claimed.isCancelled) return void (await end('cancelled'));
  if (claimed.attempts > MAX_ATTEMPTS)
    return void (await end('failed', { problem: `it ended ${MAX_ATTEMPTS} times without getting on` }));

  const controller = new AbortController();
  running.set(job.id, controller);
  const tick = setInterval(
    () => {
      store.renew(job.id, holder, leaseMs, progress).then((state) => {
        if (state === 'cancelled') controller.abort(new Cancelled('the job was cancelled'));
        if (state === 'lost') controller.abort(new Lost('another process has taken the job'));
      }, onError);
    },
    Math.min(TICK_MS, leaseMs / 3),
  );
  tick.unref();
  try {
    const result = await kind.run({
      job,
      memo,
      signal: controller.signal,
      progress(done, total) {
        progress = { done, total };
      },
      async save(state) {
        if (!(await store.saveMemo(job.id, holder, leaseMs, progress, state)))
          throw new Lost('another process has taken the job');
      },
    });
    await end('done', { result });
  } catch (error) {
    const why: unknown = controller.signal.aborted ? controller.signal.reason : error;
    if (why instanceof Cancelled) await end('cancelled');
    else if (why instanceof Stopping) await store.release(job.id, holder);
    else if (!(why instanceof Lost)) {
      onError(error);
      await end('failed', { problem: error instanceof Error ? error.message : String(error) });
    }
  } finally {
    clearInterval(tick);
    running.delete(job.id);
  }
}
