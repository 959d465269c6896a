import type { Knex } from 'knex';

/** A role of a tenant's own. */
export interface CustomRoleRow {
  id: string;
  tenant_id: number;
  name: string;
  /** A comma list. */
  rights: string;
  changed_at: number;
  changed_by: string;
}

/** Which of our roles a role of the billing system stands for. */
export interface MappingRow {
  tenant_id: number;
  billing_role: string;
  role: string;
  changed_at: number;
  changed_by: string;
}

export interface RoleStore {
  list(tenantId: number): Promise<CustomRoleRow[]>;
  find(tenantId: number, id: string): Promise<CustomRoleRow | undefined>;
  /** Inserts or replaces. Throws the engine's own error where another role of the tenant has the name. */
  save(row: CustomRoleRow): Promise<void>;
  remove(tenantId: number, id: string): Promise<void>;
  listMappings(tenantId: number): Promise<MappingRow[]>;
  findMapping(tenantId: number, billingRole: string): Promise<MappingRow | undefined>;
  saveMapping(row: MappingRow): Promise<void>;
  removeMapping(tenantId: number, billingRole: string): Promise<void>;
}

export function createRoleStore(db: Knex): RoleStore {
  const roles = () => db<CustomRoleRow>('custom_roles');
  const mappings = () => db<MappingRow>('role_mappings');
  return {
    list: (tenantId) => roles().where({ tenant_id: tenantId }).orderBy('name'),
    find: (tenantId, id) => roles().where({ tenant_id: tenantId, id }).first(),
    async save(row) {
      const { id, tenant_id, ...changed } = row;
      if ((await roles().where({ id, tenant_id }).update(changed)) === 0) await roles().insert(row);
    },
    async remove(tenantId, id) {
      await roles().where({ tenant_id: tenantId, id }).delete();
    },
    listMappings: (tenantId) => mappings().where({ tenant_id: tenantId }).orderBy('billing_role'),
    findMapping: (tenantId, billingRole) => mappings().where({ tenant_id: tenantId, billing_role: billingRole }).first(), // prettier-ignore
    async saveMapping(row) {
      const { tenant_id, billing_role, ...changed } = row;
      const isThere = (await mappings().where({ tenant_id, billing_role }).update(changed)) > 0;
      if (!isThere) await mappings().insert(row);
    },
    async removeMapping(tenantId, billingRole) {
      await mappings().where({ tenant_id: tenantId, billing_role: billingRole }).delete();
    },
  };
}
