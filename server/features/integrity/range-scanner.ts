import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ScanResult } from '../../core/verify';
import type { EntryStore } from '../../entries/entry-store';
import { scanRange, type RangeRequest } from './scan-range';

/** Scans a range of a ledger, cut into parts that are checked side by side; their findings in order. */
export interface RangeScanner {
  scan(request: RangeRequest, onProgress: (rows: number) => void): Promise<ScanResult[]>;
}

const MAX_THREADS = 4;
/** Fewer rows than this are checked faster than a thread starts. */
const MIN_ROWS = 5_000;

/** Threads where the program is built, the caller's own from source (a thread cannot load TypeScript). */
export function createRangeScanner(databaseUrl: string, store: EntryStore): RangeScanner {
  const threads = __filename.endsWith('.ts') ? 1 : Math.min(MAX_THREADS, availableParallelism());
  return {
    async scan(request, onProgress) {
      const rows = request.toSeq - request.fromSeq + 1;
      const parts = Math.min(threads, Math.ceil(rows / MIN_ROWS));
      if (parts <= 1) return [await scanRange(store, request, onProgress)];
      const size = Math.ceil(rows / parts);
      const requests = Array.from({ length: parts }, (_, i) => ({
        ...request,
        fromSeq: request.fromSeq + i * size,
        toSeq: Math.min(request.toSeq, request.fromSeq + (i + 1) * size - 1),
      }));
      return Promise.all(requests.map((part) => scanInThread(databaseUrl, part, onProgress)));
    },
  };
}

function scanInThread(
  databaseUrl: string,
  request: RangeRequest,
  onProgress: (rows: number) => void,
): Promise<ScanResult> {
  return new Promise((resolve, reject) => {
    // No limit for what lives long: a ledger that somebody rewrote has as many breaks as entries.
    // Two chunks of rows must fit into what lives shortly: promoted, they would cost more memory and a tenth of the time.
    const resourceLimits = { maxYoungGenerationSizeMb: 32 };
    const file = path.join(__dirname, 'verify-worker.js');
    const worker = new Worker(file, { workerData: { databaseUrl, request }, resourceLimits });
    worker.on('message', (message: { readonly progress?: number; readonly result?: ScanResult }) => {
      if (message.progress !== undefined) onProgress(message.progress);
      if (message.result) resolve(message.result);
    });
    worker.once('error', reject);
    // After a result this says nothing new.
    worker.once('exit', (code) => reject(new Error(`a verifying thread ended with ${code} and no result`)));
  });
}
