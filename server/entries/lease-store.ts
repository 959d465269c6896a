import type { Database } from '../db/connection';
import { isFree } from '../db/free-lease';
import type { Ledger } from './entry-store';

/**
 * `prune`: one process at a time prunes a ledger. `holds`: nobody places a hold while a prune is about to become final.
 * `anchor ID`: one at a time brings checkpoints to an anchor.
 */
export type LeaseName = 'prune' | 'holds' | `anchor ${string}`;

/** Who may do something to a ledger for now. What is not given back ends by itself. */
export interface LeaseStore {
  /** Takes or prolongs a lease; false while somebody else has it. */
  take(ledger: Ledger, name: LeaseName, holder: string, ms: number): Promise<boolean>;
  release(ledger: Ledger, name: LeaseName, holder: string): Promise<void>;
}

interface LeaseRow {
  ledger_id: number;
  name: string;
  holder: string;
  expires_at: number;
}

export function createLeaseStore(database: Database, now: () => Date): LeaseStore {
  const db = database.knex;
  return {
    async take(ledger, name, holder, ms) {
      const at = now().getTime();
      const columns = ['ledger_id', 'name', 'holder', 'expires_at'];
      await database.dialect.insertRows(db, 'leases', columns, [[ledger.id, name, '', 0]], { onConflict: 'ignore' });
      const taken = await db<LeaseRow>('leases')
        .where({ ledger_id: ledger.id, name })
        .andWhere((either) => void either.where({ holder }).orWhere(isFree('expires_at', at)))
        .update({ holder, expires_at: at + ms });
      return taken === 1;
    },
    async release(ledger, name, holder) {
      await db<LeaseRow>('leases').where({ ledger_id: ledger.id, name, holder }).update({ expires_at: 0 });
    },
  };
}
