import { SEVERITIES } from '../../core/event';
import { formatDay, formatNumber, formatUtc, showTime, translateCode, type PageContext } from '../../http/page-context';
import type { Stats } from './browse-service';
import { actorText, entryLine, type EntryLine } from './entry-line-page';
import type { EntryView } from './entry-view';
import { nextDay } from './filter-page';
import type { ColumnHeader } from './list-page';
import { localDay } from './time-zone';

const DASHBOARD_SORTS = ['time', 'category', 'severity', 'action', 'actor'] as const;
type DashboardSort = (typeof DASHBOARD_SORTS)[number];
const LATEST = 10;

interface Counter {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly href: string;
  readonly note: string;
}

interface Bar {
  readonly day: string;
  readonly href: string;
  readonly title: string;
  readonly entries: string;
  readonly critical: string;
  readonly x: string;
  readonly width: string;
  readonly y: string;
  readonly height: string;
  readonly criticalY: string;
  readonly criticalHeight: string;
}

interface Chart {
  readonly bars: readonly Bar[];
  readonly viewBox: string;
  readonly summary: string;
  readonly top: string;
  readonly firstDay: string;
  readonly middleDay: string;
  readonly lastDay: string;
  readonly isEmpty: boolean;
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
  readonly chart: Chart;
  readonly columns: readonly ColumnHeader[];
  readonly lines: readonly EntryLine[];
  readonly firstRun: readonly FirstRunStep[];
  readonly allHref: string;
  readonly chain: ChainNote;
}

/** What the latest verification said, and where it is told. */
interface ChainNote {
  readonly code: string;
  readonly label: string;
  readonly text: string;
  readonly href: string;
}

/** `status` is `never_verified` where there was no verification. */
export interface ChainSummary {
  readonly status: string;
  /** RFC 3339. */
  readonly at: string | null;
}

/** How many of the newest entries the dashboard needs: all of a young ledger, to see whether a bridge has sent anything. */
export function latestCount(stats: Stats): number {
  return stats.total <= 100 ? 100 : LATEST;
}

export function dashboardPage(
  stats: Stats,
  newest: readonly EntryView[],
  options: { readonly sort: string; readonly chain: ChainSummary },
  ctx: PageContext,
): DashboardPage {
  const { t, url } = ctx;
  const isFirstRun = stats.total <= 100 && newest.every(({ source }) => source.kind === 'own');
  const { key, isDescending } = readDashboardSort(options.sort);
  return {
    title: t('browse:dashboard_title'),
    subtitle: t('browse:dashboard_subtitle', {
      zone: ctx.timeZone,
      time: formatUtc(ctx.now.toISOString()).replace(/:\d\d\.\d+ UTC$/, ' UTC'),
    }),
    counters: countersOf(stats, ctx),
    chart: chartOf(stats, ctx),
    columns: columnsOf(key, isDescending, ctx),
    lines: sortEntries(newest.slice(0, LATEST), key, isDescending, ctx).map((entry) =>
      entryLine(entry, ctx, (name, value) => url('/entries', { [name]: value })),
    ),
    firstRun: isFirstRun ? firstRunSteps(ctx) : [],
    allHref: url('/entries'),
    chain: chainNote(options.chain, ctx),
  };
}

function chainNote({ status, at }: ChainSummary, ctx: PageContext): ChainNote {
  const code = ['intact', 'broken'].includes(status) ? status : 'cannot_tell';
  return {
    code,
    label: ctx.t(`browse:chain.${at === null ? 'never' : code}`),
    text: at === null ? '' : ctx.t('browse:chain.at', { time: showTime(at, ctx).relative }),
    href: ctx.url('/verify'),
  };
}

function readDashboardSort(sort: string): { key: DashboardSort; isDescending: boolean } {
  const name = sort.replace(/^-/, '');
  const key = DASHBOARD_SORTS.find((known) => known === name);
  return key ? { key, isDescending: sort.startsWith('-') } : { key: 'time', isDescending: true };
}

