import { createHmac, timingSafeEqual } from 'node:crypto';

export type RowCell = string | number | null;

/**
 * Tells whether a row is as the program wrote it. For rows that are no entries, but that a page or a verdict relies on: who can
 * write the database and lacks the master key cannot change one unseen. Removing the row leaves nothing to tell it by.
 */
export interface RowMac {
  of(table: string, cells: readonly RowCell[]): string;
  fits(mac: string | null, table: string, cells: readonly RowCell[]): boolean;
}

export function createRowMac(key: Buffer): RowMac {
  // JSON keeps text, number and null apart, and the cells from each other.
  const of = (table: string, cells: readonly RowCell[]) =>
    createHmac('sha256', key).update(JSON.stringify(['sealtrail.row.v1', table, ...cells])).digest('hex'); // prettier-ignore
  return {
    of,
    fits(mac, table, cells) {
      const expected = Buffer.from(of(table, cells));
      const given = Buffer.from(mac ?? '');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
