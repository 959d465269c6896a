import { addDays, isDay, spanOf, type Range } from './date-range';

const at = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

describe('a span that moves with the clock', () => {
  // In Berlin it is already the first of March, in UTC still February.
  const now = new Date('2028-02-29T23:30:00Z');

  it.each<[Range, string | null, string | null]>([
    ['today', '2028-02-29T23:00:00.000Z', null],
    ['yesterday', '2028-02-28T23:00:00.000Z', '2028-02-29T23:00:00.000Z'],
    ['24h', '2028-02-28T23:30:00.000Z', null],
    ['7d', '2028-02-23T23:00:00.000Z', null],
    ['30d', '2028-01-31T23:00:00.000Z', null],
    ['90d', '2027-12-02T23:00:00.000Z', null],
    ['month', '2028-02-29T23:00:00.000Z', null],
    ['last_month', '2028-01-31T23:00:00.000Z', '2028-02-29T23:00:00.000Z'],
    ['year', '2027-12-31T23:00:00.000Z', null],
    ['all', null, null],
  ])('%s is one of the reader’s own zone', (range, after, before) => {
    const span = spanOf(range, now, 'Europe/Berlin');
    expect([at(span.after), at(span.before)]).toEqual([after, before]);
  });

  it('counts whole days across a change of the clock', () => {
    expect(at(spanOf('7d', new Date('2026-10-27T12:00:00Z'), 'Europe/Berlin').after)).toBe('2026-10-20T22:00:00.000Z');
  });

  it('goes back over the turn of the year', () => {
    const { after, before } = spanOf('last_month', new Date('2027-01-15T00:00:00Z'), 'UTC');
    expect([at(after), at(before)]).toEqual(['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']);
  });
});

it.each([
  ['2026-12-31', 1, '2027-01-01'],
  ['2028-02-28', 1, '2028-02-29'],
  ['2026-03-01', -1, '2026-02-28'],
])('%s and %i days is %s', (day, days, expected) => {
  expect(addDays(day, days)).toBe(expected);
});

it.each(['2026-02-29', '21.11.2026', '9999-99-99', ''])('%s is no day', (text) => {
  expect(isDay(text)).toBe(false);
});