/** Categories and actors in the order of the language, severities by rank; equal ones newest first. */
function sortEntries(
  entries: readonly EntryView[],
  key: DashboardSort,
  isDescending: boolean,
  ctx: PageContext,
): EntryView[] {
  const collator = new Intl.Collator(ctx.lng, { numeric: true });
  const severities: readonly string[] = SEVERITIES;
  const compare: Record<DashboardSort, (a: EntryView, b: EntryView) => number> = {
    time: (a, b) => a.occurred_at.localeCompare(b.occurred_at, 'en') || a.seq - b.seq,
    severity: (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
    category: (a, b) =>
      collator.compare(
        translateCode(ctx, 'terms:category.', a.category),
        translateCode(ctx, 'terms:category.', b.category),
      ),
    action: (a, b) => collator.compare(a.action, b.action),
    actor: (a, b) => collator.compare(actorText(a, ctx), actorText(b, ctx)),
  };
  const sign = isDescending ? -1 : 1;
  return [...entries].sort((a, b) => sign * compare[key](a, b) || b.seq - a.seq);
}

function columnsOf(current: DashboardSort, isDescending: boolean, { t, url }: PageContext): ColumnHeader[] {
  return ['time', 'severity', 'what', 'category', 'action', 'actor', 'chain'].map((name) => {
    const label = t(`browse:column.${name}`);
    if (name === 'what' || name === 'chain') return { name, label, href: null, direction: 'none' };
    const isCurrent = name === current;
    // Newest and gravest first; names from A.
    const startsDescending = name === 'time' || name === 'severity';
    const next = isCurrent ? !isDescending : startsDescending;
    const direction = isCurrent ? (isDescending ? 'descending' : 'ascending') : 'none';
    return { name, label, href: `${url('/', { sort: `${next ? '-' : ''}${name}` })}#latest`, direction };
  });
}

function countersOf(stats: Stats, ctx: PageContext): Counter[] {
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
    counter('total', stats.total, url('/entries')),
    counter('critical', stats.critical, url('/entries', { severity: 'critical' })),
    counter(
      'today',
      stats.today,
      url('/entries', { from: today, to: today }),
      t('browse:counter_today_note', { zone: stats.timeZone }),
    ),
    ...(stats.quarantined > 0
      ? [counter('quarantined', stats.quarantined, url('/quarantine'), t('browse:counter_quarantined_note'))]
      : []),
  ];
}

const CHART = { step: 30, bar: 24, height: 120, least: 2 };

function chartOf({ days }: Stats, ctx: PageContext): Chart {
  const { t, url } = ctx;
  const most = Math.max(0, ...days.map(({ entries }) => entries));
  // Even one entry is drawn: a day with something must not look like a day with nothing.
  const scale = (count: number) =>
    count === 0 || most === 0 ? 0 : Math.max(CHART.least, (count / most) * CHART.height);
  const bars = days.map(({ day, entries, critical }, index): Bar => {
    const [height, criticalHeight] = [scale(entries), scale(critical)];
    const values = {
      day: formatDay(day, ctx),
      entries: formatNumber(entries, ctx),
      critical: formatNumber(critical, ctx),
    };
    return {
      day: values.day,
      href: url('/entries', { after: day, before: nextDay(day) }),
      title: t(critical > 0 ? 'browse:chart_bar_critical' : 'browse:chart_bar', values),
      entries: values.entries,
      critical: values.critical,
      x: String(index * CHART.step + (CHART.step - CHART.bar) / 2),
      width: String(CHART.bar),
      y: (CHART.height - height).toFixed(1),
      height: height.toFixed(1),
      criticalY: (CHART.height - criticalHeight).toFixed(1),
      criticalHeight: criticalHeight.toFixed(1),
    };
  });
  const total = days.reduce((sum, { entries }) => sum + entries, 0);
  return {
    bars,
    viewBox: `0 0 ${Math.max(1, days.length) * CHART.step} ${CHART.height}`,
    summary: t('browse:chart_summary', { total: formatNumber(total, ctx), most: formatNumber(most, ctx) }),
    top: t('browse:chart_top', { most: formatNumber(most, ctx) }),
    firstDay: bars[0]?.day ?? '',
    middleDay: bars[Math.floor(bars.length / 2)]?.day ?? '',
    lastDay: bars.at(-1)?.day ?? '',
    isEmpty: total === 0,
  };
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
