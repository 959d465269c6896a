import { setImmediate } from 'node:timers/promises';
import { GENESIS_PREV_HASH } from '../../core/chain';
import { createPrunedRuns, type PrunedRun } from '../../core/pruned-runs';
import { createLedgerScan, type KnownHead, type LedgerNames, type ScanResult } from '../../core/verify';
import type { EntryStore, Ledger } from '../../entries/entry-store';

/** One range of a ledger to check. Plain data: it may go to another thread. */
export interface RangeRequest {
  readonly ledger: Ledger;
  readonly names: LedgerNames;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Chain keys by epoch, hex. */
  readonly keys: readonly (readonly [number, string])[];
  readonly knownHeads: readonly KnownHead[];
  readonly pruned: readonly PrunedRun[];
}

const CHUNK = 1_000;
/** Rows checked before the thread looks at what the database has sent meanwhile: a full socket keeps the database waiting. */
const TURN = 100;

/** Reads a range in chunks and checks it; the next chunk is on its way while one is checked. */
export async function scanRange(
  store: Pick<EntryStore, 'readRange' | 'findBySeq'>,
  request: RangeRequest,
  onProgress: (rows: number) => void,
): Promise<ScanResult> {
  const { ledger, fromSeq, toSeq } = request;
  const keys = new Map(request.keys.map(([epoch, key]) => [epoch, Buffer.from(key, 'hex')]));
  const prevHash = fromSeq === 1 ? GENESIS_PREV_HASH : await hashAt(fromSeq - 1);
  const scan = createLedgerScan({
    names: request.names,
    fromSeq,
    toSeq,
    prevHash,
    findEpochKey: (epoch) => keys.get(epoch),
    knownHeads: request.knownHeads,
    pruned: request.pruned,
  });

  async function hashAt(seq: number): Promise<string | undefined> {
    return (await store.findBySeq(ledger, seq))?.hash ?? createPrunedRuns(request.pruned).hashAt(seq);
  }

  const readChunk = (from: number) => store.readRange(ledger, { fromSeq: from, toSeq, limit: CHUNK });
  let next = readChunk(fromSeq);
  for (;;) {
    const rows = await next;
    const last = rows.at(-1);
    if (last && rows.length === CHUNK) next = readChunk(last.seq + 1);
    for (const [at, row] of rows.entries()) {
      scan.add(row);
      if (at % TURN === TURN - 1) await setImmediate();
    }
    onProgress(rows.length);
    if (!last || rows.length < CHUNK) return scan.finish();
  }
}
