import { findAction, ALL_ACTIONS } from '../../core/action-catalogue';
import { CATEGORIES, OUTCOMES, SEVERITIES } from '../../core/event';
import { fieldToken, tokenize, tokenNumber } from '../../core/search-tokens';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { decodeCursor, encodeCursor, type Cursor } from './cursor';
import { countDays, countPruned, type DayCount } from './day-counts';
import type { EntryFilter } from './entry-filter';
import type { Terms } from './filter-list';
import type { TextFilter } from './text-filter';
import { TOTAL_CAP, type EntrySearch, type PageRequest, type SearchPage, type Sort } from './entry-search';

/** A piece of SQL with its bindings, over `entries e`. */
interface Sql {
  readonly text: string;
  readonly bindings: readonly Cell[];
}

/**
 * How the rows are reached. Every branch is one contiguous run of an index in which rows stand in the order of `seq`, so a page
 * is a few index positions whatever the size of the ledger; the rest of the filter is checked on the way.
 */
interface Access {
  readonly index: string | null;
  readonly branches: readonly Sql[];
  /** Reaches the rows through the token index. */
  readonly tokens?: readonly number[];
  /** Conditions that `branches` (or `tokens`) already guarantee. */
  readonly covers: ReadonlySet<string>;
}

interface Plan {
  readonly conditions: readonly Condition[];
  readonly access: Access;
  /** null: the filter names no time. */
  readonly days: DayCount | null;
}

interface Condition extends Sql {
  readonly name: string;
}

/** Kinds of target that a hook gives to actions which usually have another: an index of actions does not find them all. */
export const MIXED_TARGETS: readonly string[] = ['automation', 'upgrade'];
/** More branches than this cost more than they save. */
const MAX_BRANCHES = 40;
/** Up to so many entries of a date range are sorted rather than walked to. */
const SORTABLE = 20_000;
/** Rows looked at for a total when a filter leaves conditions that no index holds. */
const COUNT_WINDOW = 20_000;
/** Rows of an access path looked at to find out which path is the narrowest. */
const PROBE = 1_000;

