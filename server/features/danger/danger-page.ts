import { codePhrase, type PurgeKind, type PurgeRequest } from '../../core/purge-request';
import { formatDuration, formatNumber, revealText, showTime, whoIs, type PageContext, type ShownTime } from '../../http/page-context'; // prettier-ignore
import type { Job } from '../jobs/job-service';
import { readyAt, type PurgeObstacle, type PurgePlan, type PurgeRefusal, type PurgeTerms } from './purge-service';

/** A line of a list of facts. */
interface Fact {
  readonly label: string;
  readonly value: string;
}

interface ShownRequest {
  readonly what: string;
  readonly href: string;
  readonly asked: ShownTime;
  readonly askedBy: string;
  readonly state: string;
  readonly decidedBy: string;
}

export interface DangerPage {
  readonly title: string;
  readonly open: ShownRequest | null;
  readonly purgeHref: string;
  readonly uninstallHref: string;
  /** Null for one who may not erase. */
  readonly erasureHref: string | null;
  readonly past: readonly ShownRequest[];
  /** Why nothing can be asked for; '' where it can. */
  readonly problem: string;
}

export interface DangerFacts {
  readonly requests: readonly PurgeRequest[];
  readonly mayErase: boolean;
  readonly refusal: PurgeRefusal | null;
}

export function dangerPage({ requests, mayErase, refusal }: DangerFacts, ctx: PageContext): DangerPage {
  const { t, url } = ctx;
  const open = requests.find(isOpen);
  return {
    title: t('danger:title'),
    open: open ? shownRequest(open, ctx) : null,
    purgeHref: url('/danger/purge'),
    uninstallHref: url('/danger/uninstall'),
    erasureHref: mayErase ? url('/erasure') : null,
    past: requests.filter((request) => !isOpen(request)).map((request) => shownRequest(request, ctx)),
    problem: refusal === null ? '' : t(`danger:refused.${refusal}`),
  };
}

function isOpen({ state }: PurgeRequest): boolean {
  return state === 'waiting' || state === 'confirmed';
}

function shownRequest(request: PurgeRequest, ctx: PageContext): ShownRequest {
  return {
    what: ctx.t(`danger:what.${request.kind}`, { count: request.entries }),
    href: ctx.url(`/danger/requests/${request.id}`),
    asked: showTime(request.requestedAt, ctx),
    askedBy: whoIs(request.requestedBy.name, ctx),
    state: ctx.t(`danger:state.${request.state}`),
    decidedBy: whoIs(request.decidedBy?.name ?? '', ctx),
  };
}

/** The phrases that confirm the first step: the reader's own, and the one that is the same everywhere. */
export function phrasesOf(kind: PurgeKind, entries: number, ctx: Pick<PageContext, 't' | 'lng'>): string[] {
  return [ctx.t(`danger:phrase.${kind}`, { count: entries }), codePhrase(kind, entries)];
}

export interface AskFacts {
  readonly kind: PurgeKind;
  readonly plan: PurgePlan;
  /** Entries that are there now. */
  readonly total: number;
  readonly terms: PurgeTerms;
  /** As it was typed: a day of UTC, or ''. */
  readonly until: string;
  readonly keepsArchive: boolean;
  readonly anchors: number;
  readonly problem: { readonly reason: PurgeRefusal; readonly held?: readonly string[] } | null;
}

export interface AskPage {
  readonly title: string;
  readonly subtitle: string;
  readonly kind: PurgeKind;
  readonly steps: string;
  readonly backHref: string;
  readonly scope: { readonly form: ReturnType<PageContext['url']['form']>; readonly until: string } | null;
  readonly facts: readonly Fact[];
  readonly notes: readonly string[];
  /** Why it cannot be asked for at all; '' where it can. */
  readonly blocked: string;
  readonly held: readonly { readonly id: string; readonly href: string }[];
  readonly first: { readonly checkpoint: string; readonly keepsArchive: boolean; readonly bundleHref: string };
  readonly phrases: readonly string[];
  readonly action: string;
  readonly until: string;
  readonly button: string;
  /** Beside the phrase. */
  readonly problem: string;
}

/** Problems that stand beside the phrase; the others keep it from being asked for. */
const BESIDE: ReadonlySet<PurgeRefusal> = new Set(['phrase']);

