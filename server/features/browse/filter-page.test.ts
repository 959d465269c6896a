import { KnownError } from '../../errors';
import { aPageContext } from '../../testing/an-entry-view';
import { parseFilter, type RawFilter } from './browse-service';
import { filterForm, nextDay, readFilter, toRawFilter, type PageFilter } from './filter-page';

const filter = (raw: RawFilter, from = '', to = ''): PageFilter => ({ raw, from, to });

function errorOf(run: () => unknown): KnownError {
  try {
    run();
  } catch (error) {
    if (error instanceof KnownError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('days typed in the filter', () => {
  it.each([
    ['UTC', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['Asia/Shanghai', '2026-11-20T16:00:00.000Z', '2026-11-21T16:00:00.000Z'],
    ['America/Los_Angeles', '2026-11-21T08:00:00.000Z', '2026-11-22T08:00:00.000Z'],
    ['Asia/Kathmandu', '2026-11-20T18:15:00.000Z', '2026-11-21T18:15:00.000Z'],
  ])('mean whole days in %s, both included', (zone, after, before) => {
    expect(toRawFilter(filter({}, '2026-11-21', '2026-11-21'), zone)).toEqual({ after, before });
  });

  it('have 23 or 25 hours where the clock changes', () => {
    const hours = (day: string) => {
      const { after, before } = toRawFilter(filter({}, day, day), 'Europe/Berlin');
      return (Date.parse(before ?? '') - Date.parse(after ?? '')) / 3_600_000;
    };
    expect([hours('2026-03-29'), hours('2026-10-25'), hours('2026-11-21')]).toEqual([23, 25, 24]);
  });

  it('only narrow moments that a link gave', () => {
    const both = filter({ after: '2026-11-21T12:00:00Z', before: '2026-12-31' }, '2026-11-21', '2026-11-22');
    expect(toRawFilter(both, 'UTC')).toEqual({ after: '2026-11-21T12:00:00.000Z', before: '2026-11-23T00:00:00.000Z' });
  });

  it.each(['2026-02-29', '21.11.2026', '2026-11-21T00:00:00Z', '0000-00-00', '9999-99-99', "'; --"])(
    'refuse %s',
    (day) => {
      expect(errorOf(() => toRawFilter(filter({}, day), 'UTC')).detail).toMatch(/^from:/);
    },
  );

  it('refuse an end before the start', () => {
    expect(errorOf(() => toRawFilter(filter({}, '2026-11-22', '2026-11-21'), 'UTC')).code).toBe('bad_filter');
  });

  it.each([
    ['2026-12-31', '2027-01-01'],
    ['2028-02-28', '2028-02-29'],
  ])('%s is followed by %s', (day, next) => {
    expect(nextDay(day)).toBe(next);
  });
});

describe('readFilter', () => {
  it('takes filters only, and a parameter given twice for "any of"', () => {
    const query = {
      category: ['clients', 'domains'],
      q: '  hello ',
      sort: '-seq',
      evil: 'x',
      severity: '',
      ip: { $gt: '' },
    };
    expect(readFilter(query)).toEqual(filter({ category: 'clients,domains', q: 'hello' }));
  });
});

describe('filterForm', () => {
  it('shows a chip for each active filter, whose cross leads to the list without it', () => {
    const form = filterForm(
      filter({ severity: 'critical,!info', actor: 'admin:7' }, '2026-11-01'),
      { per_page: 50 },
      aPageContext(),
    );
    expect(form.chips.map(({ label, value, removeHref }) => [label, value, removeHref])).toEqual([
      ['Severity', 'Critical, not Info', '/entries?actor=admin%3A7&from=2026-11-01&per_page=50'],
      ['Who', 'Admin 7', '/entries?severity=critical%2C%21info&from=2026-11-01&per_page=50'],
      ['From day', 'Nov 1, 2026', '/entries?severity=critical%2C%21info&actor=admin%3A7&per_page=50'],
    ]);
    expect(form.clearHref).toBe('/entries?per_page=50');
  });

  it('keeps a choice that the list does not offer, and moments that have no field', () => {
    const form = filterForm(
      filter({ category: 'clients,domains', after: '2026-11-20', before: '2026-11-21' }),
      {},
      aPageContext(),
    );
    const chosen = form.fields.find(({ name }) => name === 'category')?.options.find(({ selected }) => selected);
    expect(chosen).toEqual({ value: 'clients,domains', label: 'Clients, Domains', selected: true });
    expect(form.hidden).toEqual([
      { name: 'after', value: '2026-11-20' },
      { name: 'before', value: '2026-11-21' },
    ]);
    expect(form.chips.map(({ value }) => value)).toEqual([
      'Clients, Domains',
      '2026-11-20 00:00 UTC',
      '2026-11-21 00:00 UTC',
    ]);
  });

  it.each<RawFilter>([
    { category: 'nope' },
    { severity: 'nope' },
    { outcome: 'nope' },
    { via: 'nope' },
    { status: 'nope' },
    { actor: 'nope' },
    { target: '12' },
    { hash: 'xyz' },
    { q: 'x'.repeat(300) },
    { actor_name: 'x'.repeat(300) },
    { ip: 'x'.repeat(300) },
    { action: 'x'.repeat(300) },
    { client: 'x'.repeat(300) },
    { hook: 'x'.repeat(300) },
  ])('says next to the field what is wrong with %j, and keeps what was typed', (raw) => {
    const [[name, typed] = ['', '']] = Object.entries(raw);
    const error = errorOf(() => parseFilter(raw));
    const form = filterForm(filter(raw), {}, aPageContext({ lng: 'zh-TW' }), error);
    const field = [...form.fields, ...form.moreFields].find((one) => one.name === name);
    expect(field?.problem).toMatch(/\p{Script=Han}/u);
    expect(field?.value).toBe(typed);
    expect(form.problem).toBe('');
  });

  it('says above the list what belongs to no field', () => {
    const form = (error: KnownError) => filterForm(filter({}), {}, aPageContext(), error).problem;
    expect(form(new KnownError('bad_cursor', 'x'))).toMatch(/first page/);
    expect(form(errorOf(() => parseFilter({ after: '2026-11-22', before: '2026-11-21' })))).toMatch(/before the start/);
    expect(form(errorOf(() => parseFilter({ after: 'soon' })))).toMatch(/start time/);
    expect(form(new KnownError('bad_filter', 'something new'))).not.toBe('');
  });
});
