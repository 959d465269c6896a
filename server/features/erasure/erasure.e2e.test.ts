import type { Knex } from 'knex';
import { anAppendItem } from '../../testing/append-item';
import { runProgram, spawnProgram } from '../../testing/built-server';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';

const COUNT = 20_000;
const ERASE = ['erase', 'client:5', '--ground', 'case 4711', '--json'];

describe.each(ENGINES)('a data subject with many entries on %s', (engine) => {
  let test: TestStore;
  let db: Knex;

  beforeAll(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
    for (let done = 0; done < COUNT; done += 2_000) {
      const items = Array.from({ length: 2_000 }, (_, at) => {
        const client = at % 4 === 3 ? '6' : '5';
        const payload = { userid: Number(client), email: `erika+${done + at}@example.com`, notes: 'n'.repeat(500) };
        return anAppendItem(test.ledger, { action: 'client.updated', client, payload });
      });
      await test.deps.store.append(test.ledger, items);
    }
  });
  afterAll(() => test.stop());

  const countLeft = async (): Promise<number> => {
    const [row] = await db('entry_values').whereNotNull('subject_body').count<{ n: number }[]>({ n: '*' });
    return Number(row?.n);
  };
  const verify = async () => {
    const { code, stderr } = await runProgram(['verify', '--json'], { env: test.env });
    return { code, stderr };
  };

  /** Ends the program with SIGKILL as soon as values have begun to go. */
  async function killWhileErasing(): Promise<void> {
    const child = spawnProgram(ERASE, { env: test.env });
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const before = await countLeft();
    while ((await countLeft()) === before && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5)); // prettier-ignore
    child.kill('SIGKILL');
    await gone;
  }

  it('is erased after kill -9 to the end, in a small heap, with a small entry, and the chain is intact all the time', async () => {
    await killWhileErasing();
    const left = await countLeft();
    expect(left).toBeGreaterThan(COUNT / 4);
    expect(left).toBeLessThan(COUNT);
    expect(await verify()).toEqual({ code: 0, stderr: '' });

    await killWhileErasing();
    expect(await countLeft()).toBeLessThan(left);
    expect(await verify()).toEqual({ code: 0, stderr: '' });

    const { code, stdout, stderr } = await runProgram(ERASE, { env: test.env, nodeArgs: ['--max-old-space-size=48'] });
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ finished_earlier: 1, entries: 0, missing: 0, altered: 0, recorded_in: [] }); // prettier-ignore
    expect(await countLeft()).toBe(COUNT / 4);
    expect(await verify()).toEqual({ code: 0, stderr: '' });
    const told = await db('entries').where({ action: 'audit.erasure_applied' }).select<{ record: string }[]>('record');
    expect(told).toHaveLength(1);
    expect(told[0]?.record.length).toBeLessThan(2_000);
  });
});
