import { hash } from 'node:crypto';
import { readSettingStatements, SETTINGS_ACTION, type SettingStatement } from '../../../core/settings-statement';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { readOwnRecords } from './own-records';
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
      records: await readOwnRecords(database, trx, ledger, [SETTINGS_ACTION]),
    };
  });
  const stated = new Map<string, Stated>();
  for (const { seq, record } of records)
    for (const one of readSettingStatements(record.changes, record.source.payload))
      stated.set(one.name, { ...one, seq });

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
