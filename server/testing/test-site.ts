import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import { runProgram, serveProgram, type ProgramResult, type ServedProgram } from './built-server';
import { freePort } from './free-port';
import { createSender, type BridgeCredentials, type Sender } from './sender';
import { createTestDatabase, type Engine } from './test-database';

/** The built program, served over a store of its own. Its address stays the same when it is started again. */
export interface TestSite {
  readonly url: string;
  readonly dataDir: string;
  /** Of the server, while it runs. */
  pid(): number;
  /** The store, past the program: to count by other means, and to tamper. */
  readonly db: Knex;
  /** What a command of the command line prints with `--json`. */
  ask<T>(...argv: readonly string[]): Promise<T>;
  /** The same for a command that may end badly. */
  run(...argv: readonly string[]): Promise<ProgramResult>;
  /** An answer of the API, asked with a token of its own. */
  api<T>(path: string): Promise<T>;
  pair(): Promise<Sender>;
  start(): Promise<void>;
  /** Ends the server alone; `start` brings it back. */
  halt(): Promise<void>;
  /** Ends the server as a power cut would. */
  kill(): Promise<void>;
  /** Ends everything and removes the store. */
  stop(): Promise<void>;
}

export async function startTestSite(
  engine: Engine,
  options: { readonly demo?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestSite> {
  const database = await createTestDatabase(engine);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'sealtrail-site-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    SEALTRAIL_DATABASE_URL: database.url,
    SEALTRAIL_DATA_DIR: dataDir,
    SEALTRAIL_PORT: String(port),
    SEALTRAIL_LOG_LEVEL: 'warn',
    ...options.env,
  };
  let server: ServedProgram | undefined;
  let token: string | undefined;

  const run = (...argv: readonly string[]) => runProgram([...argv, '--json'], { env });
  async function ask<T>(...argv: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await run(...argv);
    if (code !== 0) throw new Error(`sealtrail ${argv.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }
  const site: TestSite = {
    url,
    dataDir,
    pid: () => server?.process.pid ?? 0,
    db: database.knex,
    ask,
    run,
    async api<T>(where: string): Promise<T> {
      token ??= (await ask<{ token: string }>('token', 'create', '--name', 'test', '--scope', 'read')).token;
      const answer = await fetch(`${url}/api/v1${where}`, { headers: { authorization: `Bearer ${token}` } });
      if (!answer.ok) throw new Error(`${where} was answered with ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    },
    pair: async () => createSender(url, await ask<BridgeCredentials>('bridge', 'add', '--name', 'billing')),
    async start() {
      server = await serveProgram({ env });
    },
    async halt() {
      await server?.end('SIGTERM');
      server = undefined;
    },
    async kill() {
      await server?.end('SIGKILL');
      server = undefined;
    },
    async stop() {
      await site.halt();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  try {
    await ask('init');
    if (options.demo) await ask('demo', '--no-serve');
    await site.start();
  } catch (error) {
    await site.stop();
    throw error;
  }
  return site;
}
