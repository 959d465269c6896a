import { ACCESS_ACTIONS, readAccessStatement } from '../../../core/access-statement';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { readOwnRecords, type OwnRecord } from './own-records';
import { projectionBreak } from './projection-break';

/** What a row or the latest entry about it says; null: there is no such row any more, or nothing was given. */
interface Stated {
  readonly value: string | null;
  readonly seq: number;
}

/**
 * Compares roles, mappings and what was given to people with the entries `audit.role_changed` and `audit.access_changed`. What
 * somebody may do follows the entries. These are taken as genuine here.
 */
export async function checkAccess(database: Database, ledger: Ledger): Promise<Break[]> {
  const { rows, stated } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    const tenant = [ledger.tenant.id];
    const records = await readOwnRecords(database, trx, ledger, ACCESS_ACTIONS);
    const roles = await select('SELECT id, name, rights FROM custom_roles WHERE tenant_id = ?', tenant);
    const mappings = await select('SELECT billing_role, role FROM role_mappings WHERE tenant_id = ?', tenant);
    const people = await select('SELECT bridge_id, ref, role FROM people WHERE tenant_id = ?', tenant);
    return {
      rows: new Map<string, string | null>([
        ...roles.map(([id, name, rights]) => [`role ${String(id)}`, `${String(rights)} as ${String(name)}`] as const),
        ...mappings.map(([name, role]) => [`billing role ${String(name)}`, String(role)] as const),
        ...people.map(([bridge, ref, role]) => [personOf(bridge, ref), role === null ? null : String(role)] as const),
      ]),
      stated: new Map<string, Stated>(records.map(statementIn)),
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
function statementIn({ seq, record }: OwnRecord): readonly [string, Stated] {
  const said = readAccessStatement(record.action, record.target.id, record.source.payload);
  switch (said.kind) {
    case 'person':
      return [personOf(said.bridgeId, said.ref), { value: said.role, seq }];
    case 'mapping':
      return [`billing role ${said.billingRole}`, { value: said.role, seq }];
    case 'role':
      return [`role ${said.id}`, { value: said.meaning && `${said.meaning.rights} as ${said.meaning.name}`, seq }];
  }
}

function personOf(bridge: unknown, ref: unknown): string {
  return bridge === '' ? `person ${String(ref)}` : `admin ${String(ref)} of bridge ${String(bridge)}`;
}
