import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';

/** Before and behind every word of an entry: none holds a line break. */
const EDGE = '\n';

export interface EntryWords {
  readonly seq: number;
  readonly words: Iterable<string>;
}

/** Words by entry, kept as long as the entry belongs to no block. */
export async function writeWords(
  { dialect }: Database,
  trx: Knex,
  ledger: Ledger,
  entries: readonly EntryWords[],
): Promise<void> {
  const rows = entries.map(({ seq, words }) => [ledger.id, seq, `${EDGE}${[...words].join(EDGE)}${EDGE}`]);
  await dialect.insertRows(trx, 'fresh_words', ['ledger_id', 'seq', 'words'], rows, {
    onConflict: { key: ['ledger_id', 'seq'], set: ['words = new(words)'] },
  });
}

export async function readWords(
  { dialect }: Database,
  trx: Knex,
  ledger: Ledger,
  { fromSeq, toSeq }: { readonly fromSeq: number; readonly toSeq: number },
): Promise<{ readonly seq: number; readonly words: readonly string[] }[]> {
  const sql = 'SELECT seq, words FROM fresh_words WHERE ledger_id = ? AND seq BETWEEN ? AND ? ORDER BY seq';
  const rows = await dialect.selectArrays(trx, sql, [ledger.id, fromSeq, toSeq]);
  return rows.map(([seq, words]) => ({
    seq: Number(seq),
    words: String(words).split(EDGE).filter((word) => word !== ''), // prettier-ignore
  }));
}

/** A condition on `fresh_words f`: it has the word, or one that begins so. */
export function holdsWord(
  word: string,
  { isPrefix }: { readonly isPrefix: boolean },
): { readonly text: string; readonly bindings: string[] } {
  return { text: 'INSTR(f.words, ?) > 0', bindings: [`${EDGE}${word}${isPrefix ? '' : EDGE}`] };
}
