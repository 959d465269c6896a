import type { Database } from '../../db/connection';
import type { Heartbeat } from './heartbeat';

/** The last heartbeat of each sequence of a bridge. Times are milliseconds since 1970. */
export interface HeartbeatRow {
  bridge_id: string;
  node: string;
  at: number;
  pending: number;
  oldest_seq: number | null;
  oldest_at: number | null;
  next_seq: number;
  parked: number;
  parked_seqs: string;
  spooled: number;
  paused: number | boolean;
  php: string | null;
  sapi: string | null;
}

export interface HeartbeatStore {
  put(bridgeId: string, heartbeat: Heartbeat, at: number): Promise<void>;
  /** The newest first. */
  list(): Promise<HeartbeatRow[]>;
}

const COLUMNS = ['bridge_id', 'node', 'at', 'pending', 'oldest_seq', 'oldest_at', 'next_seq', 'parked', 'parked_seqs', 'spooled', 'paused', 'php', 'sapi']; // prettier-ignore

export function createHeartbeatStore({ knex: db, dialect }: Database): HeartbeatStore {
  return {
    async put(bridgeId, { installation, outbox, paused }, at) {
      const row = [
        bridgeId,
        installation.node,
        at,
        outbox.pending,
        outbox.oldestSeq,
        outbox.oldestAt,
        outbox.nextSeq,
        outbox.parked.length,
        JSON.stringify(outbox.parked.map((one) => one.seq)),
        outbox.spooled,
        paused ? 1 : 0,
        installation.php,
        installation.sapi,
      ];
      const set = COLUMNS.slice(2).map((column) => `${column} = new(${column})`);
      await dialect.insertRows(db, 'bridge_heartbeats', COLUMNS, [row], {
        onConflict: { key: ['bridge_id', 'node'], set },
      });
    },
    list: () => db<HeartbeatRow>('bridge_heartbeats').orderBy('at', 'desc'),
  };
}

/** Everything below this number has left the outbox. */
export function settledBelow(row: HeartbeatRow): number {
  return row.oldest_seq ?? row.next_seq;
}

export function parkedSeqs(row: HeartbeatRow): number[] {
  return JSON.parse(row.parked_seqs) as number[];
}
