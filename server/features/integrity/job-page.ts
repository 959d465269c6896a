import { formatDuration, formatNumber, revealText, type PageContext } from '../../http/page-context';
import type { Job } from '../jobs/job-service';

export interface JobPage {
  readonly title: string;
  readonly state: Job['state'];
  readonly isActive: boolean;
  readonly stateText: string;
  readonly done: number;
  readonly total: number;
  readonly progressText: string;
  readonly remaining: string;
  readonly problem: string;
  readonly requestedBy: string;
  readonly href: string;
  readonly cancelAction: string;
  readonly backHref: string;
}

export function jobPage(job: Job, ctx: PageContext): JobPage {
  const { t, url } = ctx;
  const { done, total } = job.progress;
  return {
    title: t('integrity:job.title'),
    state: job.state,
    isActive: job.state === 'queued' || job.state === 'running',
    stateText: t(`integrity:job.state.${job.state}`),
    done,
    total,
    progressText: total === 0 ? '' : t('integrity:job.progress', { done: formatNumber(done, ctx), count: total }),
    remaining: remainingOf(job, ctx),
    problem: job.problem === null ? '' : revealText(job.problem),
    requestedBy: revealText(job.requestedBy),
    href: url(`/verify/jobs/${job.id}`),
    cancelAction: url(`/verify/jobs/${job.id}/cancel`),
    backHref: url('/verify'),
  };
}

/** Told only once a few percent are done: before that it would be a guess. */
function remainingOf({ state, startedAt, progress: { done, total } }: Job, ctx: PageContext): string {
  if (state !== 'running' || startedAt === null || done < total / 50 || done === 0) return '';
  const leftMs = ((ctx.now.getTime() - startedAt.getTime()) / done) * (total - done);
  return ctx.t('integrity:job.remaining', { duration: formatDuration(Math.max(1_000, leftMs), ctx) });
}
