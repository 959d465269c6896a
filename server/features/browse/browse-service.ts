import type { EntryRow } from '../../entries/entry-row';
import type { Ledger } from '../../entries/entry-store';
import type { EntryFilter } from './entry-filter';
import type { PageRequest, Sort } from './entry-search';
import type { EntryView } from './entry-view';

export interface EntryPage {
  readonly entries: readonly EntryView[];
  readonly total: number;
  readonly totalIsExact: boolean;
  /** Entries in which words were not searched, because the index is still on its way to them; not there when it holds all. */
  readonly unindexed?: number;
  readonly pages: number;
  /** Positions of the first and the last row shown, from 1; 0 when there is none. */
  readonly from: number;
  readonly to: number;
  readonly nextCursor: string | null;
  readonly previousCursor: string | null;
}

export interface Stats {
  readonly total: number;
  readonly critical: number;
  readonly today: number;
  /** The zone in which `today` was counted. */
  readonly timeZone: string;
  readonly byCategory: Readonly<Record<string, number>>;
  readonly bySeverity: Readonly<Record<string, number>>;
  /** The last 30 days in UTC, oldest first. */
  readonly days: readonly { readonly day: string; readonly entries: number; readonly critical: number }[];
  readonly quarantined: number;
}

/** What is taken out of a ledger: everything that matches, or these entries. */
export type Selection = { readonly filter: EntryFilter } | { readonly seqs: readonly number[] };

/** An entry as it is stored and as it is shown. */
export interface StoredView {
  readonly row: EntryRow;
  readonly view: EntryView;
}

export { FILTER_NAMES, parseFilter, type EntryFilter, type RawFilter } from './entry-filter';
export { SORTS, type Sort } from './entry-search';
export { normaliseListQuery, queryText } from './list-address';
export { readView, viewQuery, DEFAULT_VIEW } from './list-view';
export { changeLines, type ChangeLine } from './change-page';
export { actorText, entryLine, linkTo, referenceOf, sentenceOf, targetText, type EntryLine } from './entry-line-page';
export { humanValue, type HumanValue } from './human-value';
export { makePlace } from './list-place';
export { readSubject, subjectFilter, timelineHref, type TimelineSubject } from './timeline-href';
export { localDay, momentAt, momentOf, offsetAt, wallClock } from './time-zone';
export type { EntryView } from './entry-view';

/** What pages, API and export read. Every entry's own seal is checked as it is read (`integrity.status`). */
export interface BrowseService {
  findPage(ledger: Ledger, request: PageRequest): Promise<EntryPage>;
  /** Numbers of the entries after `seq` that match, newest first, at most `limit`; and the newest number that there is. */
  findNewer(
    ledger: Ledger,
    filter: EntryFilter,
    seq: number,
    limit: number,
  ): Promise<{ readonly seqs: readonly number[]; readonly head: number }>;
  /** By sequence number (digits) or id; undefined when there is none. */
  findEntry(ledger: Ledger, idOrSeq: string): Promise<EntryView | undefined>;
  readStats(ledger: Ledger, options: { readonly now: Date; readonly timeZone: string }): Promise<Stats>;
  /** Rows that were read elsewhere, as if they stood in the store. */
  viewRows(ledger: Ledger, rows: readonly EntryRow[]): Promise<EntryView[]>;
  streamEntries(ledger: Ledger, filter: EntryFilter, sort: Sort): AsyncIterable<readonly EntryView[]>;
  /** By sequence number, ascending. Without values the erasable ones are missing from both, as if they had been erased. */
  streamStored(
    ledger: Ledger,
    selection: Selection,
    options: { readonly withValues: boolean },
  ): AsyncIterable<readonly StoredView[]>;
}
