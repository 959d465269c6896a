import type { Database } from '../../db/connection';

/** Whose views are meant: one person of one tenant. */
export interface OwnerKey {
  readonly tenantId: number;
  readonly owner: string;
}

interface ViewRow {
  id: string;
  tenant_id: number;
  owner: string;
  owner_name: string;
  name: string;
  query: string;
  shared: boolean | number;
  created_at: number;
  changed_at: number;
}

export interface StoredView {
  readonly id: string;
  readonly owner: string;
  readonly ownerName: string;
  readonly name: string;
  readonly query: string;
  readonly isShared: boolean;
  readonly changedAt: number;
}

export type ViewPatch = Partial<Pick<StoredView, 'name' | 'query' | 'isShared'>>;

/** What may be changed is found by id and owner together, so that nobody reaches another person's view. */
export interface ViewStore {
  /** One's own, and what others of the tenant share. */
  listVisible(who: OwnerKey): Promise<StoredView[]>;
  countOwn(who: OwnerKey): Promise<number>;
  /** Whether it was put in: false where this person has one of that name already. */
  insert(who: OwnerKey, view: Omit<StoredView, 'owner' | 'changedAt'>, at: number): Promise<boolean>;
  update(who: OwnerKey, id: string, patch: ViewPatch, at: number): Promise<'changed' | 'unknown' | 'taken'>;
  remove(who: OwnerKey, id: string): Promise<boolean>;
}

export function createViewStore({ knex: db, dialect }: Database): ViewStore {
  const views = () => db<ViewRow>('saved_views');
  const own = (who: OwnerKey) => ({ tenant_id: who.tenantId, owner: who.owner });

  return {
    async listVisible(who) {
      const rows = await views()
        .where({ tenant_id: who.tenantId })
        .andWhere((either) => void either.where({ owner: who.owner }).orWhere({ shared: true }))
        .select();
      return rows.map(fromRow);
    },

    async countOwn(who) {
      const [row] = await views().where(own(who)).count<{ n: number | string }[]>({ n: '*' });
      return Number(row?.n ?? 0);
    },

    async insert(who, view, at) {
      try {
        await views().insert({
          id: view.id,
          ...own(who),
          owner_name: view.ownerName,
          name: view.name,
          query: view.query,
          shared: view.isShared,
          created_at: at,
          changed_at: at,
        });
        return true;
      } catch (error) {
        if (dialect.isDuplicate(error)) return false;
        throw error;
      }
    },

    async update(who, id, { name, query, isShared }, at) {
      const changes = {
        ...(name === undefined ? {} : { name }),
        ...(query === undefined ? {} : { query }),
        ...(isShared === undefined ? {} : { shared: isShared }),
        changed_at: at,
      };
      try {
        const changed = await views().where({ id, ...own(who) }).update(changes); // prettier-ignore
        return changed > 0 ? 'changed' : 'unknown';
      } catch (error) {
        if (dialect.isDuplicate(error)) return 'taken';
        throw error;
      }
    },

    async remove(who, id) {
      return (await views().where({ id, ...own(who) }).delete()) > 0; // prettier-ignore
    },
  };
}

function fromRow(row: ViewRow): StoredView {
  return {
    id: row.id,
    owner: row.owner,
    ownerName: row.owner_name,
    name: row.name,
    query: row.query,
    isShared: Boolean(row.shared),
    changedAt: Number(row.changed_at),
  };
}
