import { storedTime } from '../../core/stored-time';
import { formatNumber, revealText, shorten, showTime, type PageContext, type ShownTime } from '../../http/page-context';
import type { Ledger } from '../../entries/entry-store';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { IntegrityPart } from './integrity-page';

interface CheckpointsPage {
  readonly origin: string;
  /** Verifier key of the present origin; null where nobody knows the origin. */
  readonly vkey: { readonly full: string; readonly short: string } | null;
  readonly state: 'open' | 'stopped';
  readonly stopped: string;
  readonly behind: string;
  readonly lines: readonly {
    readonly size: string;
    readonly root: { readonly full: string; readonly short: string };
    readonly signed: ShownTime;
    readonly reason: string;
  }[];
}

const SHOWN = 5;

/** The section of the integrity page with the newest signed checkpoints. */
export function createCheckpointsPart(checkpoints: CheckpointService) {
  return async (ledger: Ledger, ctx: PageContext): Promise<IntegrityPart> => {
    const status = await checkpoints.status(ledger);
    const newest = (await checkpoints.list(ledger, { limit: SHOWN })).slice(0, SHOWN);
    const [vkey] = await checkpoints.vkeys(ledger);
    const page: CheckpointsPage = {
      origin: revealText(status.origin),
      vkey: vkey === undefined ? null : { full: revealText(vkey), short: revealText(vkey) },
      state: status.state,
      stopped: revealText(status.stoppedDetail ?? ''),
      behind: ctx.t('integrity:checkpoints.behind', { count: formatNumber(status.behind, ctx) }),
      lines: newest.map(({ size, root, signedAt, reason }) => ({
        size: formatNumber(size, ctx),
        root: { full: revealText(root), short: shorten(revealText(root), 17) },
        signed: showTime(storedTime(signedAt), ctx),
        reason: ctx.t(`integrity:checkpoints.reason.${reason}`),
      })),
    };
    return { view: 'checkpoints', page };
  };
}
