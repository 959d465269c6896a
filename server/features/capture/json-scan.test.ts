import { scanDelivery } from './json-scan';

const textsOf = (text: string) => scanDelivery(text).items.map((span) => text.slice(span.start, span.end));

describe('scanDelivery', () => {
  it.each([
    ['objects', '{"events":[{"a":1},{"b":[2]}]}', ['{"a":1}', '{"b":[2]}']],
    ['an empty list', '{"events":[]}', []],
    [
      'scalars of every kind',
      '{"events":[1,-2.5e3,true,false,null,"x",[],{}]}',
      ['1', '-2.5e3', 'true', 'false', 'null', '"x"', '[]', '{}'],
    ],
    ['white space everywhere', ' {\n"events" :\t[ {"a" : 1} ,\r\n 7 , "s" ] } ', ['{"a" : 1}', '7', '"s"']],
    [
      'brackets and quotes inside texts',
      '{"events":[{"a":"]}\\"\\\\"},{"b":"[{"}]}',
      ['{"a":"]}\\"\\\\"}', '{"b":"[{"}'],
    ],
    [
      'a text that ends in backslashes',
      '{"events":["\\\\","\\\\\\"",{"a":"\\\\\\\\"}]}',
      ['"\\\\"', '"\\\\\\""', '{"a":"\\\\\\\\"}'],
    ],
    ['other members before and behind', '{"x":[{"events":[1]}],"events":[{"a":1}],"y":{"events":[2]}}', ['{"a":1}']],
    ['a list called events further in', '{"events":[{"events":[{"a":1}]}]}', ['{"events":[{"a":1}]}']],
    ['events as a value', '{"x":"events","y":[1],"events":[2]}', ['2']],
    ['four-byte characters', '{"events":["😀",{"𠮷":"{"}]}', ['"😀"', '{"𠮷":"{"}']],
  ])('finds %s', (_name, text, items) => {
    JSON.parse(text);
    expect(textsOf(text)).toEqual(items);
  });

  it.each([
    ['{"events":[{}]}', 0],
    ['{"events":[{"a":1,"b":{"c":2},"d":[{"e":3}]}]}', 5],
    ['{"events":[{"a":1,"a":2}]}', 2],
    ['{"events":[{"a":1,"\\u0061":2}]}', 2],
    ['{"events":[{"a":":","b:":"x:y"}]}', 2],
  ])('counts the members named in %s', (text, members) => {
    expect(scanDelivery(text).items[0]?.members).toBe(members);
  });

  it.each([
    ['{"events":[]}', 1],
    ['{"events":[],"events":[]}', 2],
    ['{"a":{"b":1,"c":2},"events":[{"d":3}],"z":[]}', 3],
  ])('counts the outermost members of %s', (text, members) => {
    expect(scanDelivery(text).topMembers).toBe(members);
  });

  it.each([
    ['1', 0],
    ['{}', 1],
    ['{"a":[{"b":[]}]}', 4],
    ['{"a":[[]],"b":[[[]]]}', 4],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 100_000],
  ])('measures how deep an item is nested (%#)', (item, depth) => {
    expect(scanDelivery(`{"x":[[[[]]]],"events":[${item}]}`).items[0]?.depth).toBe(depth);
  });

  it.each([
    ['123456789012345', false],
    ['1234567890123456', true],
    ['0.1000000000000001', true],
    ['15.00', true],
    ['1e400', true],
    ['1E-400', true],
    ['-2.5e3', true],
    ['true', false],
    ['false', false],
    ['null', false],
    ['"12345678901234567890e5"', false],
  ])('says of %s whether its text must be kept: %s', (value, isLong) => {
    expect(scanDelivery(`{"events":[{"a":${value}}]}`).items[0]?.hasInexactNumber).toBe(isLong);
  });

  it('takes linear time for text that is nothing but escapes', () => {
    const text = `{"events":["${'\\"'.repeat(500_000)}"]}`;
    const started = Date.now();
    expect(scanDelivery(text).items).toHaveLength(1);
    expect(scanDelivery(`{"events":["${'\\\\'.repeat(500_000)}"]}`).items).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});
