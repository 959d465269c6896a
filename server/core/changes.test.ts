import type { JsonObject, JsonValue } from './canonical-json';
import { changesBetween, isOn, sameValue } from './changes';

describe('isOn', () => {
  it.each([true, 1, '1', 'on', 'ON', 'yes', 'true', 'Active', '2', ' on ', 'totp', {}])('takes %j for on', (value) => {
    expect(isOn(value)).toBe(true);
  });

  it.each([undefined, null, false, 0, '', ' ', '0', 'off', 'OFF', 'no', 'false', 'False', 'inactive', ' off '])(
    'takes %j for off',
    (value) => {
      expect(isOn(value)).toBe(false);
    },
  );
});

describe('sameValue', () => {
  it.each<[JsonValue | undefined, JsonValue | undefined]>([
    [1, '1'],
    [true, 1],
    [true, 'on'],
    [false, ''],
    [false, null],
    [null, ''],
    [undefined, null],
    ['', undefined],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [
      [1, 2],
      [1, 2],
    ],
  ])('%j and %j say the same', (a, b) => {
    expect(sameValue(a, b)).toBe(true);
    expect(sameValue(b, a)).toBe(true);
  });

  it.each<[JsonValue | undefined, JsonValue | undefined]>([
    ['a', 'A'],
    ['10.00', '10.0'],
    ['1', '01'],
    [' a', 'a'],
    [true, 'off'],
    [0, ''],
    [
      [1, 2],
      [2, 1],
    ],
    ['\u00c5', 'A\u030a'],
    ['9007199254740993', '9007199254740992'],
  ])('%j and %j differ', (a, b) => {
    expect(sameValue(a, b)).toBe(false);
    expect(sameValue(b, a)).toBe(false);
  });
});

describe('changesBetween', () => {
  it('names the fields that differ, in the order of the values before', () => {
    expect(changesBetween({ b: 'old', a: 1, same: 'x' }, { a: 2, b: 'new', same: 'x' })).toEqual([
      { field: 'b', before: 'old', after: 'new' },
      { field: 'a', before: 1, after: 2 },
    ]);
  });

  it('says nothing without values before', () => {
    expect(changesBetween(null, { a: 1 })).toEqual([]);
  });

  it('says nothing of a field that only one side has, when the call carries a part of the row', () => {
    expect(changesBetween({ gone: 1 }, { fresh: 2 })).toEqual([]);
  });

  it('counts fields of one side for whole rows, both ways', () => {
    expect(changesBetween({ gone: 1, empty: '' }, { fresh: 2 }, { bothWays: true })).toEqual([
      { field: 'gone', before: 1, after: null },
      { field: 'fresh', before: null, after: 2 },
    ]);
    expect(changesBetween(null, { fresh: 2 }, { bothWays: true })).toEqual([
      { field: 'fresh', before: null, after: 2 },
    ]);
  });

  it('takes nothing from the prototype of a row, whatever its fields are called', () => {
    const odd = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as JsonObject;
    const fields = ['__proto__', 'constructor', 'toString'];
    expect(changesBetween(odd, {}, { bothWays: true })).toEqual(
      fields.map((field, at) => ({ field, before: 'abc'[at], after: null })),
    );
    expect(changesBetween({}, odd, { bothWays: true })).toEqual(
      fields.map((field, at) => ({ field, before: null, after: 'abc'[at] })),
    );
    expect(changesBetween(odd, {})).toEqual([]);
  });
});
