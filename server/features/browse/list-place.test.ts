import { createMountedUrlBuilder, createUrlBuilder } from '../../http/url-builder';
import { entryHref, makePlace, readPlace, searchOf } from './list-place';

const listOf = (href: string) => new URL(href, 'http://x').searchParams.get('list');

const NOW = new Date('2026-11-21T08:00:00Z');

describe('the list that an entry was opened from', () => {
  it.each([
    ['/entries', { category: 'domains,clients', q: '茶行 & co', cursor: 'abc' }],
    ['/timeline', { target: 'invoice:5', order: 'oldest' }],
  ] as const)('%s travels in the address of the entry', (path, query) => {
    const place = makePlace(path, query);
    expect(readPlace(listOf(entryHref(createUrlBuilder(), 'id-1', place)))).toEqual(place);
  });

  it('travels behind the page of the billing system as well', () => {
    const url = createMountedUrlBuilder({ base: 'addonmodules.php?module=sealtrail', pathParam: 'st' });
    const place = makePlace('/entries', { category: 'domains' });
    const own = new URL(entryHref(url, 'id-1', place), 'http://x').searchParams.get('st') ?? '';
    expect(readPlace(listOf(own))).toEqual(place);
  });

  it('is left out where it is the whole log', () => {
    const href = `/entries/id-1`;
    expect(entryHref(createUrlBuilder(), 'id-1', makePlace('/entries', { q: '', sort: null }))).toBe(href);
    expect(entryHref(createUrlBuilder(), 'id-1', null)).toBe(href);
  });

  it.each([
    '//evil.example/entries',
    'https://evil.example',
    '/sign-out',
    '/entries/5',
    'entries',
    '',
    undefined,
    ['/entries'],
  ])('is not %j', (value) => {
    expect(readPlace(value)).toBeNull();
  });

  it('searches for what the list shows', () => {
    expect(searchOf(readPlace('/entries?category=domains&sort=seq'), 'UTC', NOW)).toMatchObject({
      filter: { terms: { category: { is: ['domains'] } } },
      sort: 'seq',
    });
    expect(searchOf(readPlace('/timeline?client=12&category=tickets&order=oldest'), 'UTC', NOW)).toMatchObject({
      filter: { terms: { client: { is: ['12'] }, category: { is: ['tickets'] } } },
      sort: 'seq',
    });
    expect(searchOf(null, 'UTC', NOW).sort).toBe('-seq');
  });
});
