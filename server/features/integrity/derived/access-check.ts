import { parseRecord } from '../../../core/sealed-record';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { projectionBreak } from './projection-break';

/** What a row or the latest entry about it says; null: there is no such row any more, or nothing was given. */
interface Stated {
  readonly value: string | null;
  readonly seq: number;
}

/**
 * Compares roles, mappings and what was given to people with the entries `audit.role_changed` and `audit.access_changed`: who
 * writes the database could else make themselves a super admin, or bring back an access that was taken. The entries themselves
 * are taken as genuine.
 */
export async function checkAccess(database: Database, ledger: Ledger): Promise<Break[]> {
  const { rows, stated } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    const tenant = [ledger.tenant.id];
    const entriesOf = (action: string) => select(`SELECT seq, record FROM entries ${database.dialect.useIndex('entries_action')} WHERE ledger_id = ? AND action = ? ORDER BY seq`, [ledger.id, action]); // prettier-ignore
    const roles = await select('SELECT id, name, rights FROM custom_roles WHERE tenant_id = ?', tenant);
    const mappings = await select('SELECT billing_role, role FROM role_mappings WHERE tenant_id = ?', tenant);
    const people = await select('SELECT bridge_id, ref, role FROM people WHERE tenant_id = ?', tenant);
    return {
      rows: new Map<string, string | null>([
        ...roles.map(([id, name, rights]) => [`role ${String(id)}`, `${String(rights)} as ${String(name)}`] as const),
        ...mappings.map(([name, role]) => [`billing role ${String(name)}`, String(role)] as const),
        ...people.map(([bridge, ref, role]) => [personOf(bridge, ref), role === null ? null : String(role)] as const),
      ]),
      stated: new Map<string, Stated>(
        [...(await entriesOf('audit.role_changed')), ...(await entriesOf('audit.access_changed'))].flatMap(
          ([seq, record]) => statementIn(Number(seq), String(record)),
        ),
      ),
    };
  });

  const breaks: Break[] = [];
  for (const name of new Set([...rows.keys(), ...stated.keys()])) {
    const row = rows.get(name) ?? null;
    const said = stated.get(name);
    if (row === (said?.value ?? null)) continue;
    const told = said ? `the chain says ${said.value ?? 'nothing'}` : 'no entry says so';
    breaks.push(projectionBreak(said?.seq ?? 0, `access, ${name}: ${row ?? 'nothing'}, ${told}`));
  }
  return breaks;
}

/** Keys of statements are those of rows, so that the later entry about one takes the place of the earlier. */
function statementIn(seq: number, text: string): (readonly [string, Stated])[] {
  const record = parseRecord(text);
  if (record?.source.kind !== 'own') return [];
  const { payload } = record.source;
  const textOf = (name: string) => (typeof payload[name] === 'string' ? payload[name] : null);
  if (record.action === 'audit.access_changed')
    return [[personOf(payload['bridge_id'], record.target.id), { value: textOf('role'), seq }]];
  if (payload['kind'] === 'mapping')
    return [[`billing role ${record.target.id ?? ''}`, { value: textOf('role'), seq }]];
  const rights = textOf('rights');
  return [[`role ${record.target.id ?? ''}`, { value: rights === null ? null : `${rights} as ${textOf('name') ?? ''}`, seq }]]; // prettier-ignore
}

function personOf(bridge: unknown, ref: unknown): string {
  return bridge === '' ? `person ${String(ref)}` : `admin ${String(ref)} of bridge ${String(bridge)}`;
}
