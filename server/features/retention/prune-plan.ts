import type { HoldScope } from '../../core/legal-hold';
import { KEPT_ACTIONS } from '../../core/kept-entries';
import { SEGMENT } from '../../core/prune-certificate';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { EntryStore, Ledger } from '../../entries/entry-store';

/** What a prune would take now. */
export interface PrunePlan {
  /** Entries received before this moment (ms) are old. */
  readonly limit: number;
  /** Runs of neighbouring segments, each of them one prune. */
  readonly ranges: readonly PlannedRange[];
  /** Old segments that stay, and why. */
  readonly held: readonly { readonly hold: string; readonly segments: number }[];
  /** Old segments in which entries are missing or stand twice: pruned, the evidence would be gone. */
  readonly incomplete: number;
}

export interface PlannedRange {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Entries that go. */
  readonly entries: number;
  /** Milliseconds. */
  readonly firstReceivedAt: number;
  readonly lastReceivedAt: number;
}

export interface PlanRequest {
  /** Milliseconds. */
  readonly limit: number;
  readonly holds: ReadonlyMap<string, HoldScope>;
  /** A purge goes no further than this entry, and waits for no reader: who runs it brings them up to the newest entry first. */
  readonly through?: number | undefined;
  /** What is pruned already. */
  readonly pruned: readonly { readonly fromSeq: number; readonly toSeq: number }[];
}

/** Chooses segments. Reads the old part of the ledger, and one entry of each segment behind it. */
export interface PrunePlanner {
  plan(ledger: Ledger, request: PlanRequest): Promise<PrunePlan>;
  /** Entries that a reader behind the commits has still to read; what it has not read is not pruned. */
  countUnread(ledger: Ledger): Promise<number>;
  /** Numbers of the segments in a range that a hold keeps: one with an entry that matches, and that a prune would take. */
  findHeld(ledger: Ledger, scope: HoldScope, range: SegmentRange): Promise<ReadonlySet<number>>;
}

interface SegmentRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

interface Segment {
  readonly number: number;
  readonly entries: number;
  readonly going: number;
  readonly firstReceivedAt: number;
  readonly lastReceivedAt: number;
}

/** A prune's archive and certificate stay handy: at most about a quarter of a million entries, */
const MAX_SEGMENTS = 1_024;
/** and at most so many, and those of one segment, that stay between others: each is a line more of the certificate. */
const MAX_STAYING = 1_000;
/** Positions that are no numbers of entries: what was set aside is counted apart, and the dashboard has come to a day. */
const COUNTS_NO_ENTRIES = ['sequence_aside', 'activity_day'];
const LOOKUPS = 500;
const SUMMED = 64;

const NUMBER = `FLOOR((e.seq - 1) / ${SEGMENT})`;
const KEPT = [...KEPT_ACTIONS];
const NOT_KEPT = `e.action NOT IN (${KEPT.map(() => '?').join(',')})`;

