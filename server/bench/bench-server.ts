import { execFile, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import type * as Deps from '../deps';
import { PROGRAM_ROOT } from '../root';

const run = promisify(execFile);
/** As `npm start` gives them. */
const START_FLAGS = [
  '--max-old-space-size=256',
  '--max-semi-space-size=8',
  '--heap-growing-percent=100',
  '--single-threaded-gc',
];
const BUILT = path.join(PROGRAM_ROOT, 'dist', 'server');
const CLI = path.join(BUILT, 'cli', 'main.js');

/** The parts of the program as it is built, for work in this process. */
export function builtDeps(): Pick<typeof Deps, 'createDeps'> {
  return createRequire(BUILT)('./server/deps') as typeof Deps;
}

export interface BenchServer {
  readonly url: string;
  readonly signIn: string;
  readonly pid: number;
  readonly env: NodeJS.ProcessEnv;
  cli(...args: string[]): Promise<string>;
  /** Ends the process and leaves the store; a second call does nothing. */
  stop(): Promise<void>;
}

interface BenchServerSettings {
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** A file that the process loads first. */
  readonly preload?: string;
}

/** The built program as a process of its own, on a free port. */
export async function startBenchServer(settings: BenchServerSettings): Promise<BenchServer> {
  const env = {
    ...process.env,
    SEALTRAIL_DATABASE_URL: settings.databaseUrl,
    SEALTRAIL_DATA_DIR: settings.dataDir,
    SEALTRAIL_PORT: '0',
    SEALTRAIL_LOG_LEVEL: 'warn',
  };
  const cli = async (...args: string[]) =>
    (await run(process.execPath, [CLI, ...args], { env, maxBuffer: 1 << 28 })).stdout;
  await cli('init');
  const preload = settings.preload === undefined ? [] : ['--require', settings.preload];
  const child = spawn(process.execPath, [...START_FLAGS, ...preload, CLI, 'serve', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const { url, sign_in: signIn } = JSON.parse(line) as { url: string; sign_in: string };
  return {
    url,
    signIn,
    pid: child.pid ?? 0,
    env,
    cli,
    stop: end,
  };

  function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  }
}
