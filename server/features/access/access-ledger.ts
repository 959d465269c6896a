import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import type { StateChange, StatedChanges } from '../capture/stated-changes-service';
import type { Changed, Tenant } from './access-change';
import { createPeopleStore, type PeopleStore } from './people-store';
import { createRoleStore, type RoleStore } from './role-store';

/** The tables of one transaction, and the entry that goes with what is written there. */
export interface AccessTables {
  readonly roles: RoleStore;
  readonly people: PeopleStore;
  readonly record: StateChange;
}

/** Changes of roles and people, each with its entry or not at all, and one after the other whatever the number of sidecars. */
export interface AccessLedger {
  /** `work` may run again when the transaction lost a race. */
  change<T>(tenant: Tenant, work: (tables: AccessTables) => Promise<Changed<T>>): Promise<Changed<T>>;
}

interface LedgerDeps {
  readonly database: Database;
  readonly stated: StatedChanges;
}

export function accessTables(db: Knex, { dialect }: Pick<Database, 'dialect'>): Omit<AccessTables, 'record'> {
  return { roles: createRoleStore(db), people: createPeopleStore({ knex: db, dialect }) };
}

export function createAccessLedger({ database, stated }: LedgerDeps): AccessLedger {
  return {
    change: (tenant, work) =>
      stated.change(tenant.slug, (trx, record) => work({ ...accessTables(trx, database), record })),
  };
}
