import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { anAppendItem } from '../../testing/append-item';
import { runProgram } from '../../testing/built-server';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';

const MAIN = path.join(__dirname, '..', '..', '..', 'dist', 'server', 'cli', 'main.js');
const SIZE = 3_000;
const GOING = Math.floor((SIZE - 1) / 256) * 256 - 1;
const PURGE = ['purge', '--confirm', `DELETE ${GOING.toLocaleString('en')} ENTRIES`];

let test: TestStore;

/** `purge` of the built program, ended with SIGKILL after some milliseconds; whether it had ended before. */
async function killedAfter(ms: number): Promise<boolean> {
  const child = spawn(process.execPath, [MAIN, ...PURGE], { env: { ...process.env, ...test.env }, stdio: 'ignore' });
  const ended = once(child, 'close').then(() => true);
  const isDone = await Promise.race([ended, pause(ms, false)]);
  child.kill('SIGKILL');
  await ended;
  return isDone;
}

describe.each(ENGINES)('a purge killed with SIGKILL again and again, on %s', (engine) => {
  afterEach(() => test.stop());

  it('comes to its end once, and verifies after each kill', async () => {
    test = await createTestStore(engine);
    const receivedAt = '2015-01-02T03:04:05.678Z';
    const items = Array.from({ length: SIZE - 1 }, () => anAppendItem(test.ledger, { receivedAt }));
    await test.deps.appender.append(test.ledger, items, []);
    await test.deps.indexer.catchUp();
    const db = test.database.knex;
    let ms = 600;
    for (let kills = 0; kills < 6; kills += 1) {
      const isDone = await killedAfter(ms);
      const { code, stdout } = await runProgram(['verify'], { env: test.env });
      expect([code, stdout]).toEqual([0, expect.stringContaining('verified')]);
      // A lease of a process that is gone ends by itself; here nobody waits for it.
      await db('leases').update({ expires_at: 0 });
      if (isDone) break;
      ms += 300;
    }
    if ((await db('entries').where({ action: 'audit.purged' })).length === 0) {
      // Killed between asking and confirming it waits, and is asked for anew.
      const waits = (await runProgram(['purge', '--dry-run', '--json'], { env: test.env })).stdout;
      expect(JSON.parse(waits)).toMatchObject({ dry_run: true });
      let last = await runProgram(PURGE, { env: test.env });
      if (last.code !== 0) {
        await runProgram(['purge', '--cancel'], { env: test.env });
        last = await runProgram(PURGE, { env: test.env });
      }
      expect([last.code, last.stderr]).toEqual([0, '']);
    }
    expect(await db('entries').where({ action: 'audit.purged' })).toHaveLength(1);
    expect(await db('prunes').pluck<string[]>('state')).toEqual(['done']);
    const report = JSON.parse((await runProgram(['verify', '--json'], { env: test.env })).stdout) as { ledgers: object[] }; // prettier-ignore
    expect(report.ledgers).toMatchObject([{ verdict: 'intact', pruned: GOING }]);
  });
});
