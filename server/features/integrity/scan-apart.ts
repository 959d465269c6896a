import { openDatabase } from '../../db/connection';
import { createEntryReader } from '../../entries/entry-reader';
import { createTreeReader } from '../../entries/tree-reader';
import { scanRange, type RangeRequest, type RangeResult } from './scan-range';

/** `scanRange` over a connection of its own. */
export async function scanApart(
  databaseUrl: string,
  request: RangeRequest,
  onProgress: (rows: number) => void,
): Promise<RangeResult> {
  // Every page is read once: a large cache would only hold what is not needed again.
  const database = openDatabase(databaseUrl, { cacheKib: 2_048 });
  try {
    return await scanRange({ ...createEntryReader(database), ...createTreeReader(database) }, request, onProgress);
  } finally {
    await database.close();
  }
}
