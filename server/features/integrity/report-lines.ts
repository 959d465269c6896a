import {
  formatNumber,
  revealText,
  showTime,
  translateCode,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';
import type { Verification } from './verification-store';
import type { LedgerReport } from './verify-service';

export interface ShownVerdict {
  readonly code: string;
  readonly label: string;
}

export interface BreakLine {
  readonly seq: string;
  readonly href: string | null;
  readonly kind: string;
  readonly help: string;
  readonly detail: string;
  readonly received: ShownTime | null;
}

/** A report as a row of a list. */
export interface ReportLine {
  readonly href: string;
  readonly finished: ShownTime;
  readonly verdict: ShownVerdict;
  readonly scope: string;
  readonly scanned: string;
  readonly broken: string;
  readonly requestedBy: string;
}

export function showVerdict(code: string, ctx: PageContext): ShownVerdict {
  const known = ['intact', 'broken', 'cannot_tell'].includes(code) ? code : 'cannot_tell';
  return { code: known, label: translateCode(ctx, 'terms:verdict.', known) };
}

export function breakLine(found: LedgerReport['broken'][number], ctx: PageContext): BreakLine {
  return {
    seq: formatNumber(found.seq, ctx),
    // A missing entry has no page.
    href: found.id === null ? null : ctx.url(`/entries/${encodeURIComponent(found.id)}`),
    kind: translateCode(ctx, 'terms:break_kind.', found.kind),
    help: translateCode(ctx, 'terms:break_kind_help.', found.kind),
    detail: revealText(found.detail),
    received: found.received_at === null ? null : showTime(found.received_at, ctx),
  };
}

export function reportLine(report: Verification, ctx: PageContext): ReportLine {
  return {
    href: ctx.url(`/verify/reports/${report.id}`),
    finished: showTime(report.finishedAt, ctx),
    verdict: showVerdict(report.isAuthentic ? report.verdict : 'cannot_tell', ctx),
    scope: scopeText(report, ctx),
    scanned: formatNumber(report.scanned, ctx),
    broken: formatNumber(report.brokenCount, ctx),
    requestedBy: revealText(report.requestedBy),
  };
}

/** "Entries 5 to 90", "All entries". */
export function scopeText({ scope, from, to, actor }: Verification, ctx: PageContext): string {
  const values = { from: formatNumber(from, ctx), to: formatNumber(to, ctx), actor: revealText(actor ?? '') };
  return translateCode(ctx, 'integrity:scope.', scope) === scope ? scope : ctx.t(`integrity:scope.${scope}`, values);
}

/** "✅ Verified, 12 entries", "❌ Break at row #5". */
export function headline(
  report: Verification,
  firstBreak: LedgerReport['broken'][number] | null,
  ctx: PageContext,
): string {
  const { t } = ctx;
  if (!report.isAuthentic) return t('integrity:headline.altered');
  if (report.verdict === 'intact') return t('integrity:headline.intact', { count: report.scanned });
  if (report.verdict === 'broken')
    return t('integrity:headline.broken', { seq: formatNumber(firstBreak?.seq ?? 0, ctx) });
  return t('integrity:headline.cannot_tell');
}

/** What a verdict means, and what to do now. */
export function explain(
  report: Verification,
  { t }: PageContext,
): { readonly meaning: string; readonly nextStep: string } {
  if (!report.isAuthentic)
    return { meaning: t('integrity:meaning.altered'), nextStep: t('integrity:next_step.altered') };
  // "0 checked" is never "OK", whoever says so.
  if (report.scanned === 0 && report.verdict !== 'broken')
    return { meaning: t('integrity:meaning.nothing_checked'), nextStep: t('integrity:next_step.cannot_tell') };
  const isPart = report.verdict === 'intact' && report.scope !== 'whole';
  return {
    meaning: t(
      `integrity:meaning.${isPart ? (report.scope === 'new' ? 'intact_new' : 'intact_part') : report.verdict}`,
    ),
    nextStep: t(`integrity:next_step.${report.verdict}`),
  };
}

export function summaryOf(report: Verification, ctx: PageContext): string {
  const ms = Date.parse(report.finishedAt) - Date.parse(report.startedAt);
  const seconds = new Intl.NumberFormat(ctx.lng, { maximumFractionDigits: 1 }).format(Math.max(0, ms) / 1000);
  const checked = ctx.t('integrity:summary_by', {
    scanned: formatNumber(report.scanned, ctx),
    seconds,
    who: revealText(report.requestedBy),
  });
  if (report.pruned === 0) return checked;
  return checked + ctx.t('integrity:summary_pruned', { count: formatNumber(report.pruned, ctx) });
}
