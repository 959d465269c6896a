import { BLOCK, blockOf } from '../../core/seq-set';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import type { Run, Sql } from './search-expression';

/** More words than this that begin alike are read as one range of the index; each is looked up by itself. */
const MAX_WORDS = 32;
/** More runs of blocks than this are read as one, with what lies between. */
const MAX_RANGES = 16;
/** A run of no more entries than this is read at once, and never again. */
const SHORT = 2_000;
/** Behind every character that a word may have. */
const LAST = '\u{10FFFF}';

/** Reads the entries of a term one by one, for blocks where too few have it for a set. */
export function createRunReader({ knex: db, dialect }: Database, ledger: Ledger) {
  const from = `SELECT x.seq FROM entry_words x${dialect.name === 'mysql' ? ' FORCE INDEX (PRIMARY)' : ''} WHERE x.ledger_id = ?`;
  const known = new Map<string, Promise<Sql>>();
  /** What a short run holds, and in which blocks; null: it is long. */
  const short = new Map<Run, { readonly seqs: readonly number[]; readonly blocks: ReadonlySet<number> } | null>();

  /** Sequence numbers within the blocks, which ascend, in no order; there may be others among them. */
  async function read(run: Run, blocks: readonly number[]): Promise<readonly number[]> {
    const whole = short.get(run);
    if (whole) return whole.seqs;
    const column = run.kind === 'rows' ? run.column : 'x.seq';
    const numbers = async (select: Sql, text: string, bindings: readonly Cell[]) =>
      (await dialect.selectArrays(db, select.text + text, [...select.bindings, ...bindings])).map(([seq]) =>
        Number(seq),
      );
    if (whole === undefined) {
      const all = await numbers(run.kind === 'rows' ? run.select : rangeUnder(run.prefix), ` LIMIT ${SHORT + 1}`, []);
      const isShort = all.length <= SHORT;
      short.set(run, isShort ? { seqs: all, blocks: new Set(all.map(blockOf)) } : null);
      if (isShort) return all;
    }
    const ranges = rangesOf(blocks);
    const select = run.kind === 'rows' ? run.select : await wordsUnder(run.prefix);
    return numbers(select, ` AND (${ranges.map(() => `${column} BETWEEN ? AND ?`).join(' OR ')})`, ranges.flat());
  }

  /** True when it is known, without asking, that the run has nothing in the block. */
  function isOutside(run: Run, block: number): boolean {
    return short.get(run)?.blocks.has(block) === false;
  }

  /** Its words one by one, where they are few: then only the blocks asked for are read. Else the whole range of words. */
  function wordsUnder(prefix: string): Promise<Sql> {
    const before = known.get(prefix);
    if (before) return before;
    const found = listWords(prefix).then((words): Sql => {
      if (words.length === 0) return { text: `${from} AND 1 = 0`, bindings: [ledger.id] };
      if (words.length > MAX_WORDS) return rangeUnder(prefix);
      return { text: `${from} AND x.word IN (${words.map(() => '?').join(',')})`, bindings: [ledger.id, ...words] };
    });
    known.set(prefix, found);
    return found;
  }

  function rangeUnder(prefix: string): Sql {
    return { text: `${from} AND x.word >= ? AND x.word < ?`, bindings: [ledger.id, prefix, `${prefix}${LAST}`] };
  }

  /** From one word to the next by the index, whatever number of entries each has. */
  async function listWords(prefix: string): Promise<string[]> {
    const words: string[] = [];
    const sql = (than: string) => `SELECT x.word FROM entry_words x WHERE x.ledger_id = ? AND x.word ${than} ? AND x.word < ? ORDER BY x.word LIMIT 1`; // prettier-ignore
    while (words.length <= MAX_WORDS) {
      const last = words.at(-1);
      const [row] = await dialect.selectArrays(db, sql(last === undefined ? '>=' : '>'), [ledger.id, last ?? prefix, `${prefix}${LAST}`]); // prettier-ignore
      if (!row) break;
      words.push(String(row[0]));
    }
    return words;
  }

  return { read, isOutside };
}

function rangesOf(blocks: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const block of blocks) {
    const last = ranges.at(-1);
    if (last && last[1] === block * BLOCK - 1) last[1] += BLOCK;
    else ranges.push([block * BLOCK, (block + 1) * BLOCK - 1]);
  }
  const [first, last] = [ranges[0], ranges.at(-1)];
  return ranges.length > MAX_RANGES && first && last ? [[first[0], last[1]]] : ranges;
}
