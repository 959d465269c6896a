import type { RowCell, RowMac } from '../../core/row-mac';
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
  mac: string | null;
}

export interface HeartbeatStore {
  put(bridgeId: string, heartbeat: Heartbeat, at: number): Promise<void>;
  /** The newest first; none that somebody changed in the database: the bridge counts as not heard. */
  list(): Promise<HeartbeatRow[]>;
  /** Names of those of a bridge that somebody changed. */
  listChanged(bridgeId: string): Promise<string[]>;
}

const COLUMNS = ['bridge_id', 'node', 'at', 'pending', 'oldest_seq', 'oldest_at', 'next_seq', 'parked', 'parked_seqs', 'spooled', 'paused', 'php', 'sapi', 'mac']; // prettier-ignore

export function createHeartbeatStore({ knex: db, dialect }: Database, rowMac: RowMac): HeartbeatStore {
  const rows = () => db<HeartbeatRow>('bridge_heartbeats');
  const isGenuine = (row: HeartbeatRow) => rowMac.fits(row.mac, 'bridge_heartbeats', cellsOf(row));

  return {
    async put(bridgeId, { installation, outbox, paused }, at) {
      const cells = cellsOf({
        bridge_id: bridgeId,
        node: installation.node,
        at,
        pending: outbox.pending,
        oldest_seq: outbox.oldestSeq,
        oldest_at: outbox.oldestAt,
        next_seq: outbox.nextSeq,
        parked: outbox.parked.length,
        parked_seqs: JSON.stringify(outbox.parked.map((one) => one.seq)),
        spooled: outbox.spooled,
        paused,
        php: installation.php,
        sapi: installation.sapi,
      });
      const row = [...cells, rowMac.of('bridge_heartbeats', cells)];
      const set = COLUMNS.slice(2).map((column) => `${column} = new(${column})`);
      await dialect.insertRows(db, 'bridge_heartbeats', COLUMNS, [row], {
        onConflict: { key: ['bridge_id', 'node'], set },
      });
    },
    list: async () => (await rows().orderBy('at', 'desc')).filter(isGenuine),
    async listChanged(bridgeId) {
      const found = await rows().where({ bridge_id: bridgeId });
      return found.filter((row) => !isGenuine(row)).map(({ node }) => `the heartbeat of ${node}`);
    },
  };
}

/** In the order of COLUMNS, without the MAC. */
function cellsOf(row: Omit<HeartbeatRow, 'mac'>): RowCell[] {
  return [
    row.bridge_id,
    row.node,
    row.at,
    row.pending,
    row.oldest_seq,
    row.oldest_at,
    row.next_seq,
    row.parked,
    row.parked_seqs,
    row.spooled,
    row.paused ? 1 : 0,
    row.php,
    row.sapi,
  ];
}

/** Everything below this number has left the outbox. */
export function settledBelow(row: HeartbeatRow): number {
  return row.oldest_seq ?? row.next_seq;
}

export function parkedSeqs(row: HeartbeatRow): number[] {
  return JSON.parse(row.parked_seqs) as number[];
}
