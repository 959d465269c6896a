import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { openCheckpoint } from '../../core/checkpoint';
import { leafHash, rootOfLeaves } from '../../core/merkle';
import { openDatabase } from '../../db/connection';
import { aHookItem } from '../../testing/builders';
import { runProgram, serveProgram } from '../../testing/built-server';
import { createSender, type BridgeCredentials } from '../../testing/sender';

/** The built program on SQLite, whose backup is a copy of its files, with processes that are killed. */
describe('checkpoints of the running program', () => {
  let folder: string;
  let env: Record<string, string>;
  let vkey: string;

  const data = (name: string) => path.join(folder, 'data', name);
  const sealtrail = (...argv: string[]) => runProgram(argv, { env, cwd: folder });
  async function answer<T>(...argv: string[]): Promise<T> {
    const { code, stdout, stderr } = await sealtrail(...argv, '--json');
    expect([argv, code, stderr]).toEqual([argv, 0, '']);
    return JSON.parse(stdout) as T;
  }
  const signed = () =>
    readFileSync(data('checkpoints/default.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { size: number; note: string; origin: string });

  async function recomputed(size: number): Promise<Buffer> {
    const database = openDatabase(`sqlite:${data('sealtrail.db')}`);
    const records = await database.knex('entries').orderBy('seq').limit(size).pluck<string[]>('record');
    await database.close();
    return rootOfLeaves(records.map(leafHash));
  }

  async function expectToHold(note: string): Promise<void> {
    const opened = openCheckpoint(note, [vkey]);
    expect(opened.ok).toBe(true);
    if (opened.ok) expect(opened.checkpoint.root).toEqual(await recomputed(opened.checkpoint.size));
  }

  /** Serves, takes events, and ends as told. */
  async function serveAndSend(bridge: BridgeCredentials, signal: NodeJS.Signals): Promise<void> {
    const server = await serveProgram({ env, cwd: folder });
    const sender = createSender(server.url, bridge);
    for (let batch = 0; batch < 6; batch += 1)
      expect((await sender.send(Array.from({ length: 40 }, () => aHookItem({ id: uuidv7() })))).status).toBe(200);
    await server.end(signal);
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-tree-'));
    env = { SEALTRAIL_PORT: '0', SEALTRAIL_LOG_LEVEL: 'silent', SEALTRAIL_DATA_DIR: data('') };
    await answer('init');
    vkey = (await answer<{ vkeys: string[] }>('checkpoint', '--vkey')).vkeys[0] ?? '';
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('begin with the first start, outlive a killed process, and are signed at the end', async () => {
    const bridge = await answer<BridgeCredentials>('bridge', 'add', '--name', 'billing');
    await serveAndSend(bridge, 'SIGKILL');
    expect(existsSync(data('checkpoints/default.jsonl'))).toBe(true);
    await serveAndSend(bridge, 'SIGKILL');
    await serveAndSend(bridge, 'SIGTERM');
    const all = signed();
    expect(all.at(-1)?.size).toBeGreaterThan(3 * 240);
    for (const { note } of all) await expectToHold(note);
  });

  it('are printed, and prove an entry to somebody who has nothing of ours', async () => {
    const { stdout } = await sealtrail('checkpoint');
    await expectToHold(stdout);
    expect((await sealtrail('proof', '100', '--output', path.join(folder, 'p'))).code).toBe(0);
    const elsewhere = { env: { SEALTRAIL_MASTER_KEY_FILE: '/nowhere' }, cwd: folder };
    const check = await runProgram(['proof', '--verify', 'p', '--vkey', vkey], elsewhere);
    expect([check.code, check.stderr]).toEqual([0, '']);
    expect(check.stdout).toMatch(/^✅ entry 100 of \d+ is in the log sealtrail\//);
    const proof = readFileSync(path.join(folder, 'p'), 'utf8');
    writeFileSync(path.join(folder, 'q'), proof.replace('index 99', 'index 98'));
    const forged = await runProgram(['proof', '--verify', 'q', '--vkey', vkey, '--json'], elsewhere);
    expect(forged.code).toBe(1);
    expect(JSON.parse(forged.stdout)).toMatchObject({ ok: false, fault: 'not_included' });
  });

  it.each([
    [['proof']],
    [['proof', '0']],
    [['proof', '999999']],
    [['proof', '1', '--ledger', 'nobody']],
    [['proof', '--verify', 'missing', '--vkey', 'x']],
    [['proof', '--verify', 'p']],
    [['proof', '--verify', 'p', '--vkey', 'no key']],
    [['checkpoint', '--new-origin']],
    [['checkpoint', '--new-origin', '--reason', 'why not']],
  ])('%j could not do its work: exit 2 and one line', async (argv) => {
    const { code, stdout, stderr } = await sealtrail(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('stop when yesterday’s backup is put back, say so, and go on under an origin that names the old one', async () => {
    cpSync(data('sealtrail.db'), path.join(folder, 'backup.db'));
    const bridge = await answer<BridgeCredentials>('bridge', 'add', '--name', 'second');
    await serveAndSend(bridge, 'SIGTERM');
    const before = signed().at(-1);
    for (const ending of ['', '-wal', '-shm']) rmSync(data(`sealtrail.db${ending}`), { force: true });
    cpSync(path.join(folder, 'backup.db'), data('sealtrail.db'));

    const refused = await sealtrail('checkpoint');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^ledger default signs no checkpoints: data folder: /);
    const doctor = await sealtrail('doctor');
    expect([doctor.code, doctor.stdout]).toEqual([2, expect.stringMatching(/FAIL checkpoints: default signs none/)]);
    const again = await answer<BridgeCredentials>('bridge', 'add', '--name', 'third');
    await serveAndSend(again, 'SIGTERM');
    expect(signed().at(-1)).toEqual(before);

    const { stdout } = await sealtrail('checkpoint', '--new-origin', '--reason', 'the disk failed');
    expect(stdout.split('\n')[0]).toBe(`${before?.origin}/2`);
    [vkey = ''] = (await answer<{ vkeys: string[] }>('checkpoint', '--vkey')).vkeys;
    await expectToHold(stdout);
    expect((await sealtrail('doctor')).stdout).toContain('ok   checkpoints: default: over ');
  });
});
