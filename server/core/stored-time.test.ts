import { isoTime, storedTime, storedTimeOrNull } from './stored-time';

it.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [1_763_773_323_456, '2025-11-22T01:02:03.456Z'],
  [-1, '1969-12-31T23:59:59.999Z'],
  [8.64e15, '+275760-09-13T00:00:00.000Z'],
])('%d is %s', (ms, text) => {
  expect([isoTime(ms), storedTime(ms), storedTimeOrNull(ms)]).toEqual([text, text, text]);
});

it.each([8.64e15 + 1, -9e15, Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY])(
  '%d, which is no moment, is shown as 1970',
  (ms) => {
    expect([isoTime(ms), storedTime(ms)]).toEqual([null, '1970-01-01T00:00:00.000Z']);
  },
);

it('nothing stays nothing', () => {
  expect(storedTimeOrNull(null)).toBeNull();
});
