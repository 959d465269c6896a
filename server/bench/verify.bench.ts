import { performance } from 'node:perf_hooks';
import { createConnection } from 'mysql2';
import BetterSqlite3 from 'better-sqlite3';
import { ENTRY_FROM, ENTRY_SELECT } from '../entries/entry-row';
import { sendLoad } from './ingest.bench';
import { benchParseFree } from './parse-free.bench';
import { createBenchStore, median, type BenchPlace, type BenchResult } from './bench-place';

const ROUNDS = 5;
const BATCHES = 2_000;
const SIZE = 100;

/** `verify` in a process of its own, against the driver streaming the same rows and doing nothing with them. */
export async function benchVerify(place: BenchPlace): Promise<BenchResult[]> {
  const store = await createBenchStore(place);
  try {
    await sendLoad(store, { batches: BATCHES, size: SIZE, fromMs: Date.now() - 86_400_000, spanMs: 86_400_000 });
    await store.server.stop();
    const ratios: number[] = [];
    const verified: number[] = [];
    const streamed: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const report = JSON.parse(await store.server.cli('verify', '--json')) as {
        verdict: string;
        took_ms: number;
        ledgers: { scanned: number }[];
      };
      const scanned = report.ledgers[0]?.scanned ?? 0;
      if (report.verdict !== 'intact' || scanned < BATCHES * SIZE)
        throw new Error(`verify said ${report.verdict} after ${scanned}`);
      const ours = scanned / (report.took_ms / 1000);
      const plain = place.engine === 'sqlite' ? streamSqlite(store.databaseUrl) : await streamMysql(store.databaseUrl);
      verified.push(ours);
      streamed.push(plain);
      ratios.push(ours / plain);
    }
    return [
      {
        name: 'verify / driver streaming the same rows',
        ratio: median(ratios),
        bound: { atLeast: 0.6 },
        figures: `${Math.round(median(verified))} entries/s, ${Math.round(median(streamed))} rows/s, rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`,
      },
      ...(await benchParseFree(store)),
    ];
  } finally {
    await store.drop();
  }
}

const SQL = `SELECT ${ENTRY_SELECT} FROM ${ENTRY_FROM} WHERE e.ledger_id = 1 ORDER BY e.seq`;

function streamMysql(databaseUrl: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(databaseUrl);
    const startedAt = performance.now();
    let rows = 0;
    const stream = connection.query(SQL).stream({ highWaterMark: 1_000 });
    stream.on('data', () => {
      rows += 1;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      const rate = rows / ((performance.now() - startedAt) / 1000);
      connection.end();
      resolve(rate);
    });
  });
}

function streamSqlite(databaseUrl: string): number {
  const database = new BetterSqlite3(databaseUrl.slice('sqlite:'.length), { readonly: true });
  const startedAt = performance.now();
  let rows = 0;
  for (const row of database.prepare(SQL).iterate()) if (row !== undefined) rows += 1;
  const rate = rows / ((performance.now() - startedAt) / 1000);
  database.close();
  return rate;
}
