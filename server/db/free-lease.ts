import type { Knex } from 'knex';

/** Nobody takes a lease for so long. One that ends later was written past the program, or under a wrong clock, and is not believed. */
const TOO_LONG_MS = 3_600_000;

/** For `where`: leases that nobody has at `at`. `column` says until when (milliseconds since 1970). */
export function isFree(column: string, at: number): (lease: Knex.QueryBuilder) => void {
  return (lease) => void lease.where(column, '<=', at).orWhere(column, '>', at + TOO_LONG_MS);
}
