import { createRowMac } from './row-mac';

const mac = createRowMac(Buffer.alloc(32, 7));
const cells = ['a', 1, null, ''] as const;

describe('a row MAC', () => {
  it('fits the row that it was made for', () => {
    expect(mac.fits(mac.of('anchors', cells), 'anchors', cells)).toBe(true);
  });

  it.each([
    ['another table', 'anchor_copies', cells],
    ['another text', 'anchors', ['b', 1, null, '']],
    ['a text for a number', 'anchors', ['a', '1', null, '']],
    ['an empty text for null', 'anchors', ['a', 1, '', '']],
    ['cells that run together', 'anchors', ['a",1,null', '']],
    ['one cell less', 'anchors', ['a', 1, null]],
  ])('does not fit %s', (_name, table, other) => {
    expect(mac.fits(mac.of('anchors', cells), table, other)).toBe(false);
  });

  it('does not fit under another key, and nothing fits no MAC', () => {
    expect(createRowMac(Buffer.alloc(32, 8)).fits(mac.of('anchors', cells), 'anchors', cells)).toBe(false);
    expect(mac.fits(null, 'anchors', cells)).toBe(false);
    expect(mac.fits('', 'anchors', cells)).toBe(false);
  });
});
