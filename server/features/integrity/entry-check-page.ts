import { formatNumber, revealText, translateCode, type PageContext } from '../../http/page-context';
import { ENTRY_CHECKS, type EntryCheck } from './entry-check-service';
import { showVerdict, type ShownVerdict } from './report-lines';

export interface EntryCheckPage {
  readonly title: string;
  readonly verdict: ShownVerdict;
  readonly headline: string;
  readonly checks: readonly { readonly name: string; readonly mark: string; readonly result: string }[];
  readonly breaks: readonly { readonly kind: string; readonly detail: string }[];
  readonly covered: string;
  readonly verifyAction: string;
  readonly entryHref: string;
}

const MARKS = { ok: 'intact', proven: 'intact', broken: 'broken', cannot_tell: 'cannot_tell' } as const;

export function entryCheckPage(check: EntryCheck, ctx: PageContext): EntryCheckPage {
  const { t, url } = ctx;
  const { checkpoint } = check;
  return {
    title: t('entry:check.title', { seq: formatNumber(check.seq, ctx) }),
    verdict: showVerdict(check.verdict, ctx),
    headline: t(`entry:check.headline.${check.verdict}`),
    checks: ENTRY_CHECKS.map((name) => ({
      name: t(`entry:check.name.${name}`),
      mark: MARKS[check.checks[name]],
      result: t(`entry:check.result.${check.checks[name]}`),
    })),
    breaks: check.breaks.map(({ kind, detail }) => ({
      kind: translateCode(ctx, 'terms:break_kind.', kind),
      detail: revealText(detail),
    })),
    covered: checkpoint ? t('entry:check.covered', { count: checkpoint.size }) : t('entry:check.not_covered'),
    verifyAction: url(`/entries/${encodeURIComponent(check.id)}/verify`),
    entryHref: url(`/entries/${encodeURIComponent(check.id)}`),
  };
}
