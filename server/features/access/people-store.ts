import type { Database } from '../../db/connection';

/** Somebody who was seen: signed in by a link of ours, or told of by a bridge. */
export interface PersonRow {
  id: string;
  tenant_id: number;
  /** Empty for a sign-in of our own. */
  bridge_id: string;
  /** The administrator's id in the billing system, or the name of the sign-in. */
  ref: string;
  name: string;
  billing_role: string | null;
  link_role: string | null;
  /** What was given here; null where nothing was. */
  role: string | null;
  changed_at: number | null;
  first_seen_at: number;
  last_seen_at: number;
}

export type Identity = Pick<PersonRow, 'tenant_id' | 'bridge_id' | 'ref'>;
export type Sighting = Identity & Pick<PersonRow, 'name' | 'billing_role' | 'link_role'>;

export interface PeopleStore {
  /** The latest seen first. */
  list(tenantId: number): Promise<PersonRow[]>;
  find(tenantId: number, id: string): Promise<PersonRow | undefined>;
  findByRef(identity: Identity): Promise<PersonRow | undefined>;
  /** Makes somebody known; of two at once, one does. */
  add(id: string, sighting: Sighting, at: number): Promise<void>;
  /** The values that the latest sight gives. */
  seen(id: string, sighting: Sighting, at: number): Promise<void>;
  setRole(id: string, role: string | null, at: number): Promise<void>;
  /** Whether a role is given to anybody, by hand or by a link. */
  isGiven(tenantId: number, role: string): Promise<boolean>;
}

const COLUMNS = ['id', 'tenant_id', 'bridge_id', 'ref', 'name', 'billing_role', 'link_role', 'first_seen_at', 'last_seen_at']; // prettier-ignore

export function createPeopleStore({ knex: db, dialect }: Pick<Database, 'knex' | 'dialect'>): PeopleStore {
  const people = () => db<PersonRow>('people');
  return {
    list: (tenantId) => people().where({ tenant_id: tenantId }).orderBy([{ column: 'last_seen_at', order: 'desc' }, 'id']), // prettier-ignore
    find: (tenantId, id) => people().where({ tenant_id: tenantId, id }).first(),
    findByRef: ({ tenant_id, bridge_id, ref }) => people().where({ tenant_id, bridge_id, ref }).first(),
    async add(id, { tenant_id, bridge_id, ref, name, billing_role, link_role }, at) {
      const row = [id, tenant_id, bridge_id, ref, name, billing_role, link_role, at, at];
      await dialect.insertRows(db, 'people', COLUMNS, [row], { onConflict: 'ignore' });
    },
    async seen(id, { name, billing_role, link_role }, at) {
      await people().where({ id }).update({ name, billing_role, link_role, last_seen_at: at });
    },
    async setRole(id, role, at) {
      await people().where({ id }).update({ role, changed_at: at });
    },
    async isGiven(tenantId, role) {
      const given = await people().where({ tenant_id: tenantId, role }).first('id');
      const linked = await people().where({ tenant_id: tenantId, role: null, link_role: role }).first('id');
      return given !== undefined || linked !== undefined;
    },
  };
}
