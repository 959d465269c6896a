import type { Knex } from 'knex';
import { tokenNumber } from '../../../core/search-tokens';
import {
  addTo,
  BLOCK,
  blockOf,
  countOf,
  decodeSet,
  emptySet,
  holds,
  without,
  type SeqSet,
} from '../../../core/seq-set';
import type { Database } from '../../../db/connection';
import type { EntryRow } from '../../../entries/entry-row';
import type { Ledger } from '../../../entries/entry-store';
import { completeKeys, createBlockStore, readWords, sharedKeys, wordTerms, type BlockInfo } from '../../browse/search-index-service'; // prettier-ignore

interface Finding {
  readonly seq: number;
  readonly detail: string;
}

interface OpenBlock {
  readonly block: number;
  readonly info: BlockInfo | undefined;
  readonly times: ((place: number) => number) | undefined;
  readonly kept: ReadonlyMap<number, SeqSet>;
  readonly expected: Map<number, SeqSet>;
  readonly present: SeqSet;
  /** Words by entry, where there is no block yet. */
  readonly fresh: Map<number, ReadonlySet<string>>;
}

/** Compares the sets of blocks with what their entries say; entries come in the order of their numbers. */
export async function createSetsCheck(database: Database, trx: Knex, ledger: Ledger) {
  const store = createBlockStore(database);
  const infos = new Map((await store.list(ledger, trx)).map((info) => [info.block, info]));
  const findings: Finding[] = [];
  const seen = new Set<number>();
  let open: OpenBlock | undefined;

  async function openBlock(block: number): Promise<OpenBlock> {
    const sql = 'SELECT term, seqs FROM entry_sets WHERE ledger_id = ? AND block = ?';
    const rows = await database.dialect.selectArrays(trx, sql, [ledger.id, block]);
    const range = { fromSeq: block * BLOCK, toSeq: (block + 1) * BLOCK - 1 };
    seen.add(block);
    return {
      block,
      info: infos.get(block),
      times: (await store.readTimes(ledger, [block], trx)).get(block),
      kept: new Map(rows.map(([term, seqs]) => [Number(term), decodeSet(seqs as Buffer)])),
      expected: new Map(),
      present: emptySet(),
      fresh: new Map((await readWords(database, trx, ledger, range)).map((one) => [one.seq, new Set(one.words)])),
    };
  }

  /** An entry and its words. */
  async function add(row: EntryRow, words: ReadonlySet<string>): Promise<void> {
    if (open?.block !== blockOf(row.seq)) {
      if (open) close(open);
      open = await openBlock(blockOf(row.seq));
    }
    const { block, info, times, kept, expected, present, fresh } = open;
    const place = row.seq - block * BLOCK;
    addTo(present, place);
    if (!info) return addFresh(row.seq, words, fresh);
    if (times?.(place) !== row.occurredAt || row.occurredAt < info.minAt || row.occurredAt > info.maxAt)
      findings.push({ seq: row.seq, detail: 'has another time' });
    const complete = completeKeys(row).map(tokenNumber);
    const shared = [...sharedKeys(row).map(tokenNumber), ...wordTerms(words)].filter((term) => kept.has(term));
    for (const term of new Set([...complete, ...shared])) {
      const set = expected.get(term) ?? emptySet();
      expected.set(term, set);
      addTo(set, place);
    }
  }

  function addFresh(seq: number, words: ReadonlySet<string>, fresh: Map<number, ReadonlySet<string>>): void {
    const kept = fresh.get(seq);
    fresh.delete(seq);
    if (kept?.size !== words.size || ![...words].every((word) => kept.has(word)))
      findings.push({ seq, detail: 'the words by entry are not its own' });
  }

  function close({ block, info, kept, expected, present, fresh }: OpenBlock): void {
    for (const seq of fresh.keys()) findings.push({ seq, detail: 'has words by entry that do not belong there' });
    if (!info) return;
    const gone = info.gone ?? emptySet();
    const wrong = emptySet();
    for (let place = 0; place < BLOCK; place += 1)
      if (holds(gone, place) === holds(present, place)) addTo(wrong, place);
    for (const term of new Set([...kept.keys(), ...expected.keys()])) {
      const [one, other] = [without(kept.get(term) ?? emptySet(), gone), expected.get(term) ?? emptySet()];
      for (let i = 0; i < wrong.length; i += 1)
        wrong[i] = (wrong[i] as number) | ((one[i] as number) ^ (other[i] as number));
    }
    const first = firstOf(wrong);
    if (first !== undefined)
      findings.push({ seq: block * BLOCK + first, detail: `${countOf(wrong)} entries from this one on are in sets that are not theirs, or not in their own` }); // prettier-ignore
  }

  return {
    add,
    async finish(): Promise<readonly Finding[]> {
      if (open) close(open);
      for (const block of infos.keys()) if (!seen.has(block)) close(await openBlock(block));
      const sql = 'SELECT DISTINCT block FROM entry_sets WHERE ledger_id = ?';
      for (const [block] of await database.dialect.selectArrays(trx, sql, [ledger.id]))
        if (!infos.has(Number(block)))
          findings.push({ seq: Number(block) * BLOCK, detail: 'has sets for a block that is not there' });
      return findings;
    },
  };
}

function firstOf(set: SeqSet): number | undefined {
  for (let place = 0; place < BLOCK; place += 1) if (holds(set, place)) return place;
  return undefined;
}
