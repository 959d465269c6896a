import { addTo, BLOCK, blockOf, both, countOf, either, emptySet, fullSet, placesOf, without, type SeqSet } from '../../core/seq-set'; // prettier-ignore
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';
import { createBlockStore, type BlockInfo } from './block-store';
import { createRunReader } from './run-reader';
import { rowCondition, termsIn, type Expression, type Term } from './search-expression';

/** An entry that was found; `time` only where entries are asked for in the order of time. */
export interface Found {
  readonly seq: number;
  readonly time: number;
}

/** A run of entries that is searched at once: a block of the index, or some of the newest entries, which are in no block yet. */
export interface Section {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** null: in no block. */
  readonly info: BlockInfo | null;
}

/** Blocks whose sets are read at once: a page needs few, a rare combination needs all. */
const WINDOWS = [8, 128, 256];
/** Newest entries that are read at once, from the newest on. */
const FRESH = [1_024];
/** Up to so many entries their times are read one by one, else those of their blocks. */
const FEW = 200;
/** No entry of a block. Known by itself, never written into: most values are in no set of a block. */
const NONE: SeqSet = emptySet();
/** Entries of which most pages have enough. */
const A_PAGE = 50;
/** Sections whose times are read at once, where entries are many: twice as many each time, up to this. */
const MOST_TIMES = 32;

/**
 * Searches one ledger for one filter. Sets of blocks are combined byte by byte, so that a combination of filters costs the same
 * whether it is frequent or rare, a thousandth of looking at every entry.
 */
export async function openSearch(database: Database, ledger: Ledger, expression: Expression) {
  const { knex: db, dialect } = database;
  const store = createBlockStore(database);
  const runs = createRunReader(database, ledger);
  const terms = termsIn(expression);
  const hasWords = terms.some((term) => term.isWord);
  const found = new Map<number, SeqSet>();
  const fresh = new Map<number, readonly Found[]>();
  const timed = new Map<number, Found[]>();
  let loads = 0;
  let timesAtOnce = 1;

  const span = spanOf(expression);
  const [infos, head] = await Promise.all([store.list(ledger), findHead()]);
  const sections = [...blockSections(infos, span), ...freshSections(infos, head)];

  async function findHead(): Promise<number> {
    const [row] = await dialect.selectArrays(db, 'SELECT seq FROM heads WHERE ledger_id = ?', [ledger.id]);
    return Number(row?.[0] ?? 0);
  }

  /** Reads the blocks among the next sections, in the order in which they will be asked for. */
  async function prepare(next: readonly Section[]): Promise<void> {
    const first = next[0]?.info;
    if (!first || found.has(first.block)) return;
    const window = WINDOWS[Math.min(loads, WINDOWS.length - 1)] ?? 1;
    loads += 1;
    const wanted: BlockInfo[] = [];
    for (const { info } of next) {
      if (info === null || found.has(info.block)) continue;
      if (isRuledOut(expression, info.block)) found.set(info.block, NONE);
      else if (wanted.push(info) === window) break;
    }
    if (wanted.length === 0) return;
    const blocks = wanted.map(({ block }) => block).sort((a, b) => a - b);
    const keys = terms.map(({ key }) => key);
    const sets = await store.readSets(ledger, keys, blocks);
    await Promise.all(terms.map((term) => fillIn(term, sets, blocks)));
    const times = await store.readTimes(ledger, wanted.filter((info) => isCut(info, span)).map(({ block }) => block)); // prettier-ignore
    for (const info of wanted) {
      const match = evaluate(expression, info, (key) => sets.get(info.block)?.get(key) ?? NONE, times.get(info.block)); // prettier-ignore
      found.set(info.block, info.gone === null ? match : without(match, info.gone));
    }
  }

  /** The entries of a term in blocks that have no set of it. */
  async function fillIn({ key, run }: Term, sets: ReadonlyMap<number, Map<number, SeqSet>>, blocks: readonly number[]) {
    const missing = run === null ? [] : blocks.filter((block) => !sets.get(block)?.has(key));
    if (run === null || missing.length === 0) return;
    const isMissing = new Set(missing);
    for (const seq of await runs.read(run, missing)) {
      const ofBlock = isMissing.has(blockOf(seq)) ? sets.get(blockOf(seq)) : undefined;
      if (!ofBlock) continue;
      const set = ofBlock.get(key) ?? emptySet();
      addTo(set, seq % BLOCK);
      ofBlock.set(key, set);
    }
  }

  /** What is read already tells that no entry of the block fits: a rare value leads to its blocks alone. */
  function isRuledOut(one: Expression, block: number): boolean {
    if (one.kind === 'term') return one.term.run !== null && runs.isOutside(one.term.run, block);
    if (one.kind === 'all') return one.of.some((part) => isRuledOut(part, block));
    return one.kind === 'any' && one.of.every((part) => isRuledOut(part, block));
  }

  /** Entries of a section in the order of their numbers. `next`: it, and the sections that may be asked for after it. */
  async function matches(section: Section, next: readonly Section[]): Promise<readonly Found[]> {
    if (section.info === null) return freshMatches(section);
    await prepare(next);
    const set = found.get(section.info.block) ?? NONE;
    return seqsOf(section.info.block, set).map((seq) => ({ seq, time: 0 }));
  }

  async function count(section: Section, next: readonly Section[]): Promise<number> {
    if (section.info === null) return (await freshMatches(section)).length;
    await prepare(next);
    return countOf(found.get(section.info.block) ?? NONE);
  }

  async function freshMatches({ fromSeq, toSeq }: Section): Promise<readonly Found[]> {
    const known = fresh.get(fromSeq);
    if (known) return known;
    const condition = rowCondition(expression);
    // What is not indexed yet has no words, and is not said to lack one either.
    const words = hasWords ? 'JOIN fresh_words f ON f.ledger_id = e.ledger_id AND f.seq = e.seq' : '';
    const rows = await dialect.selectArrays(
      db,
      `SELECT e.seq, e.occurred_at FROM entries e ${dialect.useKey('entries')} ${words} WHERE e.ledger_id = ? AND e.seq BETWEEN ? AND ? AND ${condition.text} ORDER BY e.seq`,
      [ledger.id, fromSeq, toSeq, ...condition.bindings],
    );
    const all = rows.map(([seq, time]) => ({ seq: Number(seq), time: Number(time) }));
    fresh.set(fromSeq, all);
    return all;
  }

  /** The same with the times at which they happened. Reads those of some of the next sections too. */
  async function timedMatches(section: Section, next: readonly Section[]): Promise<readonly Found[]> {
    const matching = await matches(section, next);
    if (section.info === null || matching.length === 0) return matching;
    if (!timed.has(section.info.block)) await readTimes(next);
    return timed.get(section.info.block) ?? [];
  }

  async function readTimes(next: readonly Section[]): Promise<void> {
    timesAtOnce = Math.min(timesAtOnce * 2, MOST_TIMES);
    const few: number[] = [];
    const many: number[] = [];
    for (const [i, { info }] of next.entries()) {
      // Rare entries are looked for in many sections at once.
      if (i >= timesAtOnce && many.length + few.length >= A_PAGE) break;
      const set = info && !timed.has(info.block) ? found.get(info.block) : undefined;
      if (!info || !set) continue;
      timed.set(info.block, []);
      (few.length + countOf(set) <= FEW ? few : many).push(...seqsOf(info.block, set));
    }
    const blocks = [...new Set(many.map(blockOf))];
    const times = await store.readTimes(ledger, blocks);
    const add = (seq: number, time: number) => timed.get(blockOf(seq))?.push({ seq, time });
    for (const seq of many) add(seq, times.get(blockOf(seq))?.(seq % BLOCK) ?? 0);
    if (few.length === 0) return;
    const sql = `SELECT seq, occurred_at FROM entries ${dialect.useKey('entries')} WHERE ledger_id = ? AND seq IN (${few.map(() => '?').join(',')})`;
    for (const [seq, time] of await dialect.selectArrays(db, sql, [ledger.id, ...few])) add(Number(seq), Number(time));
  }

  return { sections, hasWords, matches, timedMatches, count };
}

