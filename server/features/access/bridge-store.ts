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
  /** The second secret while the first is being replaced, and since when. */
  next_wrapped_secret: string | null;
  rotated_at: number | null;
  /** The auto-increment step of its billing database. */
  seq_step: number | null;
  /** From when on it counts as silent, and from when on its clock is too far off; null while it is not. */
  silent_at: number | null;
  drift_at: number | null;
  /** Our clock minus the one it signs with. */
  clock_drift_ms: number | null;
}

export interface BridgeSighting {
  readonly at: number;
  readonly lastSeq: string | null;
  readonly whmcs: string | null;
  readonly bridgeVersion: string | null;
  readonly timeZone: string | null;
  readonly seqStep?: number | null;
}

export interface BridgeStore {
  insert(row: Pick<BridgeRow, 'id' | 'tenant_id' | 'name' | 'wrapped_secret' | 'created_at'>): Promise<void>;
  find(id: string): Promise<BridgeRow | undefined>;
  list(): Promise<BridgeRow[]>;
  /** Whether a bridge that was not revoked before is revoked now. */
  revoke(id: string, at: number): Promise<boolean>;
  seen(id: string, sighting: BridgeSighting): Promise<void>;
  setClockDrift(id: string, ms: number): Promise<void>;
  /** Adds the second secret, in place of one that was waiting; false for a bridge that is unknown or revoked. */
  addSecret(id: string, wrapped: string, at: number): Promise<boolean>;
  /** Makes the second secret the only one, if it is still the one that waits. */
  endRotation(id: string, wrapped: string): Promise<boolean>;
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
          ...(sighting.seqStep === null || sighting.seqStep === undefined ? {} : { seq_step: sighting.seqStep }),
        });
    },
    async setClockDrift(id, ms) {
      await bridges().where({ id }).update({ clock_drift_ms: ms });
    },
    async addSecret(id, wrapped, at) {
      const changed = { next_wrapped_secret: wrapped, rotated_at: at };
      return (await bridges().where({ id }).whereNull('revoked_at').update(changed)) === 1;
    },
    async endRotation(id, wrapped) {
      const changed = { wrapped_secret: wrapped, next_wrapped_secret: null, rotated_at: null };
      return (await bridges().where({ id, next_wrapped_secret: wrapped }).update(changed)) === 1;
    },
  };
}
