import { readVectors } from '../testing/vectors';
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint';
import { deriveKey } from './keys';
import { leafHash, rootOfLeaves } from './merkle';
import { formatVkey, keyOf } from './note-key';
import { signNote } from './signed-note';

const CHECKPOINTS = readVectors<
  { master_key: string; origin: string; records: string[] },
  { leaves: string[]; root: string; seed: string; vkey: string; note: string }
>('checkpoint');

const ROOT = Buffer.alloc(32, 5);
const ROOT_TEXT = ROOT.toString('base64');

describe('a checkpoint', () => {
  it.each(CHECKPOINTS)('is golden from the records to the note, $name: $description', ({ input, result }) => {
    const leaves = input.records.map(leafHash);
    expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual(result.leaves);
    const root = rootOfLeaves(leaves);
    expect(root.toString('hex')).toBe(result.root);
    const seed = deriveKey(Buffer.from(input.master_key, 'hex'), 'checkpoint', input.origin);
    expect(seed.toString('hex')).toBe(result.seed);
    const signer = { name: input.origin, seed };
    expect(formatVkey(keyOf(signer))).toBe(result.vkey);
    const text = formatCheckpoint({ origin: input.origin, size: leaves.length, root });
    expect(signNote(text, signer)).toBe(result.note);
    expect(openCheckpoint(result.note, [result.vkey])).toMatchObject({
      ok: true,
      checkpoint: { origin: input.origin, size: leaves.length, root },
    });
  });

  it('has another note for every golden case', () => {
    expect(new Set(CHECKPOINTS.map(({ result }) => result.note)).size).toBe(CHECKPOINTS.length);
  });

  it.each([
    [{ origin: 'a b', size: 1, root: ROOT }],
    [{ origin: '', size: 1, root: ROOT }],
    [{ origin: 'a\nb', size: 1, root: ROOT }],
    [{ origin: 'a', size: -1, root: ROOT }],
    [{ origin: 'a', size: 2 ** 53, root: ROOT }],
    [{ origin: 'a', size: 1, root: ROOT.subarray(1) }],
  ])('is not written for %j', (checkpoint) => {
    expect(() => formatCheckpoint(checkpoint)).toThrow(RangeError);
  });
});

describe('parseCheckpoint', () => {
  it.each([
    ['one of a log', `Log\n123\n${ROOT_TEXT}\n`, 'Log', 123, []],
    ['another origin', `Banana\n9944\n${ROOT_TEXT}\n`, 'Banana', 9944, []],
    ['an origin with spaces', `Moon Log\n0\n${ROOT_TEXT}\n`, 'Moon Log', 0, []],
    ['lines behind', `Log\n9944\n${ROOT_TEXT}\nlots\nof\nlines\n`, 'Log', 9944, ['lots', 'of', 'lines']],
  ])('reads %s', (_name, text, origin, size, extensions) => {
    expect(parseCheckpoint(text)).toEqual({ origin, size, root: ROOT, extensions });
  });

  it.each([
    ['too few lines', 'Head\n9944\n'],
    ['no origin', `\n9944\n${ROOT_TEXT}\n`],
    ['no line feed behind the root', `Log\n123\n${ROOT_TEXT}`],
    ['a size that is no number', `Log\nbananas\n${ROOT_TEXT}\n`],
    ['a negative size', `Log\n-34\n${ROOT_TEXT}\n`],
    ['a size with a zero in front', `Log\n01\n${ROOT_TEXT}\n`],
    ['a size with a plus sign', `Log\n+1\n${ROOT_TEXT}\n`],
    ['a size that is too large', `Log\n3438945738945739845734895735\n${ROOT_TEXT}\n`],
    ['a size above 2^53 - 1', `Log\n9007199254740993\n${ROOT_TEXT}\n`],
    ['a root that is no base64', "Log\n123\nThisIsn'tBase64\n"],
    ['a root of another length', 'Log\n123\nYmFuYW5hcw==\n'],
    ['an empty line behind', `Log\n9944\n${ROOT_TEXT}\n\n`],
    ['nothing', ''],
  ])('refuses %s', (_name, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});

describe('openCheckpoint', () => {
  const signer = { name: 'log.example/a', seed: Buffer.alloc(32, 1) };
  const vkey = formatVkey(keyOf(signer));

  it('refuses a note that is no checkpoint', () => {
    expect(openCheckpoint(signNote('hello\n', signer), [vkey])).toEqual({ ok: false, fault: 'malformed' });
  });

  it('refuses one log that signs for another', () => {
    const note = signNote(formatCheckpoint({ origin: 'log.example/b', size: 1, root: ROOT }), signer);
    expect(openCheckpoint(note, [vkey])).toEqual({ ok: false, fault: 'no_known_key' });
  });
});