export function createEntrySearch(database: Database): EntrySearch {
  const { knex: db, dialect } = database;
  const select = (text: string, bindings: readonly Cell[]) => dialect.selectArrays(db, text, bindings);

  /** Made once for a page or an export: choosing the path costs a few small queries. */
  async function plan(ledger: Ledger, filter: EntryFilter): Promise<Plan> {
    const conditions = conditionsOf(filter, ledger.id);
    const days =
      filter.after === null && filter.before === null
        ? null
        : await countDays(database, ledger.id, filter.after, filter.before);
    const paths = accessPaths(filter, days, ledger.id);
    return { conditions, days, access: await narrowest(ledger, paths) };
  }

  /** The path with the fewest rows, as far as a bounded look tells. */
  async function narrowest(ledger: Ledger, paths: readonly Access[]): Promise<Access> {
    const [first, ...others] = paths;
    if (!first) return { index: null, branches: [{ text: '1 = 1', bindings: [] }], covers: new Set() };
    if (others.length === 0) return first;
    let best = { path: first, rows: Number.POSITIVE_INFINITY };
    for (const path of paths) {
      const rows = await countPath(ledger, path, PROBE);
      if (rows < best.rows) best = { path, rows };
      if (rows === 0) break;
    }
    return best.path;
  }

  async function countPath(ledger: Ledger, path: Access, limit: number): Promise<number> {
    let sum = 0;
    for (const branch of branchSelects(ledger, path, [], '1')) {
      const [row] = await select(`SELECT COUNT(*) FROM (${branch.text} LIMIT ${limit}) counted`, branch.bindings);
      sum += Number(row?.[0] ?? 0);
      if (sum >= limit) return limit;
    }
    return sum;
  }

  /** One SELECT a branch, without ORDER BY and LIMIT. */
  function branchSelects(ledger: Ledger, access: Access, extra: readonly Sql[], columns: string): Sql[] {
    if (access.tokens) {
      const [token, ...more] = access.tokens;
      const joins = more
        .map(
          (_, i) =>
            `JOIN entry_tokens t${i} ON t${i}.ledger_id = t.ledger_id AND t${i}.token = ? AND t${i}.seq = t.seq`,
        )
        .join(' ');
      const needsEntry = extra.some((one) => one.text.includes('e.'));
      const entry = needsEntry ? 'JOIN entries e ON e.ledger_id = t.ledger_id AND e.seq = t.seq' : '';
      const where = [
        't.ledger_id = ?',
        't.token = ?',
        ...extra.map((one) => one.text.replaceAll('{seq}', 't.seq')),
      ].join(' AND ');
      const bindings = [...more, ledger.id, token ?? 0, ...extra.flatMap((one) => one.bindings)];
      return [
        {
          text: `SELECT ${columns.replaceAll('{seq}', 't.seq')} FROM entry_tokens t ${joins} ${entry} WHERE ${where}`,
          bindings,
        },
      ];
    }
    const hint = access.index === null ? '' : dialect.useIndex(access.index);
    return access.branches.map((branch) => ({
      text: `SELECT ${columns.replaceAll('{seq}', 'e.seq')} FROM entries e ${hint} WHERE e.ledger_id = ? AND ${branch.text}${extra.map((one) => ` AND ${one.text.replaceAll('{seq}', 'e.seq')}`).join('')}`,
      bindings: [ledger.id, ...branch.bindings, ...extra.flatMap((one) => one.bindings)],
    }));
  }

  async function findSeqs(ledger: Ledger, planned: Plan, sort: Sort, window: Window): Promise<Found[]> {
    const { conditions, access, days } = planned;
    return sort === 'seq' || sort === '-seq'
      ? findBySeq(ledger, access, conditions, days, sort, window)
      : findByTime(ledger, conditions, sort, window);
  }

  async function findBySeq(
    ledger: Ledger,
    access: Access,
    conditions: readonly Condition[],
    days: DayCount | null,
    sort: Sort,
    window: Window,
  ): Promise<Found[]> {
    const descending = (sort === '-seq') !== window.backwards;
    const rest = conditions.filter((condition) => !access.covers.has(condition.name));
    const bounds: Sql[] = [];
    if (window.after) bounds.push({ text: `{seq} ${descending ? '<' : '>'} ?`, bindings: [window.after.seq] });
    if (days) bounds.push({ text: '{seq} BETWEEN ? AND ?', bindings: [days.minSeq, days.maxSeq] });
    const order = `ORDER BY {seq} ${descending ? 'DESC' : 'ASC'}`;
    const limit = window.limit + window.offset;
    const branches = branchSelects(ledger, access, [...bounds, ...rest], '{seq} AS seq').map((branch) => ({
      text: `${branch.text} ${order.replaceAll('{seq}', access.tokens ? 't.seq' : 'e.seq')} LIMIT ${limit}`,
      bindings: branch.bindings,
    }));
    const text =
      branches.length === 1
        ? (branches[0]?.text ?? '')
        : `SELECT seq FROM (${branches.map((branch) => `SELECT * FROM (${branch.text}) b`).join(' UNION ALL ')}) u ORDER BY seq ${descending ? 'DESC' : 'ASC'} LIMIT ${limit}`;
    const rows = await select(text, branches.flatMap((branch) => branch.bindings)); // prettier-ignore
    const found = rows.slice(window.offset).map(([seq]) => ({ seq: Number(seq), time: 0 }));
    return window.backwards ? found.reverse() : found;
  }

  async function findByTime(
    ledger: Ledger,
    conditions: readonly Condition[],
    sort: Sort,
    window: Window,
  ): Promise<Found[]> {
    const descending = (sort === '-occurred_at') !== window.backwards;
    const than = descending ? '<' : '>';
    const direction = descending ? 'DESC' : 'ASC';
    const bounds: Sql[] = window.after
      ? [
          {
            text: `(e.occurred_at ${than}= ? AND (e.occurred_at ${than} ? OR e.seq ${than} ?))`,
            bindings: [window.after.time, window.after.time, window.after.seq],
          },
        ]
      : [];
    const where = [
      'e.ledger_id = ?',
      ...bounds.map((one) => one.text),
      ...conditions.map((one) => one.text.replaceAll('{seq}', 'e.seq')),
    ].join(' AND ');
    const bindings = [
      ledger.id,
      ...bounds.flatMap((one) => one.bindings),
      ...conditions.flatMap((one) => one.bindings),
    ];
    const rows = await select(
      `SELECT e.seq, e.occurred_at FROM entries e ${dialect.useIndex('entries_occurred')} WHERE ${where} ORDER BY e.occurred_at ${direction}, e.seq ${direction} LIMIT ${window.limit + window.offset}`,
      bindings,
    );
    const found = rows.slice(window.offset).map(([seq, time]) => ({ seq: Number(seq), time: Number(time) }));
    return window.backwards ? found.reverse() : found;
  }

  async function countMatches(
    ledger: Ledger,
    filter: EntryFilter,
    planned: Plan,
  ): Promise<{ total: number; exact: boolean }> {
    const { conditions, access, days } = planned;
    if (conditions.length === 0) {
      const [row] = await select('SELECT seq FROM heads WHERE ledger_id = ?', [ledger.id]);
      return { total: Number(row?.[0] ?? 0) - (await countPruned(database, ledger.id)), exact: true };
    }
    const counted = await fromCounters(ledger, filter, days);
    if (counted !== undefined) return { total: counted, exact: true };

    const rest = conditions.filter((condition) => !access.covers.has(condition.name));
    const bounds: Sql[] = days ? [{ text: '{seq} BETWEEN ? AND ?', bindings: [days.minSeq, days.maxSeq] }] : [];
    let total = 0;
    let exact = true;
    for (const branch of branchSelects(ledger, access, bounds, rest.length === 0 ? '1' : '{seq} AS seq')) {
      // A window of the newest rows: what lies outside it is "more than".
      const window =
        rest.length === 0
          ? `${branch.text} LIMIT ${TOTAL_CAP + 1}`
          : `${branch.text} ORDER BY seq DESC LIMIT ${COUNT_WINDOW}`;
      const sql = rest.length === 0
        ? `SELECT COUNT(*), 0 FROM (${window}) counted`
        : `SELECT SUM(CASE WHEN ${rest.map((one) => one.text.replaceAll('{seq}', 'e.seq')).join(' AND ')} THEN 1 ELSE 0 END), COUNT(*) FROM (${window}) w JOIN entries e ON e.ledger_id = ? AND e.seq = w.seq`; // prettier-ignore
      const bindings =
        rest.length === 0 ? branch.bindings : [...rest.flatMap((one) => one.bindings), ...branch.bindings, ledger.id];
      const [row] = await select(sql, bindings);
      total += Number(row?.[0] ?? 0);
      if (rest.length > 0 && Number(row?.[1] ?? 0) >= COUNT_WINDOW) exact = false;
      if (total > TOTAL_CAP) return { total: TOTAL_CAP, exact: false };
    }
    return { total, exact };
  }

  /** A total that the kept counters tell: category, severity and whole days. */
  async function fromCounters(ledger: Ledger, filter: EntryFilter, days: DayCount | null): Promise<number | undefined> {
    const countable = new Set(['category', 'severity']);
    const others = filter.q ?? filter.actorName;
    if (others !== null || Object.keys(filter.terms).some((name) => !countable.has(name))) return undefined;
    if (days !== null && !days.wholeDays) return undefined;
    const where: string[] = ['ledger_id = ?'];
    const bindings: Cell[] = [ledger.id];
    if (days) {
      where.push('day >= ? AND day <= ?');
      bindings.push(days.firstDay, days.lastDay);
    }
    for (const name of ['category', 'severity'] as const) {
      const values = closedValues(filter.terms[name], name === 'category' ? CATEGORIES : SEVERITIES);
      if (values === null) continue;
      where.push(`${name} IN (${values.map(() => '?').join(',') || 'NULL'})`);
      bindings.push(...values);
    }
    const [row] = await select(`SELECT SUM(entries) FROM day_counters WHERE ${where.join(' AND ')}`, bindings);
    return Number(row?.[0] ?? 0);
  }

  return {
    async findPage(ledger, request: PageRequest): Promise<SearchPage> {
      const { filter, sort, perPage } = request;
      const cursor = request.cursor === undefined ? undefined : decodeCursor(request.cursor, sort);
      const page = cursor ? 1 : (request.page ?? 1);
      const offset = (page - 1) * perPage;
      if (offset >= TOTAL_CAP)
        throw new KnownError('bad_cursor', `pages reach to entry ${TOTAL_CAP}; follow next_cursor to go further`);
      const backwards = cursor?.direction === 'previous';
      const window: Window = {
        after: cursor ? { seq: cursor.seq, time: cursor.time } : null,
        backwards,
        limit: perPage + 1,
        offset,
      };

      const planned = await plan(ledger, filter);
      const found = await findSeqs(ledger, planned, sort, window);
      const hasMore = found.length > perPage;
      const shown = backwards ? found.slice(hasMore ? 1 : 0) : found.slice(0, perPage);
      const counted = await countMatches(ledger, filter, planned);
      const from = positionOf(cursor, shown.length, offset);
      const first = shown[0];
      const last = shown.at(-1);
      const hasNext = backwards ? true : hasMore;
      const hasPrevious = backwards ? hasMore && from > 1 : from > 1;
      // What was found is there, whatever a total counted a moment earlier or a window cut off.
      const total = Math.max(
        counted.total,
        shown.length === 0 ? 0 : from + shown.length - 1 + (hasNext && !counted.exact ? 1 : 0),
      );
      return {
        seqs: shown.map((one) => one.seq),
        total,
        totalIsExact: counted.exact,
        from: shown.length === 0 ? 0 : from,
        nextCursor:
          hasNext && last
            ? encodeCursor(
                { direction: 'next', seq: last.seq, time: last.time, position: from + shown.length - 1 },
                sort,
              )
            : null,
        previousCursor:
          hasPrevious && first
            ? encodeCursor({ direction: 'previous', seq: first.seq, time: first.time, position: from }, sort)
            : null,
      };
    },

    async *findAll(ledger, filter, sort, chunk) {
      let after: Window['after'] = null;
      const planned = await plan(ledger, filter);
      for (;;) {
        const found: Found[] = await findSeqs(ledger, planned, sort, {
          after,
          backwards: false,
          limit: chunk,
          offset: 0,
        });
        if (found.length > 0) yield found.map((one) => one.seq);
        const last = found.at(-1);
        if (!last || found.length < chunk) return;
        after = last;
      }
    },
  };
}

