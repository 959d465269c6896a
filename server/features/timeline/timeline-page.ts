import { CATEGORIES } from '../../core/event';
import {
  formatDuration,
  formatNumber,
  formatUtc,
  revealText,
  shorten,
  translateCode,
  type PageContext,
} from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import {
  changeLines,
  entryLine,
  localDay,
  makePlace,
  timelineHref,
  type ChangeLine,
  type EntryLine,
  type EntryPage,
  type EntryView,
  type TimelineSubject,
} from '../browse/browse-service';
import { statePart, type StatePart } from './state-page';
import type { KnownState } from './timeline-service';

/** As the address has it; what cannot be read comes with `problems`. */
export interface TimelineQuery {
  readonly subject: TimelineSubject;
  readonly category: string;
  readonly isOldestFirst: boolean;
  readonly day: string;
  readonly at: string;
  readonly cursor: string;
  readonly problems: Readonly<Partial<Record<'day' | 'at', string>>>;
}

interface TimelineLine {
  readonly line: EntryLine;
  readonly time: string;
  readonly utc: string;
  readonly iso: string;
  /** That it arrived long after it happened; '' else. */
  readonly late: string;
  readonly changes: readonly ChangeLine[];
  /** Fields that are shown on the entry's own page alone. */
  readonly more: string;
  readonly erased: string;
  /** The state right after it; null where there is no state of this. */
  readonly stateHref: string | null;
}

interface TimelineDay {
  readonly heading: string;
  readonly lines: readonly TimelineLine[];
}

export interface TimelinePage {
  readonly title: string;
  readonly count: string;
  readonly logHref: string;
  readonly otherHref: string;
  /** Timelines of the same thing seen otherwise. */
  readonly others: readonly { readonly label: string; readonly href: string }[];
  readonly form: { readonly action: string; readonly hidden: readonly Hidden[] };
  readonly stateForm: { readonly action: string; readonly hidden: readonly Hidden[] };
  readonly categories: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
  readonly day: string;
  readonly order: { readonly label: string; readonly href: string; readonly current: string };
  readonly problems: TimelineQuery['problems'];
  readonly days: readonly TimelineDay[];
  readonly nothing: string;
  readonly firstHref: string | null;
  readonly previousHref: string | null;
  readonly nextHref: string | null;
  readonly state: StatePart | null;
  readonly atValue: string;
  readonly printNote: string;
}

interface Hidden {
  readonly name: string;
  readonly value: string;
}

const MOST_CHANGES = 6;
const LATE_MS = 3_600_000;

export function timelinePage(
  asked: TimelineQuery,
  found: EntryPage,
  known: KnownState | null,
  ctx: PageContext,
): TimelinePage {
  const { t, url } = ctx;
  const { subject } = asked;
  const own: Query = { [subject.kind]: subject.reference };
  const listed: Query = {
    ...own,
    category: asked.category,
    order: asked.isOldestFirst ? 'oldest' : null,
    day: asked.day,
  };
  const query: Query = { ...listed, at: asked.at };
  const turn = (cursor: string | null) => (cursor === null ? null : url('/timeline', { ...query, cursor }));
  const state = known && statePart(known, ctx);
  return {
    title: t('timeline:title', { name: nameOf(subject, found.entries, ctx) }),
    count: countText(found, ctx),
    logHref: url('/entries', { ...own, category: asked.category, range: 'all' }),
    otherHref: url('/timeline'),
    others: othersOf(subject, ctx),
    form: formOf({ ...own, order: listed['order'], at: asked.at }, ctx),
    stateForm: formOf(listed, ctx),
    categories: ['', ...CATEGORIES].map((value) => ({
      value,
      label: value === '' ? t('timeline:any_category') : translateCode(ctx, 'terms:category.', value),
      selected: value === asked.category,
    })),
    day: asked.day,
    order: {
      current: t(asked.isOldestFirst ? 'timeline:order.oldest' : 'timeline:order.newest'),
      label: t(asked.isOldestFirst ? 'timeline:order.to_newest' : 'timeline:order.to_oldest'),
      href: url('/timeline', { ...query, order: asked.isOldestFirst ? null : 'oldest' }),
    },
    problems: asked.problems,
    days: daysOf(asked, { ...query, cursor: asked.cursor }, found.entries, known !== null, ctx),
    nothing:
      found.entries.length > 0
        ? ''
        : t(asked.category === '' && asked.day === '' ? 'timeline:nothing' : 'timeline:nothing_here'),
    firstHref: found.from <= 1 ? null : url('/timeline', query),
    previousHref: found.from <= 1 ? null : turn(found.previousCursor),
    nextHref: turn(found.nextCursor),
    state,
    atValue: asked.problems.at === undefined ? (state?.value ?? '') : asked.at,
    printNote: t('common:printed', { time: formatUtc(ctx.now.toISOString()) }),
  };
}

