import { formatDuration, formatNumber, revealText, shorten, showTime, type PageContext } from '../../http/page-context';
import type { BridgeState } from '../monitor/bridge-watch-service';
import type { SystemState } from './dashboard-service';

/** One thing to look at: how it stands as icon and word, then what there is to say about it. */
export interface StripItem {
  readonly name: string;
  readonly label: string;
  /** `good`, `bad` or `unsure`: names the colour; `icon` the picture. */
  readonly state: 'good' | 'bad' | 'unsure';
  readonly icon: string;
  readonly text: string;
  readonly details: readonly string[];
  readonly href: string | null;
}

const ICONS = { good: 'success', bad: 'warning', unsure: 'unknown' } as const;
const MAX_BRIDGES = 4;
/** Behind by less than this is under way. */
const BEHIND = 1_000;

/** Chain, bridges and queue in a row. Further items are further elements. */
export function stripItems(state: SystemState, ctx: PageContext): StripItem[] {
  return [chainItem(state.chain, ctx), bridgesItem(state.bridges, ctx), queueItem(state, ctx)];
}

function chainItem({ status, at }: SystemState['chain'], { t, url, ...ctx }: PageContext): StripItem {
  const code = status === 'intact' || status === 'broken' ? status : 'cannot_tell';
  return {
    name: 'chain',
    label: t('dashboard:strip.chain'),
    state: ({ intact: 'good', broken: 'bad', cannot_tell: 'unsure' } as const)[code],
    icon: `verdict-${code}`,
    text: t(`browse:chain.${at === null ? 'never' : code}`),
    details: at === null ? [] : [t('browse:chain.at', { time: showTime(at, { t, url, ...ctx }).relative })],
    href: url('/verify'),
  };
}

function bridgesItem(bridges: readonly BridgeState[], ctx: PageContext): StripItem {
  const { t } = ctx;
  const troubled = bridges.filter((bridge) => troublesOf(bridge, ctx).length > 0);
  const state = bridges.length === 0 ? 'unsure' : troubled.length > 0 ? 'bad' : 'good';
  // Those with a trouble first: they must not be the ones that there is no room for.
  const shown = [...troubled, ...bridges.filter((bridge) => !troubled.includes(bridge))].slice(0, MAX_BRIDGES);
  const more = bridges.length - shown.length;
  return {
    name: 'bridges',
    label: t('dashboard:strip.bridges'),
    state,
    icon: ICONS[state],
    text: t(bridges.length === 0 ? 'dashboard:strip.no_bridge' : troubled.length > 0 ? 'dashboard:strip.bridges_bad' : 'dashboard:strip.bridges_good'), // prettier-ignore
    details: [
      ...shown.map((bridge) => bridgeText(bridge, ctx)),
      ...(more > 0 ? [t('dashboard:strip.more_bridges', { more: formatNumber(more, ctx) })] : []),
    ],
    href: null,
  };
}

function bridgeText(bridge: BridgeState, ctx: PageContext): string {
  const { t } = ctx;
  const name = shorten(revealText(bridge.name), 40);
  const seen = bridge.lastSeenAt === null ? t('dashboard:strip.never_seen') : t('dashboard:strip.seen', { time: showTime(bridge.lastSeenAt, ctx).relative }); // prettier-ignore
  return `${name}${t('common:unit_separator')}${[seen, ...troublesOf(bridge, ctx)].join(t('common:list_separator'))}`;
}

function troublesOf(bridge: BridgeState, ctx: PageContext): string[] {
  const { t } = ctx;
  const { outbox } = bridge;
  const lag = outbox?.oldestAt ? ctx.now.getTime() - outbox.oldestAt : 0;
  return [
    ...(bridge.isSilent ? [t('dashboard:strip.silent')] : []),
    ...(bridge.isPaused ? [t('dashboard:strip.paused')] : []),
    ...(lag > 60_000 ? [t('dashboard:strip.lag', { time: formatDuration(lag, ctx), count: outbox?.pending ?? 0 })] : []), // prettier-ignore
    ...(bridge.gaps > 0 ? [t('dashboard:strip.gaps', { gaps: formatNumber(bridge.gaps, ctx), missing: formatNumber(bridge.missing, ctx) })] : []), // prettier-ignore
    ...(outbox && outbox.parked > 0 ? [t('dashboard:strip.parked', { items: formatNumber(outbox.parked, ctx) })] : []),
  ];
}

function queueItem(queue: SystemState, ctx: PageContext): StripItem {
  const { t, url } = ctx;
  const lines = [
    ['index', queue.index],
    ['tree', queue.tree],
    ['activity', queue.activity],
    ['waiting', queue.waiting],
    ['quarantined', queue.quarantined],
  ] as const;
  const behind = Math.max(queue.index, queue.tree, queue.activity, queue.waiting);
  const late = behind >= BEHIND;
  const state = late || queue.quarantined > 0 ? 'bad' : 'good';
  const word = late
    ? 'queue_late'
    : queue.quarantined > 0
      ? 'queue_quarantine'
      : behind > 0
        ? 'queue_near'
        : 'queue_good';
  return {
    name: 'queue',
    label: t('dashboard:strip.queue'),
    state,
    icon: ICONS[state],
    text: t(`dashboard:strip.${word}`),
    details: lines.flatMap(([name, count]) => (count > 0 ? [t(`dashboard:strip.${name}`, { count })] : [])), // prettier-ignore
    href: queue.quarantined > 0 ? url('/quarantine') : null,
  };
}
