import { checkSeal, type Break, type LedgerNames } from '../core/verify';
import {
  checkValueOf,
  differingEpochColumns,
  expectedEpoch,
  readKeyNotice,
  ROTATION_ACTION,
  type PlacedNotice,
} from '../core/epoch-rotation';
import { parseRecord } from '../core/sealed-record';
import type { Database } from '../db/connection';
import { ENTRY_FROM, ENTRY_SELECT, fromCells } from './entry-row';
import type { Epoch, KeyRing } from './key-ring';
import type { EntryStore, Ledger } from './entry-store';

/** The chain keys of a ledger as far as they are the right ones, and what its epochs look like beside its entries. */
export interface EpochKeys {
  readonly keys: ReadonlyMap<number, Buffer>;
  readonly epochs: readonly Epoch[];
  /** Epochs whose key was destroyed, as an entry of the ledger says. */
  readonly retired: readonly number[];
  /** Epochs whose key opens and is another one than their entries were sealed with. */
  readonly wrong: readonly number[];
  readonly notices: readonly PlacedNotice[];
  /** Rows of `epochs` that differ from what the ledger says. */
  readonly breaks: readonly Break[];
}

interface EpochKeysDeps {
  readonly database: Database;
  readonly store: Pick<EntryStore, 'findBySeq' | 'findHead'>;
  readonly keyRing: KeyRing;
}

export async function loadEpochKeys(deps: EpochKeysDeps, ledger: Ledger): Promise<EpochKeys> {
  const { database, store, keyRing } = deps;
  const names = { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id };
  const epochs = await keyRing.listEpochs(database.knex, ledger.id, ledger.name);
  // Behind the rows: who rotates meanwhile writes the row and the head together.
  const newest = (await store.findHead(ledger))?.epoch ?? Number.NaN;
  const notices = await readNotices(database, ledger, names, epochs);
  const keys = new Map<number, Buffer>();
  const wrong: number[] = [];
  const breaks: Break[] = [];
  for (const row of epochs) {
    const expected = expectedEpoch(row.epoch, notices);
    const isRight = row.key === undefined || (await isRightKey(row.key, row, expected));
    if (!isRight) wrong.push(row.epoch);
    else if (row.key) keys.set(row.epoch, row.key);
    // A row that no entry speaks of belongs to entries that are missing or forged, which are found by themselves, or to none at all.
    if (!expected) {
      if (row.epoch < 1 || row.epoch > newest) breaks.push(strayBreak(row));
      continue;
    }
    const differing = differingEpochColumns({ ...row, isRetired: row.retiredAt !== null }, expected);
    // Nothing names the first key but itself.
    if (row.epoch === 1 && isRight && row.key && row.checkValue !== null && checkValueOf(row.key) !== row.checkValue)
      differing.push('check_value');
    if (differing.length > 0) breaks.push(rowBreak(row.epoch, expected.openedSeq, differing));
  }
  const retired = notices.flatMap((one) => (one.phase === 'retired' ? [one.epoch] : []));
  return { keys, epochs, retired: retired.filter((epoch) => !keys.has(epoch)), wrong, notices, breaks };

  /** A check value that does not fit may itself have been changed: then the key still seals the first entry of its epoch. */
  async function isRightKey(key: Buffer, row: Epoch, expected: ReturnType<typeof expectedEpoch>): Promise<boolean> {
    const wanted = expected?.checkValue ?? row.checkValue;
    if (wanted === null || checkValueOf(key) === wanted) return true;
    const first = await store.findBySeq(ledger, expected?.openedSeq ?? row.openedSeq);
    return first !== undefined && !checkSeal(first, names, key).breaks.some((one) => one.kind === 'content');
  }
}

/** What the ledger says about its keys. An entry that is not what was sealed says nothing; the scan names it. */
async function readNotices(
  { knex: db, dialect }: Database,
  ledger: Ledger,
  names: LedgerNames,
  epochs: readonly Epoch[],
): Promise<PlacedNotice[]> {
  const keyOf = new Map(epochs.map((one) => [one.epoch, one.key]));
  const sql = `SELECT ${ENTRY_SELECT} FROM ${ENTRY_FROM} WHERE e.ledger_id = ? AND e.action = ? ORDER BY e.seq`;
  const rows = (await dialect.selectArrays(db, sql, [ledger.id, ROTATION_ACTION])).map(fromCells);
  return rows.flatMap((row) => {
    const notice = readKeyNotice(parseRecord(row.record));
    // The values of whoever asked for it may have been erased since: that changes nothing of what the record says.
    const isBroken = checkSeal(row, names, keyOf.get(row.epoch)).breaks.some((one) => one.kind !== 'commitment');
    return notice && !isBroken ? [{ ...notice, seq: row.seq }] : [];
  });
}

function strayBreak({ epoch, openedSeq }: Epoch): Break {
  const detail = `the row of epoch ${epoch} stands in epochs, and the ledger never entered it`;
  return { seq: openedSeq, id: null, kind: 'projection', detail, receivedAt: null };
}

function rowBreak(epoch: number, seq: number, columns: readonly string[]): Break {
  const detail = `the row of epoch ${epoch} in epochs differs from what the ledger says: ${columns.join(', ')}`;
  return { seq, id: null, kind: 'projection', detail, receivedAt: null };
}
