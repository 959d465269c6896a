import { readVectors } from '../testing/vectors';
import { commitTo, GENESIS_PREV_HASH, hashEntry, isSameHash, macHead } from './chain';

const ENTRIES = readVectors<
  { key: string; ledger: string; seq: string; prev_hash: string; record: string },
  { hash: string }
>('chain');
const COMMITMENTS = readVectors<{ salt: string; ref: string; body: string }, { commitment: string }>('commitment');
const HEADS = readVectors<{ key: string; ledger: string; seq: string; hash: string }, { mac: string }>('head');

const KEY = Buffer.alloc(32, 7);
const PLACE = { ledger: 'default', seq: 1, prevHash: GENESIS_PREV_HASH };

describe('hashEntry', () => {
  it.each(ENTRIES)('gives the golden hash of $name: $description', ({ input, result }) => {
    const place = { ledger: input.ledger, seq: Number(input.seq), prevHash: input.prev_hash };
    expect(hashEntry(Buffer.from(input.key, 'hex'), place, input.record)).toBe(result.hash);
  });

  it('gives every golden case, attacks included, another hash', () => {
    expect(new Set(ENTRIES.map(({ result }) => result.hash)).size).toBe(ENTRIES.length);
  });

  it.each([
    ['shorter than 64 digits', 'ab'.repeat(31)],
    ['longer than 64 digits', `${GENESIS_PREV_HASH}ff`],
    ['longer than 64 digits by what is no digit', `${GENESIS_PREV_HASH} `],
    ['not hex', 'z'.repeat(64)],
    ['hex up to one letter', `${'a'.repeat(63)}g`],
    ['empty', ''],
  ])('refuses a previous hash that is %s', (_name, prevHash) => {
    expect(() => hashEntry(KEY, { ...PLACE, prevHash }, '{}')).toThrow(expect.objectContaining({ name: 'RangeError' }));
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s as a sequence number', (seq) => {
    expect(() => hashEntry(KEY, { ...PLACE, seq }, '{}')).toThrow(expect.objectContaining({ name: 'RangeError' }));
  });
});

describe('commitTo', () => {
  it.each(COMMITMENTS)('gives the golden commitment of $name: $description', ({ input, result }) => {
    expect(commitTo(Buffer.from(input.salt, 'hex'), input.ref, input.body)).toBe(result.commitment);
  });

  it('gives every golden case another commitment', () => {
    expect(new Set(COMMITMENTS.map(({ result }) => result.commitment)).size).toBe(COMMITMENTS.length);
  });
});

describe('macHead', () => {
  it.each(HEADS)('gives the golden MAC of $name: $description', ({ input, result }) => {
    expect(macHead(Buffer.from(input.key, 'hex'), input.ledger, Number(input.seq), input.hash)).toBe(result.mac);
  });

  it('never equals the hash of an entry over the same parts', () => {
    expect(macHead(KEY, 'default', 1, GENESIS_PREV_HASH)).not.toBe(hashEntry(KEY, PLACE, ''));
  });
});

describe('isSameHash', () => {
  const hash = 'a1'.repeat(32);

  it('says yes to equal hashes', () => {
    expect(isSameHash(hash, Buffer.from(hash, 'hex').toString('hex'))).toBe(true);
  });

  it.each([
    ['one digit off', `${hash.slice(0, -1)}2`],
    ['cut', hash.slice(0, -1)],
    ['longer', `${hash}0`],
    ['empty', ''],
    ['in capitals', hash.toUpperCase()],
    // U+0161 and U+0131 end in the byte of an "a" and a "1".
    ['spelt with letters whose last byte is the right one', 'š1'.repeat(32)],
    ['spelt with digits whose last byte is the right one', 'aı'.repeat(32)],
    ['as long in characters but not in bytes', `${hash.slice(0, -1)}😀`.slice(0, 64)],
  ])('says no to a hash that is %s, without an exception', (_name, other) => {
    expect(isSameHash(hash, other)).toBe(false);
    expect(isSameHash(other, hash)).toBe(false);
  });
});
