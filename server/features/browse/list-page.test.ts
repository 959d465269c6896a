import { aPageContext, anEntryView } from '../../testing/an-entry-view';
import type { EntryPage } from './browse-service';
import { listPage, type ListRequest } from './list-page';

const ctx = aPageContext();
const asked = (over: Partial<ListRequest> = {}): ListRequest => ({
  filter: { raw: {}, from: '', to: '' },
  rawFilter: {},
  sort: '-seq',
  perPage: 20,
  ...over,
});
const found = (over: Partial<EntryPage> = {}): EntryPage => ({
  entries: [anEntryView()],
  total: 1542,
  totalIsExact: true,
  pages: 78,
  from: 1,
  to: 20,
  nextCursor: 'next',
  previousCursor: null,
  ...over,
});

it.each([
  [{}, 'en', 'Showing 1–20 of 1,542'],
  [{ total: 10_000, totalIsExact: false, from: 21, to: 40 }, 'en', 'Showing 21–40 of more than 10,000'],
  [{ total: 10_000, totalIsExact: false }, 'zh-TW', '第1–20筆，共10,000筆以上'],
  [{ entries: [], total: 0, from: 0, to: 0 }, 'zh-CN', '没有记录'],
] as const)('counts %j in %s', (over, lng, expected) => {
  expect(listPage(asked(), found(over), aPageContext({ lng })).count).toBe(expected);
});

it('turns pages with the filter, the order and the page size kept', () => {
  const request = asked({
    filter: { raw: { severity: 'critical' }, from: '2026-11-01', to: '' },
    sort: 'seq',
    perPage: 50,
  });
  const page = listPage(request, found({ from: 51, to: 100, previousCursor: 'before' }), ctx);
  const kept = 'severity=critical&from=2026-11-01&sort=seq&per_page=50';
  expect([page.firstHref, page.previousHref, page.nextHref]).toEqual([
    `/entries?${kept}`,
    `/entries?${kept}&cursor=before`,
    `/entries?${kept}&cursor=next`,
  ]);
});

it('has neither first nor previous page on the first page', () => {
  const page = listPage(asked(), found({ nextCursor: null }), ctx);
  expect([page.firstHref, page.previousHref, page.nextHref]).toEqual([null, null, null]);
});

it('exports the same filter, with days turned into moments', () => {
  const request = asked({
    filter: { raw: {}, from: '2026-11-21', to: '' },
    rawFilter: { after: '2026-11-20T23:00:00.000Z' },
  });
  expect(listPage(request, found(), ctx).exportHref).toBe('/export.csv?after=2026-11-20T23%3A00%3A00.000Z');
  expect(listPage(asked({ rawFilter: null }), null, ctx).exportHref).toBeNull();
});

it('adds a clicked value to the filter that is there', () => {
  const request = asked({ filter: { raw: { severity: 'warning' }, from: '', to: '' } });
  expect(listPage(request, found(), ctx).lines[0]?.actor.href).toBe('/entries?severity=warning&actor=admin%3A7');
});

it('says what was searched and how to widen it where nothing is found', () => {
  const request = asked({ filter: { raw: { q: 'zzz' }, from: '2026-11-01', to: '' } });
  const { nothing } = listPage(request, found({ entries: [], total: 0, from: 0, to: 0 }), ctx);
  expect(nothing?.title).toBe('Nothing found for Words: zzz, From day: Nov 1, 2026');
  expect(nothing?.advice).toHaveLength(3);
});
