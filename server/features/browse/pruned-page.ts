import { formatNumber, showTime, whoIs, type PageContext } from '../../http/page-context';
import type { PrunedPlace } from '../retention/prune-service';

export interface PrunedPage {
  readonly title: string;
  readonly what: string;
  readonly why: string;
  readonly safe: string;
  readonly rows: readonly { readonly label: string; readonly value: string; readonly href: string | null }[];
  readonly logHref: string;
}

/** In the place of an entry that a prune took. */
export function prunedPage(seq: number, place: PrunedPlace, ctx: PageContext): PrunedPage {
  const { t, url } = ctx;
  const number = (value: number) => formatNumber(value, ctx);
  const isPurge = place.days === 0;
  const range = { count: place.entries, from: number(place.fromSeq), to: number(place.toSeq) };
  const certificate =
    place.certificateSeq === null
      ? []
      : [
          {
            label: t('retention:pruned.certificate'),
            value: number(place.certificateSeq),
            href: url(`/entries/${place.certificateSeq}`),
          },
        ];
  return {
    title: t('retention:pruned.title', { seq: number(seq) }),
    what: t('retention:pruned.what'),
    why: isPurge ? t('retention:pruned.why_purge') : t('retention:pruned.why', { count: place.days }),
    safe: t(isPurge ? 'retention:pruned.safe_purge' : 'retention:pruned.safe'),
    rows: [
      { label: t('retention:pruned.when'), value: showTime(place.startedAt, ctx).local, href: null },
      { label: t('retention:pruned.who'), value: whoIs(place.requestedBy, ctx), href: null },
      { label: t('retention:pruned.range'), value: t('retention:pruned.range_value', range), href: null },
      ...certificate,
      { label: t('retention:pruned.id'), value: place.id, href: null },
    ],
    logHref: url('/entries'),
  };
}
