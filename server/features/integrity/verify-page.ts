import {
  formatNumber,
  revealText,
  shorten,
  showTime,
  translateCode,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';

/** The latest verification as it was kept; the shape of `verify --json`, and who asked for it when. */
export interface VerifyResult {
  readonly verdict: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly requested_by: string | null;
  readonly ledgers: readonly {
    readonly ledger: string;
    readonly verdict: string;
    readonly size: number;
    readonly scanned: number;
    readonly valid: number;
    readonly unverifiable: number;
    readonly head: { readonly seq: number; readonly hash: string } | null;
    /** How many breaks there are, where `broken` does not list every one. */
    readonly broken_count?: number;
    readonly broken: readonly {
      readonly seq: number;
      readonly id: string | null;
      readonly kind: string;
      readonly detail: string;
      readonly received_at: string | null;
    }[];
  }[];
}

interface Verdict {
  readonly code: string;
  readonly label: string;
}

export interface VerifyPage {
  readonly title: string;
  readonly verdict: (Verdict & { readonly meaning: string; readonly nextStep: string }) | null;
  readonly finished: ShownTime | null;
  readonly summary: string;
  readonly ledgers: readonly {
    readonly name: string;
    readonly verdict: Verdict;
    readonly size: string;
    readonly scanned: string;
    readonly valid: string;
    readonly unverifiable: string;
    readonly broken: string;
    readonly headSeq: string;
    readonly headHash: string;
    readonly headHashShort: string;
  }[];
  readonly breaks: readonly {
    readonly ledger: string;
    readonly seq: string;
    readonly href: string | null;
    readonly kind: string;
    readonly help: string;
    readonly detail: string;
    readonly received: ShownTime | null;
  }[];
  readonly moreBreaks: string;
  readonly formAction: string;
}

/** So many are drawn; the command line and the API list every one. */
const MAX_BREAKS = 500;

export function verifyPage(result: VerifyResult | null, ctx: PageContext): VerifyPage {
  const { t, url } = ctx;
  const breaks = (result?.ledgers ?? []).flatMap(({ ledger, broken }) => broken.map((found) => ({ ...found, ledger })));
  const hidden =
    (result?.ledgers ?? []).reduce((sum, ledger) => sum + breakCount(ledger), 0) - Math.min(breaks.length, MAX_BREAKS);
  return {
    title: t('integrity:title'),
    verdict: result === null ? null : { ...verdictOf(result.verdict, ctx), ...explain(result, ctx) },
    finished: result === null ? null : showTime(result.finished_at, ctx),
    summary: result === null ? '' : summaryOf(result, ctx),
    ledgers: (result?.ledgers ?? []).map((ledger) => ({
      name: revealText(ledger.ledger),
      verdict: verdictOf(ledger.verdict, ctx),
      size: formatNumber(ledger.size, ctx),
      scanned: formatNumber(ledger.scanned, ctx),
      valid: formatNumber(ledger.valid, ctx),
      unverifiable: formatNumber(ledger.unverifiable, ctx),
      broken: formatNumber(breakCount(ledger), ctx),
      headSeq: ledger.head === null ? '' : formatNumber(ledger.head.seq, ctx),
      headHash: ledger.head?.hash ?? '',
      headHashShort: shorten(ledger.head?.hash ?? '', 17),
    })),
    breaks: breaks.slice(0, MAX_BREAKS).map((found) => ({
      ledger: revealText(found.ledger),
      seq: formatNumber(found.seq, ctx),
      // A missing entry has no page.
      href: found.id === null ? null : url(`/entries/${encodeURIComponent(found.id)}`),
      kind: translateCode(ctx, 'terms:break_kind.', found.kind),
      help: translateCode(ctx, 'terms:break_kind_help.', found.kind),
      detail: revealText(found.detail),
      received: found.received_at === null ? null : showTime(found.received_at, ctx),
    })),
    moreBreaks: hidden > 0 ? t('integrity:more_breaks', { count: formatNumber(hidden, ctx) }) : '',
    formAction: url('/verify'),
  };
}

function breakCount({ broken, broken_count: count }: VerifyResult['ledgers'][number]): number {
  return Math.max(broken.length, count ?? 0);
}

function verdictOf(code: string, ctx: PageContext): Verdict {
  return {
    code: ['intact', 'broken', 'cannot_tell'].includes(code) ? code : 'cannot_tell',
    label: translateCode(ctx, 'terms:verdict.', code),
  };
}

function explain(result: VerifyResult, { t }: PageContext): { meaning: string; nextStep: string } {
  const scanned = result.ledgers.reduce((sum, ledger) => sum + ledger.scanned, 0);
  const code = result.verdict === 'intact' || result.verdict === 'broken' ? result.verdict : 'cannot_tell';
  // "0 checked" is never "OK", whoever says so.
  if (scanned === 0)
    return { meaning: t('integrity:meaning.nothing_checked'), nextStep: t('integrity:next_step.cannot_tell') };
  return { meaning: t(`integrity:meaning.${code}`), nextStep: t(`integrity:next_step.${code}`) };
}

function summaryOf(result: VerifyResult, ctx: PageContext): string {
  const { t } = ctx;
  const scanned = formatNumber(
    result.ledgers.reduce((sum, ledger) => sum + ledger.scanned, 0),
    ctx,
  );
  const ms = Date.parse(result.finished_at) - Date.parse(result.started_at);
  const seconds = new Intl.NumberFormat(ctx.lng, { maximumFractionDigits: 1 }).format(Math.max(0, ms) / 1000);
  const values = { scanned, seconds, who: revealText(result.requested_by ?? '') };
  return t(result.requested_by === null ? 'integrity:summary' : 'integrity:summary_by', values);
}