interface Found {
  readonly seq: number;
  readonly time: number;
}
interface Window {
  readonly after: Found | null;
  readonly backwards: boolean;
  readonly limit: number;
  readonly offset: number;
}

function positionOf(cursor: Cursor | undefined, shown: number, offset: number): number {
  if (!cursor) return offset + 1;
  return cursor.direction === 'next' ? cursor.position + 1 : Math.max(1, cursor.position - shown);
}

// ---- what a filter asks of a row

/** Entries that the latest verification of everything, or a later one of a part, found broken. */
function brokenSeqs(ledgerId: number): Sql {
  return {
    text: `SELECT x.seq FROM verification_breaks x JOIN verifications v ON v.id = x.verification_id
      WHERE v.ledger_id = ? AND v.state = 'saved' AND x.entry_id IS NOT NULL AND v.id >=
      (SELECT COALESCE(MAX(w.id), 0) FROM verifications w WHERE w.ledger_id = ? AND w.state = 'saved' AND w.scope = 'whole')`,
    bindings: [ledgerId, ledgerId],
  };
}

function conditionsOf(filter: EntryFilter, ledgerId: number): Condition[] {
  const conditions: Condition[] = [];
  const add = (name: string, text: string, bindings: readonly Cell[]) => conditions.push({ name, text, bindings });
  const { terms } = filter;
  for (const [name, column] of [['category', 'e.category'], ['severity', 'e.severity'], ['action', 'e.action'], ['outcome', 'e.outcome'], ['client', 'e.client_id'], ['via', 'e.via'], ['hook', 'e.hook']] as const) {
    const term = terms[name];
    if (term && term.is.length > 0) add(name, `${column} IN (${term.is.map(() => '?').join(',')})`, term.is);
    if (term && term.not.length > 0) add(`!${name}`, `(${column} IS NULL OR ${column} NOT IN (${term.not.map(() => '?').join(',')}))`, term.not);
  } // prettier-ignore
  for (const name of ['actor', 'target'] as const) {
    const term = terms[name];
    if (term && term.is.length > 0) add(name, `(${term.is.map((value) => refSql(name, value)).join(' OR ')})`, term.is.flatMap(refBindings)); // prettier-ignore
    if (term && term.not.length > 0) add(`!${name}`, `NOT (${term.not.map((value) => notNullRefSql(name, value)).join(' OR ')})`, term.not.flatMap(refBindings)); // prettier-ignore
  }
  if (filter.after !== null) add('after', 'e.occurred_at >= ?', [filter.after]);
  if (filter.before !== null) add('before', 'e.occurred_at < ?', [filter.before]);
  const hash = terms.hash;
  const inRange = '(e.hash >= ? AND e.hash <= ?)';
  if (hash && hash.is.length > 0)
    add('hash', `(${hash.is.map(() => inRange).join(' OR ')})`, hash.is.flatMap(hashRange));
  if (hash && hash.not.length > 0) add('!hash', `NOT (${hash.not.map(() => inRange).join(' OR ')})`, hash.not.flatMap(hashRange)); // prettier-ignore
  for (const { name, groups } of textConditions(filter)) {
    const has = (tokens: readonly number[]) => tokens.map(() => HAS_TOKEN).join(' AND ') || '1 = 1';
    const one = (group: TokenGroup) => [`(${has(group.all)})`, ...group.not.map((tokens) => `NOT (${has(tokens)})`)].join(' AND '); // prettier-ignore
    const bindings = groups.flatMap((group) => [...group.all, ...group.not.flat()]);
    add(name, groups.length === 0 ? '1 = 0' : `(${groups.map((group) => `(${one(group)})`).join(' OR ')})`, bindings);
  }
  const broken = brokenSeqs(ledgerId);
  for (const value of terms.status?.not ?? [])
    add('!status', `{seq} ${value === 'broken' ? 'NOT ' : ''}IN (${broken.text})`, broken.bindings);
  if (terms.status?.is.length === 1)
    add('status', `{seq} ${terms.status.is[0] === 'broken' ? '' : 'NOT '}IN (${broken.text})`, broken.bindings);
  return conditions;
}

