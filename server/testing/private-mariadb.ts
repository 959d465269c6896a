import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port';
import { findProgram } from './requirements';

/** A MariaDB server of the tests' own: own data folder, port and socket; a system service is left alone. */
export interface PrivateMariadb {
  /** `mysql://user:password@127.0.0.1:port/`, of a user who may make databases. */
  readonly url: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

export async function startPrivateMariadb(): Promise<PrivateMariadb> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-mariadb-'));
  const stop = (server?: ChildProcess) => stopServer(server, folder);
  let server: ChildProcess | undefined;
  try {
    const user = serverUser(folder);
    install(folder, user);
    const port = await freePort();
    server = start(folder, user, port);
    const url = await prepareUser(server, folder, port);
    return { url, stop: () => stop(server) };
  } catch (error) {
    const log = readLog(folder);
    await stop(server);
    throw new Error(`The private MariaDB did not start.\n${log}`, { cause: error });
  }
}

/** mariadbd refuses to run as root unless told so: it runs as mysql where that user exists. */
function serverUser(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout.trim() || 'NaN'),
  );
  if (!Number.isInteger(uid) || !Number.isInteger(gid)) return 'root';
  chownSync(folder, uid as number, gid as number);
  return 'mysql';
}

function install(folder: string, user: string | undefined): void {
  const { status, stdout, stderr } = spawnSync(
    findProgram('mariadb-install-db') ?? 'mariadb-install-db',
    [
      '--no-defaults',
      `--datadir=${path.join(folder, 'data')}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      // It would stop where the machine's own name cannot be looked up.
      '--force',
      ...asUser(user),
    ],
    { encoding: 'utf8', cwd: folder },
  );
  if (status !== 0) throw new Error(`mariadb-install-db failed:\n${`${stdout}${stderr}`.slice(-2000)}`);
}

function start(folder: string, user: string | undefined, port: number): ChildProcess {
  const log = openSync(path.join(folder, 'log'), 'a');
  return spawn(
    findProgram('mariadbd') ?? 'mariadbd',
    [
      '--no-defaults',
      `--datadir=${path.join(folder, 'data')}`,
      `--socket=${socketIn(folder)}`,
      `--pid-file=${path.join(folder, 'pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--max-connections=400',
      '--max-allowed-packet=64M',
      // Unlike what Sealtrail needs, so that a connection which forgets to set these shows. latin1 is the default already.
      '--sql-mode=NO_ENGINE_SUBSTITUTION',
      '--default-time-zone=+05:45',
      ...asUser(user),
    ],
    // Its own process group: Ctrl-C reaches the test run alone, which then stops the server.
    { cwd: folder, detached: true, stdio: ['ignore', log, log] },
  );
}

function asUser(user: string | undefined): string[] {
  return user === undefined ? [] : [`--user=${user}`];
}

function socketIn(folder: string): string {
  return path.join(folder, 'socket');
}

/** Waits until the server answers, then makes the tests' user. */
async function prepareUser(server: ChildProcess, folder: string, port: number): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const password = randomBytes(18).toString('hex');
  for (;;) {
    try {
      const connection = await createConnection({ socketPath: socketIn(folder), user: 'root' });
      await connection.query(`CREATE USER 'sealtrail'@'127.0.0.1' IDENTIFIED BY '${password}'`);
      await connection.query(`GRANT ALL ON *.* TO 'sealtrail'@'127.0.0.1' WITH GRANT OPTION`);
      await connection.end();
      return `mysql://sealtrail:${password}@127.0.0.1:${port}/`;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function stopServer(server: ChildProcess | undefined, folder: string): Promise<void> {
  if (server && server.exitCode === null && server.signalCode === null) {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }
  rmSync(folder, { recursive: true, force: true });
}

function readLog(folder: string): string {
  try {
    return readFileSync(path.join(folder, 'log'), 'utf8').slice(-3000);
  } catch {
    return '';
  }
}