export type BlockSearch = Awaited<ReturnType<typeof openSearch>>;

interface Span {
  readonly from: number;
  readonly to: number;
}

function spanOf(expression: Expression): Span | null {
  if (expression.kind !== 'all') return null;
  return expression.of.find((one) => one.kind === 'time') ?? null;
}

function blockSections(infos: readonly BlockInfo[], span: Span | null): Section[] {
  const asked = span === null ? infos : infos.filter(({ minAt, maxAt }) => minAt < span.to && maxAt >= span.from);
  return asked.map((info) => ({ fromSeq: info.block * BLOCK, toSeq: (info.block + 1) * BLOCK - 1, info }));
}

/** Small at the newest end: most pages end there. */
function freshSections(infos: readonly BlockInfo[], head: number): Section[] {
  const start = ((infos.at(-1)?.block ?? -1) + 1) * BLOCK;
  const sections: Section[] = [];
  for (let toSeq = head; toSeq >= start;) {
    const fromSeq = Math.max(start, toSeq - (FRESH[sections.length] ?? BLOCK) + 1);
    sections.unshift({ fromSeq, toSeq, info: null });
    toSeq = fromSeq - 1;
  }
  return sections;
}

/** Some entries of the block lie within the span, and some may not. */
function isCut({ minAt, maxAt }: BlockInfo, span: Span | null): boolean {
  return span !== null && (minAt < span.from || maxAt >= span.to);
}

function seqsOf(block: number, set: SeqSet): number[] {
  return placesOf(set).map((place) => block * BLOCK + place);
}

type SetOf = (key: number) => SeqSet;

function evaluate(
  expression: Expression,
  info: BlockInfo,
  setOf: SetOf,
  times: ((place: number) => number) | undefined,
): SeqSet {
  switch (expression.kind) {
    case 'term':
      return setOf(expression.term.key);
    case 'time': {
      if (!isCut(info, expression)) return fullSet();
      const set = emptySet();
      for (let place = 0; place < BLOCK; place += 1) {
        const time = times?.(place) ?? 0;
        if (time >= expression.from && time < expression.to) addTo(set, place);
      }
      return set;
    }
    case 'not': {
      const not = evaluate(expression.of, info, setOf, times);
      return not === NONE ? fullSet() : without(fullSet(), not);
    }
    case 'all': {
      let set: SeqSet | undefined;
      for (const one of expression.of) {
        const next = evaluate(one, info, setOf, times);
        if (next === NONE) return NONE;
        set = set === undefined ? next : both(set, next);
      }
      return set ?? fullSet();
    }
    case 'any': {
      let set = NONE;
      for (const one of expression.of) {
        const next = evaluate(one, info, setOf, times);
        if (next !== NONE) set = set === NONE ? next : either(set, next);
      }
      return set;
    }
  }
}