export function createPrunePlanner(database: Database, store: EntryStore): PrunePlanner {
  const { knex: db, dialect } = database;
  const select = (sql: string, bindings: readonly Cell[]) => dialect.selectArrays(db, sql, bindings);

  /** Up to where every reader has come, and the newest entry. */
  async function findProgress(ledger: Ledger): Promise<{ readonly read: number; readonly head: number }> {
    const head = (await store.findHead(ledger))?.seq ?? 0;
    const others = COUNTS_NO_ENTRIES.map(() => '?').join(',');
    const [row] = await select(`SELECT MIN(seq) FROM consumers WHERE ledger_id = ? AND name NOT IN (${others})`, [ledger.id, ...COUNTS_NO_ENTRIES]); // prettier-ignore
    return { read: Number(row?.[0] ?? 0), head };
  }

  /** Segments before the newest one that every reader has passed. */
  async function countSettled(ledger: Ledger): Promise<number> {
    const { read, head } = await findProgress(ledger);
    return Math.max(0, Math.min(Math.floor((head - 1) / SEGMENT), Math.floor(read / SEGMENT)));
  }

  /** Numbers of the segments whose last entry is old, in order. */
  async function findOld(ledger: Ledger, { limit, pruned, through }: PlanRequest): Promise<number[]> {
    const settled = through === undefined ? await countSettled(ledger) : Math.floor(through / SEGMENT);
    const gone = new Set(pruned.flatMap(({ fromSeq, toSeq }) => numbersIn(fromSeq, toSeq)));
    const numbers = Array.from({ length: settled }, (_, number) => number).filter((number) => !gone.has(number));
    const old: number[] = [];
    for (let at = 0; at < numbers.length; at += LOOKUPS) {
      const lasts = numbers.slice(at, at + LOOKUPS).map((number) => (number + 1) * SEGMENT);
      const sql = `SELECT seq FROM entries WHERE ledger_id = ? AND seq IN (${lasts.map(() => '?').join(',')}) AND received_at < ? ORDER BY seq`;
      for (const [seq] of await select(sql, [ledger.id, ...lasts, limit])) old.push(Number(seq) / SEGMENT - 1);
    }
    return old;
  }

  async function sumUp(ledger: Ledger, numbers: readonly number[]): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const { fromSeq, toSeq } of rangesOf(numbers, SUMMED)) {
      const going = `CASE WHEN ${NOT_KEPT} THEN e.received_at END`;
      const sql = `SELECT ${NUMBER} AS segment, COUNT(*), COUNT(${going}), MIN(${going}), MAX(${going})
        FROM entries e WHERE e.ledger_id = ? AND e.seq BETWEEN ? AND ? GROUP BY segment ORDER BY segment`;
      for (const row of await select(sql, [...KEPT, ...KEPT, ...KEPT, ledger.id, fromSeq, toSeq])) {
        const [number = 0, entries = 0, going = 0, firstReceivedAt = 0, lastReceivedAt = 0] = row.map(Number);
        segments.push({ number, entries, going, firstReceivedAt, lastReceivedAt });
      }
    }
    return segments;
  }

  async function findHeld(ledger: Ledger, scope: HoldScope, range: SegmentRange): Promise<ReadonlySet<number>> {
    const { text, bindings } = scopeSql(scope);
    const sql = `SELECT DISTINCT ${NUMBER} FROM entries e WHERE e.ledger_id = ? AND e.seq BETWEEN ? AND ? AND ${text} AND ${NOT_KEPT}`;
    const rows = await select(sql, [ledger.id, range.fromSeq, range.toSeq, ...bindings, ...KEPT]);
    return new Set(rows.map(([number]) => Number(number)));
  }

  return {
    findHeld,
    async countUnread(ledger) {
      const { read, head } = await findProgress(ledger);
      return head - read;
    },
    async plan(ledger, request) {
      const numbers = await findOld(ledger, request);
      const segments = (await sumUp(ledger, numbers)).filter(
        (one) => one.lastReceivedAt < request.limit && one.going > 0,
      );
      const incomplete = segments.filter((one) => one.entries !== SEGMENT);
      const held = new Set<number>();
      const byHold: { hold: string; segments: number }[] = [];
      const span = { fromSeq: startOf(segments[0]?.number ?? 0), toSeq: endOf(segments.at(-1)?.number ?? 0) };
      for (const [hold, scope] of segments.length > 0 ? request.holds : []) {
        const found = await findHeld(ledger, scope, span);
        const keeps = segments.filter(({ number }) => found.has(number));
        for (const { number } of keeps) held.add(number);
        if (keeps.length > 0) byHold.push({ hold, segments: keeps.length });
      }
      const going = segments.filter((one) => one.entries === SEGMENT && !held.has(one.number));
      return { limit: request.limit, ranges: joinSegments(going), held: byHold, incomplete: incomplete.length };
    },
  };
}

function joinSegments(segments: readonly Segment[]): PlannedRange[] {
  const byNumber = new Map(segments.map((one) => [one.number, one]));
  const stayingIn = (number: number) => SEGMENT - (byNumber.get(number)?.going ?? 0);
  return rangesOf([...byNumber.keys()], MAX_SEGMENTS, stayingIn).map(({ fromSeq, toSeq }) => {
    const within = numbersIn(fromSeq, toSeq).flatMap((number) => byNumber.get(number) ?? []);
    return {
      fromSeq,
      toSeq,
      entries: within.reduce((sum, one) => sum + one.going, 0),
      firstReceivedAt: Math.min(...within.map((one) => one.firstReceivedAt)),
      lastReceivedAt: Math.max(...within.map((one) => one.lastReceivedAt)),
    };
  });
}

/** Neighbouring segments together, at most `most` of them, up to the one in which too many entries stay. `numbers` are in order. */
function rangesOf(
  numbers: readonly number[],
  most: number,
  stayingIn: (number: number) => number = () => 0,
): SegmentRange[] {
  const ranges: { fromSeq: number; toSeq: number; staying: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    const staying = stayingIn(number);
    const isNext = last?.toSeq === startOf(number) - 1 && last.staying <= MAX_STAYING;
    if (isNext && last.toSeq - last.fromSeq + 1 < most * SEGMENT) {
      last.toSeq = endOf(number);
      last.staying += staying;
    } else ranges.push({ fromSeq: startOf(number), toSeq: endOf(number), staying });
  }
  return ranges.map(({ fromSeq, toSeq }) => ({ fromSeq, toSeq }));
}

function numbersIn(fromSeq: number, toSeq: number): number[] {
  const first = Math.floor((fromSeq - 1) / SEGMENT);
  return Array.from({ length: Math.floor((toSeq - 1) / SEGMENT) - first + 1 }, (_, i) => first + i);
}

function startOf(number: number): number {
  return number * SEGMENT + 1;
}

function endOf(number: number): number {
  return (number + 1) * SEGMENT;
}

function scopeSql(scope: HoldScope): { text: string; bindings: Cell[] } {
  const conditions: string[] = [];
  const bindings: Cell[] = [];
  const add = (text: string, ...values: Cell[]) => {
    conditions.push(text);
    bindings.push(...values);
  };
  if (scope.client !== null) add('e.client_id = ?', scope.client);
  for (const name of ['target', 'actor'] as const) {
    const [type = '', ...id] = (scope[name] ?? '').split(':');
    if (scope[name] !== null) add(`e.${name}_type = ? AND e.${name}_id = ?`, type, id.join(':'));
  }
  if (scope.after !== null) add('e.occurred_at >= ?', scope.after);
  if (scope.before !== null) add('e.occurred_at < ?', scope.before);
  return { text: conditions.join(' AND '), bindings };
}
