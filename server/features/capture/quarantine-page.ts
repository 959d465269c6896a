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
  /** Null on the newest page. */
  readonly firstHref: string | null;
  /** The next older items; null where there are none. */
  readonly nextHref: string | null;
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

/** A page of what is kept: how much there is in all, and how much of it is newer than `rows`. */
export interface QuarantinePlace {
  readonly total: number;
  readonly newer: number;
}

export function quarantinePage(
  rows: readonly QuarantineRow[],
  { total, newer }: QuarantinePlace,
  ctx: PageContext,
): QuarantinePage {
  const { t, url } = ctx;
  const to = newer + rows.length;
  const last = rows.at(-1);
  return {
    title: t('capture:title'),
    count:
      rows.length === total
        ? t('capture:count', { total: formatNumber(total, ctx) })
        : t('browse:count', {
            from: formatNumber(newer + 1, ctx),
            to: formatNumber(to, ctx),
            total: formatNumber(total, ctx),
          }),
    firstHref: newer > 0 ? url('/quarantine') : null,
    nextHref: last && to < total ? url('/quarantine', { before: last.id }) : null,
    rows: rows.map((row) => ({
      received: showTime(row.received_at, ctx),
      bridge: shorten(revealText(row.bridge_name ?? t('capture:unknown_bridge')), 60),
      reason: translateCode(ctx, 'capture:reason.', row.reason),
      detail: revealText(row.detail),
      eventId: shorten(revealText(row.event_id ?? ''), 60),
      item: shownItem(row.item),
      size: t('capture:size', { count: [...row.item].length }),
    })),
  };
}

/** As it came, byte for byte: read and written anew, a member named twice would be gone. */
function shownItem(item: string): string {
  return revealText(item.length > MAX_SHOWN ? `${item.slice(0, MAX_SHOWN)}…` : item);
}
