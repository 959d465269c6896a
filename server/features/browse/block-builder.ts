import type { Knex } from 'knex';
import { addTo, BLOCK, emptySet } from '../../core/seq-set';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';
import { makeSets, type BlockEntry } from './block-sets';
import { createBlockStore } from './block-store';
import { readWords } from './fresh-words';

const CHUNK = 1_024;
const COLUMNS = 'seq, occurred_at, category, severity, action, outcome, actor_type, actor_id, target_type, target_id, client_id, via, hook'; // prettier-ignore

/** Makes the sets of the block that begins at `fromSeq`, of which every entry is indexed, and drops the words by entry. */
export async function buildBlock(
  database: Database,
  trx: Knex.Transaction,
  ledger: Ledger,
  { fromSeq, giveWay }: { readonly fromSeq: number; readonly giveWay: () => Promise<void> },
): Promise<void> {
  const times = new Array<number>(BLOCK).fill(0);
  const present = new Set<number>();
  const entries: BlockEntry[] = [];
  for (let from = fromSeq; from < fromSeq + BLOCK; from += CHUNK) {
    const range = { fromSeq: from, toSeq: from + CHUNK - 1 };
    const words = new Map((await readWords(database, trx, ledger, range)).map((one) => [one.seq, one.words]));
    const sql = `SELECT ${COLUMNS} FROM entries WHERE ledger_id = ? AND seq BETWEEN ? AND ?`;
    for (const cells of await database.dialect.selectArrays(trx, sql, [ledger.id, range.fromSeq, range.toSeq])) {
      const entry = entryOf(cells, words);
      entries.push(entry);
      present.add(entry.place);
      times[entry.place] = Number(cells[1]);
    }
    await giveWay();
  }
  const known = entries.map(({ place }) => times[place] ?? 0);
  await createBlockStore(database).write(trx, ledger, {
    block: fromSeq / BLOCK,
    minAt: known.reduce((least, time) => Math.min(least, time), known[0] ?? 0),
    maxAt: known.reduce((most, time) => Math.max(most, time), known[0] ?? 0),
    gone: present.size === BLOCK ? null : goneOf(present),
    times,
    sets: await makeSets(entries, giveWay),
  });
  await trx('fresh_words').where({ ledger_id: ledger.id }).whereBetween('seq', [fromSeq, fromSeq + BLOCK - 1]).delete(); // prettier-ignore
}

function goneOf(present: ReadonlySet<number>) {
  const gone = emptySet();
  for (let place = 0; place < BLOCK; place += 1) if (!present.has(place)) addTo(gone, place);
  return gone;
}

function entryOf(cells: readonly Cell[], words: ReadonlyMap<number, readonly string[]>): BlockEntry {
  const [seq, , ...texts] = cells;
  const text = (i: number) => String(texts[i]);
  const optional = (i: number) => (texts[i] === null ? null : String(texts[i]));
  return {
    place: Number(seq) % BLOCK,
    words: words.get(Number(seq)) ?? [],
    fields: {
      category: text(0),
      severity: text(1),
      action: text(2),
      outcome: text(3),
      actorType: text(4),
      actorId: optional(5),
      targetType: text(6),
      targetId: optional(7),
      clientId: optional(8),
      via: optional(9),
      hook: optional(10),
    },
  };
}
