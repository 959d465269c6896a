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
const PRUNE = ['prune', '--days', '30'];

let test: TestStore;

/** `prune` of the built program, ended with SIGKILL after some milliseconds; whether it had ended before. */
async function killedAfter(ms: number): Promise<boolean> {
  const child = spawn(process.execPath, [MAIN, ...PRUNE], { env: { ...process.env, ...test.env }, stdio: 'ignore' });
  const ended = once(child, 'close').then(() => true);
  const isDone = await Promise.race([ended, pause(ms, false)]);
  child.kill('SIGKILL');
  await ended;
  return isDone;
}

describe.each(ENGINES)('a prune killed with SIGKILL again and again, on %s', (engine) => {
  afterEach(() => test.stop());

  it('comes to its end, and verifies after each kill', async () => {
    test = await createTestStore(engine);
    const receivedAt = '2015-01-02T03:04:05.678Z';
    const items = Array.from({ length: SIZE - 1 }, () => anAppendItem(test.ledger, { receivedAt }));
    await test.deps.appender.append(test.ledger, items, []);
    await test.deps.indexer.catchUp();
    const db = test.database.knex;
    let ms = 500;
    for (let kills = 0; kills < 8; kills += 1) {
      const isDone = await killedAfter(ms);
      const { code, stdout } = await runProgram(['verify'], { env: test.env });
      expect([code, stdout]).toEqual([0, expect.stringContaining('verified')]);
      // A lease of a process that is gone ends by itself; here nobody waits for it.
      await db('leases').update({ expires_at: 0 });
      if (isDone) break;
      ms += 180;
    }
    const last = await runProgram([...PRUNE, '--json'], { env: test.env });
    expect([last.code, last.stderr]).toEqual([0, '']);
    expect(await db('prunes').pluck<string[]>('state')).toEqual(['done']);
    const seqs = await db('entries').orderBy('seq').limit(2).pluck<number[]>('seq');
    expect(seqs).toEqual([1, Math.floor((SIZE - 1) / 256) * 256 + 1]);
    const report = JSON.parse((await runProgram(['verify', '--json'], { env: test.env })).stdout) as { ledgers: object[] }; // prettier-ignore
    expect(report.ledgers).toMatchObject([{ verdict: 'intact', pruned: Math.floor((SIZE - 1) / 256) * 256 - 1 }]);
  });
});
