import { parentPort, workerData } from 'node:worker_threads';
import { scanApart } from './scan-apart';
import type { RangeRequest } from './scan-range';

/** The thread behind `createRangeScanner`: checks one range, then ends. */
async function main({ databaseUrl, request }: { readonly databaseUrl: string; readonly request: RangeRequest }) {
  const result = await scanApart(databaseUrl, request, (rows) => parentPort?.postMessage({ progress: rows }));
  parentPort?.postMessage({ result });
}

void main(workerData as { databaseUrl: string; request: RangeRequest });
