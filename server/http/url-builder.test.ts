import { createUrlBuilder, safeReturnPath } from './url-builder';

describe('createUrlBuilder', () => {
  it.each([
    ['/', '/entries', {}, '/entries'],
    ['/', '/', { sort: '-time' }, '/?sort=-time'],
    ['/admin/sealtrail/', '/entries', { q: 'a b&c', page: 2 }, '/admin/sealtrail/entries?q=a+b%26c&page=2'],
    ['', '/entries', { q: '', cursor: null, sort: undefined }, '/entries'],
  ])('under %s makes of %s and %j the address %s', (base, path, query, expected) => {
    expect(createUrlBuilder(base)(path, query)).toBe(expected);
  });
});

describe('safeReturnPath', () => {
  it.each(['/entries?q=1', '/', '/entries/0192#x'])('goes back to %s', (value) => {
    expect(safeReturnPath(value, '/home')).toBe(value);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/a\\b',
    '/a\nb',
    '',
    undefined,
    7,
    `/${'x'.repeat(3000)}`,
  ])('refuses %j', (value) => {
    expect(safeReturnPath(value, '/home')).toBe('/home');
  });
});
