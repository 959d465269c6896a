import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { TILE_WIDTH } from '../../core/tile';
import type { EntryStore } from '../../entries/entry-store';
import type { TreeReader } from '../../entries/tree-reader';
import { scanApart } from './scan-apart';
import { scanRange, type RangeRequest, type RangeResult } from './scan-range';

/** Scans a range of a ledger, cut into parts that are checked side by side; their findings in order. */
export interface RangeScanner {
  scan(request: RangeRequest, options: ScanOptions): Promise<RangeResult[]>;
}

interface ScanOptions {
  readonly onProgress: (rows: number) => void;
  /** Ends the threads; `scan` then throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

const MAX_THREADS = 4;
/** Fewer rows than this are checked faster than a thread starts. */
const MIN_ROWS = 5_000;

interface ScannerSettings {
  readonly databaseUrl: string;
  readonly store: EntryStore & TreeReader;
  /** Whether somebody waits for our own thread, so that all parts go to others. */
  readonly isThreadWanted: boolean;
}

/** Threads where the program is built, the caller's own from source (a thread cannot load TypeScript). */
export function createRangeScanner({ databaseUrl, store, isThreadWanted }: ScannerSettings): RangeScanner {
  const threads = __filename.endsWith('.ts') ? 1 : Math.min(MAX_THREADS, availableParallelism());
  return {
    async scan(request, { onProgress, signal }) {
      signal?.throwIfAborted();
      const first = request.fromSeq - 1;
      const rows = request.toSeq - first;
      const parts = Math.min(threads, Math.ceil(rows / MIN_ROWS));
      // One part that fails ends the others.
      const failed = new AbortController();
      const ended = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
      const onOwnProgress = (done: number) => {
        ended.throwIfAborted();
        onProgress(done);
      };
      if (parts <= 1) return [await scanRange(store, request, onOwnProgress)];
      // Cut where a tile ends: each is scanned in one piece.
      const cutAt = (part: number) =>
        part === parts ? request.toSeq : Math.floor((first + (part * rows) / parts) / TILE_WIDTH) * TILE_WIDTH;
      const requests = Array.from({ length: parts }, (_none, part) => ({
        ...request,
        fromSeq: part === 0 ? request.fromSeq : cutAt(part) + 1,
        toSeq: cutAt(part + 1),
      }));
      const scanPart = (part: RangeRequest, at: number) =>
        at === 0 && !isThreadWanted
          ? scanApart(databaseUrl, part, onOwnProgress)
          : scanInThread(databaseUrl, part, { onProgress, signal: ended });
      try {
        return await Promise.all(requests.map(scanPart));
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    },
  };
}

function scanInThread(
  databaseUrl: string,
  request: RangeRequest,
  { onProgress, signal }: ScanOptions,
): Promise<RangeResult> {
  return new Promise((resolve, reject) => {
    // No limit for what lives long: a ledger that somebody rewrote has as many breaks as entries.
    // The rows that SQLite reads at once must fit into what lives shortly: promoted, they would cost memory and a tenth of the time.
    const resourceLimits = { maxYoungGenerationSizeMb: 32 };
    const file = path.join(__dirname, 'verify-worker.js');
    const worker = new Worker(file, { workerData: { databaseUrl, request }, resourceLimits });
    const end = () => {
      reject(signal?.reason as Error);
      void worker.terminate();
    };
    signal?.addEventListener('abort', end, { once: true });
    worker.on('message', (message: { readonly progress?: number; readonly result?: RangeResult }) => {
      if (message.progress !== undefined) onProgress(message.progress);
      if (message.result) resolve(message.result);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal?.removeEventListener('abort', end);
      // After a result this says nothing new.
      reject(new Error(`a verifying thread ended with ${code} and no result`));
    });
  });
}
