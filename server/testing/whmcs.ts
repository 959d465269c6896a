import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { freePort } from './free-port';
import { findProgram } from './requirements';
import type { BridgeCredentials } from './sender';
import { until } from './until';

/** A billing system with our module in it: the stand-in under a real PHP, over a database of its own (hooks-bridge/tests). */
export interface Whmcs {
  readonly db: Connection;
  /** One request that fires one hook, with the delivery at its end; options as `fire.php` has them. */
  fire(hook: string, params: object, options: readonly string[]): Promise<void>;
  cron(...options: readonly string[]): Promise<void>;
  /** Ends the pause that a delivery left which failed, or took too long on a busy machine. */
  endPause(): Promise<void>;
  /** What waits for delivery, oldest first. */
  outbox(): Promise<readonly { readonly id: number; readonly event_id: string; readonly body: string }[]>;
  /** Runs the cron until nothing waits any more. */
  deliverAll(): Promise<void>;
  /** Serves the admin area and gives its address. */
  serve(): Promise<string>;
  stop(): Promise<void>;
}

const BRIDGE = path.join(__dirname, '..', '..', 'hooks-bridge');

/** Paired from the environment, or with `null` a copy of its own for a person to pair: the secret is written beside it. */
export async function startWhmcs(sidecarUrl: string, bridge: BridgeCredentials | null): Promise<Whmcs> {
  const server = process.env['SEALTRAIL_TEST_MYSQL_URL'];
  if (server === undefined || server === '') throw new Error('No MariaDB to test on: run this through `npm test`.');
  const url = new URL(`sealtrail_whmcs_${randomBytes(8).toString('hex')}`, server).href;
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-whmcs-'));
  const env = {
    ...process.env,
    SEALTRAIL_TEST_MYSQL_URL: url,
    SEALTRAIL_SPOOL_DIR: path.join(folder, 'spool'),
    ...(bridge && {
      SEALTRAIL_SIDECAR_URL: sidecarUrl,
      SEALTRAIL_BRIDGE_ID: bridge.id,
      SEALTRAIL_BRIDGE_SECRET: bridge.secret,
    }),
  };
  const root = path.join(bridge ? BRIDGE : path.join(folder, 'hooks-bridge'), 'tests', 'whmcs');
  if (!bridge) {
    for (const part of ['modules', 'tests/whmcs'])
      cpSync(path.join(BRIDGE, part), path.join(folder, 'hooks-bridge', part), { recursive: true });
  }
  const php = findProgram('php') ?? 'php';
  const stops: (() => Promise<unknown>)[] = [];

  function run(script: string, ...args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      execFile(php, ['-q', path.join(root, script), ...args], { env, cwd: folder }, (error, stdout, stderr) => {
        // The bridge prints nothing, and PHP must not warn.
        if (error ?? stderr !== '') reject(new Error(`php ${script} ${args.join(' ')}: ${stdout}${stderr}`));
        else resolve();
      });
    });
  }

  await run('install.php');
  const db = await createConnection({ uri: url, charset: 'utf8mb4' });
  const whmcs: Whmcs = {
    db,
    fire: (hook, params, options) => run('fire.php', hook, JSON.stringify(params), ...options),
    cron: (...options) => run('crons/cron.php', ...options),
    async endPause() {
      await db.query(`UPDATE mod_sealtrail_state SET not_before = NULL WHERE name = 'delivery'`);
    },
    async outbox() {
      const [rows] = await db.query(
        'SELECT id, event_id, CAST(body AS CHAR CHARACTER SET utf8mb4) AS body FROM mod_sealtrail_outbox ORDER BY id',
      );
      return rows as { id: number; event_id: string; body: string }[];
    },
    async deliverAll() {
      await until('everything that waited was delivered', async () => {
        await whmcs.cron();
        return (await whmcs.outbox()).length === 0;
      });
    },
    async serve() {
      const address = `127.0.0.1:${await freePort()}`;
      const child = spawn(php, ['-d', `session.save_path=${folder}`, '-S', address, '-t', root], {
        env,
        stdio: 'ignore',
      });
      const gone = new Promise((resolve) => child.once('exit', resolve));
      stops.push(() => {
        child.kill();
        return gone;
      });
      const login = `http://${address}/admin/login.php`;
      await until('PHP serves', () => fetch(login).then((answer) => answer.ok, () => false)); // prettier-ignore
      return `http://${address}/admin`;
    },
    async stop() {
      for (const stop of stops) await stop();
      await db.end();
      await run('install.php', '--drop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return whmcs;
}
