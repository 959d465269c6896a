import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCheckpointFile, type CheckpointLine } from './checkpoint-file';

const aLine = (part: Partial<CheckpointLine> = {}): CheckpointLine => ({
  store: 'sqlite:a',
  ledger: 'default',
  origin: 'sealtrail/x/default',
  size: 3,
  root: 'ab'.repeat(32),
  note: 'a\nb\n',
  signed_at: 1_795_219_200_000,
  ...part,
});

describe('the checkpoints in the data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-checkpoints-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are kept line by line, for their owner alone', async () => {
    const inner = path.join(folder, 'checkpoints');
    const file = createCheckpointFile(inner);
    expect(await file.readAll('default')).toEqual([]);
    await file.append(aLine());
    await file.append(aLine({ size: 4 }));
    expect(await file.readAll('default')).toEqual([aLine(), aLine({ size: 4 })]);
    expect(await file.readNewest('default')).toEqual([aLine(), aLine({ size: 4 })]);
    expect(statSync(path.join(inner, 'default.jsonl')).mode & 0o077).toBe(0);
  });

  it('survive half a line that a crash left', async () => {
    const file = createCheckpointFile(folder);
    await file.append(aLine());
    appendFileSync(path.join(folder, 'default.jsonl'), '{"store":"sqli');
    await file.append(aLine({ size: 5 }));
    expect((await file.readAll('default')).map(({ size }) => size)).toEqual([3, 5]);
  });

  it('are read from the end where there are many', async () => {
    const file = createCheckpointFile(folder);
    const many = Array.from({ length: 5_000 }, (_none, size) => JSON.stringify(aLine({ size })));
    writeFileSync(path.join(folder, 'default.jsonl'), `${many.join('\n')}\n`);
    const newest = await file.readNewest('default');
    expect(newest.at(-1)?.size).toBe(4_999);
    expect(newest.length).toBeLessThan(2_000);
    expect(await file.readAll('default')).toHaveLength(5_000);
  });

  it('of a ledger with a strange name stay in the folder', async () => {
    const file = createCheckpointFile(folder);
    await file.append(aLine({ ledger: '../a b' }));
    expect(await file.readAll('../a b')).toHaveLength(1);
    expect(readFileSync(path.join(folder, '..%2Fa%20b.jsonl'), 'utf8')).toContain('../a b');
  });

  it('that cannot be written are an error', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    await expect(createCheckpointFile(path.join(folder, 'file')).append(aLine())).rejects.toThrow();
  });
});
