import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../../db/connection';
import { createEntryReader } from '../../entries/entry-reader';
import { createTreeReader } from '../../entries/tree-reader';
import { scanRange, type RangeRequest } from './scan-range';

/** The thread behind `createRangeScanner`: checks one range over a connection of its own, then ends. */
async function main({
  databaseUrl,
  request,
}: {
  readonly databaseUrl: string;
  readonly request: RangeRequest;
}): Promise<void> {
  // Every page is read once: a large cache would only hold what is not needed again.
  const database = openDatabase(databaseUrl, { cacheKib: 2_048 });
  try {
    const result = await scanRange({ ...createEntryReader(database), ...createTreeReader(database) }, request, (rows) =>
      parentPort?.postMessage({ progress: rows }),
    );
    parentPort?.postMessage({ result });
  } finally {
    await database.close();
  }
}

void main(workerData as { databaseUrl: string; request: RangeRequest });
