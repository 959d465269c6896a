import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/ledger';

/** A place outside the entries where erased values may still lie. `count` where we can tell how many there are. */
export interface CopyPlace {
  readonly place:
    'exports' | 'quarantine' | 'api' | 'archives' | 'mails' | 'backups' | 'database_logs' | 'billing_system';
  readonly count: number | null;
  readonly note: string;
}

const EXPORTS = ['audit.exported', 'audit.subject_exported'];

/** Sealtrail cannot reach these, or does not know whose values they hold: whoever erases has to be told. */
export async function listCopies({ knex: db, dialect }: Database, ledger: Ledger): Promise<CopyPlace[]> {
  const count = async (sql: string, bindings: readonly (string | number)[]) =>
    Number((await dialect.selectArrays(db, sql, bindings))[0]?.[0] ?? 0);
  const exported = await count(
    `SELECT COUNT(*) FROM entries ${dialect.useIndex('entries_action')} WHERE ledger_id = ? AND action IN (?, ?)`,
    [ledger.id, ...EXPORTS],
  );
  const quarantined = await count('SELECT COUNT(*) FROM quarantine WHERE tenant_id = ?', [ledger.tenant.id]);
  const tokens = await count('SELECT COUNT(*) FROM api_tokens WHERE tenant_id = ?', [ledger.tenant.id]);
  const engineLogs =
    dialect.name === 'sqlite'
      ? 'snapshots of the disk or the file system'
      : 'binary logs, replicas and snapshots keep the old rows until they expire';
  return [
    { place: 'exports', count: exported, note: 'exports are recorded as audit.exported; what became of the files is not known here' }, // prettier-ignore
    { place: 'quarantine', count: quarantined, note: 'items set aside are kept as they came, whoever they are about: look through them' }, // prettier-ignore
    { place: 'api', count: tokens, note: 'programs with an API token may have copied entries' },
    { place: 'archives', count: null, note: 'archives of pruned entries hold the values they had' },
    { place: 'mails', count: null, note: 'mails and alerts that were sent' },
    { place: 'backups', count: null, note: 'backups of the database hold values and salts until they expire' },
    { place: 'database_logs', count: null, note: engineLogs },
    { place: 'billing_system', count: null, note: 'the billing system itself, its own logs, and what its bridge still has to send' }, // prettier-ignore
  ];
}
