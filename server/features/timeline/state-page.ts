import type { JsonValue } from '../../core/canonical-json';
import type { FieldState, StateGap, StateSource } from '../../core/state-at';
import { formatNumber, revealText, showTime, type PageContext } from '../../http/page-context';
import { humanValue, wallClock, type HumanValue } from '../browse/browse-service';
import type { KnownState } from './timeline-service';

interface SourceLink {
  readonly label: string;
  readonly href: string;
}

interface StateRow {
  readonly field: string;
  readonly value: HumanValue;
  /** "since Nov 3, 2026, 13:00", or how it is known otherwise. */
  readonly since: string;
  readonly source: SourceLink;
  /** Another value may have held: two entries do not fit together. */
  readonly isDisputed: boolean;
}

interface GapNote {
  readonly text: string;
  readonly why: string;
  readonly doubt: string;
  readonly links: readonly SourceLink[];
  readonly isFinding: boolean;
}

/** What a thing was at a moment, ready to be shown. */
export interface StatePart {
  readonly title: string;
  readonly existence: { readonly text: string; readonly source: SourceLink } | null;
  readonly rows: readonly StateRow[];
  readonly nothing: string;
  readonly gaps: readonly GapNote[];
  /** Behind a line that opens. */
  readonly moreGaps: readonly GapNote[];
  readonly moreGapsLabel: string;
  /** What could not be taken into account. */
  readonly notes: readonly string[];
  /** For the field in which the moment is typed: a wall clock of the reader's zone. */
  readonly value: string;
}

const MOST_NAMED = 10;
/** Gaps in view; the newest first. */
const GAPS_SHOWN = 2;

export function statePart({ moment, state, isWhole, broken }: KnownState, ctx: PageContext): StatePart {
  const { t } = ctx;
  const { existence } = state;
  const disputed = new Set(state.gaps.filter(({ holdsMoment }) => holdsMoment).map(({ field }) => field));
  const gaps = [...state.gaps].reverse().map((gap) => gapNote(gap, ctx));
  const named = (sources: readonly { readonly seq: number }[]) => namesOf(sources.map(({ seq }) => seq), ctx); // prettier-ignore
  return {
    title: t('timeline:state.title', { time: showTime(moment, ctx).local }),
    existence: existence && {
      text: t(`timeline:state.${existence.kind}`, { time: showTime(existence.source.at, ctx).local }),
      source: linkTo(existence.source.seq, ctx),
    },
    rows: state.fields.map((field) => rowOf(field, disputed.has(field.field), ctx)),
    nothing: state.fields.length === 0 ? t('timeline:state.nothing') : '',
    gaps: gaps.slice(0, GAPS_SHOWN),
    moreGaps: gaps.slice(GAPS_SHOWN),
    moreGapsLabel: t('timeline:gap.more', { count: formatNumber(Math.max(0, gaps.length - GAPS_SHOWN), ctx) }),
    notes: [
      ...(broken.length === 0 ? [] : [t('timeline:state.broken', { entries: namesOf(broken, ctx) })]),
      ...(state.erased.length === 0 ? [] : [t('timeline:state.erased', { entries: named(state.erased) })]),
      ...(state.unseen.length === 0 ? [] : [t('timeline:state.unseen', { entries: named(state.unseen) })]),
      ...(isWhole ? [] : [t('timeline:state.not_whole')]),
    ],
    value: wallClock(Date.parse(moment), ctx.timeZone),
  };
}

function rowOf({ field, known, value, isSecret, source }: FieldState, isDisputed: boolean, ctx: PageContext): StateRow {
  const time = showTime(source.at, ctx).local;
  return {
    field: revealText(field),
    value: isSecret
      ? { text: '', remark: ctx.t('timeline:state.secret'), original: '' }
      : humanValue(field, value, ctx),
    since: ctx.t(known === 'set' ? 'timeline:state.since' : 'timeline:state.before', { time }),
    source: linkTo(source.seq, ctx),
    isDisputed,
  };
}

function gapNote({ field, from, to, reason, between, holdsMoment }: StateGap, ctx: PageContext): GapNote {
  const { t } = ctx;
  const words = (value: JsonValue) => {
    const { text, remark } = humanValue(field, value, ctx);
    return text === '' ? remark : text;
  };
  const number = (source: StateSource) => formatNumber(source.seq, ctx);
  return {
    text: t('timeline:gap.text', {
      field: revealText(field),
      from: number(from),
      left: words(from.value),
      to: number(to),
      found: words(to.value),
    }),
    why: t(`timeline:gap.${reason}`, { from: number(from), to: number(to), entries: namesOf(between, ctx) }),
    doubt: holdsMoment ? t('timeline:gap.holds_moment') : '',
    links: [linkTo(from.seq, ctx), linkTo(to.seq, ctx)],
    isFinding: reason === 'outside',
  };
}

function namesOf(seqs: readonly number[], ctx: PageContext): string {
  const shown = seqs.slice(0, MOST_NAMED).map((seq) => formatNumber(seq, ctx));
  return [...shown, ...(seqs.length > MOST_NAMED ? ['…'] : [])].join(ctx.t('common:list_separator'));
}

function linkTo(seq: number, { t, url, lng }: PageContext): SourceLink {
  return { label: t('entry:title', { seq: formatNumber(seq, { lng }) }), href: url(`/entries/${seq}`) };
}
