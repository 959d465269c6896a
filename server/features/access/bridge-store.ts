import type { Knex } from 'knex';

/** A paired sender. Times are milliseconds since 1970. */
export interface BridgeRow {
  id: string;
  tenant_id: number;
  name: string;
  wrapped_secret: string;
  created_at: number;
  revoked_at: number | null;
  last_seen_at: number | null;
  last_seq: string | null;
  whmcs: string | null;
  bridge_version: string | null;
  time_zone: string | null;
}

export interface BridgeSighting {
  readonly at: number;
  readonly lastSeq: string | null;
  readonly whmcs: string | null;
  readonly bridgeVersion: string | null;
  readonly timeZone: string | null;
}

export interface BridgeStore {
  insert(row: Pick<BridgeRow, 'id' | 'tenant_id' | 'name' | 'wrapped_secret' | 'created_at'>): Promise<void>;
  find(id: string): Promise<BridgeRow | undefined>;
  list(): Promise<BridgeRow[]>;
  /** Whether a bridge that was not revoked before is revoked now. */
  revoke(id: string, at: number): Promise<boolean>;
  seen(id: string, sighting: BridgeSighting): Promise<void>;
}

export function createBridgeStore(db: Knex): BridgeStore {
  const bridges = () => db<BridgeRow>('bridges');
  return {
    async insert(row) {
      await bridges().insert(row);
    },
    find: (id) => bridges().where({ id }).first(),
    list: () => bridges().orderBy('created_at'),
    async revoke(id, at) {
      return (await bridges().where({ id }).whereNull('revoked_at').update({ revoked_at: at })) === 1;
    },
    async seen(id, sighting) {
      await bridges()
        .where({ id })
        .update({
          last_seen_at: sighting.at,
          ...(sighting.lastSeq === null ? {} : { last_seq: sighting.lastSeq }),
          ...(sighting.whmcs === null ? {} : { whmcs: sighting.whmcs }),
          ...(sighting.bridgeVersion === null ? {} : { bridge_version: sighting.bridgeVersion }),
          ...(sighting.timeZone === null ? {} : { time_zone: sighting.timeZone }),
        });
    },
  };
}
