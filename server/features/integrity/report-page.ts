import { formatNumber, revealText, shorten, showTime, type PageContext, type ShownTime } from '../../http/page-context';
import {
  breakLine,
  explain,
  headline,
  scopeText,
  showVerdict,
  summaryOf,
  type BreakLine,
  type ShownVerdict,
} from './report-lines';
import type { Verification } from './verification-store';
import type { LedgerReport } from './verify-service';

export const BREAKS_PER_PAGE = 100;

interface Hash {
  readonly full: string;
  readonly short: string;
}

export interface ReportPage {
  readonly title: string;
  readonly verdict: ShownVerdict;
  readonly headline: string;
  readonly meaning: string;
  readonly nextStep: string;
  readonly summary: string;
  readonly finished: ShownTime;
  readonly ledger: string;
  readonly scope: string;
  readonly size: string;
  readonly scanned: string;
  readonly valid: string;
  readonly unverifiable: string;
  readonly broken: string;
  readonly headSeq: string;
  readonly headHash: Hash;
  readonly treeRoot: Hash;
  readonly breaks: readonly BreakLine[];
  readonly brokenHref: string;
  readonly previousHref: string | null;
  readonly nextHref: string | null;
  readonly pageText: string;
  readonly backHref: string;
}

export function reportPage(
  report: Verification,
  found: { readonly breaks: LedgerReport['broken']; readonly isAuthentic: boolean },
  page: number,
  ctx: PageContext,
): ReportPage {
  const { t, url } = ctx;
  // A break that was edited spoils the report as an edited verdict does.
  const shown = { ...report, isAuthentic: report.isAuthentic && found.isAuthentic };
  const pages = Math.max(1, Math.ceil(report.brokenCount / BREAKS_PER_PAGE));
  const turn = (to: number) =>
    to < 1 || to > pages ? null : url(`/verify/reports/${report.id}`, { page: to === 1 ? null : to });
  return {
    title: t('integrity:report_title', { id: formatNumber(report.id, ctx) }),
    verdict: showVerdict(shown.isAuthentic ? report.verdict : 'cannot_tell', ctx),
    headline: headline(shown, found.breaks[0] ?? null, ctx),
    ...explain(shown, ctx),
    summary: summaryOf(report, ctx),
    finished: showTime(report.finishedAt, ctx),
    ledger: revealText(report.ledger),
    scope: scopeText(report, ctx),
    size: formatNumber(report.size, ctx),
    scanned: formatNumber(report.scanned, ctx),
    valid:
      formatNumber(report.valid, ctx) +
      (report.by_proof > 0 ? t('integrity:by_proof', { count: formatNumber(report.by_proof, ctx) }) : ''),
    unverifiable: formatNumber(report.unverifiable, ctx),
    broken: formatNumber(report.brokenCount, ctx),
    headSeq: report.head ? formatNumber(report.head.seq, ctx) : '',
    headHash: hashOf(report.head?.hash),
    treeRoot: hashOf(report.tree?.root),
    breaks: found.breaks.map((one) => breakLine(one, ctx)),
    brokenHref: report.brokenCount > 0 ? url('/entries', { status: 'broken', range: 'all' }) : '',
    previousHref: turn(page - 1),
    nextHref: turn(page + 1),
    pageText:
      pages === 1 ? '' : t('integrity:page_of', { page: formatNumber(page, ctx), pages: formatNumber(pages, ctx) }),
    backHref: url('/verify'),
  };
}

function hashOf(hash: string | undefined): Hash {
  const full = revealText(hash ?? '');
  return { full, short: shorten(full, 17) };
}
