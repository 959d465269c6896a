import { coverHole } from '../../core/merkle-cover';
import { proveInclusion, rootOfSubtree, type ReadTile } from '../../core/tile';
import { formatTlogProof } from '../../core/tlog-proof';

/** So many entries get a proof file each; more are proved together, by one file that grows far more slowly than they do. */
export const MAX_PROOF_FILES = 1_000;

export interface CoverWriter {
  /** Lines for the hole in front of an entry; entries come in order. */
  before(seq: number): Promise<string>;
  /** Lines for what is behind the last entry. */
  rest(): Promise<string>;
}

export const COVER_HEADER = 'sealtrail cover v1';

/** `proofs/cover.txt`: a line `from count hash` for each whole subtree between the entries, in order. */
export function createCoverWriter(size: number, read: ReadTile): CoverWriter {
  let next = 0;
  async function fill(to: number): Promise<string> {
    let lines = '';
    for (const { from, count } of coverHole(next, to)) {
      const hash = await rootOfSubtree(Math.log2(count), from / count, read);
      lines += `${from} ${count} ${hash.toString('base64')}\n`;
    }
    return lines;
  }
  return {
    async before(seq) {
      const lines = await fill(seq - 1);
      next = seq;
      return lines;
    },
    rest: () => fill(size),
  };
}

export async function proofText(
  seq: number,
  checkpoint: { readonly size: number; readonly note: string },
  read: ReadTile,
): Promise<string> {
  const hashes = await proveInclusion(seq - 1, checkpoint.size, read);
  return formatTlogProof({ index: seq - 1, hashes, checkpoint: checkpoint.note, extra: null });
}

const KEPT_TILES = 64;

/** Entries that follow each other need the same tiles. */
export function keepTiles(read: ReadTile): ReadTile {
  const tiles = new Map<string, Buffer>();
  return async (level, tile) => {
    const name = `${level}/${tile}`;
    const hashes = tiles.get(name) ?? (await read(level, tile));
    tiles.delete(name);
    tiles.set(name, hashes);
    const [oldest] = tiles.keys();
    if (tiles.size > KEPT_TILES && oldest !== undefined) tiles.delete(oldest);
    return hashes;
  };
}
