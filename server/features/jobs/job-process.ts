import type { ChildProcess } from 'node:child_process';

/** A process of its own for the jobs of one kind: what they need of memory is given back with its end. */
export interface JobProcess {
  /** Something waits: starts the process where there is none, and it did not just end badly. */
  wake(): void;
  /** Resolves when it is gone; its job is left to the next one. */
  stop(): Promise<void>;
}

/** `how` is undefined where it ended as it should. */
export interface ProcessEnd {
  readonly how: string | undefined;
  /** Bad ends in a row, this one included. */
  readonly failures: number;
}

interface ProcessDeps {
  /** A process that works off what waits and then ends with 0. */
  readonly start: () => ChildProcess;
  readonly onEnd: (end: ProcessEnd) => void;
  /** Something may wait, and another one may be started. */
  readonly onFree: () => void;
  readonly restMs?: number;
}

/** After the first bad end; twice as long after each further one. */
const REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;
/** What a process may take to leave its job when it is told to. */
const PATIENCE_MS = 6_000;

export function createJobProcess({ start, onEnd, onFree, restMs = REST_MS }: ProcessDeps): JobProcess {
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();
  let rest: NodeJS.Timeout | undefined;
  let failures = 0;
  let wasWoken = false;
  let stopped = false;

  function begin(): void {
    wasWoken = false;
    const begun = start();
    child = begun;
    gone = new Promise((resolve) => {
      begun.on('error', (error) => {
        if (begun.pid === undefined) resolve(ended(error.message));
      });
      begun.once('exit', (code, signal) => resolve(ended(code === 0 ? undefined : (signal ?? `exit code ${code}`))));
    });
  }

  function ended(how: string | undefined): void {
    if (!child) return;
    child = undefined;
    if (stopped) return;
    failures = how === undefined ? 0 : failures + 1;
    onEnd({ how, failures });
    if (failures > 0) rest = setTimeout(free, Math.min(LONGEST_REST_MS, restMs * 2 ** (failures - 1))).unref();
    else if (wasWoken) onFree();
  }

  function free(): void {
    rest = undefined;
    onFree();
  }

  return {
    wake() {
      wasWoken = true;
      if (!stopped && !child && !rest) begin();
    },
    async stop() {
      stopped = true;
      clearTimeout(rest);
      child?.kill('SIGTERM');
      const end = setTimeout(() => child?.kill('SIGKILL'), PATIENCE_MS);
      await gone;
      clearTimeout(end);
    },
  };
}
