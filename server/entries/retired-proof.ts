import { openCheckpoint, type Checkpoint } from '../core/checkpoint';
import { leafHash, verifyInclusion } from '../core/merkle';
import { proveInclusion, type ReadTile } from '../core/tile';
import type { Database } from '../db/connection';
import type { EntryRow } from './entry-row';
import type { EntryStore, Ledger } from './entry-store';
import { loadEpochKeys } from './epoch-keys';
import type { KeyRing } from './key-ring';
import type { TreeReader } from './tree-reader';

/**
 * Whether entries whose chain key was destroyed lie in the largest tree that somebody outside of the database knows, by sequence
 * number: from the record itself, not from the stored leaf. Left out is what cannot be told, and what its key can tell.
 */
export type RetiredProof = (ledger: Ledger, rows: readonly EntryRow[]) => Promise<ReadonlyMap<number, boolean>>;

export interface RetiredProofDeps {
  readonly database: Database;
  readonly store: Pick<EntryStore, 'findBySeq' | 'findHead'>;
  readonly keyRing: KeyRing;
  readonly trees: Pick<TreeReader, 'readTile'>;
  /** Verifier keys of the ledger's checkpoints. */
  readonly findVkeys: (ledger: Ledger) => Promise<readonly string[]>;
  /** Checkpoints that are kept outside of the database; `note` is empty where a copy was changed. */
  readonly heldCheckpoints: (ledger: Ledger) => Promise<readonly { readonly note: string }[]>;
}

export function createRetiredProof(deps: RetiredProofDeps): RetiredProof {
  const { database, keyRing, trees } = deps;

  async function withoutKey(ledger: Ledger, rows: readonly EntryRow[]): Promise<EntryRow[]> {
    const missing = new Set<number>();
    for (const epoch of new Set(rows.map((row) => row.epoch)))
      if (!(await keyRing.findEpochKey(database.knex, ledger.id, ledger.name, epoch))) missing.add(epoch);
    if (missing.size === 0) return [];
    // That a key is not at hand must be what an entry says.
    const { retired } = await loadEpochKeys(deps, ledger);
    return rows.filter(({ epoch }) => missing.has(epoch) && retired.includes(epoch));
  }

  async function findLargest(ledger: Ledger): Promise<Checkpoint | undefined> {
    const vkeys = await deps.findVkeys(ledger);
    const opened = (await deps.heldCheckpoints(ledger)).map(({ note }) => openCheckpoint(note, vkeys));
    const known = opened.flatMap((one) => (one.ok ? [one.checkpoint] : []));
    return known.reduce<Checkpoint | undefined>((most, one) => (most && most.size >= one.size ? most : one), undefined);
  }

  /** Neighbours share most of their tiles. */
  function tilesOf(ledger: Ledger): ReadTile {
    const tiles = new Map<string, Promise<Buffer>>();
    return (level, tile) => {
      const place = `${level} ${tile}`;
      const read = tiles.get(place) ?? trees.readTile(ledger, level, tile).then((found) => found ?? Buffer.alloc(0));
      tiles.set(place, read);
      return read;
    };
  }

  return async (ledger, rows) => {
    const proven = new Map<number, boolean>();
    const retired = await withoutKey(ledger, rows);
    const held = retired.length > 0 ? await findLargest(ledger) : undefined;
    if (!held) return proven;
    const { size, root } = held;
    const read = tilesOf(ledger);
    for (const { seq, record } of retired.filter((row) => row.seq >= 1 && row.seq <= size)) {
      const proof = await proveInclusion(seq - 1, size, read).catch((error: unknown) => {
        if (error instanceof RangeError) return undefined; // tiles are missing
        throw error;
      });
      if (proof) proven.set(seq, verifyInclusion({ index: seq - 1, size, leaf: leafHash(record), proof, root }));
    }
    return proven;
  };
}
