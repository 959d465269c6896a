import { aPageContext } from '../../testing/an-entry-view';
import { changeLines, diffWords } from './change-page';

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

  it('shows long texts as replaced, quickly', () => {
    const long = 'word '.repeat(200_000);
    const startedAt = Date.now();
    expect(diffWords(long, `${long}x`, 'en').map(({ kind }) => kind)).toEqual(['removed', 'added']);
    expect(Date.now() - startedAt).toBeLessThan(500);
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
    [0, false, ['', '']],
  ])('of %j and %j remarks %j', (before, after, expected) => {
    expect(sides(before as never, after as never)).toEqual(expected);
  });

  it('leaves the field name as the hook gave it and writes values of any kind', () => {
    const [line] = changeLines([{ field: 'customfields.地址', before: { a: 1 }, after: ['x'] }], aPageContext());
    expect(line?.field).toBe('customfields.地址');
    expect(line?.before.segments.map(({ text }) => text).join('')).toBe('{\n  "a": 1\n}');
  });
});
