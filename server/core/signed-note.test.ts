import { readVectors } from '../testing/vectors';
import { cosign } from './cosignature';
import { COSIGNATURE, formatVkey, keyOf, parseVkey } from './note-key';
import { formatNote, parseNote, parseSignatureLine, signatureLine, signNote, verifyNote } from './signed-note';

const NOTES = readVectors<{ text: string; name: string; seed: string }, { vkey: string; note: string }>('note');
const COSIGNATURES = readVectors<
  { text: string; name: string; seed: string; time: number },
  { vkey: string; line: string }
>('cosignature');
const CHECKS = readVectors<
  { note: string; vkeys: string[] },
  { fault?: string; by?: [name: string, time: number | null][] }
>('note-check');

const seed = (hex: string) => Buffer.from(hex, 'hex');
// RFC 8032, section 7.1, tests 1 and 2.
const TEST_1 = seed('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
const TEST_2 = seed('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
const TEXT = 'audit.example.com/t/1\n3\nNUzS1tFDvmEXSA9PyGQO02UTQBztGhC3Ibe+2DeVOOQ=\n';

describe('signNote', () => {
  it.each(NOTES)('gives the golden note of $name: $description', ({ input, result }) => {
    const signer = { name: input.name, seed: seed(input.seed) };
    expect(signNote(input.text, signer)).toBe(result.note);
    expect(formatVkey(keyOf(signer))).toBe(result.vkey);
    expect(verifyNote(result.note, [result.vkey])).toMatchObject({ ok: true, text: input.text });
  });

  it.each(['', 'no line feed', 'cr\r\n', 'tab\t\n', 'nul\0\n', 'half \ud800\n'])('refuses the text %j', (text) => {
    expect(() => signNote(text, { name: 'a', seed: TEST_1 })).toThrow(RangeError);
  });

  it.each(['', 'a b', 'a\u00a0b', 'a\u2003b', 'a+b', 'a\nb'])('refuses the name %j', (name) => {
    expect(() => signNote('text\n', { name, seed: TEST_1 })).toThrow(RangeError);
  });

  it('refuses a seed of another length', () => {
    expect(() => signNote('text\n', { name: 'a', seed: Buffer.alloc(31) })).toThrow('32 bytes');
  });
});

describe('verifyNote', () => {
  it.each(CHECKS)('judges $name: $description', ({ input, result }) => {
    const check = verifyNote(input.note, input.vkeys);
    if (check.ok) expect(check.by.map(({ name, time }) => [name, time])).toEqual(result.by);
    else expect(check.fault).toBe(result.fault);
  });

  it('accepts the example of the specification', () => {
    const note =
      'This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
    const vkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    expect(verifyNote(note, [vkey])).toMatchObject({ ok: true, by: [{ vkey, name: 'example.com/foo', time: null }] });
    expect(verifyNote(note.replace('example message', 'exempli message'), [vkey])).toEqual({
      ok: false,
      fault: 'bad_signature',
    });
  });

  it('accepts a checkpoint that was made elsewhere with a key of RFC 8032', () => {
    const note = `${TEXT}\n\u2014 audit.example.com/t/1 M2czmS9dtQaCvYz3ST7jdW03vgG7PPVElO4GO+PkbTqZ3CgyamAi29eKkeAdaJbTe6FFfud1U4O13vNlCJlnJ6Pw3QU=\n`;
    const vkey = 'audit.example.com/t/1+33673399+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea';
    expect(signNote(TEXT, { name: 'audit.example.com/t/1', seed: TEST_1 })).toBe(note);
    expect(verifyNote(note, [vkey]).ok).toBe(true);
  });

  it('believes no key that is malformed', () => {
    expect(() => verifyNote('text\n', ['not a key'])).toThrow(RangeError);
  });

  it('takes sixteen lines and more, but not a thousand', () => {
    const known = { name: 'log', seed: TEST_1 };
    const line = signatureLine({ name: 'other', keyId: 7, signature: Buffer.alloc(64) });
    const note = signNote('text\n', known);
    expect(verifyNote(note + line.repeat(16), [formatVkey(keyOf(known))]).ok).toBe(true);
    expect(verifyNote(note + line.repeat(1000), [formatVkey(keyOf(known))])).toEqual({ ok: false, fault: 'malformed' });
  });
});

describe('cosignatures', () => {
  it.each(COSIGNATURES)('are the golden line of $name: $description', ({ input, result }) => {
    const signer = { name: input.name, seed: seed(input.seed) };
    expect(signatureLine(cosign(input.text, signer, input.time))).toBe(result.line);
    expect(formatVkey(keyOf(signer, COSIGNATURE))).toBe(result.vkey);
    const check = verifyNote(`${input.text}\n${result.line}`, [result.vkey]);
    expect(check.ok && check.by).toEqual([{ vkey: result.vkey, name: input.name, time: input.time }]);
  });

  it('are the line that was made elsewhere with a key of RFC 8032', () => {
    const line =
      '\u2014 witness.example/w1 BNLYMwAAAABrAN8Af3XgcxkZoBzZNYioA9JxMAFb4uzCgPMR0t2vPvuqMg3450+keN8QQpvEvqNpwdYP2biOEku83SUMrF7IEOMJBw==\n';
    const vkey = 'witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM';
    expect(signatureLine(cosign(TEXT, { name: 'witness.example/w1', seed: TEST_2 }, 1_795_219_200))).toBe(line);
    expect(verifyNote(`${TEXT}\n${line}`, [vkey])).toMatchObject({ ok: true, by: [{ time: 1_795_219_200 }] });
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('have no time %s', (time) => {
    expect(() => cosign(TEXT, { name: 'w', seed: TEST_2 }, time)).toThrow(RangeError);
  });
});

describe('verifier keys', () => {
  it.each([
    'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    'logandmap+38581672+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l',
  ])('%s is read and written', (vkey) => {
    const key = parseVkey(vkey);
    expect(key && formatVkey(key)).toBe(vkey);
  });

  it.each([
    ['another key id', 'logandmap+38581673+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l'],
    ['another name', 'loganmap+38581672+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l'],
    ['capitals in the key id', 'PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['a type that we do not know', 'logandmap+38581672+Ar/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l'],
    ['a key that is cut', 'logandmap+38581672+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4='],
    ['no base64', 'logandmap+38581672+THIS_IS_NOT_BASE64!'],
    ['two parts', 'bananas.sigstore.dev+12344556'],
    ['a space in the name', 'log map+38581672+Ab/PCr1eCclRPRMBqw/r5An1xO71MCnImLiospEq6b4l'],
    ['nothing', ''],
  ])('%s makes none', (_name, vkey) => {
    expect(parseVkey(vkey)).toBeUndefined();
  });
});

describe('parseNote', () => {
  it.each(NOTES)('takes $name apart and formatNote joins it again', ({ result }) => {
    const parsed = parseNote(result.note);
    expect(parsed && formatNote(parsed)).toBe(result.note);
  });

  it('reads a line with and without its line feed', () => {
    const line = signatureLine({ name: 'w', keyId: 1, signature: Buffer.alloc(64, 2) });
    expect(parseSignatureLine(line)).toEqual(parseSignatureLine(line.trimEnd()));
    expect(parseSignatureLine(line)?.signature).toEqual(Buffer.alloc(64, 2));
  });
});
