import { aPageContext } from '../testing/an-entry-view';
import { formatDay, formatNumber, revealText, shorten, showTime, translateCode } from './page-context';

describe('showTime', () => {
  it('names the zone in detail, is relative in a table and whole in UTC', () => {
    expect(showTime('2026-11-21T01:02:03.456Z', aPageContext())).toEqual({
      iso: '2026-11-21T01:02:03.456Z',
      relative: '2 hours ago',
      utc: '2026-11-21 01:02:03.456 UTC',
      local: 'Nov 21, 2026, 02:02:03 (Europe/Berlin)',
    });
    expect(
      showTime('2026-11-21T01:02:03.456Z', aPageContext({ lng: 'zh-CN', timeZone: 'Asia/Shanghai' })).local,
    ).toContain('09:02:03');
  });

  it.each([
    ['2026-11-21T03:59:30Z', 'just now'],
    ['2026-11-21T04:00:30Z', 'just now'],
    ['2026-11-21T03:59:00Z', '1 minute ago'],
    ['2026-11-20T03:00:00Z', 'Fri, 1 day ago'],
    // Three days and eight hours before, and the fourth day before in the calendar.
    ['2026-11-17T20:00:00Z', 'Tue, 4 days ago'],
    ['2026-11-08T04:00:00Z', 'Sun, 13 days ago'],
    ['2026-11-07T03:00:00Z', '14 days ago'],
    ['2026-09-01T00:00:00Z', '2 months ago'],
    ['2024-01-01T00:00:00Z', '2 years ago'],
    ['2026-11-21T06:00:00Z', 'in 2 hours'],
  ])('calls %s "%s"', (at, expected) => {
    expect(showTime(at, aPageContext()).relative).toBe(expected);
  });

  it('shows a time that is none as it is', () => {
    expect(showTime('yesterday', aPageContext()).local).toBe('yesterday');
  });
});

it('groups numbers and writes days as the language does', () => {
  expect(formatNumber(1542384, aPageContext())).toBe('1,542,384');
  expect(formatDay('2026-11-21', aPageContext())).toBe('Nov 21, 2026');
  expect(formatDay('2026-11-21', aPageContext({ lng: 'zh-TW', timeZone: 'Pacific/Auckland' }))).toBe('2026年11月21日');
});

describe('translateCode', () => {
  it.each([
    ['terms:category.', 'clients', 'Clients'],
    ['actions:', 'client.created', 'Client created'],
    ['terms:category.', 'new_one', 'new_one'],
    ['terms:category.', 'constructor', 'constructor'],
    ['terms:category.', '__proto__', '__proto__'],
    ['actions:', 'client', 'client'],
    ['actions:', '<b>', '<b>'],
    ['actions:', '$t(errors:not_found)', '$t(errors:not_found)'],
  ])('makes of %s%s the text %s', (list, code, expected) => {
    expect(translateCode(aPageContext(), list, code)).toBe(expected);
  });
});

describe('revealText', () => {
  it('writes out characters that mislead the eye', () => {
    expect(revealText('abc\u202Egnp.exe')).toBe('abc⟨U+202E⟩gnp.exe');
    expect(revealText('a\u0000b\u200Bc\r\nd\te')).toBe('a⟨U+0000⟩b⟨U+200B⟩c\nd\te');
  });

  it('leaves joined emoji, Persian and four-byte Chinese alone', () => {
    expect(revealText('👩‍👩‍👧 می‌خواهم 𠮷野家')).toBe('👩‍👩‍👧 می‌خواهم 𠮷野家');
  });
});

it('shortens in the middle and never within a character', () => {
  expect(shorten('0123456789', 10)).toBe('0123456789');
  expect(shorten('0123456789ab', 10)).toBe('012345…9ab');
  expect([...shorten('𠮷'.repeat(20), 5)]).toHaveLength(5);
  expect(shorten('𠮷'.repeat(20), 5).isWellFormed()).toBe(true);
});
