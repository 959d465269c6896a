import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import { isSettingName, type SettingName } from './settings';

/** A value that somebody has set. */
export interface SettingRow {
  tenant_id: number;
  name: SettingName;
  /** As `parseSetting` gives it; a secret is wrapped by the master key. */
  value: string;
  /** The entry that states it. */
  seq: number;
  /** Milliseconds since 1970. */
  changed_at: number;
  changed_by: string;
}

export interface SettingStore {
  /** Of these tenants, by name. */
  list(tenantIds: readonly number[], db?: Knex): Promise<SettingRow[]>;
  put(rows: readonly SettingRow[], db: Knex): Promise<void>;
}

export function createSettingStore({ knex, dialect }: Database): SettingStore {
  return {
    async list(tenantIds, db = knex) {
      const rows = await db<SettingRow>('settings').whereIn('tenant_id', tenantIds).orderBy('name');
      // A version that knew more settings may have been here.
      return rows.filter((row) => isSettingName(row.name));
    },
    put: (rows, db) =>
      dialect.insertRows(
        db,
        'settings',
        ['tenant_id', 'name', 'value', 'seq', 'changed_at', 'changed_by'],
        rows.map((row) => [row.tenant_id, row.name, row.value, row.seq, row.changed_at, row.changed_by]),
        {
          onConflict: {
            key: ['tenant_id', 'name'],
            set: [
              'value = new(value)',
              'seq = new(seq)',
              'changed_at = new(changed_at)',
              'changed_by = new(changed_by)',
            ],
          },
        },
      ),
  };
}
