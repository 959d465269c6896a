import { KnownError } from '../../errors';
import { aPageContext } from '../../testing/an-entry-view';
import { parseFilter, type RawFilter } from './browse-service';
import type { Range } from './date-range';
import { filterForm, nextDay, periodText } from './filter-page';
import { readFilter, toQuery, toRawFilter, type PageFilter } from './page-filter';

const now = new Date('2026-11-21T04:00:00Z');
const filter = (raw: RawFilter, from = '', to = ''): PageFilter => ({
  raw,
  from,
  to,
  range: from !== '' || to !== '' || raw.after !== undefined || raw.before !== undefined ? 'own' : 'all',
});
const over = (range: Range, raw: RawFilter = {}): PageFilter => ({ raw, from: '', to: '', range });
const rawOf = (page: PageFilter, zone: string) => toRawFilter(page, zone, now);

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
    expect(rawOf(filter({}, '2026-11-21', '2026-11-21'), zone)).toEqual({ after, before });
  });

  it('have 23 or 25 hours where the clock changes', () => {
    const hours = (day: string) => {
      const { after, before } = rawOf(filter({}, day, day), 'Europe/Berlin');
      return (Date.parse(before ?? '') - Date.parse(after ?? '')) / 3_600_000;
    };
    expect([hours('2026-03-29'), hours('2026-10-25'), hours('2026-11-21')]).toEqual([23, 25, 24]);
  });

  it('only narrow moments that a link gave', () => {
    const both = filter({ after: '2026-11-21T12:00:00Z', before: '2026-12-31' }, '2026-11-21', '2026-11-22');
    expect(rawOf(both, 'UTC')).toEqual({ after: '2026-11-21T12:00:00.000Z', before: '2026-11-23T00:00:00.000Z' });
  });

  it.each(['2026-02-29', '21.11.2026', '2026-11-21T00:00:00Z', '0000-00-00', '9999-99-99', "'; --"])(
    'refuse %s',
    (day) => {
      expect(errorOf(() => rawOf(filter({}, day), 'UTC')).detail).toMatch(/^from:/);
    },
  );

  it('refuse an end before the start', () => {
    expect(errorOf(() => rawOf(filter({}, '2026-11-22', '2026-11-21'), 'UTC')).code).toBe('bad_filter');
  });

  it.each([
    ['2026-12-31', '2027-01-01'],
    ['2028-02-28', '2028-02-29'],
  ])('%s is followed by %s', (day, next) => {
    expect(nextDay(day)).toBe(next);
  });
});

describe('a span', () => {
  it('is 30 days unless the address says otherwise, and all of it for one thing', () => {
    const rangeOf = (query: Record<string, unknown>) => readFilter(query).range;
    expect(rangeOf({})).toBe('30d');
    expect(rangeOf({ severity: 'critical', range: 'for ever' })).toBe('30d');
    expect(rangeOf({ range: '7d', target: 'invoice:5' })).toBe('7d');
    expect([{ target: 'invoice:5' }, { client: '12' }, { hash: 'abcdef01' }].map(rangeOf)).toEqual([
      'all',
      'all',
      'all',
    ]);
    expect([{ from: '2026-11-01' }, { after: '2026-11-01' }, { range: '7d', to: '2026-11-01' }].map(rangeOf)).toEqual(['own', 'own', 'own']); // prettier-ignore
  });

  it('becomes moments when it is searched, and stays a span in links', () => {
    expect(rawOf(over('7d', { q: 'x' }), 'UTC')).toEqual({ q: 'x', after: '2026-11-15T00:00:00.000Z' });
    expect(rawOf(over('yesterday'), 'Asia/Taipei')).toEqual({
      after: '2026-11-19T16:00:00.000Z',
      before: '2026-11-20T16:00:00.000Z',
    });
    expect(rawOf(over('all'), 'UTC')).toEqual({});
    expect(toQuery(over('7d', { q: 'x' }))).toEqual({ q: 'x', range: '7d' });
    expect(toQuery(filter({}, '2026-11-01'))).toEqual({ from: '2026-11-01', to: '' });
  });

  it.each([
    [over('last_month'), 'Last month'],
    [filter({}, '2026-11-01', '2026-11-03'), 'Nov 1, 2026 – Nov 3, 2026'],
    [filter({}, '2026-11-01'), 'From Nov 1, 2026'],
    [filter({ before: '2026-11-01T08:00:00Z' }), 'Until 2026-11-01 08:00 UTC'],
  ])('is told in words: %j', (page, text) => {
    expect(periodText(page, aPageContext())).toBe(text);
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
      range: 'all',
    };
    expect(readFilter(query)).toEqual(filter({ category: 'clients,domains', q: 'hello' }));
  });

  it('turns values round where the form says "is not", and leaves what is turned round already', () => {
    const query = { severity: ['info', '!notice'], severity_is: 'not', actor: 'admin:7', actor_is: '', q: 'x', q_is: 'not', range: 'all' }; // prettier-ignore
    expect(readFilter(query)).toEqual(filter({ severity: '!info,!notice', actor: 'admin:7', q: 'x' }));
  });
});

