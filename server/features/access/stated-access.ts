import { ACCESS_ACTIONS, readAccessStatement, type AccessStatement } from '../../core/access-statement';
import type { Ledger } from '../../entries/entry-store';
import type { LedgerFacts } from '../retention/retention-service';
import { createRoleReader, type RoleReader } from './role-reader';
import type { CustomRoleRow, MappingRow } from './role-store';

/** What people may do, as the entries of a ledger say. */
export interface StatedAccess extends Pick<RoleReader, 'findMeaning' | 'findMapped'> {
  /** The role that was given to somebody; null where none was, or it was taken back. */
  findGiven(bridgeId: string, ref: string): string | null;
}

/**
 * Reads it out of the chain, which nobody writes without its key, instead of the tables: who writes the database could else give
 * themselves any role. An entry that does not fit its seal says nothing; verify names it. What was read once is kept, and only what is
 * new is read again.
 */
export type ReadStatedAccess = (ledger: Ledger) => Promise<StatedAccess>;

interface Fold extends StatedAccess {
  add(seq: number, statement: AccessStatement | undefined, at: number): void;
  seq(): number;
}

export function createStatedAccess(readFacts: LedgerFacts['read']): ReadStatedAccess {
  const folds = new Map<number, Fold>();
  return async (ledger) => {
    const fold = folds.get(ledger.id) ?? createFold(ledger);
    folds.set(ledger.id, fold);
    const facts = await readFacts(ledger, ACCESS_ACTIONS, { afterSeq: fold.seq() });
    for (const { seq, action, targetId, payload, receivedAt, isSound } of facts)
      fold.add(seq, isSound ? readAccessStatement(action, targetId, payload) : undefined, Date.parse(receivedAt ?? ''));
    return fold;
  };
}

function createFold({ tenant }: Ledger): Fold {
  const given = new Map<string, string | null>();
  const mappings = new Map<string, MappingRow>();
  const roles = new Map<string, CustomRoleRow>();
  let newest = 0;
  const reader = createRoleReader({
    list: () => Promise.resolve([...roles.values()]),
    find: (_, id) => Promise.resolve(roles.get(id)),
    listMappings: () => Promise.resolve([...mappings.values()]),
    findMapping: (_, billingRole) => Promise.resolve(mappings.get(billingRole)),
  });

  return {
    findMeaning: (...asked) => reader.findMeaning(...asked),
    findMapped: (...asked) => reader.findMapped(...asked),
    findGiven: (bridgeId, ref) => given.get(keyOf(bridgeId, ref)) ?? null,
    seq: () => newest,
    add(seq, statement, at) {
      // Two requests may have read the same entries.
      if (seq <= newest) return;
      newest = seq;
      if (!statement) return;
      const stamp = { tenant_id: tenant.id, changed_at: at, changed_by: '' };
      switch (statement.kind) {
        case 'person':
          return void given.set(keyOf(statement.bridgeId, statement.ref), statement.role);
        case 'mapping': {
          const { billingRole, role } = statement;
          if (role === null) mappings.delete(billingRole);
          else mappings.set(billingRole, { ...stamp, billing_role: billingRole, role });
          return;
        }
        case 'role': {
          const { id, meaning } = statement;
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