export function askPage(facts: AskFacts, ctx: PageContext): AskPage {
  const { t, url } = ctx;
  const { kind, plan, problem } = facts;
  const count = plan.entries;
  const phrases = phrasesOf(kind, plan.entries, ctx);
  const reason = blockOf(facts);
  return {
    title: t(`danger:ask.${kind}.title`),
    subtitle: t(`danger:ask.${kind}.subtitle`),
    kind,
    steps: t('danger:step', { step: formatNumber(1, ctx), of: formatNumber(2, ctx) }),
    backHref: url('/danger'),
    scope: kind === 'purge' ? { form: url.form('/danger/purge'), until: facts.until } : null,
    facts: [
      { label: t('danger:fact.goes'), value: t('danger:entries', { count }) },
      ...spanOf(plan, ctx),
      { label: t('danger:fact.stays'), value: t('danger:entries', { count: Math.max(0, facts.total - plan.entries) }) },
      ...termsOf(facts.terms, ctx),
    ], // prettier-ignore
    notes: [
      t('danger:stays'),
      ...(plan.incomplete > 0 ? [t('danger:incomplete', { segments: formatNumber(plan.incomplete, ctx) })] : []),
      ...(kind === 'uninstall' ? [t('danger:ask.uninstall.ends')] : []),
    ],
    blocked: reason === null ? '' : t(`danger:refused.${reason}`),
    held: plan.held.map((id) => ({ id, href: url('/retention') })),
    first: {
      checkpoint:
        facts.anchors === 0
          ? t('danger:first.checkpoint_here')
          : t('danger:first.checkpoint_anchors', { anchors: formatNumber(facts.anchors, ctx) }),
      keepsArchive: facts.keepsArchive,
      bundleHref: url('/export.zip'),
    },
    phrases: [...new Set(phrases)],
    action: url(`/danger/${kind}`),
    until: facts.until,
    button: t(`danger:ask.${kind}.button`, { count }),
    problem: problem && BESIDE.has(problem.reason) ? t(`danger:refused.${problem.reason}`) : '',
  };
}

function blockOf({ kind, plan, problem }: AskFacts): PurgeRefusal | null {
  if (problem && !BESIDE.has(problem.reason)) return problem.reason;
  if (plan.held.length > 0) return 'held';
  return kind === 'purge' && plan.entries === 0 ? 'nothing' : null;
}

function spanOf({ firstReceivedAt, lastReceivedAt }: PurgePlan, ctx: PageContext): Fact[] {
  if (firstReceivedAt === null || lastReceivedAt === null) return [];
  const [from, to] = [showTime(firstReceivedAt, ctx).local, showTime(lastReceivedAt, ctx).local];
  return [{ label: ctx.t('danger:fact.span'), value: ctx.t('danger:span', { from, to }) }];
}

function termsOf({ delayMs, others }: PurgeTerms, ctx: PageContext): Fact[] {
  const { t } = ctx;
  const names = others.map(({ name }) => revealText(name)).join(t('common:list_separator'));
  return [
    { label: t('danger:fact.delay'), value: formatDuration(delayMs, ctx) },
    {
      label: t('danger:fact.second'),
      value: others.length === 0 ? t('danger:second.alone') : t('danger:second.needed', { names }),
    },
  ];
}

export interface RequestFacts {
  readonly request: PurgeRequest;
  readonly obstacles: readonly PurgeObstacle[];
  /** Who could confirm besides the one who asked. */
  readonly others: PurgeTerms['others'];
  readonly job: Job | undefined;
  readonly certificates: readonly number[];
  readonly refusal: { readonly reason: PurgeRefusal; readonly detail: string } | null;
  readonly isFramed: boolean;
  /** Where the program is opened by a link. */
  readonly publicUrl: string;
}

export interface RequestPage {
  readonly title: string;
  readonly steps: string;
  readonly state: PurgeRequest['state'];
  readonly stateText: string;
  readonly backHref: string;
  readonly facts: readonly Fact[];
  readonly problem: string;
  readonly problemDetail: string;
  /** What has to be so before it can be confirmed, and whether it is. */
  readonly checks: readonly { readonly isOver: boolean; readonly text: string; readonly state: string }[];
  /** The form of the last step; null where something is still to be waited for or done. */
  readonly confirm: { readonly action: string; readonly entries: number; readonly button: string } | null;
  readonly cancel: { readonly action: string; readonly button: string } | null;
  /** To be opened alone, where no sign-in is possible. */
  readonly aloneHref: string;
  readonly progress: { readonly text: string; readonly done: number; readonly total: number } | null;
  readonly resume: { readonly action: string; readonly button: string; readonly why: string } | null;
  readonly isActive: boolean;
  readonly certificates: readonly { readonly text: string; readonly href: string }[];
  readonly doneHref: { readonly text: string; readonly href: string } | null;
  readonly sheets: readonly { readonly text: string; readonly href: string }[];
}

