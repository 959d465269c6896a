import type { Knex } from 'knex';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { EntryReader } from '../../../entries/entry-reader';
import type { Ledger } from '../../../entries/entry-store';
import { wordsOf, WORDS_CONSUMER } from '../../browse/search-index-service';
import { createSetsCheck } from './search-sets-check';
import { createWordSums, type WordSums } from './search-word-sums';
import { projectionBreak } from './projection-break';

/** Entries whose words are compared at once. */
const BLOCK = 1_024;
/** Broken blocks that are looked at entry by entry; each costs a pass over the index. */
const MAX_NAMED_BLOCKS = 5;
/** Rows of the index that are read at once. */
const PAGE = 20_000;

/**
 * Compares the search index with the entries that it covers: an entry whose words were taken out, or whose place in a set, is never
 * found. Entries and index are read once each.
 */
export async function checkSearchIndex(database: Database, store: EntryReader, ledger: Ledger): Promise<Break[]> {
  return readSnapshot(database, async (trx) => {
    const [position] = await database.dialect.selectArrays(trx, 'SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?', [WORDS_CONSUMER, ledger.id]); // prettier-ignore
    const covered = Number(position?.[0] ?? 0);
    const sums = createWordSums(BLOCK);
    const kept = await sumKept(database, trx, ledger, sums);
    const sets = await createSetsCheck(database, trx, ledger);
    const expected = sums.empty();
    for (let from = 1; from <= covered;) {
      const rows = await store.readRange(ledger, { fromSeq: from, toSeq: covered, limit: BLOCK }, trx);
      for (const row of rows) {
        const words = wordsOf(row);
        for (const word of words) expected.add(row.seq, word);
        await sets.add(row, words);
      }
      const last = rows.at(-1);
      if (!last) break;
      from = last.seq + 1;
    }
    const broken = sums.difference(kept, expected);
    const breaks: Break[] = [];
    for (const block of broken.slice(0, MAX_NAMED_BLOCKS))
      breaks.push(...(await nameBlock(database, store, trx, ledger, { block, upTo: covered })));
    const rest = broken.slice(MAX_NAMED_BLOCKS);
    if (rest.length > 0)
      breaks.push(breakAt(rest[0] ?? 0, `differs in ${rest.length * BLOCK} more entries, from this one on`));
    return [...breaks, ...(await sets.finish()).map(({ seq, detail }) => breakAt(seq, detail))];
  });
}

async function sumKept(
  database: Database,
  trx: Knex,
  ledger: Ledger,
  sums: ReturnType<typeof createWordSums>,
): Promise<WordSums> {
  const kept = sums.empty();
  const read = (where: string, bindings: readonly (string | number)[]) =>
    database.dialect.selectArrays(trx, `SELECT word, seq FROM entry_words WHERE ledger_id = ? AND ${where} ORDER BY word, seq LIMIT ${PAGE}`, [ledger.id, ...bindings]); // prettier-ignore
  let place: [string, number] = ['', 0];
  for (;;) {
    const same = await read('word = ? AND seq > ?', place);
    const rows = same.length === PAGE ? same : [...same, ...(await read('word > ?', [place[0]]))];
    for (const [word, seq] of rows) kept.add(Number(seq), String(word));
    const last = rows.at(-1);
    if (!last) return kept;
    place = [String(last[0]), Number(last[1])];
  }
}

async function nameBlock(
  database: Database,
  store: EntryReader,
  trx: Knex.Transaction,
  ledger: Ledger,
  { block, upTo }: { readonly block: number; readonly upTo: number },
): Promise<Break[]> {
  const kept = new Map<number, Set<string>>();
  const sql = 'SELECT seq, word FROM entry_words WHERE ledger_id = ? AND seq BETWEEN ? AND ?';
  for (const [seq, word] of await database.dialect.selectArrays(trx, sql, [ledger.id, block, block + BLOCK - 1]))
    kept.set(Number(seq), (kept.get(Number(seq)) ?? new Set()).add(String(word)));
  const toSeq = Math.min(upTo, block + BLOCK - 1);
  const rows = await store.readRange(ledger, { fromSeq: Math.max(1, block), toSeq, limit: BLOCK }, trx);
  const breaks: Break[] = [];
  for (const row of rows) {
    const words = wordsOf(row);
    const found = kept.get(row.seq) ?? new Set<string>();
    kept.delete(row.seq);
    const lost = [...words].filter((word) => !found.has(word)).length;
    const foreign = [...found].filter((word) => !words.has(word)).length;
    if (lost + foreign > 0)
      breaks.push(breakAt(row.seq, `${lost} of the entry's ${words.size} words are missing, ${foreign} are not its own`)); // prettier-ignore
  }
  for (const [seq, words] of kept) breaks.push(breakAt(seq, `has ${words.size} words for an entry that is not there`));
  return breaks;
}

function breakAt(seq: number, detail: string): Break {
  return projectionBreak(seq, `search index: ${detail}`);
}
