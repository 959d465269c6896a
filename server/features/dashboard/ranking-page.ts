import { SEVERITIES } from '../../core/event';
import {
  formatNumber,
  formatShare,
  revealText,
  shorten,
  translateCode,
  type PageContext,
} from '../../http/page-context';
import { actorText, linkTo, referenceOf, targetText } from '../browse/browse-service';
import type { NamedParty, TopDays } from './dashboard-service';
import type { LocalDay } from './local-days';
import type { PartySide } from './party-counts';

/** One line: a name, a bar beside it, its figure. The table is its own picture. */
interface RankingLine {
  readonly label: string;
  /** An icon before the label; '' for none. */
  readonly mark: string;
  readonly href: string | null;
  readonly count: string;
  readonly share: string;
  /** 0 to 100. */
  readonly width: string;
}

export interface RankingPage {
  readonly title: string;
  readonly nameLabel: string;
  readonly lines: readonly RankingLine[];
}

const DAY_MS = 86_400_000;

export function severityPage(counts: readonly number[], period: readonly LocalDay[], ctx: PageContext): RankingPage {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const range = { from: period[0]?.day, to: period.at(-1)?.day };
  const lines = SEVERITIES.map((code, i): RankingLine => {
    const count = counts[i] ?? 0;
    return {
      label: translateCode(ctx, 'terms:severity.', code),
      mark: code,
      href: count === 0 ? null : ctx.url('/entries', { severity: code, ...range }),
      count: formatNumber(count, ctx),
      share: formatShare(total === 0 ? 0 : count / total, ctx),
      width: widthOf(count, Math.max(...counts)),
    };
  });
  // The gravest first.
  return {
    title: ctx.t('dashboard:severity.title'),
    nameLabel: ctx.t('browse:column.severity'),
    lines: lines.reverse(),
  };
}

/** Who did most, or what it was done to; each leads to its entries of the same days, which are those of UTC. */
export function topPage(side: PartySide, parties: readonly NamedParty[], days: TopDays, ctx: PageContext): RankingPage {
  const most = parties[0]?.entries ?? 0;
  const today = Math.floor(ctx.now.getTime() / DAY_MS) * DAY_MS;
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const range = { after: dayOf(today - (days - 1) * DAY_MS), before: dayOf(today + DAY_MS) };
  return {
    title: ctx.t(side === 'actor' ? 'dashboard:top.actors' : 'dashboard:top.targets'),
    nameLabel: ctx.t(side === 'actor' ? 'browse:column.actor' : 'browse:column.target'),
    lines: parties.map((party) => ({
      label: shorten(revealText(labelOf(party, ctx)), 48),
      mark: '',
      href: linkTo((name, value) => ctx.url('/entries', { [name]: value, ...range }), side, referenceOf({ type: party.type, id: party.id === '' ? null : party.id })), // prettier-ignore
      count: formatNumber(party.entries, ctx),
      share: '',
      width: widthOf(party.entries, most),
    })),
  };
}

function labelOf({ side, type, id, newest }: NamedParty, ctx: PageContext): string {
  if (newest) return side === 'actor' ? actorText(newest, ctx) : targetText(newest, ctx);
  const label = translateCode(ctx, side === 'actor' ? 'terms:actor_type.' : 'terms:target_type.', type);
  return id === '' ? label : `${label} ${id}`;
}

/** Even one entry is drawn: something must not look like nothing. */
function widthOf(count: number, most: number): string {
  return count === 0 ? '0' : Math.max(1, (count / Math.max(1, most)) * 100).toFixed(1);
}
