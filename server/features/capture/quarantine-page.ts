import {
  formatNumber,
  revealText,
  shorten,
  showTime,
  translateCode,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';

/** A delivered item that could not become an entry, as it is kept. */
export interface QuarantineRow {
  readonly id: string | number;
  readonly bridge_name: string | null;
  readonly event_id: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly item: string;
  /** RFC 3339 or milliseconds. */
  readonly received_at: string | number;
}

export interface QuarantinePage {
  readonly title: string;
  readonly count: string;
  readonly rows: readonly {
    readonly received: ShownTime;
    readonly bridge: string;
    readonly reason: string;
    readonly detail: string;
    readonly eventId: string;
    readonly item: string;
    readonly size: string;
  }[];
}

const MAX_SHOWN = 20_000;

export function quarantinePage(rows: readonly QuarantineRow[], ctx: PageContext): QuarantinePage {
  const { t } = ctx;
  return {
    title: t('capture:title'),
    count: t('capture:count', { total: formatNumber(rows.length, ctx) }),
    rows: rows.map((row) => ({
      received: showTime(row.received_at, ctx),
      bridge: shorten(revealText(row.bridge_name ?? t('capture:unknown_bridge')), 60),
      reason: translateCode(ctx, 'capture:reason.', row.reason),
      detail: revealText(row.detail),
      eventId: shorten(revealText(row.event_id ?? ''), 60),
      item: shownItem(row.item),
      size: t('capture:size', { characters: formatNumber([...row.item].length, ctx) }),
    })),
  };
}

/** As it came, byte for byte: read and written anew, a member named twice would be gone. */
function shownItem(item: string): string {
  return revealText(item.length > MAX_SHOWN ? `${item.slice(0, MAX_SHOWN)}…` : item);
}
