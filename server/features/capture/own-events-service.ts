import { hash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { ownEvent, type OwnEvent } from '../../core/own-event';
import type { Appender } from '../../entries/appender';
import type { EntryStore } from '../../entries/entry-store';
import { sealOwnEvent } from '../../entries/seal-own-event';
import { hideIp, type Addressing } from './hide-addresses';

/** Records what happens to the audit trail itself as entries of a tenant's ledger. */
export interface OwnEvents {
  /**
   * `once` names what happened, so that it is recorded one time however often and from how many processes it is reported;
   * without it each call is an entry.
   */
  record(tenant: string, event: Omit<OwnEvent, 'id' | 'at'> & { readonly once?: string }): Promise<void>;
}

/** The id of an event that is recorded once. */
export function onceId(action: string, once: string): string {
  return hash('sha256', `${action}\0${once}`);
}

interface OwnEventsDeps {
  readonly appender: Appender;
  readonly store: EntryStore;
  /** How addresses are stored for a tenant at this moment. */
  readonly addressingOf: (tenantId: number) => Promise<Addressing>;
  readonly now: () => Date;
}

export function createOwnEvents({ appender, store, addressingOf, now }: OwnEventsDeps): OwnEvents {
  return {
    async record(tenant, { once, ...event }) {
      const ledger = await store.findLedger(tenant);
      if (!ledger) throw new Error(`there is no ledger for tenant ${tenant}`);
      const id = once === undefined ? uuidv7() : onceId(event.action, once);
      const { ip = null } = event;
      const shownIp = ip === null ? null : hideIp(ip, await addressingOf(ledger.tenant.id));
      const own = ownEvent({ ...event, ip: shownIp, id, at: now().toISOString() });
      await appender.append(ledger, [sealOwnEvent(own, ledger)], []);
    },
  };
}
