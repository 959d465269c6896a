import { CATEGORIES, OUTCOMES, SEVERITIES, VIAS } from '../../core/event';
import { fieldToken, searchWords, tokenNumber } from '../../core/search-tokens';
import type { Cell, Dialect } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import type { EntryFilter, ListName } from './entry-filter';
import { prefixKey } from './entry-terms';
import type { Terms } from './filter-list';
import { holdsWord } from './fresh-words';
import type { TextFilter } from './text-filter';

/** A piece of SQL with its bindings. */
export interface Sql {
  readonly text: string;
  readonly bindings: readonly Cell[];
}

/** How the entries of a term are found in a block that has no set of it: one run of an index, in the order of `column`. */
export type Run =
  | { readonly kind: 'rows'; readonly select: Sql; readonly column: string }
  | { readonly kind: 'words'; readonly prefix: string };

export interface Term {
  /** Number of its sets. */
  readonly key: number;
  /** The same as a condition on `entries e` and `fresh_words f`. */
  readonly row: Sql;
  /** null: a block without a set has no such entry. */
  readonly run: Run | null;
  readonly isWord: boolean;
}

/** What a filter asks of an entry. */
export type Expression =
  | { readonly kind: 'term'; readonly term: Term }
  /** Half-open, in milliseconds. */
  | { readonly kind: 'time'; readonly from: number; readonly to: number }
  /** All of none: everything. */
  | { readonly kind: 'all'; readonly of: readonly Expression[] }
  /** Any of none: nothing. */
  | { readonly kind: 'any'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression };

const ALL: Readonly<Partial<Record<ListName, readonly string[]>>> = { category: CATEGORIES, severity: SEVERITIES, outcome: OUTCOMES, via: VIAS }; // prettier-ignore
const COLUMNS = { category: 'category', severity: 'severity', action: 'action', outcome: 'outcome', via: 'via', hook: 'hook' } as const; // prettier-ignore
const NOTHING: Expression = { kind: 'any', of: [] };

/** Puts a filter into terms whose sets are kept, each with the way to do without. */
export function expressionOf(filter: EntryFilter, ledger: Ledger, dialect: Dialect): Expression {
  const { terms } = filter;
  const lists = Object.entries(terms).flatMap(([name, list]) => listOf(list, termOf(name as ListName)));
  const texts = [
    ...(filter.q === null ? [] : [textOf(filter.q, (piece) => wordsAsked(piece, (word) => word))]),
    ...(filter.actorName === null ? [] : [textOf(filter.actorName, (piece) => wordsAsked(piece, (word) => fieldToken('name', word)))]), // prettier-ignore
  ];
  const isTimed = filter.after !== null || filter.before !== null;
  const time = { from: filter.after ?? Number.MIN_SAFE_INTEGER, to: filter.before ?? Number.MAX_SAFE_INTEGER };
  return { kind: 'all', of: [...lists, ...texts, ...(isTimed ? [{ kind: 'time', ...time } as const] : [])] };

  function termOf(name: ListName): (value: string) => Expression {
    if (name === 'ledger') return (value) => (value === ledger.name ? { kind: 'all', of: [] } : NOTHING);
    if (name === 'status') return statusTerm;
    if (name === 'ip') return (value) => wordTerm(fieldToken('ip', value), { isPrefix: false });
    if (name === 'hash') return hashTerm;
    if (name === 'client') return (value) => runTerm(`client:${value}`, 'entries_client', 'e.client_id = ?', [value]);
    if (name === 'actor' || name === 'target') return (value) => refTerm(name, value);
    const all = ALL[name];
    return (value) => {
      // A closed set has no other values: what is not among them needs no search.
      if (all !== undefined && !all.includes(value)) return NOTHING;
      return setTerm(`${name}:${value}`, `e.${COLUMNS[name]} = ?`, [value]);
    };
  }

  function refTerm(name: 'actor' | 'target', value: string): Expression {
    const at = value.indexOf(':');
    if (at < 0) return setTerm(`${name}:${value}`, `e.${name}_type = ?`, [value]);
    const place = [value.slice(0, at), value.slice(at + 1)];
    return runTerm(`${name}:${value}`, `entries_${name}`, `e.${name}_type = ? AND e.${name}_id = ?`, place);
  }

  function hashTerm(prefix: string): Expression {
    return runTerm(`hash:${prefix}`, 'entries_hash', 'e.hash >= ? AND e.hash <= ?', [prefix, prefix.padEnd(64, 'f')]);
  }

  /** Entries that the latest verification of everything, or a later one of a part, found broken. */
  function statusTerm(value: string): Expression {
    const select = {
      text: `SELECT x.seq FROM verification_breaks x JOIN verifications v ON v.id = x.verification_id
        WHERE v.ledger_id = ? AND v.state = 'saved' AND x.entry_id IS NOT NULL AND v.id >=
        (SELECT COALESCE(MAX(w.id), 0) FROM verifications w WHERE w.ledger_id = ? AND w.state = 'saved' AND w.scope = 'whole')`,
      bindings: [ledger.id, ledger.id],
    };
    const row = { text: `e.seq IN (${select.text})`, bindings: select.bindings };
    const broken = term({ key: 'status:broken', row, run: { kind: 'rows', select, column: 'x.seq' } });
    return value === 'broken' ? broken : { kind: 'not', of: broken };
  }

  function setTerm(key: string, text: string, bindings: readonly Cell[]): Expression {
    return term({ key, row: { text, bindings }, run: null });
  }

  function runTerm(key: string, index: string, text: string, bindings: readonly Cell[]): Expression {
    const select = `SELECT e.seq FROM entries e ${dialect.useIndex(index)} WHERE e.ledger_id = ? AND ${text}`;
    const run: Run = { kind: 'rows', select: { text: select, bindings: [ledger.id, ...bindings] }, column: 'e.seq' };
    return term({ key, row: { text, bindings }, run });
  }

  function wordsAsked(piece: string, inField: (word: string) => string): Expression | null {
    const asked = searchWords(piece);
    if (asked === null) return null;
    const words = asked.words.map((word) => wordTerm(inField(word), { isPrefix: false }));
    const last = asked.prefix === null ? [] : [wordTerm(inField(asked.prefix), { isPrefix: true })];
    return { kind: 'all', of: [...words, ...last] };
  }

  function wordTerm(word: string, { isPrefix }: { readonly isPrefix: boolean }): Expression {
    const row = holdsWord(word, { isPrefix });
    if (isPrefix) return term({ key: prefixKey(word), row, run: { kind: 'words', prefix: word }, isWord: true });
    const select = {
      text: 'SELECT x.seq FROM entry_words x WHERE x.ledger_id = ? AND x.word = ?',
      bindings: [ledger.id, word],
    };
    return term({ key: word, row, run: { kind: 'rows', select, column: 'x.seq' }, isWord: true });
  }
}

