import { ACCESS_ACTIONS, readAccessStatement } from '../../core/access-statement';
import type { Ledger } from '../../entries/entry-store';
import { foldFacts, type Fold, type ReadFold } from '../../entries/fact-fold';
import type { LedgerFact, LedgerFacts } from '../../entries/ledger-facts';
import { createRoleReader, type RoleReader } from './role-reader';
import type { CustomRoleRow, MappingRow } from './role-store';

/** What people may do, as the entries of a ledger say: who writes the tables could else give themselves any role. */
export interface StatedAccess extends RoleReader {
  /** The role that was given to somebody; null where none was, or it was taken back. */
  findGiven(bridgeId: string, ref: string): string | null;
}

export type ReadStatedAccess = ReadFold<StatedAccess>;

export function createStatedAccess(readFacts: LedgerFacts['read']): ReadStatedAccess {
  return foldFacts(readFacts, ACCESS_ACTIONS, createFold);
}

function createFold({ tenant }: Ledger): StatedAccess & Fold {
  const given = new Map<string, string | null>();
  const mappings = new Map<string, MappingRow>();
  const roles = new Map<string, CustomRoleRow>();
  const reader = createRoleReader({
    list: () => Promise.resolve([...roles.values()].sort((a, b) => (a.name < b.name ? -1 : 1))),
    find: (_, id) => Promise.resolve(roles.get(id)),
    listMappings: () =>
      Promise.resolve([...mappings.values()].sort((a, b) => (a.billing_role < b.billing_role ? -1 : 1))),
    findMapping: (_, billingRole) => Promise.resolve(mappings.get(billingRole)),
  });

  return {
    ...reader,
    findGiven: (bridgeId, ref) => given.get(keyOf(bridgeId, ref)) ?? null,
    add({ action, targetId, payload, receivedAt }: LedgerFact) {
      const said = readAccessStatement(action, targetId, payload);
      const stamp = { tenant_id: tenant.id, changed_at: Date.parse(receivedAt ?? ''), changed_by: '' };
      switch (said.kind) {
        case 'person':
          return void given.set(keyOf(said.bridgeId, said.ref), said.role);
        case 'mapping': {
          const { billingRole, role } = said;
          if (role === null) mappings.delete(billingRole);
          else mappings.set(billingRole, { ...stamp, billing_role: billingRole, role });
          return;
        }
        case 'role': {
          const { id, meaning } = said;
          if (meaning === null) roles.delete(id);
          else roles.set(id, { ...stamp, id, ...meaning });
          return;
        }
      }
    },
  };
}

function keyOf(bridgeId: string, ref: string): string {
  return JSON.stringify([bridgeId, ref]);
}
