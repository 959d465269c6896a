import { decodeHexHash, isHexHash } from './strict-hex';

const HASH = '00ff09af'.repeat(8);

describe('64 lower-case hex digits', () => {
  it('are a hash, and 32 bytes', () => {
    const bytes = Buffer.alloc(32);
    expect([isHexHash(HASH), decodeHexHash(HASH, bytes)]).toEqual([true, true]);
    expect(bytes.toString('hex')).toBe(HASH);
  });

  it.each([
    ['nothing', ''],
    ['too few', HASH.slice(1)],
    ['too many', `${HASH}0`],
    ['upper case', HASH.toUpperCase()],
    ['one digit in upper case', `${HASH.slice(0, -1)}F`],
    ...['/', ':', '`', 'g', '@', 'G', ' ', '\0', '\u007f'].map((sign) => [
      `the sign ${JSON.stringify(sign)}`,
      `${HASH.slice(1)}${sign}`,
    ]),
    ['a digit of another script', `${HASH.slice(1)}\u0661`],
    ['a sign whose lower byte is a digit', `${HASH.slice(1)}\u0130`],
  ])('are not %s', (_name, text) => {
    expect([isHexHash(text), decodeHexHash(text, Buffer.alloc(32))]).toEqual([false, false]);
  });
});