const HAS_TOKEN =
  'EXISTS (SELECT 1 FROM entry_tokens x WHERE x.ledger_id = e.ledger_id AND x.token = ? AND x.seq = {seq})';

interface TokenGroup {
  readonly all: readonly number[];
  readonly not: readonly (readonly number[])[];
}

/** Any of the groups must hold. No group: text without a single word, which nothing can hold. */
function textConditions(filter: EntryFilter): { name: string; groups: TokenGroup[] }[] {
  const word = (text: string) => [...tokenize(text, { forSearch: true })].map(tokenNumber);
  const name = (text: string) => [...tokenize(text)].map((one) => tokenNumber(fieldToken('name', one)));
  const ip = filter.terms.ip;
  const address = (value: string) => tokenNumber(fieldToken('ip', value));
  return [
    ...(filter.q === null ? [] : [{ name: 'q', groups: textGroups(filter.q, word) }]),
    ...(filter.actorName === null ? [] : [{ name: 'actor_name', groups: textGroups(filter.actorName, name) }]),
    ...(ip && ip.is.length > 0 ? [{ name: 'ip', groups: ip.is.map((value) => ({ all: [address(value)], not: [] })) }] : []), // prettier-ignore
    ...(ip && ip.not.length > 0 ? [{ name: '!ip', groups: [{ all: [], not: ip.not.map((value) => [address(value)]) }] }] : []), // prettier-ignore
  ];
}

