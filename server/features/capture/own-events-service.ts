import { v7 as uuidv7 } from 'uuid';
import { ownEvent, type OwnEvent } from '../../core/own-event';
import type { Appender } from '../../entries/appender';
import type { EntryStore } from '../../entries/entry-store';
import { sealOwnEvent } from '../../entries/seal-own-event';

/** Records what happens to the audit trail itself as entries of a tenant's ledger. */
export interface OwnEvents {
  record(tenant: string, event: Omit<OwnEvent, 'id' | 'at'>): Promise<void>;
}

interface OwnEventsDeps {
  readonly appender: Appender;
  readonly store: EntryStore;
  readonly now: () => Date;
}

export function createOwnEvents({ appender, store, now }: OwnEventsDeps): OwnEvents {
  return {
    async record(tenant, event) {
      const ledger = await store.findLedger(tenant);
      if (!ledger) throw new Error(`there is no ledger for tenant ${tenant}`);
      const at = now().toISOString();
      const id = uuidv7();
      await appender.append(ledger, [sealOwnEvent(ownEvent({ ...event, id, at }), ledger)], []);
    },
  };
}
