import { leafHash, verifyInclusion } from '../../core/merkle';
import { formatTlogProof } from '../../core/tlog-proof';
import { TILE_WIDTH } from '../../core/tile';
import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { StoppedLedgerError, type CheckpointService, type StoredCheckpoint } from './checkpoint-service';
import type { TreeService } from './tree-service';

/** What the tree gives away: proofs that hold without us, and the sealed records by the bundle. No erasable value is in them. */
export interface ProofService {
  /**
   * A `.tlog-proof` file (C2SP tlog-proof) of an entry under the newest checkpoint, signed now if none covers it. The sealed
   * record goes along as `extra` while it is there and fits its leaf. Undefined when the ledger has no such entry.
   */
  proveEntry(ledger: Ledger, seq: number): Promise<string | undefined>;
  /**
   * The first `width` records of entry bundle `tile` (C2SP tlog-tiles): two bytes of length, most significant first, then the
   * record. Undefined where the tree has not that many. Throws KnownError `entries_gone` when some are not in the store any more,
   * `entry_too_long` when one has more than 65,535 bytes, which the format cannot write.
   */
  readBundle(ledger: Ledger, tile: number, width: number): Promise<Buffer | undefined>;
}

interface ProofDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly tree: TreeService;
  readonly checkpoints: CheckpointService;
}

const MAX_RECORD_BYTES = 0xffff;

export function createProofService({ database, store, tree, checkpoints }: ProofDeps): ProofService {
  async function findCovering(ledger: Ledger, seq: number): Promise<StoredCheckpoint | undefined> {
    const latest = await checkpoints.latest(ledger);
    if (latest && latest.size >= seq) return latest;
    if (seq > ((await store.findHead(ledger))?.seq ?? 0)) return undefined;
    try {
      return await checkpoints.sign(ledger, 'request');
    } catch (error) {
      if (error instanceof StoppedLedgerError) throw new KnownError('ledger_stopped', error.detail, { cause: error });
      throw error;
    }
  }

  return {
    async proveEntry(ledger, seq) {
      if (!Number.isSafeInteger(seq) || seq < 1) return undefined;
      const checkpoint = await findCovering(ledger, seq);
      const leaf = checkpoint && (await tree.leafAt(ledger, seq));
      if (!leaf) return undefined;
      const { size, note } = checkpoint;
      const index = seq - 1;
      const root = Buffer.from(checkpoint.root, 'hex');
      const hashes = await tree.inclusionProof(ledger, seq, size);
      if (!verifyInclusion({ index, size, leaf, proof: hashes, root }))
        throw new KnownError('ledger_stopped', `entry ${seq} is not in the tree that was signed last: run verify`);
      const record = (await store.findBySeq(ledger, seq))?.record;
      const extra = record !== undefined && leafHash(record).equals(leaf) ? Buffer.from(record, 'utf8') : null;
      return formatTlogProof({ index, hashes, checkpoint: note, extra });
    },

    async readBundle(ledger, tile, width) {
      const first = tile * TILE_WIDTH + 1;
      const last = first + width - 1;
      if (last > (await tree.size(ledger))) return undefined;
      const sql = 'SELECT seq, record FROM entries WHERE ledger_id = ? AND seq >= ? AND seq <= ? ORDER BY seq';
      const rows = await database.dialect.selectArrays(database.knex, sql, [ledger.id, first, last]);
      if (rows.length !== width)
        throw new KnownError('entries_gone', `of the entries ${first} to ${last} only ${rows.length} are in the store`);
      return Buffer.concat(rows.flatMap(([seq, record]) => lengthPrefixed(Number(seq), String(record))));
    },
  };
}

function lengthPrefixed(seq: number, record: string): Buffer[] {
  const bytes = Buffer.from(record, 'utf8');
  if (bytes.length > MAX_RECORD_BYTES)
    throw new KnownError(
      'entry_too_long',
      `entry ${seq} has ${bytes.length} bytes; a bundle takes ${MAX_RECORD_BYTES}`,
    );
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return [length, bytes];
}
