import { matchActions } from '../../core/action-catalogue';
import { ACTOR_TYPES, CATEGORIES, OUTCOMES, SEVERITIES, VIAS } from '../../core/event';
import { KnownError } from '../../errors';

/** Values of one filter: any of `is`, none of `not`. */
export interface Terms {
  readonly is: readonly string[];
  readonly not: readonly string[];
}

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

/** A filter as somebody wrote it: names and raw values, as in a query string. */
export type RawFilter = Partial<Record<FilterName, string>>;

/** A filter that was checked: safe to search with. Times are milliseconds, half-open (`after` <= t < `before`). */
export interface EntryFilter {
  readonly terms: Partial<
    Record<'category' | 'severity' | 'action' | 'outcome' | 'actor' | 'target' | 'client' | 'via' | 'hook', Terms>
  >;
  /** Texts of which every word must occur. */
  readonly q: string | null;
  readonly actorName: string | null;
  readonly ip: string | null;
  readonly after: number | null;
  readonly before: number | null;
  /** Leading hex digits, at least eight. */
  readonly hash: string | null;
  readonly status: 'valid' | 'broken' | null;
}

const CLOSED = { category: CATEGORIES, severity: SEVERITIES, outcome: OUTCOMES, via: VIAS } as const;

/** Reads a filter. Throws KnownError `bad_filter` that names the parameter and what it should look like. */
export function parseFilter(raw: RawFilter): EntryFilter {
  const terms: Record<string, Terms> = {};
  for (const name of [
    'category',
    'severity',
    'action',
    'outcome',
    'actor',
    'target',
    'client',
    'via',
    'hook',
  ] as const) {
    const value = present(raw[name]);
    if (value !== null) terms[name] = checkTerms(name, splitTerms(value));
  }
  const after = parseTime('after', raw.after);
  const before = parseTime('before', raw.before);
  if (after !== null && before !== null && after > before)
    throw new KnownError('bad_filter', 'after must not be later than before');
  return {
    terms,
    q: bounded('q', raw.q, 200),
    actorName: bounded('actor_name', raw.actor_name, 200),
    ip: bounded('ip', raw.ip, 64),
    after,
    before,
    hash: parseHash(raw.hash),
    status: parseStatus(raw.status),
  };
}

function splitTerms(value: string): Terms {
  const texts = value.split(',').map((part) => part.trim()).filter((part) => part !== '' && part !== '!'); // prettier-ignore
  // Once each: the search reads one run of an index for every value.
  const parts = [...new Set(texts)];
  return {
    is: parts.filter((part) => !part.startsWith('!')),
    not: parts.filter((part) => part.startsWith('!')).map((part) => part.slice(1)),
  };
}

function checkTerms(name: string, terms: Terms): Terms {
  const all = [...terms.is, ...terms.not];
  if (all.length > 50) throw new KnownError('bad_filter', `${name}: at most 50 values`);
  if (all.some((value) => value.length > 191)) throw new KnownError('bad_filter', `${name}: a value is too long`);
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
  if (name === 'target' && all.some((value) => !/^[a-z_]+(:.+)?$/.test(value))) {
    throw new KnownError('bad_filter', 'target: write TYPE or TYPE:ID, as in invoice:123');
  }
  if (name !== 'action') return terms;
  // A pattern that no action fits finds nothing, which is an answer, not an error.
  const expand = (patterns: readonly string[]) => [...new Set(patterns.flatMap((pattern) => matchActions(pattern)))];
  const is = expand(terms.is);
  return { is: terms.is.length > 0 && is.length === 0 ? ['-'] : is, not: expand(terms.not) };
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

function parseHash(value: string | undefined): string | null {
  const text = present(value)?.toLowerCase() ?? null;
  if (text !== null && !/^[0-9a-f]{8,64}$/.test(text))
    throw new KnownError('bad_filter', 'hash: write 8 to 64 hex digits');
  return text;
}

function parseStatus(value: string | undefined): 'valid' | 'broken' | null {
  const text = present(value);
  if (text !== null && text !== 'valid' && text !== 'broken')
    throw new KnownError('bad_filter', 'status: write valid or broken');
  return text;
}

function bounded(name: string, value: string | undefined, max: number): string | null {
  const text = present(value);
  if (text !== null && text.length > max) throw new KnownError('bad_filter', `${name}: at most ${max} characters`);
  return text;
}

function present(value: string | undefined): string | null {
  const text = value?.trim() ?? '';
  return text === '' ? null : text.toWellFormed();
}
