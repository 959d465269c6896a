import { aPageContext, anEntryView } from '../../testing/an-entry-view';
import type { EntryPage } from './browse-service';
import type { SavedView } from '../views/views-service';
import { listPage, type ListRequest } from './list-page';
import { DEFAULT_VIEW } from './list-view';
import type { PageFilter } from './page-filter';

const ctx = aPageContext();
const asked = (over: Partial<ListRequest> = {}): ListRequest => ({
  filter: { raw: {}, from: '', to: '', range: '30d' },
  rawFilter: {},
  view: DEFAULT_VIEW,
  isOwnView: true,
  since: null,
  isTicked: false,
  day: '',
  head: 1542,
  mayExport: true,
  mayAskForNew: true,
  isEmpty: false,
  saved: { id: '', views: [], mayShare: true },
  ...over,
});
const over = (range: '7d' | '30d', raw: PageFilter['raw'] = {}): PageFilter => ({ raw, from: '', to: '', range });
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
    filter: { raw: { severity: 'critical' }, from: '2026-11-01', to: '', range: 'own' },
    view: { ...DEFAULT_VIEW, sort: 'seq', perPage: 50 },
  });
  const page = listPage(request, found({ from: 51, to: 100, previousCursor: 'before' }), ctx);
  const kept = 'severity=critical&from=2026-11-01&sort=seq&per_page=50';
  expect([page.firstHref, page.previousHref, page.nextHref]).toEqual([
    `/entries?${kept}`,
    `/entries?${kept}&cursor=before`,
    `/entries?${kept}&cursor=next`,
  ]);
});

it('says in how many entries words were not searched yet, and nothing where all were', () => {
  const entries = found({ unindexed: 12_000 });
  expect(listPage(asked(), entries, ctx).unindexed).toMatch(/^12,000 entries not searched yet/);
  expect(listPage(asked(), found(), ctx).unindexed).toBe('');
});

it('has neither first nor previous page on the first page', () => {
  const page = listPage(asked(), found({ nextCursor: null }), ctx);
  expect([page.firstHref, page.previousHref, page.nextHref]).toEqual([null, null, null]);
});

it('exports the same filter, with the span turned into moments', () => {
  const request = asked({ filter: over('7d'), rawFilter: { after: '2026-11-20T23:00:00.000Z' } });
  const page = listPage(request, found(), ctx);
  expect(page.exportHref).toBe('/export.csv?after=2026-11-20T23%3A00%3A00.000Z');
  expect(page.pick?.hidden).toEqual([{ name: 'after', value: '2026-11-20T23:00:00.000Z' }]);
  expect(listPage(asked({ rawFilter: null }), null, ctx).exportHref).toBeNull();
});

it('offers no export to people who may not', () => {
  const page = listPage(asked({ mayExport: false }), found(), ctx);
  expect([page.exportHref, page.bundleHref, page.pick]).toEqual([null, null, null]);
});

it('adds a clicked value to the filter that is there, or takes it out of the list', () => {
  const request = asked({ filter: over('7d', { severity: 'warning', actor: 'admin' }) });
  const [line] = listPage(request, found(), ctx).lines;
  expect(line?.actor.href).toBe('/entries?severity=warning&actor=admin%3A7&range=7d&view=default');
  expect(line?.actor.excludeHref).toBe('/entries?severity=warning&actor=admin%2C%21admin%3A7&range=7d&view=default');
  expect(line?.severity.excludeHref).toBe('/entries?severity=%21warning&actor=admin&range=7d&view=default');
});

it('carries the whole view in every link, and says where the address bar does not', () => {
  const view = { ...DEFAULT_VIEW, columns: ['time', 'what', 'reason'], density: 'compact' } as const;
  const page = listPage(asked({ view }), found(), ctx);
  expect(page.href).toBe('/entries?range=30d&columns=time.what.reason&density=compact');
  expect(page.columns.map(({ name }) => name)).toEqual(['time', 'what', 'reason']);
  expect(page.columns[0]?.href).toBe('/entries?range=30d&columns=time.what.reason&density=compact&sort=-occurred_at');
  expect([page.isShort, listPage(asked(), found(), ctx).isShort]).toEqual([true, false]);
  expect(listPage(asked({ view, isOwnView: false }), found(), ctx).isShort).toBe(false);
});

it('marks what came after a number, and asks for what comes after the newest', () => {
  const entries = [anEntryView({ seq: 44 }), anEntryView({ seq: 43 })];
  const page = listPage(
    asked({ since: 43, head: 44, filter: over('7d'), rawFilter: { after: 'A' } }),
    found({ entries }),
    ctx,
  );
  expect(page.lines.map(({ isNew }) => isNew)).toEqual([true, false]);
  expect(page.news).toEqual({
    address: '/entries/new?after=A&after_seq=44',
    href: '/entries?range=7d&view=default&since=44',
    isAtTop: true,
  });
  expect(listPage(asked({ rawFilter: { before: 'B' } }), found(), ctx).news).toBeNull();
});

it('says what was searched and what leads to more where nothing is found', () => {
  const request = asked({ filter: over('30d', { q: 'zzz' }) });
  const { nothing } = listPage(request, found({ entries: [], total: 0, from: 0, to: 0 }), ctx);
  expect(nothing?.title).toBe('Nothing found for Words: zzz, Period: Last 30 days');
  expect(nothing?.ways.map(({ label, href }) => [label, href])).toEqual([
    ['Last 90 days', '/entries?q=zzz&range=90d&view=default'],
    ['Everything', '/entries?q=zzz&range=all&view=default'],
    ['Without Words: zzz', '/entries?range=30d&view=default'],
  ]);
});

it('leads to the first steps where there is no entry at all', () => {
  const { nothing } = listPage(asked({ isEmpty: true }), found({ entries: [], total: 0, from: 0, to: 0 }), ctx);
  expect(nothing).toMatchObject({ title: 'There are no entries yet', ways: [{ href: '/' }] });
});

describe('the menu of saved views', () => {
  const view = (more: Partial<SavedView>): SavedView => ({
    id: 'v1',
    name: 'Criticals',
    query: 'severity=critical&range=7d&view=default',
    isShared: false,
    isOwn: true,
    ownerName: 'jane',
    isDefault: false,
    ...more,
  });
  const menuOf = (filter: PageFilter, views: readonly SavedView[], id = 'v1') =>
    listPage(asked({ filter, saved: { id, views, mayShare: true } }), found(), ctx).menu;

  it('leads to each, one’s own apart from those of others', () => {
    const menu = menuOf(over('30d'), [view({ isDefault: true }), view({ id: 'v2', isOwn: false, isShared: true })], '');
    expect(menu.own[0]).toEqual({
      label: 'Criticals',
      note: 'opens first',
      href: '/entries?severity=critical&range=7d&view=default&saved=v1',
      isCurrent: false,
    });
    expect(menu.shared[0]?.note).toBe('by jane');
  });

  it('tells whether the list is still what was saved, and offers to save it where it is one’s own', () => {
    const same = over('7d', { severity: 'critical' });
    expect(menuOf(same, [view({})])).toMatchObject({ title: 'View: Criticals', update: null });
    expect(menuOf(over('30d'), [view({})])).toMatchObject({
      title: 'View: Criticals (changed)',
      update: { action: '/views/v1/query' },
    });
    expect(menuOf(over('30d'), [view({ isOwn: false })]).update).toBeNull();
  });
});
