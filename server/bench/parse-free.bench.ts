import path from 'node:path';
import { canonicalJson, type JsonValue } from '../core/canonical-json';
import { isEntryHash } from '../core/chain';
import { readAsStored } from '../core/record-fields';
import { parseRecord, type SealedRecord } from '../core/sealed-record';
import { checkSeal, differingColumns } from '../core/verify';
import { openDatabase } from '../db/connection';
import { createEntryReader } from '../entries/entry-reader';
import type { EntryRow } from '../entries/entry-row';
import { createKeyRing } from '../entries/key-ring';
import { readMasterKey } from '../entries/master-key';
import { median, type BenchResult, type BenchStore } from './bench-place';

const ROUNDS = 7;
const ROWS = 5_000;

/**
 * A record hashed as it is stored and compared in place with the columns beside it, as verification does, against parsing it, writing
 * it anew in canonical form, hashing that and comparing what was parsed.
 */
export async function benchParseFree(store: BenchStore): Promise<BenchResult[]> {
  const { rows, epochKey } = await readRows(store);
  const names = { ledger: 'default', tenant: 'default', tenantId: rows[0]?.tenantId ?? 0 };
  const placeOf = (row: EntryRow) => ({ ledger: names.ledger, seq: row.seq, prevHash: row.prevHash });
  const same = (isSame: boolean) => {
    if (!isSame) throw new Error('a row of the bench is not what was sealed');
  };
  const ways = {
    offText(row: EntryRow) {
      same(isEntryHash(epochKey, placeOf(row), row.record, row.hash));
      same(readAsStored(row, names) !== undefined);
    },
    anew(row: EntryRow) {
      const record = parseRecord(row.record);
      same(record !== undefined);
      same(isEntryHash(epochKey, placeOf(row), canonicalJson(record as unknown as JsonValue), row.hash));
      same(differingColumns(row, record as SealedRecord, names).length === 0);
    },
    bodiesAnew(row: EntryRow) {
      for (const body of [row.actorBody, row.subjectBody])
        same(body === null || canonicalJson(JSON.parse(body) as JsonValue) === body);
    },
    whole: (row: EntryRow) => same(checkSeal(row, names, epochKey).breaks.length === 0),
  };
  const times = { offText: [] as number[], anew: [] as number[], bodiesAnew: [] as number[], whole: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, check] of Object.entries(ways) as [keyof typeof ways, (row: EntryRow) => void][]) {
      const startedAt = process.cpuUsage();
      for (const row of rows) check(row);
      const used = process.cpuUsage(startedAt);
      // The first round compiles.
      if (round > 0) times[name].push((used.user + used.system) / rows.length);
    }
  }
  const [offText, anew, whole] = [median(times.offText), median(times.anew), median(times.whole)];
  const wholeAnew = whole - offText + anew + median(times.bodiesAnew);
  return [
    {
      name: 'record hashed and compared in place / parsed, written anew and compared',
      ratio: anew / offText,
      bound: { atLeast: 5 },
      figures: `${offText.toFixed(1)} us, ${anew.toFixed(1)} us a record; with values, columns and digest ${whole.toFixed(1)} us, ${wholeAnew.toFixed(1)} us (${(wholeAnew / whole).toFixed(1)})`,
    },
  ];
}

async function readRows(store: BenchStore): Promise<{ rows: EntryRow[]; epochKey: Buffer }> {
  const database = openDatabase(store.databaseUrl);
  try {
    const ledger = { id: 1, name: 'default', tenant: { id: 1, slug: 'default' } };
    const keyRing = createKeyRing(readMasterKey(path.join(store.dataDir, 'master.key')));
    const epochKey = await keyRing.findEpochKey(database.knex, ledger.id, ledger.name, 1);
    if (!epochKey) throw new Error('the chain key of the bench cannot be opened');
    const rows = await createEntryReader(database).readRange(ledger, { fromSeq: 2, toSeq: ROWS + 1, limit: ROWS });
    // The program's own entries have no digest, which is another way through the check.
    return { rows: rows.filter((row) => row.digest !== null), epochKey };
  } finally {
    await database.close();
  }
}
