import type { Knex } from 'knex';
import type { OwnerKey } from './view-store';

interface PreferenceRow {
  tenant_id: number;
  owner: string;
  list_view: string | null;
  default_view: string | null;
  changed_at: number;
}

export interface Preferences {
  /** Columns, density, order and page size as in an address; null: the program's own. */
  readonly listView: string | null;
  /** The saved view that the audit log opens with. */
  readonly defaultView: string | null;
}

/** What somebody likes, kept by us: inside the billing system's page there are no cookies of ours. */
export interface PreferenceStore {
  find(who: OwnerKey): Promise<Preferences>;
  set(who: OwnerKey, patch: Partial<Preferences>, at: number): Promise<void>;
}

export function createPreferenceStore(db: Knex): PreferenceStore {
  const rows = () => db<PreferenceRow>('person_preferences');
  return {
    async find({ tenantId, owner }) {
      const row = await rows().where({ tenant_id: tenantId, owner }).first();
      return { listView: row?.list_view ?? null, defaultView: row?.default_view ?? null };
    },
    async set({ tenantId, owner }, patch, at) {
      const changes = {
        ...(patch.listView === undefined ? {} : { list_view: patch.listView }),
        ...(patch.defaultView === undefined ? {} : { default_view: patch.defaultView }),
        changed_at: at,
      };
      await rows()
        .insert({ tenant_id: tenantId, owner, list_view: null, default_view: null, ...changes })
        .onConflict(['tenant_id', 'owner'])
        .merge(changes);
    },
  };
}
