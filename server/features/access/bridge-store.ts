import type { Knex } from 'knex';
import type { RowMac } from '../../core/row-mac';

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
  seen_mac: string | null;
  step_mac: string | null;
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
  /**
   * Of what somebody changed in the database, nothing is believed: `last_seen_at` is 0 then, long ago, and `seq_step` null. The same
   * for `list`.
   */
  find(id: string): Promise<BridgeRow | undefined>;
  list(): Promise<BridgeRow[]>;
  /** What somebody changed of a bridge, by name. */
  listChanged(id: string): Promise<string[]>;
  /** Whether a bridge that was not revoked before is revoked now. */
  revoke(id: string, at: number): Promise<boolean>;
  seen(id: string, sighting: BridgeSighting): Promise<void>;
  setClockDrift(id: string, ms: number): Promise<void>;
  /** Adds the second secret, in place of one that was waiting; false for a bridge that is unknown or revoked. */
  addSecret(id: string, wrapped: string, at: number): Promise<boolean>;
  /** Makes the second secret the only one, if it is still the one that waits. */
  endRotation(id: string, wrapped: string): Promise<boolean>;
}

// Each with a MAC of its own: they are written at different times.
const SEEN = 'bridges.last_seen_at';
const STEP = 'bridges.seq_step';

export function createBridgeStore(db: Knex, rowMac: RowMac): BridgeStore {
  const bridges = () => db<BridgeRow>('bridges');
  const isSeenGenuine = ({ id, last_seen_at: at, seen_mac: mac }: BridgeRow) => at === null || rowMac.fits(mac, SEEN, [id, at]); // prettier-ignore
  const believed = (row: BridgeRow): BridgeRow => ({
    ...row,
    last_seen_at: isSeenGenuine(row) ? row.last_seen_at : 0,
    seq_step: genuineStep(rowMac, row),
  });

  return {
    async insert(row) {
      await bridges().insert(row);
    },
    async find(id) {
      const row = await bridges().where({ id }).first();
      return row && believed(row);
    },
    list: async () => (await bridges().orderBy('created_at')).map(believed),
    async listChanged(id) {
      const row = await bridges().where({ id }).first();
      if (!row) return [];
      // One that an earlier version wrote has no MAC: it is not believed, and no sign of anything.
      const isSeenChanged = row.seen_mac !== null && !isSeenGenuine(row);
      const isStepChanged = row.step_mac !== null && genuineStep(rowMac, row) !== row.seq_step;
      return [...(isSeenChanged ? ['when it was heard'] : []), ...(isStepChanged ? ['the step of its numbers'] : [])];
    },
    async revoke(id, at) {
      return (await bridges().where({ id }).whereNull('revoked_at').update({ revoked_at: at })) === 1;
    },
    async seen(id, sighting) {
      await bridges()
        .where({ id })
        .update({
          last_seen_at: sighting.at,
          seen_mac: rowMac.of(SEEN, [id, sighting.at]),
          ...(sighting.lastSeq === null ? {} : { last_seq: sighting.lastSeq }),
          ...(sighting.whmcs === null ? {} : { whmcs: sighting.whmcs }),
          ...(sighting.bridgeVersion === null ? {} : { bridge_version: sighting.bridgeVersion }),
          ...(sighting.timeZone === null ? {} : { time_zone: sighting.timeZone }),
          ...(sighting.seqStep === null || sighting.seqStep === undefined
            ? {}
            : { seq_step: sighting.seqStep, step_mac: rowMac.of(STEP, [id, sighting.seqStep]) }),
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

/** The step of a bridge's numbers; null where it never told one, or somebody else wrote it. */
export function genuineStep(rowMac: RowMac, row: Pick<BridgeRow, 'id' | 'seq_step' | 'step_mac'>): number | null {
  return row.seq_step !== null && rowMac.fits(row.step_mac, STEP, [row.id, row.seq_step]) ? row.seq_step : null;
}
