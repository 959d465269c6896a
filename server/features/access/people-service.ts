import type { Database } from '../../db/connection';
import { done, isWithin, originOf, refused, type Changed, type ChangedBy, type Tenant } from './access-change';
import { accessTables, type AccessLedger } from './access-ledger';
import type { PersonRow } from './people-store';
import { createRoleReader, NO_ACCESS, type RoleReader } from './role-reader';
import type { StatedAccess } from './stated-access';

export interface Person {
  readonly id: string;
  readonly name: string;
  /** The administrator's id in the billing system, or the name of the sign-in. */
  readonly ref: string;
  /** The bridge that tells of them; null for a sign-in of our own. */
  readonly bridgeId: string | null;
  readonly billingRole: string | null;
  /** What was given to them here; null where nothing was and the default counts. */
  readonly givenRole: string | null;
  /** What counts: given, by the latest link, or by the role in the billing system. */
  readonly role: string;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** Everybody who was seen, and what they may do. Each change is an entry `audit.access_changed`. */
export interface PeopleService {
  /** The latest seen first. */
  list(tenantId: number): Promise<readonly Person[]>;
  /**
   * Gives a role (a built-in one, the id of a custom one, `none`), or takes what was given (null: the default counts again).
   * Counts from the next request on. Refuses to leave a tenant without a super admin who signs in here.
   */
  setRole(tenant: Tenant, id: string, role: string | null, by: ChangedBy): Promise<Changed<Person>>;
}

interface PeopleDeps {
  readonly database: Database;
  readonly ledger: AccessLedger;
  /** What the entries of a tenant say. */
  readonly statedOf: (tenantId: number) => Promise<StatedAccess>;
  readonly now: () => Date;
}

export function createPeopleService({ database, ledger, statedOf, now }: PeopleDeps): PeopleService {
  const tables = accessTables(database.knex, database);
  return {
    async list(tenantId) {
      const stated = await statedOf(tenantId);
      const rows = await tables.people.list(tenantId);
      return Promise.all(rows.map((row) => toPerson({ ...row, role: stated.findGiven(row.bridge_id, row.ref) }, stated))); // prettier-ignore
    },

    async setRole(tenant, id, role, by) {
      const stated = await statedOf(tenant.id);
      return ledger.change(tenant, async ({ people, roles, record }) => {
        const reader = createRoleReader(roles);
        const row = await people.find(tenant.id, id);
        if (!row) return refused('unknown_person');
        const [before, after] = [await toPerson(row, reader), await toPerson({ ...row, role }, reader)];
        const [had, gets] = [await reader.findMeaning(tenant.id, before.role), await reader.findMeaning(tenant.id, after.role)]; // prettier-ignore
        if (role !== null && role !== NO_ACCESS && !gets) return refused('unknown_role');
        if (!isWithin([...(had?.rights ?? []), ...(gets?.rights ?? [])], by)) return refused('beyond_own');
        if (before.givenRole === role && stated.findGiven(row.bridge_id, row.ref) === role) return done(before);
        if (isSuperAdmin(before) && !isSuperAdmin(after)) {
          const others = (await people.list(tenant.id)).filter((one) => one.id !== id);
          const all = await Promise.all(others.map((one) => toPerson(one, reader)));
          if (!all.some(isSuperAdmin)) return refused('last_super_admin');
        }
        await record({
          action: 'audit.access_changed',
          targetType: 'admin',
          targetId: row.ref,
          targetLabel: row.name,
          payload: { person_id: row.id, bridge_id: row.bridge_id, role },
          changes: [{ field: 'role', before: before.role, after: after.role }],
          ...originOf(by),
        });
        await people.setRole(id, role, now().getTime());
        return done(after);
      });
    },
  };
}

async function toPerson(row: PersonRow, reader: RoleReader): Promise<Person> {
  const byDefault = row.bridge_id === '' ? (row.link_role ?? NO_ACCESS) : await reader.findMapped(row.tenant_id, row.billing_role ?? ''); // prettier-ignore
  return {
    id: row.id,
    name: row.name,
    ref: row.ref,
    bridgeId: row.bridge_id === '' ? null : row.bridge_id,
    billingRole: row.billing_role,
    givenRole: row.role,
    role: row.role ?? byDefault,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
  };
}

/** Nobody is one through a bridge: that takes rights which a bridge cannot give. */
function isSuperAdmin({ role, bridgeId }: Person): boolean {
  return role === 'super_admin' && bridgeId === null;
}