/** Every term that an expression asks for, once each. */
export function termsIn(expression: Expression): Term[] {
  const found = new Map<number, Term>();
  const visit = (one: Expression): void => {
    if (one.kind === 'term') found.set(one.term.key, one.term);
    else if (one.kind === 'not') visit(one.of);
    else if (one.kind !== 'time') one.of.forEach(visit);
  };
  visit(expression);
  return [...found.values()];
}

/** The expression as a condition on `entries e` and `fresh_words f`. Never NULL: "not" of NULL would leave out what has no value. */
export function rowCondition(expression: Expression): Sql {
  switch (expression.kind) {
    case 'term':
      return { ...expression.term.row, text: `COALESCE((${expression.term.row.text}), 0)` };
    case 'time':
      return { text: '(e.occurred_at >= ? AND e.occurred_at < ?)', bindings: [expression.from, expression.to] };
    case 'not': {
      const inner = rowCondition(expression.of);
      return { text: `NOT ${inner.text}`, bindings: inner.bindings };
    }
    case 'all':
    case 'any': {
      const parts = expression.of.map(rowCondition);
      const text = parts.map((part) => part.text).join(expression.kind === 'all' ? ' AND ' : ' OR ');
      const none = expression.kind === 'all' ? '(1 = 1)' : '(1 = 0)';
      return { text: parts.length === 0 ? none : `(${text})`, bindings: parts.flatMap((part) => part.bindings) };
    }
  }
}

function term({
  key,
  row,
  run,
  isWord = false,
}: {
  key: string;
  row: Sql;
  run: Run | null;
  isWord?: boolean;
}): Expression {
  return { kind: 'term', term: { key: tokenNumber(key), row, run, isWord } };
}

function listOf({ is, not }: Terms, termOf: (value: string) => Expression): Expression[] {
  return [
    ...(is.length === 0 ? [] : [{ kind: 'any', of: is.map(termOf) } as const]),
    ...(not.length === 0 ? [] : [{ kind: 'not', of: { kind: 'any', of: not.map(termOf) } } as const]),
  ];
}

/** Pieces without a word ask for nothing; a text of which no piece has one is found nowhere. */
function textOf({ any, not }: TextFilter, asked: (piece: string) => Expression | null): Expression {
  const of = (pieces: readonly string[]) => pieces.map(asked).filter((one) => one !== null);
  const without = (pieces: readonly string[]): Expression => ({ kind: 'not', of: { kind: 'any', of: of(pieces) } });
  const groups = any
    .map((group) => ({ all: of(group.all), group }))
    .filter(({ all }) => all.length > 0)
    .map(({ all, group }): Expression => ({ kind: 'all', of: [...all, without(group.not)] }));
  const isOnlyNot = any.length === 0 && not.length > 0;
  return { kind: 'all', of: [...(isOnlyNot ? [] : [{ kind: 'any', of: groups } as const]), without(not)] };
}
