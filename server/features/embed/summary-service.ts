import { CATEGORIES } from '../../core/event';
import type { Database } from '../../db/connection';
import { dayNumber } from '../../entries/day-number';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { I18n } from '../../http/i18n';
import { showTime, translateCode, type PageContext } from '../../http/page-context';
import { createUrlBuilder } from '../../http/url-builder';
import type { ActiveBridge } from '../access/bridge-service';
import { can } from '../access/rights';
import type { Viewer } from '../access/viewer';
import { parseFilter, sentenceOf, type BrowseService, type RawFilter } from '../browse/browse-service';
import type { BridgeState } from '../monitor/bridge-watch-service';
import type { ChainStatus } from '../monitor/heartbeat-service';
import type { BillingViewer, SummaryRequest } from './page-request';

/** Figures for the billing system's own pages: kept or indexed ones only, because a page waits for them. */
export interface SummaryService {
  /** Of the entries that the viewer may read, in whose scope this runs; null may read none. */
  read(bridge: ActiveBridge, asked: SummaryRequest, viewer: Viewer | null, now: Date): Promise<object>;
}

type ClientRequest = Extract<SummaryRequest, { readonly of: 'client' }>;

interface SummaryDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly browse: BrowseService;
  readonly i18n: I18n;
  findChain(ledger: Ledger): Promise<ChainStatus>;
  bridgeStates(): Promise<readonly BridgeState[]>;
}

export function createSummaryService(deps: SummaryDeps): SummaryService {
  const { database, store } = deps;

  async function dashboard(bridge: ActiveBridge, viewer: Viewer | null, now: Date) {
    const { ledger } = bridge;
    const state = {
      chain: await deps.findChain(ledger),
      bridge: { silent: (await findState(bridge))?.isSilent ?? false },
    };
    if (!viewer || !can(viewer, 'entries.read')) return { ...(await ownFigures(ledger, viewer, now)), ...state };
    const [head, criticals, today] = await Promise.all([
      store.findHead(ledger),
      rowsOf(`SELECT SUM(entries) FROM day_counters WHERE ledger_id = ? AND severity = 'critical'`, [ledger.id]),
      rowsOf('SELECT category, SUM(entries) FROM day_counters WHERE ledger_id = ? AND day = ? GROUP BY category', [
        ledger.id,
        dayNumber(now.getTime()),
      ]),
    ]);
    return {
      total: head?.seq ?? 0,
      critical: Number(criticals[0]?.[0] ?? 0),
      // The day in UTC, in which the counters are kept.
      today: Object.fromEntries(today.map(([category, entries]) => [String(category), Number(entries)])),
      ...state,
    };
  }

  /** The counters are of everybody: who may read only what they did themselves is told of that alone. */
  async function ownFigures(ledger: Ledger, viewer: Viewer | null, now: Date) {
    const count = async (filter: RawFilter) => viewer && can(viewer, 'entries.read_own') ? (await deps.browse.findPage(ledger, { filter: parseFilter(filter), sort: '-seq', perPage: 1 })).total : 0; // prettier-ignore
    const after = `${now.toISOString().slice(0, 10)}T00:00:00Z`;
    const today = await Promise.all(CATEGORIES.map(async (category) => [category, await count({ category, after })] as const)); // prettier-ignore
    return {
      total: await count({}),
      critical: await count({ severity: 'critical' }),
      today: Object.fromEntries(today.filter(([, entries]) => entries > 0)),
    };
  }

  async function client({ ledger }: ActiveBridge, asked: ClientRequest, viewer: Viewer | null, now: Date) {
    const { id, limit } = asked;
    if (!viewer || !can(viewer, 'entries.read_own')) return { total: 0, total_is_exact: true, entries: [] };
    const found = await deps.browse.findPage(ledger, {
      filter: parseFilter({ client: id }),
      sort: '-seq',
      perPage: limit,
    });
    const ctx = contextOf(asked.viewer, now);
    return {
      total: found.total,
      total_is_exact: found.totalIsExact,
      entries: found.entries.map((entry) => ({
        seq: entry.seq,
        id: entry.id,
        occurred_at: entry.occurred_at,
        occurred_text: showTime(entry.occurred_at, ctx).local,
        sentence: sentenceOf(entry, ctx),
        severity: entry.severity,
        severity_text: translateCode(ctx, 'terms:severity.', entry.severity),
        category: entry.category,
        category_text: translateCode(ctx, 'terms:category.', entry.category),
        status: entry.integrity.status,
      })),
    };
  }

  async function banner(bridge: ActiveBridge) {
    const state = await findState(bridge);
    return {
      chain: await deps.findChain(bridge.ledger),
      bridge_silent: state?.isSilent ?? false,
      gaps: state?.gaps ?? 0,
    };
  }

  async function findState({ id }: ActiveBridge): Promise<BridgeState | undefined> {
    return (await deps.bridgeStates()).find((one) => one.id === id);
  }

  function contextOf({ language, timeZone }: BillingViewer, now: Date): PageContext {
    return { t: deps.i18n.translator(language), lng: language, timeZone, now, url: createUrlBuilder('/') };
  }

  const rowsOf = (sql: string, values: readonly (string | number)[]) =>
    database.dialect.selectArrays(database.knex, sql, [...values]);

  return {
    read(bridge, asked, viewer, now) {
      switch (asked.of) {
        case 'dashboard':
          return dashboard(bridge, viewer, now);
        case 'client':
          return client(bridge, asked, viewer, now);
        case 'banner':
          return banner(bridge);
      }
    },
  };
}
