import { hkdfSync } from 'node:crypto';
import { deriveKey, unwrapKey, wrapKey } from './keys';

const MASTER = Buffer.alloc(32, 0x0b);
const NONCE = Buffer.alloc(12, 1);
const SECRET = Buffer.from('the chain key of epoch number 1!', 'utf8');

describe('deriveKey', () => {
  it('is HKDF-SHA256 with our salt, and purpose and context parted by a zero byte', () => {
    const expected = Buffer.from(hkdfSync('sha256', MASTER, 'sealtrail/v1', 'epoch-wrap\0default', 32));
    expect(deriveKey(MASTER, 'epoch-wrap', 'default')).toEqual(expected);
    // Computed once with Python's hmac, as RFC 5869 says.
    expect(deriveKey(MASTER, 'epoch-wrap', 'default').toString('hex')).toBe(
      'ed107a4a49c3a906363fa2a9e173443c3d8306b356112604cc88ea245f8c937d',
    );
  });

  it('gives each purpose and each context a key of its own', () => {
    const keys = (['epoch-wrap', 'head', 'session', 'bridge-secret', 'key-check'] as const).flatMap((purpose) =>
      ['', 'a', 'ab', 'a\0'].map((context) => deriveKey(MASTER, purpose, context).toString('hex')),
    );
    expect(new Set(keys).size).toBe(5 * 4);
  });

  it.each([0, 16, 31, 33, 64])('refuses a master key of %i bytes', (length) => {
    expect(() => deriveKey(Buffer.alloc(length), 'head')).toThrow('32 bytes');
  });
});

describe('wrapKey and unwrapKey', () => {
  const wrapping = deriveKey(MASTER, 'epoch-wrap');
  const wrapped = wrapKey(wrapping, SECRET, 'default\x001', NONCE);

  it('gives the secret back', () => {
    expect(unwrapKey(wrapping, wrapped, 'default\x001')).toEqual(SECRET);
  });

  it('does not show the secret', () => {
    expect(Buffer.from(wrapped, 'base64').includes(SECRET.subarray(0, 8))).toBe(false);
  });

  it('says undefined under another master key', () => {
    expect(unwrapKey(deriveKey(Buffer.alloc(32, 0x0c), 'epoch-wrap'), wrapped, 'default\x001')).toBeUndefined();
  });

  it.each(['default\x002', 'default2\x001', 'default', ''])(
    'says undefined for the place %j of another key',
    (context) => {
      expect(unwrapKey(wrapping, wrapped, context)).toBeUndefined();
    },
  );

  it('says undefined for any bit that was changed', () => {
    const bytes = Buffer.from(wrapped, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x01;
      expect(unwrapKey(wrapping, changed.toString('base64'), 'default\x001')).toBeUndefined();
    }
  });

  it('says undefined where the same bytes are spelled in another way', () => {
    for (const text of [`${wrapped}\n`, ` ${wrapped}`, `${wrapped.slice(0, 40)} ${wrapped.slice(40)}`, `${wrapped}=`])
      expect([text === wrapped, unwrapKey(wrapping, text, 'default\x001')]).toEqual([false, undefined]);
  });

  it.each(['', 'AAAA', 'not base64 at all', Buffer.alloc(28).toString('base64'), wrapped.slice(0, 40)])(
    'says undefined for %j',
    (text) => {
      expect(unwrapKey(wrapping, text, 'default\x001')).toBeUndefined();
    },
  );
});
