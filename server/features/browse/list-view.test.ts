import { COLUMNS, DEFAULT_VIEW, isDefaultView, readView, viewQuery, type ListView } from './list-view';

const view = (over: Partial<ListView> = {}): ListView => ({ ...DEFAULT_VIEW, ...over });

it.each<[string, ListView]>([
  ['the default', view()],
  ['other columns', view({ columns: ['time', 'what', 'reason'] })],
  ['every column', view({ columns: COLUMNS })],
  ['another order and size', view({ sort: 'occurred_at', perPage: 100, density: 'compact' })],
])('reads back what it wrote: %s', (_what, shown) => {
  const query = Object.fromEntries(Object.entries(viewQuery(shown)).filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)])); // prettier-ignore
  expect(readView(query)).toEqual(shown);
});

it('leaves an address that names no part of it to the reader', () => {
  expect(readView({ q: 'x', range: '7d' })).toBeNull();
});

it('takes the program’s default for every part that an address does not name', () => {
  expect(readView({ sort: 'seq' })).toEqual(view({ sort: 'seq' }));
  expect(readView({ view: 'default' })).toEqual(view());
});

it('always shows what happened, and columns in their own order', () => {
  expect(readView({ columns: ['reason', 'time'] })?.columns).toEqual(['time', 'what', 'reason']);
});

it.each([{ columns: 'evil.drop' }, { density: 'huge' }, { sort: 'drop' }, { per_page: '1000' }, { columns: '' }])(
  'takes the default for %j',
  (query) => expect(isDefaultView(readView(query) ?? view({ sort: 'seq' }))).toBe(true),
);
