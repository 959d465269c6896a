import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { ownEvent, type OwnEvent } from '../../core/own-event';
import type { EntryStore } from '../../entries/entry-store';
import { sealOwnEvent } from '../../entries/seal-own-event';
import { hideIp, type Addressing } from './hide-addresses';

/** Appends the entry about a change within its transaction. */
export type StateChange = (event: Omit<OwnEvent, 'id' | 'at'>) => Promise<void>;

/** Rows together with the entries that state them, one change of a tenant after the other whatever the number of sidecars. */
export interface StatedChanges {
  /** Both are committed or neither. `work` may run again when the transaction lost a race. */
  change<T>(tenant: string, work: (trx: Knex.Transaction, state: StateChange) => Promise<T>): Promise<T>;
}

interface StatedDeps {
  readonly store: EntryStore;
  /** How addresses are stored for a tenant at this moment. */
  readonly addressingOf: (tenantId: number) => Promise<Addressing>;
  /** Told after each commit that moved a head. */
  readonly onCommit: (ledger: string, seq: number, hash: string) => void;
  readonly now: () => Date;
}

export function createStatedChanges({ store, addressingOf, onCommit, now }: StatedDeps): StatedChanges {
  return {
    async change(tenant, work) {
      const ledger = await store.findLedger(tenant);
      if (!ledger) throw new Error(`there is no ledger for tenant ${tenant}`);
      // Before the head is locked: to read it may take a connection of its own.
      const addressing = await addressingOf(ledger.tenant.id);
      const { done, tip } = await store.withHead(ledger, async (locked) => {
        let last: { readonly seq: number; readonly hash: string } | undefined;
        const state: StateChange = async ({ ip = null, ...event }) => {
          const own = ownEvent({ ...event, ip: hideIp(ip, addressing), id: uuidv7(), at: now().toISOString() });
          const [result] = await locked.append([sealOwnEvent(own, ledger)]);
          last = result?.receipts[0];
        };
        return { done: await work(locked.trx, state), tip: last };
      });
      if (tip) onCommit(ledger.name, tip.seq, tip.hash);
      return done;
    },
  };
}
