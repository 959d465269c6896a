import { BLOCK } from '../../core/seq-set';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import type { Run, Sql } from './search-expression';

/** More words than this that begin alike are read as one range of the index. */
const MAX_WORDS = 200;
/** More runs of blocks than this are read as one, with what lies between. */
const MAX_RANGES = 16;
/** Behind every character that a word may have. */
const LAST = '\u{10FFFF}';

/** Reads the entries of a term one by one, for blocks where too few have it for a set. */
export function createRunReader({ knex: db, dialect }: Database, ledger: Ledger) {
  const known = new Map<string, Promise<Sql>>();

  /** Sequence numbers within the blocks, which ascend, in no order; there may be others among them. */
  async function read(run: Run, blocks: readonly number[]): Promise<number[]> {
    const ranges = rangesOf(blocks);
    const { select, column } = run.kind === 'rows' ? run : { select: await wordsUnder(run.prefix), column: 'x.seq' };
    const text = `${select.text} AND (${ranges.map(() => `${column} BETWEEN ? AND ?`).join(' OR ')})`;
    const rows = await dialect.selectArrays(db, text, [...select.bindings, ...ranges.flat()]);
    return rows.map(([seq]) => Number(seq));
  }

  /** Its words one by one, where they are few: then only the blocks asked for are read. Else the whole range of words. */
  function wordsUnder(prefix: string): Promise<Sql> {
    const before = known.get(prefix);
    if (before) return before;
    const found = listWords(prefix).then((words): Sql => {
      const from = `SELECT x.seq FROM entry_words x${dialect.name === 'mysql' ? ' FORCE INDEX (PRIMARY)' : ''} WHERE x.ledger_id = ?`;
      if (words.length === 0) return { text: `${from} AND 1 = 0`, bindings: [ledger.id] };
      if (words.length <= MAX_WORDS)
        return { text: `${from} AND x.word IN (${words.map(() => '?').join(',')})`, bindings: [ledger.id, ...words] };
      return { text: `${from} AND x.word >= ? AND x.word < ?`, bindings: [ledger.id, prefix, `${prefix}${LAST}`] };
    });
    known.set(prefix, found);
    return found;
  }

  /** From one word to the next by the index, whatever number of entries each has. */
  async function listWords(prefix: string): Promise<string[]> {
    const next = 'SELECT MIN(x.word) FROM entry_words x WHERE x.ledger_id = ? AND x.word';
    const sql = `WITH RECURSIVE found (word) AS (
      SELECT (${next} >= ? AND x.word < ?) UNION ALL SELECT (${next} > found.word AND x.word < ?) FROM found WHERE found.word IS NOT NULL)
      SELECT word FROM found WHERE word IS NOT NULL LIMIT ${MAX_WORDS + 1}`;
    const end = `${prefix}${LAST}`;
    const rows: Cell[][] = await dialect.selectArrays(db, sql, [ledger.id, prefix, end, ledger.id, end]);
    return rows.map(([word]) => String(word));
  }

  return { read };
}

export type RunReader = ReturnType<typeof createRunReader>;

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
