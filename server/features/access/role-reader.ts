import { isRole, RIGHTS, ROLE_RIGHTS, type Right, type Role } from './rights';
import type { CustomRoleRow, RoleStore } from './role-store';

/** In place of a role: somebody who may not come in. */
export const NO_ACCESS = 'none';
/** What a role of the billing system stands for while nobody has said otherwise. */
export const UNMAPPED_ROLE: Role = 'auditor';

export interface CustomRole {
  readonly id: string;
  readonly name: string;
  readonly rights: readonly Right[];
  readonly changedAt: number;
  readonly changedBy: string;
}

export interface Mapping {
  /** The role's name in the billing system. */
  readonly billingRole: string;
  /** A built-in role, the id of a custom one, or `none`. */
  readonly role: string;
}

/** A role by its key: what a viewer of it may do. */
export interface RoleMeaning {
  readonly role: Role;
  /** Of a custom role alone. */
  readonly roleName?: string;
  readonly rights: readonly Right[];
}

/** The roles of a tenant, and what those of the billing system stand for. */
export interface RoleReader {
  list(tenantId: number): Promise<readonly CustomRole[]>;
  /** Built-in or custom; undefined for `none` and for a role that is not there. */
  findMeaning(tenantId: number, role: string): Promise<RoleMeaning | undefined>;
  /** By built-in name, by the name or the id of a custom one; undefined where there is none. */
  findKey(tenantId: number, text: string): Promise<string | undefined>;
  listMappings(tenantId: number): Promise<readonly Mapping[]>;
  findMapped(tenantId: number, billingRole: string): Promise<string>;
}

/** Over the tables, or over anything else that reads like them. */
export function createRoleReader(roles: Pick<RoleStore, 'list' | 'find' | 'listMappings' | 'findMapping'>): RoleReader {
  const list = async (tenantId: number) => (await roles.list(tenantId)).map(toRole);
  return {
    list,
    async findMeaning(tenantId, role) {
      if (isRole(role)) return { role, rights: ROLE_RIGHTS[role] };
      const row = role === NO_ACCESS ? undefined : await roles.find(tenantId, role);
      // The least of the built-in ones, for whoever asks for that alone.
      return row && { role: 'standard_user', roleName: row.name, rights: toRole(row).rights };
    },
    async findKey(tenantId, text) {
      if (isRole(text)) return text;
      return (await list(tenantId)).find(({ id, name }) => id === text || name === text)?.id;
    },
    async listMappings(tenantId) {
      return (await roles.listMappings(tenantId)).map(({ billing_role, role }) => ({
        billingRole: billing_role,
        role,
      }));
    },
    async findMapped(tenantId, billingRole) {
      return (await roles.findMapping(tenantId, billingRole))?.role ?? UNMAPPED_ROLE;
    },
  };
}

export function toRole({ id, name, rights, changed_at, changed_by }: CustomRoleRow): CustomRole {
  const held = new Set(rights.split(','));
  return { id, name, rights: RIGHTS.filter((right) => held.has(right)), changedAt: changed_at, changedBy: changed_by };
}
