import { hash } from 'node:crypto';
import { parseRecord, type SealedRecord } from '../../../core/sealed-record';
import { readSettingStatements, SETTINGS_ACTION, type SettingStatement } from '../../../core/settings-statement';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { projectionBreak } from './projection-break';

interface Stated extends SettingStatement {
  readonly seq: number;
}

/** Compares a tenant's settings with what its chain says was set. The entries themselves are taken as genuine. */
export async function checkSettings(database: Database, ledger: Ledger): Promise<Break[]> {
  const { rows, records } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    return {
      rows: await select('SELECT name, value, seq FROM settings WHERE tenant_id = ? ORDER BY name', [ledger.tenant.id]),
      records: await select(
        `SELECT seq, record FROM entries ${database.dialect.useIndex('entries_action')} WHERE ledger_id = ? AND action = ? ORDER BY seq`,
        [ledger.id, SETTINGS_ACTION],
      ),
    };
  });
  const stated = new Map<string, Stated>();
  for (const [seq, text] of records) {
    const record = parseRecord(String(text));
    for (const [name, one] of statedIn(Number(seq), record)) stated.set(name, one);
  }

  const breaks: Break[] = [];
  const found = (seq: number, name: string, detail: string) =>
    breaks.push(projectionBreak(seq, `setting ${name}: ${detail}`));
  for (const [cell, value, seq] of rows) {
    const name = String(cell);
    const truth = stated.get(name);
    stated.delete(name);
    if (!truth) found(Number(seq), name, 'no entry says that it was set');
    else if (truth.after !== (truth.isSecret && value !== '' ? hash('sha256', String(value)) : value))
      found(truth.seq, name, 'differs from what the entry about it says');
  }
  for (const [name, { seq }] of stated) found(seq, name, 'is gone, and an entry says that it was set');
  return breaks;
}

function statedIn(seq: number, record: SealedRecord | undefined): [string, Stated][] {
  // What a bridge sends under this name sets nothing.
  if (record?.source.kind !== 'own') return [];
  return readSettingStatements(record.changes, record.source.payload).map((one) => [one.name, { ...one, seq }]);
}
