import { localDay, momentOf, startOfDay } from './time-zone';

const iso = (ms: number) => new Date(ms).toISOString();
const HOUR_MS = 3_600_000;

describe('the day in a time zone', () => {
  it.each([
    ['UTC', '2026-11-21T23:59:59.999Z', '2026-11-21T00:00:00.000Z', 24],
    ['UTC', '2026-11-21T00:00:00.000Z', '2026-11-21T00:00:00.000Z', 24],
    ['Europe/Berlin', '2026-11-21T22:59:59.999Z', '2026-11-20T23:00:00.000Z', 24],
    ['Europe/Berlin', '2026-11-21T23:00:00.000Z', '2026-11-21T23:00:00.000Z', 24],
    // Clocks go forward, and back.
    ['Europe/Berlin', '2026-03-29T12:00:00.000Z', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00.000Z', '2026-10-24T22:00:00.000Z', 25],
    ['America/New_York', '2026-11-01T04:30:00.000Z', '2026-11-01T04:00:00.000Z', 25],
    ['Asia/Kolkata', '2026-11-21T18:29:59.999Z', '2026-11-20T18:30:00.000Z', 24],
    ['Asia/Kathmandu', '2026-11-21T18:15:00.000Z', '2026-11-21T18:15:00.000Z', 24],
    ['Pacific/Kiritimati', '2026-11-21T10:00:00.000Z', '2026-11-21T10:00:00.000Z', 24],
    // Half an hour back, on Lord Howe.
    ['Australia/Lord_Howe', '2026-04-05T06:00:00.000Z', '2026-04-04T13:00:00.000Z', 24.5],
    // The clock jumps at midnight: the day begins at one.
    ['America/Asuncion', '2023-10-01T12:00:00.000Z', '2023-10-01T04:00:00.000Z', 23],
    ['Africa/Cairo', '2026-04-24T12:00:00.000Z', '2026-04-23T22:00:00.000Z', 23],
  ])('%s at %s begins at %s and has %d hours', (zone, now, start, hours) => {
    const day = startOfDay(new Date(now), zone);
    expect([iso(day.start), (day.end - day.start) / HOUR_MS]).toEqual([start, hours]);
  });

  it('follows on the one before without a gap, a whole year long', () => {
    for (const zone of ['Europe/Berlin', 'America/Asuncion', 'Africa/Cairo', 'Australia/Lord_Howe']) {
      let { end } = startOfDay(new Date('2023-01-01T12:00:00Z'), zone);
      for (let i = 0; i < 365; i += 1) {
        const day = startOfDay(new Date(end), zone);
        expect([zone, iso(day.start)]).toEqual([zone, iso(end)]);
        end = day.end;
      }
    }
  });

  it('is found by its name', () => {
    expect(iso(momentOf('2026-11-21', 'Asia/Shanghai'))).toBe('2026-11-20T16:00:00.000Z');
    expect(localDay(Date.parse('2026-11-20T16:00:00.000Z'), 'Asia/Shanghai')).toBe('2026-11-21');
    expect(localDay(Date.parse('2026-11-20T15:59:59.999Z'), 'Asia/Shanghai')).toBe('2026-11-20');
  });
});
