import { showTime, type PageContext, type ShownTime } from '../../http/page-context';
import type { Job } from '../jobs/job-service';
import { jobPage, type JobPage } from './job-page';
import { isVerificationLate } from './late-verification';
import {
  explain,
  headline,
  reportLine,
  showVerdict,
  summaryOf,
  type ReportLine,
  type ShownVerdict,
} from './report-lines';
import type { ChainState, Verification } from './verification-store';
import type { LedgerReport } from './verify-service';

interface IntegrityState {
  readonly state: ChainState | null;
  readonly firstBreak: LedgerReport['broken'][number] | null;
  readonly reports: readonly Verification[];
  /** The verification that waits or runs. */
  readonly job: Job | null;
  readonly parts: readonly IntegrityPart[];
  readonly wrong?: WrongPart | undefined;
}

/** What was typed into the form of a part, where it says no part. */
export type WrongPart =
  | { readonly problem: 'not_number' | 'reversed'; readonly from: string; readonly to: string }
  | { readonly problem: 'not_actor'; readonly actor: string };

/** A section that another feature adds to the page: its view, and what it shows. */
export interface IntegrityPart {
  readonly view: string;
  readonly page: object;
}

export interface IntegrityPage {
  readonly title: string;
  readonly verdict: ShownVerdict | null;
  readonly headline: string;
  readonly meaning: string;
  readonly nextStep: string;
  readonly summary: string;
  readonly finished: ShownTime | null;
  /** That the daily verification does not run; empty where it does. */
  readonly late: string;
  readonly reportHref: string;
  readonly brokenHref: string;
  readonly job: JobPage | null;
  readonly reports: readonly ReportLine[];
  readonly reportsHref: string;
  readonly formAction: string;
  readonly when: readonly string[];
  readonly parts: readonly IntegrityPart[];
  /** The forms of a part, as they were filled in, and what is wrong with them; empty where nothing is. */
  readonly range: { readonly from: string; readonly to: string; readonly problem: string };
  readonly actor: { readonly value: string; readonly problem: string };
}

const WHEN = ['daily', 'dispute', 'restore', 'quarterly'] as const;

export function integrityPage(
  { state, firstBreak, reports, job, parts, wrong }: IntegrityState,
  ctx: PageContext,
): IntegrityPage {
  const { t, url } = ctx;
  const report = state?.report;
  return {
    title: t('integrity:title'),
    verdict: state ? showVerdict(state.verdict, ctx) : null,
    headline: report ? headline(report, firstBreak, ctx) : '',
    ...(report ? explain(report, ctx) : { meaning: '', nextStep: '' }),
    summary: report ? summaryOf(report, ctx) : '',
    finished: report ? showTime(report.finishedAt, ctx) : null,
    late: state && isVerificationLate(new Date(state.at), ctx.now) ? t('integrity:late', { when: showTime(state.at, ctx).relative }) : '', // prettier-ignore
    reportHref: report ? url(`/verify/reports/${report.id}`) : '',
    brokenHref: state?.verdict === 'broken' ? url('/entries', { status: 'broken', range: 'all' }) : '',
    job: job && jobPage(job, ctx),
    reports: reports.map((one) => reportLine(one, ctx)),
    reportsHref: url('/verify/reports'),
    formAction: url('/verify'),
    when: WHEN.map((name) => t(`integrity:when.${name}`)),
    parts,
    ...formsOf(wrong, ctx),
  };
}

function formsOf(wrong: WrongPart | undefined, { t }: PageContext): Pick<IntegrityPage, 'range' | 'actor'> {
  const range = { from: '', to: '', problem: '' };
  const actor = { value: '', problem: '' };
  if (!wrong) return { range, actor };
  const problem = t(`integrity:part.problem.${wrong.problem}`);
  return wrong.problem === 'not_actor'
    ? { range, actor: { value: wrong.actor, problem } }
    : { range: { from: wrong.from, to: wrong.to, problem }, actor };
}
