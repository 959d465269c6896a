import { decodeCursor, encodeCursor, type Cursor } from './cursor';
import { SORTS } from './entry-search';

const cursor: Cursor = { direction: 'next', seq: 42, time: 1_795_222_923_456, position: 20 };
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a cursor', () => {
  it.each(SORTS)('comes back as it was, for the order %s', (sort) => {
    expect(decodeCursor(encodeCursor(cursor, sort), sort)).toEqual(cursor);
    expect(decodeCursor(encodeCursor({ ...cursor, direction: 'previous' }, sort), sort).direction).toBe('previous');
  });

  it('holds nothing that a URL would have to escape', () => {
    expect(encodeCursor({ ...cursor, seq: Number.MAX_SAFE_INTEGER, time: -1 }, '-occurred_at')).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['for another order', encodeCursor(cursor, 'seq')],
    ['empty', ''],
    ['no JSON', Buffer.from('next').toString('base64url')],
    ['an object', encoded({ direction: 'next' })],
    ['too short', encoded(['next', 1, 0, 1])],
    ['too long', encoded(['next', 1, 0, 1, '-seq', 1])],
    ['with another direction', encoded(['up', 1, 0, 1, '-seq'])],
    ['with a text for a number', encoded(['next', '1', 0, 1, '-seq'])],
    ['with a fraction', encoded(['next', 1.5, 0, 1, '-seq'])],
    ['before the first entry', encoded(['next', -1, 0, 1, '-seq'])],
    ['beyond what a number keeps', encoded(['next', 2 ** 60, 0, 1, '-seq'])],
    ['at a negative position', encoded(['next', 1, 0, -1, '-seq'])],
  ])('is refused when it is %s', (_name, text) => {
    expect(() => decodeCursor(text, '-seq')).toThrow(
      expect.objectContaining({ code: 'bad_cursor', status: 400 }) as Error,
    );
  });
});