/** In the order of the list: what arrived late stands where it arrived, under the day on which it happened. */
function daysOf(
  { subject }: TimelineQuery,
  query: Query,
  entries: readonly EntryView[],
  hasState: boolean,
  ctx: PageContext,
): TimelineDay[] {
  const { lng, timeZone, url } = ctx;
  const place = makePlace('/timeline', query);
  const dayFormat = new Intl.DateTimeFormat(lng, { dateStyle: 'full', timeZone });
  const timeFormat = new Intl.DateTimeFormat(lng, { timeStyle: 'short', hourCycle: 'h23', timeZone });
  const own = { [subject.kind]: subject.reference };
  const days: { day: string; heading: string; lines: TimelineLine[] }[] = [];
  for (const entry of entries) {
    const ms = Date.parse(entry.occurred_at);
    const day = localDay(ms, timeZone);
    if (days.at(-1)?.day !== day) days.push({ day, heading: dayFormat.format(ms), lines: [] });
    const delay = Date.parse(entry.received_at) - ms;
    const changes = changeLines(entry.changes, ctx);
    days.at(-1)?.lines.push({
      line: entryLine(entry, ctx, (name, value) => url('/entries', { ...own, [name]: value, range: 'all' }), { place }),
      time: timeFormat.format(ms),
      utc: formatUtc(entry.occurred_at),
      iso: entry.occurred_at,
      late: delay < LATE_MS ? '' : ctx.t('entry:skew', { duration: formatDuration(delay, ctx) }),
      changes: changes.slice(0, MOST_CHANGES),
      more:
        changes.length > MOST_CHANGES ? ctx.t('timeline:more_fields', { count: changes.length - MOST_CHANGES }) : '',
      erased: entry.erased.includes('changes') ? ctx.t('entry:changes_erased') : '',
      stateHref: hasState ? `${url('/timeline', { ...query, at: entry.occurred_at })}#state` : null,
    });
  }
  return days;
}

/** The name that the newest entry shown gives, and number; the number alone where none gives a name. */
function nameOf({ kind, reference }: TimelineSubject, entries: readonly EntryView[], ctx: PageContext): string {
  const [type = '', ...rest] = kind === 'client' ? ['client', reference] : reference.split(':');
  const id = rest.join(':');
  const label = revealText(translateCode(ctx, kind === 'actor' ? 'terms:actor_type.' : 'terms:target_type.', type));
  const numbered = `${label} ${/^\d+$/.test(id) ? '#' : ''}${revealText(shorten(id, 60))}`;
  const ref = kind === 'actor' ? ('actor' as const) : ('target' as const);
  const names = entries.flatMap((entry) => {
    if (entry[ref].type !== type || entry[ref].id !== id) return [];
    return (ref === 'actor' ? entry.actor.name : entry.target.label) ?? [];
  });
  const name = names.find((one) => one !== '' && one !== id);
  return name === undefined ? numbered : ctx.t('timeline:named', { name: revealText(shorten(name, 80)), numbered });
}

function othersOf({ kind, reference }: TimelineSubject, { t, url }: PageContext): TimelinePage['others'] {
  const id = reference.replace(/^client:/, '');
  const isClient = kind !== 'client' && reference.startsWith('client:');
  const list: (readonly [string, string | null])[] = [
    ['of_client', isClient ? timelineHref(url, 'client', id) : null],
    ['of_record', kind === 'client' ? timelineHref(url, 'target', `client:${reference}`) : null],
    ['by_account', kind === 'target' && /^(admin|client|user):/.test(reference) ? timelineHref(url, 'actor', reference) : null],
    ['by_client', kind === 'client' ? timelineHref(url, 'actor', `client:${reference}`) : null],
    ['of_account', kind === 'actor' && /^(admin|client|user):/.test(reference) ? timelineHref(url, 'target', reference) : null],
  ]; // prettier-ignore
  return list.flatMap(([key, href]) => (href === null ? [] : [{ label: t(`timeline:others.${key}`), href }]));
}

function formOf(kept: Query, { url }: PageContext): TimelinePage['form'] {
  const target = url.form('/timeline');
  const hidden = Object.entries(kept).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return { action: target.action, hidden: [...target.hidden, ...hidden.map(([name, value]) => ({ name, value: String(value) }))] }; // prettier-ignore
}

function countText({ entries, total, totalIsExact, from, to }: EntryPage, ctx: PageContext): string {
  if (entries.length === 0) return '';
  const values = { from: formatNumber(from, ctx), to: formatNumber(to, ctx), total: formatNumber(total, ctx) };
  return ctx.t(totalIsExact ? 'browse:count' : 'browse:count_more_than', values);
}