describe('filterForm', () => {
  const chipsOf = (page: PageFilter) => filterForm(page, { per_page: 50 }, aPageContext()).chips;

  it('shows a chip for each value, whose cross leads to the list without it', () => {
    const chips = chipsOf(filter({ severity: 'critical,warning,!info', actor: 'admin:7' }, '2026-11-01'));
    expect(chips.map(({ label, value, isOr, removeHref }) => [label, value, isOr, removeHref])).toEqual([
      [
        'Severity',
        'Critical',
        false,
        '/entries?severity=warning%2C%21info&actor=admin%3A7&from=2026-11-01&per_page=50',
      ],
      ['Severity', 'Warning', true, '/entries?severity=critical%2C%21info&actor=admin%3A7&from=2026-11-01&per_page=50'],
      ['Severity', 'not Info', false, '/entries?severity=critical%2Cwarning&actor=admin%3A7&from=2026-11-01&per_page=50'], // prettier-ignore
      ['Who', 'Admin 7', false, '/entries?severity=critical%2Cwarning%2C%21info&from=2026-11-01&per_page=50'],
      ['From day', 'Nov 1, 2026', false, '/entries?severity=critical%2Cwarning%2C%21info&actor=admin%3A7&range=all&per_page=50'], // prettier-ignore
    ]);
  });

  it('turns a value round and back', () => {
    const [is, not] = chipsOf(over('7d', { severity: 'critical,!info' }));
    expect(is?.flipHref).toBe('/entries?severity=%21critical%2C%21info&range=7d&per_page=50');
    expect(not?.flipHref).toBe('/entries?severity=critical%2Cinfo&range=7d&per_page=50');
    expect(chipsOf(over('all', { q: 'x' }))[0]?.flipHref).toBeNull();
  });

  it('tells the span as a chip that leads to all of it, and has nothing to tell of everything', () => {
    const [chip] = chipsOf(over('30d'));
    expect([chip?.label, chip?.value, chip?.removeHref]).toEqual(['Period', 'Last 30 days', '/entries?range=all&per_page=50']); // prettier-ignore
    expect(chipsOf(over('all'))).toEqual([]);
  });

  it('clears to the usual span, and has nothing to clear there', () => {
    const form = (page: PageFilter) => filterForm(page, { per_page: 50 }, aPageContext());
    expect(form(over('7d')).clearHref).toBe('/entries?range=30d&per_page=50');
    expect([over('30d'), over('7d'), over('30d', { q: 'x' })].map((page) => form(page).canClear)).toEqual([false, true, true]); // prettier-ignore
  });

  const fieldOf = (raw: RawFilter, name: string) => {
    const form = filterForm(filter(raw), {}, aPageContext());
    return [...form.fields, ...form.moreFields].find((one) => one.name === name);
  };
  const chosen = (raw: RawFilter, name: string) =>
    fieldOf(raw, name)?.groups.flatMap(({ choices }) => choices.filter(({ isChosen }) => isChosen).map(({ value }) => value)); // prettier-ignore

  it('ticks every value of a list, and keeps what boxes cannot say', () => {
    expect(chosen({ category: 'clients,domains' }, 'category')).toEqual(['clients', 'domains']);
    expect(fieldOf({ category: 'clients,domains' }, 'category')?.summary).toBe('Clients, Domains');
    expect(fieldOf({ severity: '!info' }, 'severity')).toMatchObject({ isNot: true, summary: 'not Info', kept: [] });
    expect(chosen({ severity: '!info' }, 'severity')).toEqual(['info']);
    expect(fieldOf({ severity: 'critical,!info' }, 'severity')).toMatchObject({ isNot: false, kept: ['!info'] });
  });

  it('tells actions of the vocabulary from patterns', () => {
    const raw = { action: 'invoice.paid,client.*' };
    expect(chosen(raw, 'action')).toEqual(['invoice.paid']);
    expect(fieldOf(raw, 'action')?.value).toBe('client.*');
  });

  it('writes a list of excluded values without their marks, and a mixed one as it is', () => {
    expect(fieldOf({ actor: '!admin:7,!api' }, 'actor')).toMatchObject({ isNot: true, value: 'admin:7,api' });
    expect(fieldOf({ actor: 'admin,!admin:7' }, 'actor')).toMatchObject({ isNot: false, value: 'admin,!admin:7' });
  });

  it('keeps moments that have no field', () => {
    const form = filterForm(filter({ after: '2026-11-20', before: '2026-11-21' }), {}, aPageContext());
    expect(form.hidden).toEqual([
      { name: 'after', value: '2026-11-20' },
      { name: 'before', value: '2026-11-21' },
    ]);
    expect(form.chips.map(({ value }) => value)).toEqual(['2026-11-20 00:00 UTC', '2026-11-21 00:00 UTC']);
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
    const ticked = field?.groups.flatMap(({ choices }) => choices.filter(({ isChosen }) => isChosen)) ?? [];
    expect([field?.value, ...ticked.map(({ value }) => value)]).toContain(typed);
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
