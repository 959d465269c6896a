import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHeadNotes } from './head-notes';

let dataDir: string;
let errors: unknown[];
/** Hashes of the entries that the ledger holds, by their place. */
let stored: Map<number, string>;
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'sealtrail-notes-'));
  errors = [];
  stored = new Map();
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (store = 'sqlite:one') =>
  createHeadNotes({
    dataDir,
    store,
    findHash: (_ledger, seq) => Promise.resolve(stored.get(seq)),
    onError: (error) => errors.push(error),
  });
const heads = (notes = open()) =>
  Object.fromEntries(notes.list().map(({ ledger, seq, hash }) => [ledger, `${seq} ${hash[0]}`]));
const file = () => path.join(dataDir, 'heads.json');

describe('the note of the newest heads', () => {
  it('is read by whoever opens the store next', async () => {
    const notes = open();
    notes.note('default', 5, A);
    notes.note('b', 2, B);
    await notes.flush();
    expect(heads()).toEqual({ default: '5 a', b: '2 b' });
    expect(open().list()[0]?.where).toBe('heads.json');
    expect([statSync(file()).mode & 0o777, readdirSync(dataDir)]).toEqual([0o600, ['heads.json']]);
  });

  it('never moves back, in one process or between two', async () => {
    const [one, two] = [open(), open()];
    one.note('default', 9, A);
    one.note('default', 3, B);
    await one.flush();
    two.note('default', 7, B);
    two.note('other', 1, B);
    await two.flush();
    expect(heads()).toEqual({ default: '9 a', other: '1 b' });
  });

  it('is one for each store in the folder', async () => {
    const [one, two] = [open('mysql://db/one'), open('mysql://db/two')];
    one.note('default', 5, A);
    await one.flush();
    two.note('default', 2, B);
    await two.flush();
    expect([heads(open('mysql://db/one')), heads(open('mysql://db/two'))]).toEqual([
      { default: '5 a' },
      { default: '2 b' },
    ]);
  });

  it('is written by itself within a second or so', async () => {
    jest.useFakeTimers();
    try {
      open().note('default', 5, A);
      await jest.advanceTimersByTimeAsync(1_000);
    } finally {
      jest.useRealTimers();
    }
    expect(heads()).toEqual({ default: '5 a' });
  });

  it.each(['', '{', '[]', '{"sqlite:one":{"default":{"seq":-1,"hash":"x"}}}'])(
    'is as good as none when the file holds %j',
    async (text) => {
      writeFileSync(file(), text);
      const notes = open();
      expect(notes.list()).toEqual([]);
      notes.note('default', 5, A);
      await notes.flush();
      expect(heads()).toEqual({ default: '5 a' });
    },
  );

  it('comes with the next one when it cannot be written', async () => {
    mkdirSync(file());
    const notes = open();
    notes.note('default', 5, A);
    await notes.flush();
    expect(errors).toHaveLength(1);
    rmSync(file(), { recursive: true });
    notes.note('default', 6, B);
    await notes.flush();
    expect(heads()).toEqual({ default: '6 b' });
  });

  it('moves on while the entry that it names is still there, and else stays and says so', async () => {
    const notes = open();
    for (const seq of [5, 6]) {
      stored.set(seq, A);
      notes.note('default', seq, A);
      await notes.flush();
    }
    expect([heads(), errors]).toEqual([{ default: '6 a' }, []]);
    // An old backup, and new entries after it.
    stored = new Map([[5, A], [6, B], [7, B]]); // prettier-ignore
    notes.note('default', 7, B);
    await notes.flush();
    expect(heads()).toEqual({ default: '6 a' });
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('run verify') })]);
  });

  it('is not written when there is nothing new', async () => {
    const notes = open();
    notes.note('default', 5, A);
    await notes.flush();
    const before = readFileSync(file(), 'utf8');
    rmSync(file());
    await notes.flush();
    expect(readdirSync(dataDir)).toEqual([]);
    expect(before).toContain(A);
  });
});
