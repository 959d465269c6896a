import { createHmac, randomBytes } from 'node:crypto';
import { hmacSha256 } from './hmac';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('hmacSha256', () => {
  // RFC 4231, sections 4.2 to 4.5.
  it.each([
    ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      Buffer.from('Jefe').toString('hex'),
      Buffer.from('what do ya want for nothing?').toString('hex'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      '0102030405060708090a0b0c0d0e0f10111213141516171819',
      'cd'.repeat(50),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
  ])('gives what RFC 4231 says for key %s', (key, data, expected) => {
    expect(hmacSha256(bytes(key), bytes(data))).toBe(expected);
  });

  it('gives what OpenSSL gives, whatever the lengths', () => {
    for (let size = 0; size < 400; size += 1) {
      const [key, head] = [randomBytes(size % 65), randomBytes((size * 7) % 300)];
      const text = ['a', 'é', '林', '😀', '\ud800'].map((part) => part.repeat(size)).join('');
      expect(hmacSha256(key, head, text)).toBe(
        createHmac('sha256', key).update(head).update(text, 'utf8').digest('hex'),
      );
    }
  });

  it('takes a text larger than any before', () => {
    const text = '林'.repeat(3_000_000);
    const key = randomBytes(32);
    expect(hmacSha256(key, Buffer.alloc(0), text)).toBe(createHmac('sha256', key).update(text, 'utf8').digest('hex'));
    expect(hmacSha256(key, Buffer.alloc(0), 'x')).toBe(createHmac('sha256', key).update('x').digest('hex'));
  });

  it('refuses a key that RFC 2104 wants hashed first', () => {
    expect(() => hmacSha256(randomBytes(65), Buffer.alloc(0))).toThrow(RangeError);
  });
});
