import type { HoldScope } from '../../core/legal-hold';
import { formatNumber, revealText, showTime, whoIs, type PageContext, type ShownTime } from '../../http/page-context';
import type { Hold } from './hold-service';
import type { PrunePreview } from './prune-service';
import { isFinal, type Prune } from './prune-store';
import { MAX_DAYS, MIN_DAYS, RETENTION_PRESETS, type RetentionDays, type RetentionPolicy } from './retention-service';

/** What was wrong with a form that was sent. */
export type FormProblem = 'days' | 'understood' | 'scope' | 'time' | 'reason' | 'hold';

export interface RetentionFacts {
  readonly policy: RetentionPolicy;
  readonly holds: readonly Hold[];
  readonly prunes: readonly Prune[];
  /** What a prune would take now; null where nobody asked. */
  readonly preview: PrunePreview | null;
  /** Why there is no preview though somebody asked. */
  readonly refusal: string;
  readonly mayChange: boolean;
  /** The reader sees the settings as well: it stands among them. */
  readonly isSetting: boolean;
  readonly problem: FormProblem | null;
}

interface ShownHold {
  readonly id: string;
  readonly scope: readonly string[];
  readonly reason: string;
  readonly placed: ShownTime;
  readonly placedBy: string;
  readonly released: ShownTime | null;
  readonly releasedBy: string;
  readonly releaseReason: string;
  readonly releaseAction: string;
}

export interface RetentionPage {
  readonly title: string;
  readonly present: string;
  readonly changed: string;
  readonly mayChange: boolean;
  readonly isSetting: boolean;
  readonly problem: { readonly form: 'limit' | 'hold'; readonly text: string } | null;
  readonly formAction: string;
  readonly choices: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
  readonly ownDays: string;
  readonly minDays: number;
  readonly maxDays: number;
  readonly limits: string;
  readonly previewHref: string;
  readonly preview: readonly string[];
  readonly holdAction: string;
  readonly holds: readonly ShownHold[];
  readonly prunes: readonly {
    readonly range: string;
    readonly entries: string;
    readonly days: string;
    readonly started: ShownTime;
    readonly by: string;
    readonly state: string;
    readonly certificate: { readonly text: string; readonly href: string } | null;
    readonly archive: string;
  }[];
  readonly morePrunes: string;
}

const MAX_PRUNES = 100;

export function retentionPage(facts: RetentionFacts, ctx: PageContext): RetentionPage {
  const { t, url } = ctx;
  const { policy } = facts;
  const limits = { min: formatNumber(MIN_DAYS, ctx), max: formatNumber(MAX_DAYS, ctx) };
  const isPreset = RETENTION_PRESETS.includes(policy.days);
  const prunes = facts.prunes.filter(isFinal).sort((a, b) => b.startedAt - a.startedAt);
  return {
    title: t('retention:title'),
    present: inWords(policy.days, ctx),
    changed:
      policy.changedAt === null
        ? t('retention:never_set')
        : t('retention:set_by', {
            who: whoIs(policy.changedBy ?? '', ctx),
            when: showTime(policy.changedAt, ctx).local,
          }),
    mayChange: facts.mayChange,
    isSetting: facts.isSetting,
    problem:
      facts.problem === null
        ? null
        : { form: isAboutLimit(facts.problem) ? 'limit' : 'hold', text: problemText(facts.problem, limits, ctx) },
    formAction: url('/retention'),
    choices: [
      ...RETENTION_PRESETS.map((days) => ({
        value: days === null ? 'unlimited' : String(days),
        label: inWords(days, ctx),
        selected: days === policy.days,
      })),
      { value: 'own', label: t('retention:own_days'), selected: !isPreset },
    ],
    ownDays: isPreset || policy.days === null ? '' : String(policy.days),
    minDays: MIN_DAYS,
    maxDays: MAX_DAYS,
    limits: t('retention:limits', limits),
    previewHref: url('/retention', { preview: '1' }),
    preview: previewLines(facts, ctx),
    holdAction: url('/retention/holds'),
    holds: facts.holds.map((hold) => shownHold(hold, ctx)),
    prunes: prunes.slice(0, MAX_PRUNES).map((prune) => ({
      range: t('retention:range', { from: formatNumber(prune.fromSeq, ctx), to: formatNumber(prune.toSeq, ctx) }),
      entries: formatNumber(prune.entries, ctx),
      days: prune.days === 0 ? t('retention:any_age') : inWords(prune.days, ctx),
      started: showTime(prune.startedAt, ctx),
      by: whoIs(prune.requestedBy, ctx),
      state: prune.state === 'done' ? t('retention:state.done') : t('retention:state.deleting'),
      certificate:
        prune.certificateSeq === null
          ? null
          : { text: formatNumber(prune.certificateSeq, ctx), href: url(`/entries/${prune.certificateSeq}`) },
      archive: revealText(prune.archive ?? ''),
    })),
    morePrunes:
      prunes.length > MAX_PRUNES
        ? t('retention:more_prunes', { count: formatNumber(prunes.length - MAX_PRUNES, ctx) })
        : '',
  };
}

