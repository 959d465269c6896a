import type { Knex } from 'knex';
import { parseRecord, type SealedRecord } from '../../../core/sealed-record';
import type { Database } from '../../../db/connection';
import type { Ledger } from '../../../entries/entry-store';

export interface OwnRecord {
  readonly seq: number;
  readonly record: SealedRecord;
}

/** Our own entries of some actions, in their order, taken as genuine. What a bridge sends under such a name says nothing. */
export async function readOwnRecords(
  { dialect }: Database,
  trx: Knex,
  ledger: Ledger,
  actions: readonly string[],
): Promise<OwnRecord[]> {
  const rows = await dialect.selectArrays(
    trx,
    `SELECT seq, record FROM entries ${dialect.useIndex('entries_action')} WHERE ledger_id = ? AND action IN (${actions.map(() => '?').join(',')}) ORDER BY seq`,
    [ledger.id, ...actions],
  );
  return rows.flatMap(([seq, text]) => {
    const record = parseRecord(String(text));
    return record?.source.kind === 'own' ? [{ seq: Number(seq), record }] : [];
  });
}
