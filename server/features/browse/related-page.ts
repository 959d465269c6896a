import { formatNumber, showTime, type PageContext, type ShownTime } from '../../http/page-context';
import { sentenceOf } from './entry-line-page';
import { entryHref, makePlace } from './list-place';
import type { RelatedGroup } from './related-service';

interface RelatedLine {
  readonly sentence: string;
  readonly href: string;
  readonly seq: string;
  readonly time: ShownTime;
  /** Stands before the entry in the chain, or after it. */
  readonly side: 'before' | 'after';
  readonly sideLabel: string;
}

export interface RelatedPart {
  readonly title: string;
  readonly note: string;
  readonly lines: readonly RelatedLine[];
  /** The log, narrowed to all of them. */
  readonly all: { readonly label: string; readonly href: string } | null;
}

/** Groups of related entries, newest first as in the log. */
export function relatedParts(groups: readonly RelatedGroup[], seq: number, ctx: PageContext): RelatedPart[] {
  const { t, url } = ctx;
  return groups.map(({ relation, entries, filter, window }) => ({
    title: t(`entry:related.${relation}`),
    note: window === null ? '' : t('entry:related_window', { count: window }),
    lines: [...entries].reverse().map((entry) => {
      const side = entry.seq < seq ? 'before' : 'after';
      return {
        sentence: sentenceOf(entry, ctx),
        href: entryHref(url, entry.id, filter && makePlace('/entries', { ...filter, range: 'all' })),
        seq: formatNumber(entry.seq, ctx),
        time: showTime(entry.occurred_at, ctx),
        side,
        sideLabel: t(`entry:related_side.${side}`),
      };
    }),
    all: filter === null ? null : { label: t('entry:related_all'), href: url('/entries', { ...filter, range: 'all' }) },
  }));
}
