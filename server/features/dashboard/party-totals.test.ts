import { totalsOf } from './party-totals';

const TODAY = 20_000;
const on = (...days: [day: number, entries: number][]) => new Map(days);

describe('the totals of a party', () => {
  it.each([
    [
      'today and six days before are the week',
      on([TODAY, 2], [TODAY - 6, 3]),
      { week: 5, month: 5, dueDay: TODAY + 1 },
    ],
    ['the seventh day before is not', on([TODAY - 7, 4]), { week: 0, month: 4, dueDay: TODAY + 23 }],
    ['the month is thirty days', on([TODAY - 29, 1], [TODAY, 1]), { week: 1, month: 2, dueDay: TODAY + 1 }],
    ['a day ahead waits for its day', on([TODAY, 1], [TODAY + 3, 9]), { week: 1, month: 1, dueDay: TODAY + 3 }],
    ['only a day ahead', on([TODAY + 3, 9]), { week: 0, month: 0, dueDay: TODAY + 3 }],
  ])('%s', (_name, days, expected) => {
    expect(totalsOf(days, TODAY)).toEqual(expected);
  });

  it('are none where every day is long ago', () => {
    expect(totalsOf(on([TODAY - 30, 8]), TODAY)).toBeUndefined();
  });

  it('change on the day that they name, and not before', () => {
    const days = on([TODAY, 2], [TODAY - 3, 1], [TODAY - 20, 5], [TODAY + 2, 1]);
    const figures = (day: number) => JSON.stringify([totalsOf(days, day)?.week, totalsOf(days, day)?.month]);
    for (let day = TODAY - 30; day < TODAY + 40; day += 1) {
      const due = totalsOf(days, day)?.dueDay;
      if (due === undefined) continue;
      for (let later = day + 1; later < due; later += 1) expect(figures(later)).toBe(figures(day));
      expect(figures(due)).not.toBe(figures(day));
    }
  });
});
