import { matchActions } from '../../core/action-catalogue';
import { ACTOR_TYPES, CATEGORIES, OUTCOMES, SEVERITIES, VIAS } from '../../core/event';
import { KnownError } from '../../errors';
import { splitTerms, type Terms } from './filter-list';
import { parseText, type TextFilter } from './text-filter';

export const FILTER_NAMES = [
  'category',
  'severity',
  'action',
  'outcome',
  'actor',
  'actor_name',
  'target',
  'client',
  'ip',
  'via',
  'hook',
  'q',
  'after',
  'before',
  'hash',
  'status',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/**
 * A filter as somebody wrote it: names and raw values, as in a query string. Every value but `after` and `before` may be a comma
 * list ("any of") with `!` ("not") and quotes. `ledger` is a name that the place where one searches may have.
 */
export type RawFilter = Partial<Record<FilterName | 'ledger', string>>;

const LISTS = [
  'category',
  'severity',
  'action',
  'outcome',
  'actor',
  'target',
  'client',
  'ip',
  'via',
  'hook',
  'hash',
  'status',
  'ledger',
] as const;
export type ListName = (typeof LISTS)[number];

/** A filter that was checked: safe to search with. Times are milliseconds, half-open (`after` <= t < `before`). */
export interface EntryFilter {
  /** Hashes are leading hex digits, at least eight; actions have no wildcards any more. */
  readonly terms: Partial<Record<ListName, Terms>>;
  /** What must occur anywhere in the entry. */
  readonly q: TextFilter | null;
  readonly actorName: TextFilter | null;
  readonly after: number | null;
  readonly before: number | null;
}

const CLOSED = {
  category: CATEGORIES,
  severity: SEVERITIES,
  outcome: OUTCOMES,
  via: VIAS,
  status: ['valid', 'broken'],
} as const;
const MAX_TEXT = 200;
const MAX_VALUES = 50;
const MAX_LENGTH: Partial<Record<ListName, number>> = { ip: 64, hash: 64, ledger: 128 };

/** Reads a filter. Throws KnownError `bad_filter` that names the parameter and what it should look like. */
export function parseFilter(raw: RawFilter): EntryFilter {
  const terms: Partial<Record<ListName, Terms>> = {};
  for (const name of LISTS) {
    const value = present(raw[name]);
    if (value !== null) terms[name] = checkTerms(name, splitTerms(value));
  }
  const after = parseTime('after', raw.after);
  const before = parseTime('before', raw.before);
  if (after !== null && before !== null && after > before)
    throw new KnownError('bad_filter', 'after must not be later than before');
  return {
    terms,
    q: textOf('q', raw.q),
    actorName: textOf('actor_name', raw.actor_name),
    after,
    before,
  };
}

function checkTerms(name: ListName, terms: Terms): Terms {
  const all = [...terms.is, ...terms.not];
  if (all.length > MAX_VALUES) throw new KnownError('bad_filter', `${name}: at most ${MAX_VALUES} values`);
  const longest = MAX_LENGTH[name] ?? 191;
  if (all.some((value) => value.length > longest))
    throw new KnownError('bad_filter', `${name}: a value is too long, at most ${longest} characters`);
  if (name in CLOSED) {
    const allowed: readonly string[] = CLOSED[name as keyof typeof CLOSED];
    const wrong = all.find((value) => !allowed.includes(value));
    if (wrong !== undefined) throw new KnownError('bad_filter', `${name}: ${wrong} is none of ${allowed.join(', ')}`);
  }
  if (name === 'actor') {
    const wrong = all.find((value) => !(ACTOR_TYPES as readonly string[]).includes(value.split(':')[0] ?? ''));
    if (wrong !== undefined)
      throw new KnownError(
        'bad_filter',
        `actor: write TYPE or TYPE:ID, as in admin:7, with TYPE one of ${ACTOR_TYPES.join(', ')}`,
      );
  }
  if (name === 'target' && all.some((value) => !/^[a-z_]+(:.+)?$/s.test(value)))
    throw new KnownError('bad_filter', 'target: write TYPE or TYPE:ID, as in invoice:123');
  if (name === 'hash' && all.some((value) => !/^[0-9a-f]{8,64}$/i.test(value)))
    throw new KnownError('bad_filter', 'hash: write 8 to 64 hex digits');
  if (name === 'hash' || name === 'ip') return eachOf(terms, (value) => [value.toLowerCase()]);
  if (name !== 'action') return terms;
  // A pattern that no action fits finds nothing, which is an answer, not an error.
  const expanded = eachOf(terms, matchActions);
  return { is: terms.is.length > 0 && expanded.is.length === 0 ? ['-'] : expanded.is, not: expanded.not };
}

function eachOf({ is, not }: Terms, change: (value: string) => readonly string[]): Terms {
  return { is: [...new Set(is.flatMap(change))], not: [...new Set(not.flatMap(change))] };
}

/** A date means its first moment in UTC, also for `before`, which is half-open. */
function parseTime(name: string, value: string | undefined): number | null {
  const text = present(value);
  if (text === null) return null;
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const [year, month, day] = (match ?? []).slice(1, 4).map(Number);
  const ms = match
    ? Date.parse(text.length > 10 && !/(Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text}Z` : text)
    : Number.NaN;
  const isRealDay = match !== null && (day ?? 0) <= new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  if (Number.isNaN(ms) || !isRealDay)
    throw new KnownError('bad_filter', `${name}: write a date (2026-11-21) or an RFC 3339 time (2026-11-21T08:00:00Z)`);
  return ms;
}

function textOf(name: string, value: string | undefined): TextFilter | null {
  const text = present(value);
  if (text === null) return null;
  if (text.length > MAX_TEXT) throw new KnownError('bad_filter', `${name}: at most ${MAX_TEXT} characters`);
  return parseText(text);
}

function present(value: string | undefined): string | null {
  const text = value?.trim() ?? '';
  return text === '' ? null : text.toWellFormed();
}
