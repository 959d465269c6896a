import { lastDays, slotsTogether, wallClock } from './local-days';

const HOUR_MS = 3_600_000;

describe('the days of a zone', () => {
  it.each([
    ['UTC', '2026-11-21T04:00:00Z', '2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['Asia/Kathmandu', '2026-11-21T18:20:00Z', '2026-11-22', '2026-11-21T18:15:00.000Z'],
    ['America/New_York', '2026-11-21T04:00:00Z', '2026-11-20', '2026-11-20T05:00:00.000Z'],
  ])('in %s at %s end with %s', (zone, now, day, start) => {
    const days = lastDays(new Date(now), zone, 7);
    expect(days).toHaveLength(7);
    expect(days.at(-1)?.day).toBe(day);
    expect(new Date(days.at(-1)?.start ?? 0).toISOString()).toBe(start);
    for (const [i, { end }] of days.slice(0, -1).entries()) expect(end).toBe(days[i + 1]?.start);
  });

  it('are 23 and 25 hours long where the clock is changed', () => {
    const hours = (now: string) => lastDays(new Date(now), 'Europe/Berlin', 3).map(({ start, end }) => (end - start) / HOUR_MS); // prettier-ignore
    expect(hours('2026-03-30T12:00:00Z')).toEqual([24, 23, 24]);
    expect(hours('2026-10-26T12:00:00Z')).toEqual([24, 25, 24]);
  });

  it('begin the week on Monday', () => {
    expect(lastDays(new Date('2026-11-21T12:00:00Z'), 'UTC', 6).map(({ weekday }) => weekday)).toEqual([0, 1, 2, 3, 4, 5]); // prettier-ignore
  });

  it('have the hour of the clock on the wall, twice where it is put back', () => {
    const [day] = lastDays(new Date('2026-10-25T12:00:00Z'), 'Europe/Berlin', 1);
    if (!day) throw new Error('no day');
    const clock = wallClock(day, 'Europe/Berlin');
    expect([0, 1, 2, 3, 4].map((hours) => clock(day.start + hours * HOUR_MS).hour)).toEqual([0, 1, 2, 2, 3]);
  });

  it.each([
    ['Europe/Berlin', 4],
    ['Asia/Kolkata', 2],
    ['Australia/Lord_Howe', 2],
    ['Asia/Kathmandu', 1],
    ['Pacific/Chatham', 1],
  ])('in %s let %s quarter-hours be read together', (zone, expected) => {
    expect(slotsTogether(lastDays(new Date('2026-11-21T12:00:00Z'), zone, 90), zone)).toBe(expected);
  });
});
