import { v7 as uuidv7 } from 'uuid';
import type { Ledger } from '../../entries/entry-store';
import type { Tenant } from './access-change';
import type { PeopleStore, PersonRow, Sighting } from './people-store';
import { NEVER_BY_BRIDGE } from './rights';
import type { ReadStatedAccess } from './stated-access';
import type { SignedIn, Viewer } from './viewer';

/** An administrator of the billing system, as a bridge tells of one. */
export interface BillingAdmin {
  readonly adminId: string;
  readonly name: string;
  readonly role: string;
}

/**
 * What somebody may do at this moment, looked up at each request: a role that was given or taken counts at once, in sessions that
 * are open as well. By the entries that say so, not by the tables. Notes everybody who comes.
 */
export interface AccessService {
  /** Who signed in by a link; undefined where their access was taken or their role is gone. */
  findSignedIn(session: SignedIn): Promise<Viewer | undefined>;
  /** Who comes through a bridge; undefined where they have no access. Never with what a bridge cannot give. */
  findBilling(
    bridge: { readonly id: string; readonly tenant: Tenant },
    admin: BillingAdmin,
  ): Promise<Viewer | undefined>;
}

interface AccessDeps {
  readonly people: PeopleStore;
  readonly readStated: ReadStatedAccess;
  /** By name, which is that of its tenant. */
  readonly findLedger: (name: string) => Promise<Ledger | undefined>;
  readonly now: () => Date;
}

/** How exact "last seen" is: once a minute spares a write for every request. */
const SEEN_MS = 60_000;

export function createAccessService({ people, readStated, findLedger, now }: AccessDeps): AccessService {
  return {
    async findSignedIn({ name, role: linkRole, tenant: slug }) {
      const ledger = await findLedger(slug);
      if (!ledger) return undefined;
      const { id } = ledger.tenant;
      await noteSeen({ tenant_id: id, bridge_id: '', ref: name, name, billing_role: null, link_role: linkRole });
      const stated = await readStated(ledger);
      const meaning = await stated.findMeaning(id, stated.findGiven('', name) ?? linkRole);
      return meaning && { name, tenant: slug, ...meaning };
    },

    async findBilling(bridge, { adminId, name, role: billingRole }) {
      const { id: tenant_id, slug } = bridge.tenant;
      const ledger = await findLedger(slug);
      if (!ledger) return undefined;
      await noteSeen({ tenant_id, bridge_id: bridge.id, ref: adminId, name, billing_role: billingRole, link_role: null }); // prettier-ignore
      const stated = await readStated(ledger);
      const role = stated.findGiven(bridge.id, adminId) ?? (await stated.findMapped(tenant_id, billingRole));
      const meaning = await stated.findMeaning(tenant_id, role);
      if (!meaning) return undefined;
      const rights = meaning.rights.filter((right) => !NEVER_BY_BRIDGE.includes(right));
      return { name, tenant: slug, ...meaning, rights, billing: { adminId, role: billingRole } };
    },
  };

  async function noteSeen(sighting: Sighting): Promise<void> {
    const at = now().getTime();
    const row = await people.findByRef(sighting);
    if (!row) await people.add(uuidv7(), sighting, at);
    else if (at - row.last_seen_at >= SEEN_MS || differs(row, sighting)) await people.seen(row.id, sighting, at);
  }
}

function differs(row: PersonRow, { name, billing_role, link_role }: Sighting): boolean {
  return row.name !== name || row.billing_role !== billing_role || row.link_role !== link_role;
}
