import { formatNumber, formatUtc, formatWeekday, type PageContext } from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import { localDay, type EntryView } from '../browse/browse-service';
import type { HelpCards } from '../help/help-service';
import {
  PERIODS,
  TOP_DAYS,
  type DashboardFigures,
  type Period,
  type SystemState,
  type TopDays,
} from './dashboard-service';
import { heatPage, type HeatPage } from './heat-page';
import { latestPage, type LatestPage } from './latest-page';
import { severityPage, topPage, type RankingPage } from './ranking-page';
import { stackPage, type StackPage } from './stack-page';
import { stripItems, type StripItem } from './strip-page';

interface Counter {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly href: string;
  readonly note: string;
}

interface Choice {
  readonly label: string;
  readonly href: string;
  readonly isCurrent: boolean;
}

interface FirstRunStep {
  readonly title: string;
  readonly text: string;
  readonly command: string;
}

export interface DashboardPage {
  readonly title: string;
  readonly subtitle: string;
  readonly counters: readonly Counter[];
  readonly strip: readonly StripItem[];
  readonly periods: readonly Choice[];
  /** Null where there is nothing to draw yet, and for readers of their own entries alone. */
  readonly charts: {
    readonly stack: StackPage;
    readonly heat: HeatPage;
    readonly severity: RankingPage;
    readonly tops: readonly RankingPage[];
    readonly topDays: readonly Choice[];
  } | null;
  readonly latest: LatestPage;
  readonly latestTitle: string;
  readonly allHref: string;
  readonly firstRun: readonly FirstRunStep[];
  readonly cards: HelpCards;
}

/** What the address asks for. */
export interface DashboardRequest {
  readonly days: Period;
  readonly top: TopDays;
  readonly sort: string;
}

export const DEFAULTS = { days: 30, top: 7 } as const;
const LATEST = 10;

/** How many of the newest entries the page needs: all of a young ledger, to see whether a bridge has sent anything. */
export function latestCount(total: number): number {
  return total <= 100 ? 100 : LATEST;
}

export function dashboardPage(
  figures: DashboardFigures,
  state: SystemState,
  newest: readonly EntryView[],
  given: { readonly asked: DashboardRequest; readonly cards: HelpCards },
  ctx: PageContext,
): DashboardPage {
  const { t, url } = ctx;
  const { asked, cards } = given;
  const isFirstRun = figures.total <= 100 && newest.every(({ source }) => source.kind === 'own');
  const choice = (label: string, change: Partial<DashboardRequest>, isCurrent: boolean, place: string): Choice => ({
    label,
    href: `${url('/', queryOf({ ...asked, ...change }))}#${place}`,
    isCurrent,
  });
  const daysText = (count: number) => t('dashboard:days', { count });
  return {
    title: t('browse:dashboard_title'),
    subtitle: t('browse:dashboard_subtitle', { zone: ctx.timeZone, time: minuteOf(ctx) }),
    counters: countersOf(figures, state, ctx),
    strip: stripItems(state, ctx),
    periods: PERIODS.map((days) => choice(daysText(days), { days }, days === asked.days, 'activity')),
    charts: isFirstRun
      ? null
      : {
          stack: stackPage(figures.activity.days, ctx),
          heat: heatPage(figures.activity.hours, ctx),
          severity: severityPage(figures.activity.severities, figures.period, ctx),
          tops: [topPage('actor', figures.actors, asked.top, ctx), topPage('target', figures.targets, asked.top, ctx)],
          topDays: TOP_DAYS.map((top) => choice(daysText(top), { top }, top === asked.top, 'top')),
        },
    latest: latestPage(newest.slice(0, LATEST), asked.sort, queryOf({ ...asked, sort: '' }), ctx),
    latestTitle: t('browse:latest_title'),
    allHref: url('/entries', { range: 'all' }),
    firstRun: isFirstRun ? firstRunSteps(ctx) : [],
    cards,
  };
}

/** For those who may read only what they did themselves: no figure of anybody else. `actor` is who they are ("admin:7"). */
export function ownDashboardPage(
  newest: readonly EntryView[],
  given: { readonly asked: DashboardRequest; readonly cards: HelpCards; readonly actor: string },
  ctx: PageContext,
): DashboardPage {
  const { t, url } = ctx;
  return {
    title: t('browse:dashboard_title'),
    subtitle: t('dashboard:own_subtitle', { zone: ctx.timeZone, time: minuteOf(ctx) }),
    counters: [],
    strip: [],
    periods: [],
    charts: null,
    latest: latestPage(newest.slice(0, LATEST), given.asked.sort, {}, ctx),
    latestTitle: t('dashboard:own_title'),
    allHref: url('/entries', { actor: given.actor, range: 'all' }),
    firstRun: [],
    cards: given.cards,
  };
}

function queryOf({ days, top, sort }: DashboardRequest): Query {
  return {
    days: days === DEFAULTS.days ? null : days,
    top: top === DEFAULTS.top ? null : top,
    sort,
  };
}

function minuteOf({ now }: PageContext): string {
  return formatUtc(now.toISOString()).replace(/:\d\d\.\d+ UTC$/, ' UTC');
}

function countersOf(figures: DashboardFigures, { quarantined }: SystemState, ctx: PageContext): Counter[] {
  const { t, url } = ctx;
  const today = localDay(ctx.now.getTime(), ctx.timeZone);
  const counter = (name: string, value: number, href: string, note = ''): Counter => ({
    name,
    label: t(`browse:counter.${name}`),
    value: formatNumber(value, ctx),
    href,
    note,
  });
  return [
    counter('total', figures.total, url('/entries', { range: 'all' })),
    counter('critical', figures.critical, url('/entries', { severity: 'critical', range: 'all' })),
    counter('today', figures.today, url('/entries', { from: today, to: today }), usualNote(figures, ctx)),
    ...(quarantined > 0
      ? [counter('quarantined', quarantined, url('/quarantine'), t('browse:counter_quarantined_note'))]
      : []),
  ];
}

function usualNote({ usual, period }: DashboardFigures, ctx: PageContext): string {
  if (usual === null) return ctx.t('browse:counter_today_note', { zone: ctx.timeZone });
  const weekday = formatWeekday(period.at(-1)?.weekday ?? 0, 'long', ctx);
  return ctx.t('dashboard:usual', { usual: formatNumber(usual, ctx), weekday });
}

function firstRunSteps({ t }: PageContext): FirstRunStep[] {
  return [
    {
      title: t('browse:first_run.copy_title'),
      text: t('browse:first_run.copy_text'),
      command: 'cp -r hooks-bridge/modules /path/to/whmcs/',
    },
    {
      title: t('browse:first_run.pair_title'),
      text: t('browse:first_run.pair_text'),
      command: 'npm run --silent sealtrail -- bridge add --name billing',
    },
    { title: t('browse:first_run.event_title'), text: t('browse:first_run.event_text'), command: '' },
  ];
}