function textGroups(text: TextFilter, tokensOf: (piece: string) => number[]): TokenGroup[] {
  const pieces = (texts: readonly string[]) => texts.map(tokensOf).filter((tokens) => tokens.length > 0);
  const not = pieces(text.not);
  const any = text.any
    .map((group) => ({ all: pieces(group.all).flat(), not: [...pieces(group.not), ...not] }))
    .filter((group) => group.all.length > 0);
  return text.any.length === 0 && not.length > 0 ? [{ all: [], not }] : any;
}

function refSql(name: 'actor' | 'target', value: string): string {
  return value.includes(':') ? `(e.${name}_type = ? AND e.${name}_id = ?)` : `e.${name}_type = ?`;
}

/** The same, and never NULL: NOT of NULL would leave out what has no id. */
function notNullRefSql(name: 'actor' | 'target', value: string): string {
  return value.includes(':')
    ? `(e.${name}_type = ? AND e.${name}_id IS NOT NULL AND e.${name}_id = ?)`
    : refSql(name, value);
}

function refBindings(value: string): string[] {
  const at = value.indexOf(':');
  return at < 0 ? [value] : [value.slice(0, at), value.slice(at + 1)];
}

function hashRange(prefix: string): [string, string] {
  return [prefix, prefix.padEnd(64, 'f')];
}

/** The values of a closed set that a filter leaves; null when it leaves all. */
function closedValues(terms: Terms | undefined, all: readonly string[]): string[] | null {
  if (!terms) return null;
  return (terms.is.length > 0 ? terms.is : all).filter((value) => !terms.not.includes(value));
}

