import {
  formatNumber,
  revealText,
  showTime,
  translateCode,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';
import type { AnchorStatus, Quorum } from './anchor-service';

type State = 'changed' | 'refused' | 'halted' | 'failing' | 'waiting' | 'current';

/** Where the checkpoints of a ledger are outside, as a part of the integrity page (views/integrity/anchors.ejs). */
export interface AnchorsPage {
  /** Empty where there is no witness. */
  readonly quorum: string;
  readonly rows: readonly {
    readonly kind: string;
    readonly name: string;
    /** Of the newest copy that is there; empty when none is. */
    readonly size: string;
    readonly at: ShownTime | null;
    readonly state: { readonly code: State; readonly label: string };
    /** What is wrong, as the program or the receiver put it; empty when nothing is. */
    readonly detail: string;
  }[];
}

export function anchorsPage(
  statuses: readonly AnchorStatus[],
  quorum: Quorum | undefined,
  ctx: PageContext,
): AnchorsPage {
  const { t } = ctx;
  return {
    quorum: quorum
      ? t('anchors:quorum', {
          signed: formatNumber(quorum.signed, ctx),
          witnesses: formatNumber(quorum.witnesses, ctx),
          size: formatNumber(quorum.size, ctx),
        })
      : '',
    rows: statuses.map((status) => {
      const { anchor, taken, refused } = status;
      const code = stateOf(status);
      return {
        kind: translateCode(ctx, 'anchors:kind.', anchor.kind),
        name: revealText(anchor.name),
        size: taken ? formatNumber(taken.size, ctx) : '',
        at: taken?.doneAt ? showTime(taken.doneAt, ctx) : null,
        state: { code, label: t(`anchors:state.${code}`) },
        detail: revealText((code === 'refused' ? refused?.answer : anchor.lastError) ?? ''),
      };
    }),
  };
}

/** What a person should see first. */
function stateOf({ anchor, refused, behind, taken }: AnchorStatus): State {
  if (!anchor.isGenuine) return 'changed';
  if (refused) return 'refused';
  if (anchor.haltedAt !== null) return 'halted';
  if (anchor.failingSince !== null) return 'failing';
  return behind > 0 || !taken ? 'waiting' : 'current';
}
