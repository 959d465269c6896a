import { z } from 'zod';
import { KnownError } from '../../errors';
import type { Sort } from './entry-search';

/** Where a page ends or begins: the entry beside it, and its position in the whole list. */
export interface Cursor {
  readonly direction: 'next' | 'previous';
  readonly seq: number;
  /** Milliseconds; 0 unless the list is sorted by time. */
  readonly time: number;
  readonly position: number;
}

const schema = z.tuple([
  z.enum(['next', 'previous']),
  z.int().nonnegative(),
  z.int(),
  z.int().nonnegative(),
  z.string(),
]);

/** Opaque to callers; good only with the sort it was made for. */
export function encodeCursor(cursor: Cursor, sort: Sort): string {
  return Buffer.from(JSON.stringify([cursor.direction, cursor.seq, cursor.time, cursor.position, sort])).toString(
    'base64url',
  );
}

/** Throws KnownError `bad_cursor`. */
export function decodeCursor(text: string, sort: Sort): Cursor {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw new KnownError('bad_cursor', 'this is no cursor of ours', { cause: error });
  }
  const parsed = schema.safeParse(parts);
  if (!parsed.success || parsed.data[4] !== sort)
    throw new KnownError('bad_cursor', 'this cursor belongs to another list');
  const [direction, seq, time, position] = parsed.data;
  return { direction, seq, time, position };
}
