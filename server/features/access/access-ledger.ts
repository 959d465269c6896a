import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { ownEvent, type OwnEvent } from '../../core/own-event';
import type { Database } from '../../db/connection';
import type { EntryStore } from '../../entries/entry-store';
import { sealOwnEvent } from '../../entries/seal-own-event';
import type { Changed, Tenant } from './access-change';
import { createPeopleStore, type PeopleStore } from './people-store';
import { createRoleStore, type RoleStore } from './role-store';

/** The tables of one transaction, and the entry that goes with what is written there. */
export interface AccessTables {
  readonly roles: RoleStore;
  readonly people: PeopleStore;
  readonly record: (event: Omit<OwnEvent, 'id' | 'at'>) => Promise<void>;
}

/** Changes of roles and people, each with its entry or not at all, and one after the other whatever the number of sidecars. */
export interface AccessLedger {
  /** `work` may run again when the transaction lost a race. */
  change<T>(tenant: Tenant, work: (tables: AccessTables) => Promise<Changed<T>>): Promise<Changed<T>>;
}

interface LedgerDeps {
  readonly database: Database;
  readonly store: EntryStore;
  /** Told after each commit that moved a head. */
  readonly onCommit: (ledger: string, seq: number, hash: string) => void;
  readonly now: () => Date;
}

export function accessTables(db: Knex, { dialect }: Pick<Database, 'dialect'>): Omit<AccessTables, 'record'> {
  return { roles: createRoleStore(db), people: createPeopleStore({ knex: db, dialect }) };
}

export function createAccessLedger({ database, store, onCommit, now }: LedgerDeps): AccessLedger {
  return {
    async change(tenant, work) {
      const ledger = await store.findLedger(tenant.slug);
      if (!ledger) throw new Error(`there is no ledger for tenant ${tenant.slug}`);
      const { changed, head } = await store.withHead(ledger, async (locked) => {
        let last: { readonly seq: number; readonly hash: string } | undefined;
        const record = async (event: Omit<OwnEvent, 'id' | 'at'>) => {
          const own = ownEvent({ ...event, id: uuidv7(), at: now().toISOString() });
          const [result] = await locked.append([sealOwnEvent(own, ledger)]);
          last = result?.receipts[0];
        };
        return { changed: await work({ ...accessTables(locked.trx, database), record }), head: last };
      });
      if (head) onCommit(ledger.name, head.seq, head.hash);
      return changed;
    },
  };
}
