import type { RowCell, RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import type { Copy, CopyState } from './anchor';

type CopyKey = Pick<Copy, 'anchorId' | 'ledgerId' | 'origin' | 'size'>;

/** The durable queue of copies, and what became of them. */
export interface CopyStore {
  /** Puts a checkpoint into the queue of an anchor, in the place of older ones that wait there. One that is known stays as it is. */
  enqueue(
    copy: CopyKey & Pick<Copy, 'root' | 'note' | 'signedAt' | 'attempts' | 'nextAt' | 'createdAt'>,
  ): Promise<void>;
  find(key: CopyKey): Promise<Copy | undefined>;
  /** The one that waits, or is on its way. */
  findWaiting(anchorId: string, ledgerId: number): Promise<Copy | undefined>;
  /** Those that are not waiting, newest first. */
  listDone(anchorId: string, ledgerId: number, limit: number): Promise<Copy[]>;
  /** Takes one that waits out of the queue. */
  withdraw(copy: Copy): Promise<void>;
  postpone(copy: Copy, next: { readonly attempts: number; readonly nextAt: number }): Promise<void>;
  settle(copy: Copy, end: { readonly state: 'taken' | 'refused'; readonly doneAt: number; readonly answer: string | null }): Promise<void>; // prettier-ignore
}

interface CopyRow {
  anchor_id: string;
  ledger_id: number;
  origin: string;
  size: number;
  root: string;
  note: string;
  signed_at: number;
  state: CopyState;
  attempts: number;
  next_at: number;
  created_at: number;
  done_at: number | null;
  answer: string | null;
  mac: string | null;
}

const COLUMNS = ['anchor_id', 'ledger_id', 'origin', 'size', 'root', 'note', 'signed_at', 'state', 'attempts', 'next_at', 'created_at', 'done_at', 'answer', 'mac']; // prettier-ignore

export function createCopyStore({ knex: db, dialect }: Database, rowMac: RowMac): CopyStore {
  const copies = () => db<CopyRow>('anchor_copies');
  const at = (key: CopyKey) => copies().where({ anchor_id: key.anchorId, ledger_id: key.ledgerId, origin: key.origin, size: key.size }); // prettier-ignore
  const of = (anchorId: string, ledgerId: number) => copies().where({ anchor_id: anchorId, ledger_id: ledgerId });

  function fromRow(row: CopyRow): Copy {
    return {
      anchorId: row.anchor_id,
      ledgerId: row.ledger_id,
      origin: row.origin,
      size: row.size,
      root: row.root,
      note: row.note,
      signedAt: row.signed_at,
      state: row.state,
      attempts: row.attempts,
      nextAt: row.next_at,
      createdAt: row.created_at,
      doneAt: row.done_at,
      answer: row.answer,
      isGenuine: rowMac.fits(row.mac, 'anchor_copies', cellsOf(row)),
    };
  }

  return {
    async enqueue({ anchorId, ledgerId, origin, size, root, note, signedAt, attempts, nextAt, createdAt }) {
      const cells = [anchorId, ledgerId, origin, size, root, note, signedAt, 'waiting', attempts, nextAt, createdAt, null, null]; // prettier-ignore
      const row = [...cells, rowMac.of('anchor_copies', cells)];
      await dialect.insertRows(db, 'anchor_copies', COLUMNS, [row], { onConflict: 'ignore' });
      // What is on its way ends by itself: it is settled, or found here once it waits again.
      const others = of(anchorId, ledgerId).where({ state: 'waiting' }).where('signed_at', '<=', signedAt);
      await others.whereNot((same) => void same.where({ origin, size })).delete();
    },
    async find(key) {
      const row = await at(key).first();
      return row && fromRow(row);
    },
    async findWaiting(anchorId, ledgerId) {
      const row = await of(anchorId, ledgerId)
        .where({ state: 'waiting' })
        .orderBy('signed_at', 'desc')
        .orderBy('size', 'desc')
        .first();
      return row && fromRow(row);
    },
    async listDone(anchorId, ledgerId, limit) {
      const rows = await of(anchorId, ledgerId).whereNot({ state: 'waiting' }).orderBy('done_at', 'desc').orderBy('size', 'desc').limit(limit); // prettier-ignore
      return rows.map(fromRow);
    },
    async withdraw(copy) {
      await at(copy).where({ state: 'waiting' }).delete();
    },
    async postpone(copy, { attempts, nextAt }) {
      const row = { ...toRow(copy), attempts, next_at: nextAt };
      const mac = rowMac.of('anchor_copies', cellsOf(row));
      await at(copy).where({ state: 'waiting' }).update({ attempts, next_at: nextAt, mac });
    },
    async settle(copy, { state, doneAt, answer }) {
      const row = { ...toRow(copy), state, attempts: copy.attempts + 1, next_at: 0, done_at: doneAt, answer };
      const cells = [...cellsOf(row), rowMac.of('anchor_copies', cellsOf(row))];
      // It may have been put aside for a newer one while it was on its way: it is there all the same.
      await dialect.insertRows(db, 'anchor_copies', COLUMNS, [cells], {
        onConflict: {
          key: ['anchor_id', 'ledger_id', 'origin', 'size'],
          set: ['state', 'attempts', 'next_at', 'done_at', 'answer', 'mac'].map(
            (column) => `${column} = new(${column})`,
          ),
        },
      });
    },
  };
}

function toRow(copy: Copy): Omit<CopyRow, 'mac'> {
  return {
    anchor_id: copy.anchorId,
    ledger_id: copy.ledgerId,
    origin: copy.origin,
    size: copy.size,
    root: copy.root,
    note: copy.note,
    signed_at: copy.signedAt,
    state: copy.state,
    attempts: copy.attempts,
    next_at: copy.nextAt,
    created_at: copy.createdAt,
    done_at: copy.doneAt,
    answer: copy.answer,
  };
}

/** In the order of COLUMNS, without the MAC. */
function cellsOf(row: Omit<CopyRow, 'mac'>): RowCell[] {
  return [
    row.anchor_id,
    row.ledger_id,
    row.origin,
    row.size,
    row.root,
    row.note,
    row.signed_at,
    row.state,
    row.attempts,
    row.next_at,
    row.created_at,
    row.done_at,
    row.answer,
  ];
}
