import { CATEGORIES, SEVERITIES } from '../../core/event';
import type { Database } from '../../db/connection';
import type { EntryRow } from '../../entries/entry-row';
import { dayNumber } from '../../entries/day-number';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import { createLeafCheck } from '../../entries/leaf-check';
import { checkLinks } from '../../entries/link-check';
import type { RetiredProof } from '../../entries/retired-proof';
import { createRowCheck } from '../../entries/row-check';
import type { TreeReader } from '../../entries/tree-reader';
import type { BrowseService, Stats, StoredView } from './browse-service';
import type { EntrySearch } from './entry-search';
import { countPruned } from './day-counts';
import { TOTAL_CAP } from './entry-search';
import { viewEntry, type ChainStatus, type EntryView } from './entry-view';
import { startOfDay } from './time-zone';

interface BrowseDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly search: EntrySearch;
  readonly keyRing: KeyRing;
  readonly trees: Pick<TreeReader, 'readLeafTiles'>;
  readonly erasures: ErasureReader;
  readonly proveRetired: RetiredProof;
}

const STREAM_CHUNK = 500;
const DAY_MS = 86_400_000;

export function createBrowseService(deps: BrowseDeps): BrowseService {
  const { database, store, search, keyRing, trees, erasures, proveRetired } = deps;
  const { knex: db, dialect } = database;
  const checkLeaves = createLeafCheck(trees);

  /** Each by its own seal, or a proof where its chain key was destroyed, and by its leaf. `isOther`: something else is wrong with them. */
  async function viewRows(ledger: Ledger, rows: readonly EntryRow[], isOther = false): Promise<EntryView[]> {
    const leaves = await checkLeaves(ledger, rows);
    const proven = await proveRetired(ledger, rows);
    const checkRow = createRowCheck(erasures, ledger, { reuse: true, prove: proveRetired });
    const views: EntryView[] = [];
    for (const row of rows) {
      const key = await keyRing.findEpochKey(db, ledger.id, ledger.name, row.epoch);
      const check = await checkRow(row, key);
      const isProven = proven.get(row.seq);
      const isBroken = isOther || check.breaks.length > 0 || leaves.get(row.seq) === false || isProven === false;
      const isUntold = check.isUnexplained || (!key && !isProven);
      const status: ChainStatus = isBroken ? 'broken' : isUntold ? 'unverifiable' : 'valid';
      views.push(viewEntry(row, namesOf(ledger), status, check.erasures));
    }
    return views;
  }

  /** An entry by itself: also whether it hangs in the chain at the entries beside it. */
  async function viewOne(ledger: Ledger, row: EntryRow): Promise<EntryView | undefined> {
    const links = await checkLinks(store, ledger, row);
    const [view] = await viewRows(ledger, [row], links.previous === 'broken' || links.next === 'broken');
    return view;
  }

  /** In the order of `seqs`; a row that vanished in between is left out. */
  async function viewMany(ledger: Ledger, seqs: readonly number[]): Promise<EntryView[]> {
    const found = await store.readMany(ledger, seqs);
    const rows = new Map(found.map((row) => [row.seq, row]));
    return viewRows(
      ledger,
      seqs.flatMap((seq) => rows.get(seq) ?? []),
    );
  }

  async function countSince(ledger: Ledger, from: number, to: number): Promise<number> {
    // Whole UTC days from the counters, the parts of days at both ends from the index.
    const firstMidnight = Math.ceil(from / DAY_MS) * DAY_MS;
    const lastMidnight = Math.floor(to / DAY_MS) * DAY_MS;
    const range = async (a: number, b: number) => {
      if (a >= b) return 0;
      const [row] = await dialect.selectArrays(
        db,
        'SELECT COUNT(*) FROM entries WHERE ledger_id = ? AND occurred_at >= ? AND occurred_at < ?',
        [ledger.id, a, b],
      );
      return Number(row?.[0] ?? 0);
    };
    if (firstMidnight > lastMidnight) return range(from, to);
    const [days] = await dialect.selectArrays(
      db,
      'SELECT SUM(entries) FROM day_counters WHERE ledger_id = ? AND day >= ? AND day < ?',
      [ledger.id, dayNumber(firstMidnight), dayNumber(lastMidnight)],
    );
    return (await range(from, firstMidnight)) + Number(days?.[0] ?? 0) + (await range(lastMidnight, to));
  }

  return {
    async findPage(ledger, request) {
      const page = await search.findPage(ledger, request);
      const entries = await viewMany(ledger, page.seqs);
      return {
        entries,
        total: page.total,
        totalIsExact: page.totalIsExact,
        ...(page.unindexed === 0 ? {} : { unindexed: page.unindexed }),
        pages: Math.ceil(Math.min(page.total, page.totalIsExact ? page.total : TOTAL_CAP) / request.perPage),
        from: page.from,
        to: page.from === 0 ? 0 : page.from + page.seqs.length - 1,
        nextCursor: page.nextCursor,
        previousCursor: page.previousCursor,
      };
    },

    async findNewer(ledger, filter, seq, limit) {
      const head = (await store.findHead(ledger))?.seq ?? 0;
      // Asked every few seconds by every open page: where nothing came in, one row is read.
      if (head <= seq) return { seqs: [], head };
      for await (const seqs of search.findAll(ledger, filter, '-seq', limit))
        return { seqs: seqs.filter((one) => one > seq), head };
      return { seqs: [], head };
    },

    async findEntry(ledger, idOrSeq) {
      if (/^\d{1,15}$/.test(idOrSeq)) {
        const row = await store.findBySeq(ledger, Number(idOrSeq));
        return row && viewOne(ledger, row);
      }
      if (!/^[0-9a-f-]{36}$/i.test(idOrSeq)) return undefined;
      const [found] = await dialect.selectArrays(db, 'SELECT seq FROM entries WHERE ledger_id = ? AND id = ?', [
        ledger.id,
        idOrSeq.toLowerCase(),
      ]);
      const row = found && (await store.findBySeq(ledger, Number(found[0])));
      return row && viewOne(ledger, row);
    },

    async readStats(ledger, { now, timeZone }): Promise<Stats> {
      const head = await store.findHead(ledger);
      const counts = await dialect.selectArrays(
        db,
        'SELECT category, severity, SUM(entries) FROM day_counters WHERE ledger_id = ? GROUP BY category, severity',
        [ledger.id],
      );
      const byCategory: Record<string, number> = Object.fromEntries(CATEGORIES.map((name) => [name, 0]));
      const bySeverity: Record<string, number> = Object.fromEntries(SEVERITIES.map((name) => [name, 0]));
      for (const [category, severity, entries] of counts) {
        byCategory[String(category)] = (byCategory[String(category)] ?? 0) + Number(entries);
        bySeverity[String(severity)] = (bySeverity[String(severity)] ?? 0) + Number(entries);
      }
      const [quarantined] = await dialect.selectArrays(db, 'SELECT COUNT(*) FROM quarantine WHERE tenant_id = ?', [
        ledger.tenant.id,
      ]);
      const today = startOfDay(now, timeZone);
      return {
        total: (head?.seq ?? 0) - (await countPruned(database, ledger.id)),
        critical: bySeverity['critical'] ?? 0,
        today: await countSince(ledger, today.start, today.end),
        timeZone,
        byCategory,
        bySeverity,
        days: await lastDays(ledger, now),
        quarantined: Number(quarantined?.[0] ?? 0),
      };
    },

    viewRows,

    async *streamStored(ledger, selection, { withValues }) {
      const pages =
        'seqs' in selection
          ? inPages([...new Set(selection.seqs)].sort((a, b) => a - b))
          : search.findAll(ledger, selection.filter, 'seq', STREAM_CHUNK);
      for await (const seqs of pages) {
        const rows = (await store.readMany(ledger, seqs)).sort((a, b) => a.seq - b.seq);
        const views = await viewRows(ledger, rows);
        yield rows.map((row, at): StoredView => {
          const whole = views[at] as EntryView;
          if (withValues) return { row, view: whole };
          const shown = withoutValues(row);
          return { row: shown, view: viewEntry(shown, namesOf(ledger), whole.integrity.status) };
        });
      }
    },

    async *streamEntries(ledger, filter, sort) {
      for await (const seqs of search.findAll(ledger, filter, sort, STREAM_CHUNK)) yield await viewMany(ledger, seqs);
    },
  };

  async function lastDays(ledger: Ledger, now: Date) {
    const days = Array.from({ length: 30 }, (_, i) =>
      new Date(now.getTime() - (29 - i) * DAY_MS).toISOString().slice(0, 10),
    );
    const rows = await dialect.selectArrays(
      db,
      `SELECT day, SUM(entries), SUM(CASE WHEN severity = 'critical' THEN entries ELSE 0 END) FROM day_counters WHERE ledger_id = ? AND day >= ? GROUP BY day`,
      [ledger.id, Number((days[0] ?? '').replaceAll('-', ''))],
    );
    const found = new Map(
      rows.map(([day, entries, critical]) => [Number(day), { entries: Number(entries), critical: Number(critical) }]),
    );
    return days.map((day) => ({ day, ...(found.get(Number(day.replaceAll('-', ''))) ?? { entries: 0, critical: 0 }) }));
  }
}

function namesOf(ledger: Ledger) {
  return { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id };
}

function* inPages(seqs: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < seqs.length; at += STREAM_CHUNK) yield seqs.slice(at, at + STREAM_CHUNK);
}

function withoutValues(row: EntryRow): EntryRow {
  return { ...row, actorSalt: null, actorBody: null, subjectSalt: null, subjectBody: null };
}
