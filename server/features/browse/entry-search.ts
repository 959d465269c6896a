import type { Ledger } from '../../entries/entry-store';
import type { EntryFilter } from './entry-filter';

export const SORTS = ['-seq', 'seq', '-occurred_at', 'occurred_at'] as const;
export type Sort = (typeof SORTS)[number];

export interface PageRequest {
  readonly filter: EntryFilter;
  readonly sort: Sort;
  /** 1 to 100. */
  readonly perPage: number;
  /** As an earlier page gave it; wins over `page`. */
  readonly cursor?: string | undefined;
  /** From 1; reaches only as far as totals are counted, cursors reach everything. */
  readonly page?: number | undefined;
}

export interface SearchPage {
  readonly seqs: readonly number[];
  /** Exact up to TOTAL_CAP, and whenever the counters can tell; else at least so many, with `totalIsExact` false. */
  readonly total: number;
  readonly totalIsExact: boolean;
  /** Entries that the index of words does not hold yet; 0 where no words were searched. */
  readonly unindexed: number;
  /** Position of the first row, from 1; 0 when there is none. */
  readonly from: number;
  readonly nextCursor: string | null;
  readonly previousCursor: string | null;
}

export const TOTAL_CAP = 10_000;

/** The read model of lists: one page of sequence numbers, found by index whatever the size of the ledger. */
export interface EntrySearch {
  findPage(ledger: Ledger, request: PageRequest): Promise<SearchPage>;
  /** Every match in pages of `chunk`, in the order of `sort`. */
  findAll(ledger: Ledger, filter: EntryFilter, sort: Sort, chunk: number): AsyncIterable<readonly number[]>;
}
