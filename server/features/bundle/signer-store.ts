import type { Database } from '../../db/connection';

/** Keys that sign bundles, as they are kept: wrapped, with their certificates. */
export interface SignerRow {
  readonly name: 'root' | 'signer';
  readonly wrapped_key: string;
  /** PEM: its own certificate, then those above it. */
  readonly certificates: string;
  readonly created_at: number;
}

export interface SignerStore {
  find(name: SignerRow['name']): Promise<SignerRow | undefined>;
  /** Keeps what is there already: several sidecars may begin at once. All of the rows or none. */
  add(rows: readonly SignerRow[]): Promise<void>;
  /** In the place of the one that was read, unless another sidecar was first. */
  replace(row: SignerRow, was: SignerRow): Promise<void>;
}

export function createSignerStore({ knex: db, dialect }: Database): SignerStore {
  return {
    find: (name) => db<SignerRow>('signers').where({ name }).first(),
    async add(rows) {
      try {
        // One statement: both or neither, without a transaction that another connection of this process would wait for.
        await db<SignerRow>('signers').insert([...rows]);
      } catch (error) {
        if (!dialect.isDuplicate(error)) throw error;
      }
    },
    async replace(row, was) {
      await db<SignerRow>('signers').where({ name: row.name, wrapped_key: was.wrapped_key }).update(row);
    },
  };
}
