import { v7 as uuidv7 } from 'uuid';
import { done, isWithin, originOf, refused, type Changed, type ChangedBy, type Tenant } from './access-change';
import type { AccessLedger, AccessTables } from './access-ledger';
import { RIGHTS, ROLES } from './rights';
import { createRoleReader, NO_ACCESS, toRole, UNMAPPED_ROLE, type CustomRole, type Mapping, type RoleReader } from './role-reader'; // prettier-ignore
import type { CustomRoleRow, RoleStore } from './role-store';
import type { StatedAccess } from './stated-access';

export { NO_ACCESS } from './role-reader';

export interface RoleDraft {
  /** null makes a new role. */
  readonly id: string | null;
  readonly name: string;
  readonly rights: readonly string[];
}

/** A tenant's own roles, and which role those of the billing system stand for. Each change is an entry `audit.role_changed`. */
export interface RoleService extends RoleReader {
  /** Who may read every entry may read their own as well. */
  save(tenant: Tenant, draft: RoleDraft, by: ChangedBy): Promise<Changed<CustomRole>>;
  /** Refused while the role is given to somebody or stands for one of the billing system. */
  remove(tenant: Tenant, id: string, by: ChangedBy): Promise<Changed<CustomRole>>;
  /** null takes the mapping away. */
  map(tenant: Tenant, billingRole: string, role: string | null, by: ChangedBy): Promise<Changed<Mapping | null>>;
}

interface RoleDeps {
  readonly ledger: AccessLedger;
  readonly roles: Pick<RoleStore, 'list'>;
  /** What the entries of a tenant say. */
  readonly statedOf: (tenantId: number) => Promise<StatedAccess>;
  readonly now: () => Date;
}

const MAX_NAME = 64;

export function createRoleService({ ledger, roles, statedOf, now }: RoleDeps): RoleService {
  const stamp = (by: ChangedBy) => ({ changed_at: now().getTime(), changed_by: by.name.slice(0, 191) });

  return {
    async list(tenantId) {
      const stated = await (await statedOf(tenantId)).list(tenantId);
      // By what name somebody was known then stands in the table alone.
      const names = new Map((await roles.list(tenantId)).map((row) => [row.id, row.changed_by]));
      return stated.map((role) => ({ ...role, changedBy: names.get(role.id) ?? '' }));
    },
    findMeaning: async (tenantId, role) => (await statedOf(tenantId)).findMeaning(tenantId, role),
    findKey: async (tenantId, text) => (await statedOf(tenantId)).findKey(tenantId, text),
    listMappings: async (tenantId) => (await statedOf(tenantId)).listMappings(tenantId),
    findMapped: async (tenantId, billingRole) => (await statedOf(tenantId)).findMapped(tenantId, billingRole),

    async save(tenant, { id, name: given, rights: asked }, by) {
      const name = given.trim().toWellFormed();
      if (name === '' || [...name].length > MAX_NAME) return refused('no_name');
      const wanted = new Set(asked.includes('entries.read') ? [...asked, 'entries.read_own'] : asked);
      const rights = RIGHTS.filter((right) => wanted.has(right));
      if (rights.length < wanted.size) return refused('unknown_right');
      if (rights.length === 0) return refused('no_rights');
      const said = (await (await statedOf(tenant.id)).list(tenant.id)).find((one) => one.id === id);
      return ledger.change(tenant, async (tables) => {
        const others = await tables.roles.list(tenant.id);
        const before = others.find((one) => one.id === id);
        if (id !== null && !before) return refused('unknown_role');
        // Whoever narrows a role takes rights, and has to have them as well.
        if (!isWithin([...rights, ...(before ? toRole(before).rights : [])], by)) return refused('beyond_own');
        if (isReserved(name) || others.some((one) => one.name === name && one.id !== id)) return refused('name_taken');
        const row = { id: id ?? uuidv7(), tenant_id: tenant.id, name, rights: rights.join(','), ...stamp(by) };
        const isSame = (one: CustomRole | undefined) => one?.name === name && one.rights.join(',') === row.rights;
        if (before && isSame(toRole(before)) && isSame(said)) return done(toRole(before));
        await recordRole(tables, before, row, by);
        await tables.roles.save(row);
        return done(toRole(row));
      });
    },

    remove: (tenant, id, by) =>
      ledger.change(tenant, async (tables) => {
        const row = await tables.roles.find(tenant.id, id);
        if (!row) return refused('unknown_role');
        if (!isWithin(toRole(row).rights, by)) return refused('beyond_own');
        const isMapped = (await tables.roles.listMappings(tenant.id)).some(({ role }) => role === id);
        if (isMapped || (await tables.people.isGiven(tenant.id, id))) return refused('still_given');
        await recordRole(tables, row, undefined, by);
        await tables.roles.remove(tenant.id, id);
        return done(toRole(row));
      }),

    async map(tenant, given, role, by) {
      const billingRole = given.trim().toWellFormed();
      if (billingRole === '' || billingRole.length > 191) return refused('no_billing_role');
      const mappings = await (await statedOf(tenant.id)).listMappings(tenant.id);
      const said = mappings.find((one) => one.billingRole === billingRole)?.role ?? null;
      return ledger.change(tenant, async (tables) => {
        const reader = createRoleReader(tables.roles);
        const before = (await tables.roles.findMapping(tenant.id, billingRole))?.role ?? null;
        if (role !== null && role !== NO_ACCESS && !(await reader.findMeaning(tenant.id, role)))
          return refused('unknown_role');
        for (const key of [before, role]) {
          const meaning = await reader.findMeaning(tenant.id, key ?? UNMAPPED_ROLE);
          if (meaning && !isWithin(meaning.rights, by)) return refused('beyond_own');
        }
        const after = role === null ? null : { billingRole, role };
        if (before === role && said === role) return done(after);
        await tables.record({
          action: 'audit.role_changed',
          targetId: billingRole,
          targetLabel: billingRole,
          payload: { kind: 'mapping', billing_role: billingRole, role },
          changes: [{ field: 'role', before, after: role }],
          ...originOf(by),
        });
        if (role === null) await tables.roles.removeMapping(tenant.id, billingRole);
        else await tables.roles.saveMapping({ tenant_id: tenant.id, billing_role: billingRole, role, ...stamp(by) });
        return done(after);
      });
    },
  };
}

async function recordRole(
  tables: AccessTables,
  before: CustomRoleRow | undefined,
  after: CustomRoleRow | undefined,
  by: ChangedBy,
): Promise<void> {
  const { id, name } = (after ?? before) as CustomRoleRow;
  const fields = (['name', 'rights'] as const).filter((field) => before?.[field] !== after?.[field]);
  await tables.record({
    action: 'audit.role_changed',
    targetId: id,
    targetLabel: name,
    payload: { kind: 'role', role_id: id, name: after?.name ?? null, rights: after?.rights ?? null },
    changes: fields.map((field) => ({ field, before: before?.[field] ?? null, after: after?.[field] ?? null })),
    ...originOf(by),
  });
}

/** Names of which the command line could not tell which role is meant. */
function isReserved(name: string): boolean {
  return [...ROLES, NO_ACCESS].some((one) => one === name.toLowerCase());
}
