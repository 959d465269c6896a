import type { Knex } from 'knex';
import { addTo, BLOCK, blockOf, countOf, decodeSet, emptySet, encodeSet, holds, removeFrom, without, type SeqSet } from '../../core/seq-set'; // prettier-ignore
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { Ledger } from '../../entries/entry-store';

/** A block of the index: BLOCK neighbouring entries. */
export interface BlockInfo {
  readonly block: number;
  /** When its first and its last entry happened, milliseconds; what was pruned since may lie at these ends. */
  readonly minAt: number;
  readonly maxAt: number;
  /** Places without an entry; null: none. */
  readonly gone: SeqSet | null;
}

/** A block as it is written. `times` by place; a place without an entry has 0. */
export interface NewBlock extends BlockInfo {
  readonly times: readonly number[];
  readonly sets: ReadonlyMap<number, SeqSet>;
}

/** Bytes of a time: 48 bits reach beyond the year 6000. */
const TIME = 6;
const ROWS = 500;

export function createBlockStore({ knex: db, dialect }: Database) {
  /** In the order of their numbers; they have no holes. */
  async function list(ledger: Ledger, trx: Knex = db): Promise<BlockInfo[]> {
    const sql = 'SELECT block, min_at, max_at, gone FROM entry_blocks WHERE ledger_id = ? ORDER BY block';
    const rows = await dialect.selectArrays(trx, sql, [ledger.id]);
    return rows.map(([block, minAt, maxAt, gone]) => ({
      block: Number(block),
      minAt: Number(minAt),
      maxAt: Number(maxAt),
      gone: gone === null ? null : decodeSet(gone as Buffer),
    }));
  }

  /** The first sequence number that no block holds. */
  async function findEnd(ledger: Ledger, trx: Knex = db): Promise<number> {
    const [row] = await dialect.selectArrays(trx, 'SELECT MAX(block) FROM entry_blocks WHERE ledger_id = ?', [ledger.id]); // prettier-ignore
    return row?.[0] === null || row === undefined ? 0 : (Number(row[0]) + 1) * BLOCK;
  }

  /** By block, then by term. A block without a set of the term has no row. */
  async function readSets(
    ledger: Ledger,
    terms: readonly number[],
    blocks: readonly number[],
  ): Promise<Map<number, Map<number, SeqSet>>> {
    const found = new Map<number, Map<number, SeqSet>>(blocks.map((block) => [block, new Map()]));
    if (terms.length === 0 || blocks.length === 0) return found;
    const [from, to] = [Math.min(...blocks), Math.max(...blocks)];
    // Blocks that lie apart would make a planner read whole blocks by the other index.
    const hint = dialect.name === 'mysql' ? 'FORCE INDEX (PRIMARY)' : '';
    const isRun = to - from < blocks.length * 2;
    const where = isRun ? 'block BETWEEN ? AND ?' : `block IN (${marks(blocks)})`;
    const sql = `SELECT block, term, seqs FROM entry_sets ${hint} WHERE ledger_id = ? AND term IN (${marks(terms)}) AND ${where}`;
    const rows = await dialect.selectArrays(db, sql, [ledger.id, ...terms, ...(isRun ? [from, to] : blocks)]);
    for (const [block, term, seqs] of rows) found.get(Number(block))?.set(Number(term), decodeSet(seqs as Buffer));
    return found;
  }

  async function readTimes(
    ledger: Ledger,
    blocks: readonly number[],
    trx: Knex = db,
  ): Promise<Map<number, (place: number) => number>> {
    if (blocks.length === 0) return new Map();
    const sql = `SELECT block, times FROM entry_blocks WHERE ledger_id = ? AND block IN (${marks(blocks)})`;
    const rows = await dialect.selectArrays(trx, sql, [ledger.id, ...blocks]);
    return new Map(rows.map(([block, times]) => [Number(block), (place) => timeAt(times as Buffer, place)]));
  }

  async function write(trx: Knex, ledger: Ledger, block: NewBlock): Promise<void> {
    const times = Buffer.alloc(BLOCK * TIME);
    block.times.forEach((time, place) => times.writeIntLE(time, place * TIME, TIME));
    const gone = block.gone === null ? null : encodeSet(block.gone);
    const row = [ledger.id, block.block, block.minAt, block.maxAt, gone, times];
    await dialect.insertRows(trx, 'entry_blocks', ['ledger_id', 'block', 'min_at', 'max_at', 'gone', 'times'], [row]);
    const cells = [...block.sets].sort(([a], [b]) => a - b).map(([term, set]): Cell[] => [ledger.id, term, block.block, encodeSet(set)]); // prettier-ignore
    await dialect.insertRows(trx, 'entry_sets', ['ledger_id', 'term', 'block', 'seqs'], cells);
  }

  /**
   * Entries that are deleted, in the order of their numbers, as far as `through`. They are out of every answer at once; out of the
   * sets they go at the end of each block and of the prune (`isEnd`), so that not every step of it writes a block anew.
   */
  async function forget(
    trx: Knex,
    ledger: Ledger,
    seqs: readonly number[],
    { through, isEnd }: { readonly through: number; readonly isEnd: boolean },
  ): Promise<void> {
    for (const block of new Set([...seqs, through].map(blockOf))) {
      const sql = `SELECT gone FROM entry_blocks WHERE ledger_id = ? AND block = ?${dialect.forUpdate}`;
      const [row] = await dialect.selectArrays(trx, sql, [ledger.id, block]);
      if (!row) continue;
      const gone = row[0] === null ? emptySet() : decodeSet(row[0] as Buffer);
      for (const seq of seqs) if (blockOf(seq) === block) addTo(gone, seq % BLOCK);
      await trx('entry_blocks')
        .where({ ledger_id: ledger.id, block })
        .update({ gone: encodeSet(gone) });
      if (isEnd || blockOf(through + 1) !== block) await takeOut(trx, ledger, block, gone);
    }
  }

  async function takeOut(trx: Knex, ledger: Ledger, block: number, gone: SeqSet): Promise<void> {
    if (countOf(gone) === BLOCK) return void (await trx('entry_sets').where({ ledger_id: ledger.id, block }).delete());
    const rows = await dialect.selectArrays(trx, 'SELECT term, seqs FROM entry_sets WHERE ledger_id = ? AND block = ?', [ledger.id, block]); // prettier-ignore
    const left = rows.map(([term, seqs]) => [Number(term), without(decodeSet(seqs as Buffer), gone)] as const);
    await trx('entry_sets').where({ ledger_id: ledger.id, block }).delete();
    const cells = left.filter(([, set]) => countOf(set) > 0).sort(([a], [b]) => a - b).map(([term, set]): Cell[] => [ledger.id, term, block, encodeSet(set)]); // prettier-ignore
    await dialect.insertRows(trx, 'entry_sets', ['ledger_id', 'term', 'block', 'seqs'], cells);
  }

  /** An entry left some sets and came into others. Where a block has no set of a term there is nothing to change. */
  async function move(
    trx: Knex,
    ledger: Ledger,
    seq: number,
    terms: { readonly from: readonly number[]; readonly to: readonly number[] },
  ): Promise<void> {
    const [block, place] = [blockOf(seq), seq % BLOCK];
    const all = [...terms.from, ...terms.to];
    const leaving = new Set(terms.from);
    for (let at = 0; at < all.length; at += ROWS) {
      const some = all.slice(at, at + ROWS);
      const sql = `SELECT term, seqs FROM entry_sets WHERE ledger_id = ? AND term IN (${marks(some)}) AND block = ?`;
      for (const [term, seqs] of await dialect.selectArrays(trx, sql, [ledger.id, ...some, block])) {
        const set = decodeSet(seqs as Buffer);
        if (holds(set, place) !== leaving.has(Number(term))) continue;
        if (leaving.has(Number(term))) removeFrom(set, place);
        else addTo(set, place);
        const row = trx('entry_sets').where({ ledger_id: ledger.id, term: Number(term), block });
        await (countOf(set) === 0 ? row.delete() : row.update({ seqs: encodeSet(set) }));
      }
    }
  }

  return { list, findEnd, readSets, readTimes, write, forget, move };
}

export type BlockStore = ReturnType<typeof createBlockStore>;

function timeAt(times: Buffer, place: number): number {
  return (place + 1) * TIME <= times.length ? times.readIntLE(place * TIME, TIME) : 0;
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(',');
}
