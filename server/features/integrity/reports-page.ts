import type { PageContext } from '../../http/page-context';
import { reportLine, type ReportLine } from './report-lines';
import type { Verification } from './verification-store';

export const REPORTS_PER_PAGE = 50;

export interface ReportsPage {
  readonly title: string;
  readonly reports: readonly ReportLine[];
  readonly firstHref: string | null;
  readonly nextHref: string | null;
  readonly backHref: string;
}

/** `found`: newest first, one more than fits where there are older ones. */
export function reportsPage(found: readonly Verification[], before: number | undefined, ctx: PageContext): ReportsPage {
  const { t, url } = ctx;
  const shown = found.slice(0, REPORTS_PER_PAGE);
  const last = shown.at(-1);
  return {
    title: t('integrity:reports'),
    reports: shown.map((one) => reportLine(one, ctx)),
    firstHref: before === undefined ? null : url('/verify/reports'),
    nextHref: found.length > shown.length && last ? url('/verify/reports', { before: last.id }) : null,
    backHref: url('/verify'),
  };
}