// ---- by which index to reach the rows

function accessPaths(filter: EntryFilter, days: DayCount | null, ledgerId: number): Access[] {
  const { terms } = filter;
  const paths: Access[] = [];
  const byColumn = (name: 'action' | 'client' | 'hook' | 'via' | 'outcome', column: string, index: string) => {
    const term = terms[name];
    const values = name === 'outcome' ? (term ? closedValues(term, OUTCOMES) : null) : (term?.is ?? []);
    if (values !== null && values.length > 0 && values.length <= MAX_BRANCHES) {
      paths.push({
        index,
        branches: values.map((value) => ({ text: `e.${column} = ?`, bindings: [value] })),
        covers: new Set([name, ...(name === 'outcome' ? ['!outcome'] : [])]),
      });
    }
  };
  const hashes = terms.hash?.is ?? [];
  if (hashes.length > 0)
    paths.push({
      index: 'entries_hash',
      branches: hashes.map((value) => ({ text: 'e.hash >= ? AND e.hash <= ?', bindings: hashRange(value) })),
      covers: new Set(['hash']),
    });
  if (terms.status?.is.length === 1 && terms.status.is[0] === 'broken') {
    const broken = brokenSeqs(ledgerId);
    const branch = { text: `e.seq IN (${broken.text})`, bindings: broken.bindings };
    paths.push({ index: null, branches: [branch], covers: new Set(['status']) });
  }
  for (const { name, groups } of textConditions(filter)) {
    const [group] = groups;
    if (groups.length === 1 && group && group.all.length > 0)
      paths.push({
        index: null,
        branches: [],
        tokens: group.all,
        covers: new Set(group.not.length === 0 ? [name] : []),
      });
  }
  byRef('target');
  byColumn('client', 'client_id', 'entries_client');
  byRef('actor');
  byColumn('action', 'action', 'entries_action');
  byColumn('hook', 'hook', 'entries_hook');
  byColumn('outcome', 'outcome', 'entries_outcome');
  byColumn('via', 'via', 'entries_via');

  const categories = closedValues(terms.category, CATEGORIES);
  const severities = closedValues(terms.severity, SEVERITIES);
  if (categories !== null || severities !== null) {
    const branches = (categories ?? CATEGORIES).flatMap((category) =>
      (severities ?? SEVERITIES).map((severity) => ({
        text: 'e.category = ? AND e.severity = ?',
        bindings: [category, severity],
      })),
    );
    const covers = new Set(['category', '!category', 'severity', '!severity']);
    if (branches.length > 0) paths.push({ index: 'entries_category', branches, covers });
  }
  if (days !== null && days.entries <= SORTABLE) {
    const range = {
      text: 'e.occurred_at >= ? AND e.occurred_at < ?',
      bindings: [filter.after ?? 0, filter.before ?? Number.MAX_SAFE_INTEGER],
    };
    paths.push({ index: 'entries_occurred', branches: [range], covers: new Set(['after', 'before']) });
  }
  return paths;

  function byRef(name: 'actor' | 'target'): void {
    const values = terms[name]?.is ?? [];
    if (values.length === 0) return;
    if (values.every((value) => value.includes(':')) && values.length <= MAX_BRANCHES) {
      paths.push({
        index: `entries_${name}`,
        branches: values.map((value) => ({ text: refSql(name, value), bindings: refBindings(value) })),
        covers: new Set([name]),
      });
    } else if (name === 'actor' && values.length === 1 && values[0] !== undefined) {
      paths.push({
        index: null,
        branches: [],
        tokens: [tokenNumber(fieldToken('actor_type', values[0]))],
        covers: new Set(),
      });
    } else if (name === 'target') {
      // A type alone is not a run of its index in order of seq, but its actions are.
      const types = new Set(values.map((value) => value.split(':')[0]));
      const actions = ALL_ACTIONS.filter((action) => types.has(action.targetType)).map((action) => action.action);
      const known =
        actions.length > 0 &&
        actions.length <= MAX_BRANCHES &&
        actions.every((action) => findAction(action) !== undefined);
      if (known && !MIXED_TARGETS.some((type) => types.has(type)))
        paths.push({
          index: 'entries_action',
          branches: actions.map((action) => ({ text: 'e.action = ?', bindings: [action] })),
          covers: new Set(),
        });
    }
  }
}
