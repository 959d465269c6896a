import { aPageContext } from '../../testing/an-entry-view';
import { changeLines } from './change-page';
import { diffWords } from './word-diff';

const marked = (before: string, after: string, language = 'en') =>
  diffWords(before, after, language)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'removed' ? `[-${text}]` : `[+${text}]`))
    .join('');

describe('diffWords', () => {
  it.each([
    ['pays by bank transfer monthly', 'pays by credit card monthly', 'pays by [-bank transfer][+credit card] monthly'],
    ['北京市朝阳区', '北京市海淀区', '北京市[-朝阳][+海淀]区'],
    ['same', 'same', 'same'],
    ['', 'new', '[+new]'],
    ['old', '', '[-old]'],
    ['', '', ''],
    ['Active', 'Suspended', '[-Active][+Suspended]'],
    ['a, b', 'c, d', '[-a, b][+c, d]'],
  ])('of "%s" and "%s" is %s', (before, after, expected) => {
    expect(marked(before, after, 'zh-CN')).toBe(expected);
  });

  it('gives both texts back whole', () => {
    const [before, after] = ['the quick brown fox, jumps', 'a quick red fox  jumps!'];
    const words = diffWords(before, after, 'en');
    const without = (kind: string) => words.filter((word) => word.kind !== kind).map(({ text }) => text).join(''); // prettier-ignore
    expect([without('added'), without('removed')]).toEqual([before, after]);
  });

  it('compares a whole mail template, and gives up in time where two have nothing in common', () => {
    const template = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ');
    expect(marked(template, template.replace('word450', 'another'))).toContain('[-word450][+another]');
    const other = Array.from({ length: 900 }, (_, i) => `thing${i}`).join(' ');
    const startedAt = Date.now();
    expect(diffWords(template, other, 'en').map(({ kind }) => kind)).toEqual(['removed', 'added']);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  it('shows long texts as replaced, quickly', () => {
    const long = 'word '.repeat(200_000);
    const startedAt = Date.now();
    expect(diffWords(long, `${long}x`, 'en').map(({ kind }) => kind)).toEqual(['removed', 'added']);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('changeLines', () => {
  const sides = (before: never, after: never) => {
    const [line] = changeLines([{ field: 'f', before, after }], aPageContext());
    return [line?.before.remark, line?.after.remark];
  };

  it.each([
    [null, 'x', ['(empty)', '']],
    ['', 'x', ['(empty)', '']],
    ['[redacted]', '[redacted:changed]', ['(changed, not shown)', '(changed, not shown)']],
    ['', '[redacted:changed]', ['(empty)', '(changed, not shown)']],
    ['[redacted]', '[redacted]', ['(changed, not shown)', '(changed, not shown)']],
    ['x', '[changed]', ['', '(changed, not shown)']],
    ['2026-12-01', '0000-00-00', ['', '(no date)']],
    [0, false, ['', '']],
  ])('of %j and %j remarks %j', (before, after, expected) => {
    expect(sides(before as never, after as never)).toEqual(expected);
  });

  const words = (field: string, before: unknown, after: unknown, over: Parameters<typeof aPageContext>[0] = {}) => {
    const [line] = changeLines([{ field, before, after } as never], aPageContext(over));
    return [line?.before, line?.after].map((side) => side?.segments.map(({ text }) => text).join(''));
  };

  it.each([
    ['taxexempt', true, false, 'en', ['Yes', 'No']],
    ['hidden', 'on', '', 'zh-TW', ['是', '否']],
    ['qty', '1', '0', 'en', ['1', '0']],
    ['amount', '1234.50', '0.00', 'en', ['1,234.50', '0.00']],
    ['total', '12345678901234.56', '1.00', 'en', ['12,345,678,901,234.56', '1.00']],
    ['ns1', '1234.50', '0.00', 'en', ['1234.50', '0.00']],
    ['duedate', '2026-11-01', '2026-12-01', 'en', ['Nov 1, 2026', 'Dec 1, 2026']],
    ['duedate', '2026-11-01', '2026-13-99', 'zh-CN', ['2026年11月1日', '2026-13-99']],
    ['lastlogin', '2026-11-01 08:05:00', 'never', 'en', ['Nov 1, 2026, 08:05:00', 'never']],
    ['seen', '2026-11-01T08:05:00Z', null, 'en', ['Nov 1, 2026, 09:05:00 (Europe/Berlin)', '']],
    ['access', ['a', 'b'], ['a'], 'en', ['a\nb', 'a']],
    [
      'address',
      { city: 'Berlin', old: null, more: { due: '2026-11-01', list: [1, 2] } },
      {},
      'en',
      ['city: Berlin\nold: (empty)\nmore.due: Nov 1, 2026\nmore.list: 1\nmore.list: 2', ''],
    ],
    ['address', [{ city: 'Berlin' }], null, 'zh-TW', ['0.city：Berlin', '']],
  ] as const)('writes %s, %j and %j, for people in %s', (field, before, after, lng, expected) => {
    expect(words(field, before, after, { lng })).toEqual(expected);
  });

  it('keeps what was recorded beside the words, and leaves the name of the field alone', () => {
    const [line] = changeLines([{ field: 'customfields.地址', before: true, after: ['x'] }], aPageContext());
    expect([line?.field, line?.before.original, line?.after.original]).toEqual(['customfields.地址', 'true', '["x"]']);
  });

  it('writes out what would mislead the eye, in values, members and originals', () => {
    const [line] = changeLines([{ field: 'f', before: { 'a\u202eb': 'c\u202ed' }, after: null }], aPageContext());
    const seen = `${line?.before.segments[0]?.text}${line?.before.original}`;
    expect(seen).toContain('⟨U+202E⟩');
    expect(seen).not.toContain('\u202e');
  });
});