function inWords(days: RetentionDays, ctx: PageContext): string {
  if (days === null) return ctx.t('retention:unlimited');
  const years = days / 365;
  return Number.isInteger(years)
    ? ctx.t('retention:days_years', { count: days, years: formatNumber(years, ctx) })
    : ctx.t('retention:days', { count: days });
}

function isAboutLimit(problem: FormProblem): boolean {
  return problem === 'days' || problem === 'understood';
}

function problemText(problem: FormProblem, limits: { min: string; max: string }, { t }: PageContext): string {
  switch (problem) {
    case 'days':
      return t('retention:problem.days', limits);
    case 'understood':
      return t('retention:problem.understood');
    case 'scope':
      return t('retention:problem.scope');
    case 'time':
      return t('retention:problem.time');
    case 'reason':
      return t('retention:problem.reason');
    case 'hold':
      return t('retention:problem.hold');
  }
}

function previewLines({ preview, refusal }: RetentionFacts, ctx: PageContext): string[] {
  const { t } = ctx;
  if (refusal !== '') return [t('retention:preview.refused', { why: refusal })];
  if (preview === null) return [];
  if (preview.plan === null) return [t('retention:preview.unlimited')];
  const { ranges, held, incomplete } = preview.plan;
  const [first, last] = [ranges[0], ranges.at(-1)];
  const count = (value: number) => formatNumber(value, ctx);
  return [
    first && last
      ? t('retention:preview.takes', {
          count: ranges.reduce((sum, range) => sum + range.entries, 0),
          from: showTime(Math.min(...ranges.map((range) => range.firstReceivedAt)), ctx).local,
          to: showTime(Math.max(...ranges.map((range) => range.lastReceivedAt)), ctx).local,
        })
      : t('retention:preview.nothing'),
    ...held.map(({ hold, segments }) => t('retention:preview.held', { hold, segments: count(segments) })),
    ...(incomplete > 0 ? [t('retention:preview.incomplete', { segments: count(incomplete) })] : []),
  ];
}

function shownHold(hold: Hold, ctx: PageContext): ShownHold {
  return {
    id: hold.id,
    scope: scopeLines(hold.scope, ctx),
    reason: revealText(hold.reason),
    placed: showTime(hold.placedAt, ctx),
    placedBy: whoIs(hold.placedBy, ctx),
    released: hold.releasedAt === null ? null : showTime(hold.releasedAt, ctx),
    releasedBy: whoIs(hold.releasedBy ?? '', ctx),
    releaseReason: revealText(hold.releaseReason ?? ''),
    releaseAction: ctx.url(`/retention/holds/${hold.id}/release`),
  };
}

function scopeLines({ client, target, actor, after, before }: HoldScope, ctx: PageContext): string[] {
  const { t } = ctx;
  const day = (ms: number) => showTime(ms, ctx).utc;
  return [
    ...(client === null ? [] : [t('retention:scope.client', { value: revealText(client) })]),
    ...(target === null ? [] : [t('retention:scope.target', { value: revealText(target) })]),
    ...(actor === null ? [] : [t('retention:scope.actor', { value: revealText(actor) })]),
    ...(after === null ? [] : [t('retention:scope.after', { value: day(after) })]),
    ...(before === null ? [] : [t('retention:scope.before', { value: day(before) })]),
  ];
}
