import { createMountedUrlBuilder, createUrlBuilder, safeReturnPath } from './url-builder';

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

it('leaves a form at / as it is', () => {
  expect(createUrlBuilder('/').form('/entries')).toEqual({ action: '/entries', hidden: [] });
});

describe('createMountedUrlBuilder', () => {
  const url = createMountedUrlBuilder({ base: 'addonmodules.php?module=sealtrail', pathParam: 'st' });

  it.each([
    ['/', {}, 'addonmodules.php?module=sealtrail&st=%2F'],
    [
      '/entries',
      { q: 'a b&c', page: 2 },
      'addonmodules.php?module=sealtrail&st=%2Fentries%3Fq%3Da%2Bb%2526c%26page%3D2',
    ],
    [
      '/entries?page=2',
      { q: '林氏茶行' },
      `addonmodules.php?module=sealtrail&st=${encodeURIComponent(`/entries?page=2&${new URLSearchParams({ q: '林氏茶行' }).toString()}`)}`,
    ],
  ])('puts %s and %j into one parameter', (path, query, expected) => {
    expect(url(path, query)).toBe(expected);
    // What comes back out of the parameter is what the same page is called at /.
    expect(new URLSearchParams(expected.split('?')[1]).get('st')).toBe(createUrlBuilder('/')(path, query));
  });

  it('keeps page and path of a GET form in hidden fields, because its fields replace the query', () => {
    expect(url.form('/entries')).toEqual({
      action: 'addonmodules.php',
      hidden: [
        { name: 'module', value: 'sealtrail' },
        { name: 'st', value: '/entries' },
      ],
    });
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
