import { SEVERITIES } from '../../core/event';
import { translateCode, type PageContext } from '../../http/page-context';
import type { Query } from '../../http/url-builder';
import { actorText, entryLine, type EntryLine, type EntryView } from '../browse/browse-service';

const SORT_KEYS = ['time', 'category', 'severity', 'action', 'actor'] as const;
type SortKey = (typeof SORT_KEYS)[number];

/** A column as partials/table.ejs wants it. */
interface ColumnHeader {
  readonly name: string;
  readonly label: string;
  /** The same entries in another order; null for a column that does not sort. */
  readonly href: string | null;
  readonly direction: 'ascending' | 'descending' | 'none';
}

export interface LatestPage {
  readonly columns: readonly ColumnHeader[];
  readonly lines: readonly EntryLine[];
}

/** The newest entries in the order that the reader chose; `kept` is what else the address says. */
export function latestPage(entries: readonly EntryView[], sort: string, kept: Query, ctx: PageContext): LatestPage {
  const { key, isDescending } = readSort(sort);
  return {
    columns: columnsOf(key, isDescending, kept, ctx),
    lines: sortEntries(entries, key, isDescending, ctx).map((entry) =>
      entryLine(entry, ctx, (name, value) => ctx.url('/entries', { [name]: value })),
    ),
  };
}

function readSort(sort: string): { key: SortKey; isDescending: boolean } {
  const name = sort.replace(/^-/, '');
  const key = SORT_KEYS.find((known) => known === name);
  return key ? { key, isDescending: sort.startsWith('-') } : { key: 'time', isDescending: true };
}

/** Categories and actors in the order of the language, severities by rank; equal ones newest first. */
function sortEntries(
  entries: readonly EntryView[],
  key: SortKey,
  isDescending: boolean,
  ctx: PageContext,
): EntryView[] {
  const collator = new Intl.Collator(ctx.lng, { numeric: true });
  const severities: readonly string[] = SEVERITIES;
  const compare: Record<SortKey, (a: EntryView, b: EntryView) => number> = {
    time: (a, b) => a.occurred_at.localeCompare(b.occurred_at, 'en') || a.seq - b.seq,
    severity: (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
    category: (a, b) =>
      collator.compare(
        translateCode(ctx, 'terms:category.', a.category),
        translateCode(ctx, 'terms:category.', b.category),
      ),
    action: (a, b) => collator.compare(a.action, b.action),
    actor: (a, b) => collator.compare(actorText(a, ctx), actorText(b, ctx)),
  };
  const sign = isDescending ? -1 : 1;
  return [...entries].sort((a, b) => sign * compare[key](a, b) || b.seq - a.seq);
}

function columnsOf(current: SortKey, isDescending: boolean, kept: Query, { t, url }: PageContext): ColumnHeader[] {
  return ['time', 'severity', 'what', 'category', 'action', 'actor', 'chain'].map((name) => {
    const label = t(`browse:column.${name}`);
    if (name === 'what' || name === 'chain') return { name, label, href: null, direction: 'none' };
    const isCurrent = name === current;
    // Newest and gravest first; names from A.
    const startsDescending = name === 'time' || name === 'severity';
    const next = isCurrent ? !isDescending : startsDescending;
    const direction = isCurrent ? (isDescending ? 'descending' : 'ascending') : 'none';
    return { name, label, href: `${url('/', { ...kept, sort: `${next ? '-' : ''}${name}` })}#latest`, direction };
  });
}
