import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { BrowseService, EntryView } from '../browse/browse-service';
import type { BridgeState } from '../monitor/bridge-watch-service';
import type { Activity, ActivityReader, PartyCount } from './activity-reader';
import { lastDays, type LocalDay } from './local-days';
import type { PartySide } from './party-counts';

export const PERIODS = [7, 30, 90] as const;
export type Period = (typeof PERIODS)[number];
export const TOP_DAYS = [7, 30] as const;
export type TopDays = (typeof TOP_DAYS)[number];

export interface NamedParty extends PartyCount {
  /** Its newest entry, by which it is named: what was erased there has no name here. */
  readonly newest: EntryView | null;
}

export interface DashboardFigures {
  readonly total: number;
  readonly critical: number;
  readonly today: number;
  /** The middle of the same weekdays of the last weeks, up to the same time of day; null where fewer than two are known. */
  readonly usual: number | null;
  readonly period: readonly LocalDay[];
  readonly activity: Activity;
  readonly actors: readonly NamedParty[];
  readonly targets: readonly NamedParty[];
}

/** What stands behind and beside the ledger: readers that are behind its head, items that wait. */
export interface SystemState {
  readonly chain: { readonly status: string; readonly at: string | null };
  readonly bridges: readonly BridgeState[];
  readonly index: number;
  readonly activity: number;
  readonly tree: number;
  readonly quarantined: number;
  /** Items that wait for a commit in this process. */
  readonly waiting: number;
}

export interface DashboardService {
  read(ledger: Ledger, asked: { readonly now: Date; readonly timeZone: string; readonly days: Period; readonly top: TopDays }): Promise<DashboardFigures>; // prettier-ignore
  readState(ledger: Ledger): Promise<SystemState>;
}

interface DashboardDeps {
  readonly reader: ActivityReader;
  readonly store: Pick<EntryStore, 'readMany'>;
  readonly browse: Pick<BrowseService, 'viewRows'>;
  findChain(ledger: Ledger): Promise<SystemState['chain']>;
  bridgeStates(): Promise<readonly BridgeState[]>;
  waiting(): number;
}

const WEEKS = 4;
const LEAST_WEEKS = 2;
const TOP = 8;

/** Figures of the dashboard, from kept counters alone: no entry is counted for a page. */
export function createDashboardService({ reader, store, browse, ...deps }: DashboardDeps): DashboardService {
  async function usualUntil(
    ledger: Ledger,
    now: Date,
    timeZone: string,
  ): Promise<{ today: number; usual: number | null }> {
    const days = lastDays(now, timeZone, WEEKS * 7 + 1);
    const today = days.at(-1);
    if (!today) return { today: 0, usual: null };
    const elapsed = now.getTime() - today.start;
    const first = await reader.firstMoment(ledger);
    const same = days.slice(0, -1).filter(({ weekday, start }) => weekday === today.weekday && first !== null && start >= first); // prettier-ignore
    const counts = await Promise.all(same.map(({ start }) => reader.countBetween(ledger, start, start + elapsed)));
    return {
      today: await reader.countBetween(ledger, today.start, today.end),
      usual: counts.length < LEAST_WEEKS ? null : Math.round(middle(counts)),
    };
  }

  async function readTop(ledger: Ledger, side: PartySide, days: TopDays): Promise<NamedParty[]> {
    const parties = await reader.readTop(ledger, side, days, TOP);
    const seqs = await Promise.all(parties.map((party) => reader.findNewest(ledger, party)));
    const rows: EntryRow[] = await store.readMany(
      ledger,
      seqs.filter((seq) => seq !== null),
    );
    const views = new Map((await browse.viewRows(ledger, rows)).map((view) => [view.seq, view]));
    return parties.map((party, i) => ({ ...party, newest: views.get(seqs[i] ?? 0) ?? null }));
  }

  return {
    async read(ledger, { now, timeZone, days, top }) {
      const period = lastDays(now, timeZone, days);
      return {
        ...(await reader.readTotals(ledger)),
        ...(await usualUntil(ledger, now, timeZone)),
        period,
        activity: await reader.readActivity(ledger, period, timeZone),
        actors: await readTop(ledger, 'actor', top),
        targets: await readTop(ledger, 'target', top),
      };
    },

    async readState(ledger) {
      return {
        chain: await deps.findChain(ledger),
        bridges: (await deps.bridgeStates()).filter(({ tenantId }) => tenantId === ledger.tenant.id),
        ...(await reader.readQueue(ledger)),
        waiting: deps.waiting(),
      };
    },
  };
}

function middle(counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.floor(half - 0.5)] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}
