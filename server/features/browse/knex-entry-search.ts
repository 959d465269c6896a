import { CATEGORIES, SEVERITIES } from '../../core/event';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { openSearch, type BlockSearch, type Found } from './block-search';
import { decodeCursor, encodeCursor, type Cursor } from './cursor';
import { countDays, countPruned } from './day-counts';
import type { EntryFilter } from './entry-filter';
import { TOTAL_CAP, type EntrySearch, type PageRequest, type SearchPage, type Sort } from './entry-search';
import type { Terms } from './filter-list';
import { expressionOf } from './search-expression';
import { inSeqOrder, inTimeOrder, type Walk } from './search-order';

interface Window {
  readonly after: Found | null;
  readonly backwards: boolean;
  readonly limit: number;
  readonly offset: number;
}

interface Total {
  readonly total: number;
  readonly exact: boolean;
}

/** Sections of entries in no block yet that a total looks at; more are there only while an index is made anew. */
const FRESH_SECTIONS = 6;

export function createEntrySearch(database: Database): EntrySearch {
  const { knex: db, dialect } = database;
  const select = (text: string, bindings: readonly Cell[]) => dialect.selectArrays(db, text, bindings);
  const open = (ledger: Ledger, filter: EntryFilter) =>
    openSearch(database, ledger, expressionOf(filter, ledger, dialect));

  async function findWindow(search: BlockSearch, sort: Sort, window: Window): Promise<Found[]> {
    const walk = { descending: sort.startsWith('-') !== window.backwards, after: window.after, skip: window.offset };
    const found: Found[] = [];
    for await (const some of walkThrough(search, sort, walk)) {
      found.push(...some);
      if (found.length >= window.limit) break;
    }
    const shown = found.slice(0, window.limit);
    return window.backwards ? shown.reverse() : shown;
  }

  async function countMatches(ledger: Ledger, filter: EntryFilter, search: BlockSearch): Promise<Total> {
    const counted = await fromCounters(ledger, filter);
    if (counted !== undefined) return { total: counted, exact: true };
    const newestFirst = [...search.sections].reverse();
    let total = 0;
    for (const [i, section] of newestFirst.entries()) {
      if (section.info === null && i >= FRESH_SECTIONS) return { total, exact: false };
      total += await search.count(section, newestFirst.slice(i));
      if (total > TOTAL_CAP) return { total: TOTAL_CAP, exact: false };
    }
    return { total, exact: true };
  }

  /** A total that the kept counters tell: everything, category, severity and whole days. */
  async function fromCounters(ledger: Ledger, filter: EntryFilter): Promise<number | undefined> {
    const countable = new Set(['category', 'severity']);
    if (filter.q !== null || filter.actorName !== null) return undefined;
    if (Object.keys(filter.terms).some((name) => !countable.has(name))) return undefined;
    if (filter.after === null && filter.before === null && Object.keys(filter.terms).length === 0) {
      const [row] = await select('SELECT seq FROM heads WHERE ledger_id = ?', [ledger.id]);
      return Number(row?.[0] ?? 0) - (await countPruned(database, ledger.id));
    }
    const where: string[] = ['ledger_id = ?'];
    const bindings: Cell[] = [ledger.id];
    if (filter.after !== null || filter.before !== null) {
      const days = await countDays(database, ledger.id, filter.after, filter.before);
      if (!days.wholeDays) return undefined;
      where.push('day >= ? AND day <= ?');
      bindings.push(days.firstDay, days.lastDay);
    }
    for (const name of ['category', 'severity'] as const) {
      const values = closedValues(filter.terms[name], name === 'category' ? CATEGORIES : SEVERITIES);
      if (values === null) continue;
      where.push(`${name} IN (${values.map(() => '?').join(',') || 'NULL'})`);
      bindings.push(...values);
    }
    const [row] = await select(`SELECT SUM(entries) FROM day_counters WHERE ${where.join(' AND ')}`, bindings);
    return Number(row?.[0] ?? 0);
  }

  /** Entries that the index of words does not hold yet: words are not searched in them. */
  async function countUnindexed(ledger: Ledger): Promise<number> {
    const sql = `SELECT h.seq - COALESCE(c.seq, 0) FROM heads h LEFT JOIN consumers c ON c.ledger_id = h.ledger_id AND c.name = 'words' WHERE h.ledger_id = ?`;
    const [row] = await select(sql, [ledger.id]);
    return Math.max(0, Number(row?.[0] ?? 0));
  }

  return {
    async findPage(ledger, request: PageRequest): Promise<SearchPage> {
      const { filter, sort, perPage } = request;
      const cursor = request.cursor === undefined ? undefined : decodeCursor(request.cursor, sort);
      const page = cursor ? 1 : (request.page ?? 1);
      const offset = (page - 1) * perPage;
      if (offset >= TOTAL_CAP)
        throw new KnownError('bad_cursor', `pages reach to entry ${TOTAL_CAP}; follow next_cursor to go further`);
      const backwards = cursor?.direction === 'previous';
      const window: Window = {
        after: cursor ? { seq: cursor.seq, time: cursor.time } : null,
        backwards,
        limit: perPage + 1,
        offset,
      };

      const search = await open(ledger, filter);
      const found = await findWindow(search, sort, window);
      const hasMore = found.length > perPage;
      const shown = backwards ? found.slice(hasMore ? 1 : 0) : found.slice(0, perPage);
      const counted = await countMatches(ledger, filter, search);
      const from = positionOf(cursor, shown.length, offset);
      const first = shown[0];
      const last = shown.at(-1);
      const hasNext = backwards ? true : hasMore;
      const hasPrevious = backwards ? hasMore && from > 1 : from > 1;
      // What was found is there, whatever a total counted a moment earlier or a window cut off.
      const total = Math.max(
        counted.total,
        shown.length === 0 ? 0 : from + shown.length - 1 + (hasNext && !counted.exact ? 1 : 0),
      );
      return {
        seqs: shown.map((one) => one.seq),
        total,
        totalIsExact: counted.exact,
        from: shown.length === 0 ? 0 : from,
        unindexed: search.hasWords ? await countUnindexed(ledger) : 0,
        nextCursor:
          hasNext && last
            ? encodeCursor(
                { direction: 'next', seq: last.seq, time: last.time, position: from + shown.length - 1 },
                sort,
              )
            : null,
        previousCursor:
          hasPrevious && first
            ? encodeCursor({ direction: 'previous', seq: first.seq, time: first.time, position: from }, sort)
            : null,
      };
    },

    async *findAll(ledger, filter, sort, chunk) {
      const search = await open(ledger, filter);
      let waiting: number[] = [];
      for await (const some of walkThrough(search, sort, { descending: sort.startsWith('-'), after: null })) {
        waiting.push(...some.map(({ seq }) => seq));
        while (waiting.length >= chunk) {
          yield waiting.slice(0, chunk);
          waiting = waiting.slice(chunk);
        }
      }
      if (waiting.length > 0) yield waiting;
    },
  };
}

function walkThrough(search: BlockSearch, sort: Sort, walk: Walk): AsyncGenerator<readonly Found[]> {
  return sort === 'seq' || sort === '-seq' ? inSeqOrder(search, walk) : inTimeOrder(search, walk);
}

function positionOf(cursor: Cursor | undefined, shown: number, offset: number): number {
  if (!cursor) return offset + 1;
  return cursor.direction === 'next' ? cursor.position + 1 : Math.max(1, cursor.position - shown);
}

/** The values of a closed set that a filter leaves; null when it leaves all. */
function closedValues(terms: Terms | undefined, all: readonly string[]): string[] | null {
  if (!terms) return null;
  return (terms.is.length > 0 ? terms.is : all).filter((value) => !terms.not.includes(value));
}