export function requestPage(facts: RequestFacts, ctx: PageContext): RequestPage {
  const { t, url } = ctx;
  const { request, job, refusal } = facts;
  const { state } = request;
  const base = `/danger/requests/${request.id}`;
  const count = request.entries;
  const isActive = state === 'confirmed' && job !== undefined && (job.state === 'queued' || job.state === 'running');
  return {
    title: t(`danger:what.${request.kind}`, { count }),
    steps: state === 'waiting' ? t('danger:step', { step: formatNumber(2, ctx), of: formatNumber(2, ctx) }) : '',
    state,
    stateText: t(`danger:state_text.${state}`, { count, who: revealText(request.decidedBy?.name ?? '') }),
    backHref: url('/danger'),
    facts: requestFacts(facts, ctx),
    problem: refusal === null ? '' : t(`danger:refused.${refusal.reason}`),
    problemDetail: refusal?.reason === 'broken' || refusal?.reason === 'held' ? revealText(refusal.detail) : '',
    checks: state === 'waiting' ? checksOf(facts, ctx) : [],
    confirm:
      state === 'waiting' && facts.obstacles.length === 0
        ? { action: url(`${base}/confirm`), entries: request.entries, button: t(`danger:confirm.${request.kind}`, { count }) } // prettier-ignore
        : null,
    cancel: state === 'waiting' ? { action: url(`${base}/cancel`), button: t('danger:cancel') } : null,
    aloneHref: facts.isFramed && state === 'waiting' ? `${facts.publicUrl}${base}` : '',
    progress: isActive ? progressOf(job, ctx) : null,
    resume:
      state === 'confirmed' && !isActive
        ? { action: url(`${base}/resume`), button: t('danger:resume'), why: revealText(job?.problem ?? '') }
        : null,
    isActive,
    certificates: facts.certificates.map((seq) => ({ text: formatNumber(seq, ctx), href: url(`/entries/${seq}`) })),
    doneHref:
      request.doneSeq === null
        ? null
        : { text: formatNumber(request.doneSeq, ctx), href: url(`/entries/${request.doneSeq}`) },
    sheets:
      state === 'done' && request.kind === 'uninstall'
        ? (['txt', 'json'] as const).map((format) => ({ text: t(`danger:sheet.${format}`), href: url(`${base}/left.${format}`) })) // prettier-ignore
        : [],
  };
}

function requestFacts({ request }: RequestFacts, ctx: PageContext): Fact[] {
  const { t } = ctx;
  const { until, decidedAt, decidedBy, state } = request;
  const by = (name: string, at: number) => t('danger:by', { name: whoIs(name, ctx), when: showTime(at, ctx).local });
  return [
    { label: t('danger:fact.goes'), value: t('danger:entries', { count: request.entries }) },
    {
      label: t('danger:fact.scope'),
      value:
        until === null
          ? t('danger:scope.through', { seq: formatNumber(request.through, ctx) })
          : t('danger:scope.until', { when: showTime(until, ctx).local }),
    },
    { label: t('danger:fact.asked'), value: by(request.requestedBy.name, request.requestedAt) },
    { label: t('danger:fact.archive'), value: t(request.keepsArchive ? 'danger:archive.kept' : 'danger:archive.none') },
    ...(decidedBy && decidedAt !== null
      ? [{ label: t(state === 'cancelled' ? 'danger:fact.cancelled' : 'danger:fact.confirmed'), value: by(decidedBy.name, decidedAt) }] // prettier-ignore
      : []),
  ];
}

function checksOf({ request, obstacles, others }: RequestFacts, ctx: PageContext): RequestPage['checks'] {
  const { t } = ctx;
  const names = others.map(({ name }) => revealText(name)).join(t('common:list_separator'));
  const texts: readonly (readonly [PurgeObstacle, string])[] = [
    ['delay', t('danger:check.delay', { when: showTime(readyAt(request), ctx).local })],
    ['second', names === '' && !request.needsSecond ? t('danger:check.alone') : t('danger:check.second', { who: whoIs(request.requestedBy.name, ctx), names })], // prettier-ignore
    ['stale', t('danger:check.fresh')],
  ];
  return texts.map(([obstacle, text]) => {
    const isOver = !obstacles.includes(obstacle);
    return { isOver, text, state: t(isOver ? 'danger:check.over' : 'danger:check.open') };
  });
}

function progressOf({ progress: { done, total } }: Job, ctx: PageContext) {
  const values = { done: formatNumber(done, ctx), total: formatNumber(total, ctx) };
  return {
    text: total === 0 ? ctx.t('danger:progress.begins') : ctx.t('danger:progress.deleted', values),
    done,
    total,
  };
}

/** On every page of those who could cancel it. */
export function purgeNotice(
  request: PurgeRequest,
  ctx: PageContext,
): { readonly text: string; readonly href: string; readonly link: string } {
  // prettier-ignore
  const { t, url } = ctx;
  const values = {
    who: whoIs(request.requestedBy.name, ctx),
    what: t(`danger:what.${request.kind}`, { count: request.entries }),
    when: showTime(readyAt(request), ctx).local,
  };
  return {
    text: t(request.state === 'waiting' ? 'danger:notice.waiting' : 'danger:notice.confirmed', values),
    href: url(`/danger/requests/${request.id}`),
    link: t('danger:notice.look'),
  };
}
