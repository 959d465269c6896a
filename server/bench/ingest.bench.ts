import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '../db/connection';
import { ENTRY_COLUMNS } from '../entries/entry-row';
import { createBenchStore, median, type BenchPlace, type BenchResult, type BenchStore } from './bench-place';
import { measurePlainInsert } from './plain-insert';

const run = promisify(execFile);
const ROUNDS = 5;
const BATCHES = 400;
/** Deliveries before the clock starts: over the first 60,000 events the compiler's threads take a tenth of the processor. */
const WARM_UP = 400;
const SIZE = 100;
const CONNECTIONS = 8;
const DAY_MS = 86_400_000;

/** End-to-end ingest over HTTP, signed, chained, committed durably, against plain multi-row INSERTs of the same rows. */
export async function benchIngest(place: BenchPlace): Promise<BenchResult[]> {
  const ratios: number[] = [];
  const ours: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // A fresh store each round on both sides, so that neither works on larger indexes than the other.
    const store = await createBenchStore(place);
    try {
      const rate = await sendLoad(store, {
        batches: BATCHES,
        warmUp: WARM_UP,
        size: SIZE,
        fromMs: Date.now() - 30 * DAY_MS,
        spanMs: 30 * DAY_MS,
      });
      const database = openDatabase(store.databaseUrl);
      const rows = await database.dialect.selectArrays(
        database.knex,
        `SELECT ${ENTRY_COLUMNS.join(', ')} FROM entries ORDER BY seq LIMIT ${(WARM_UP + BATCHES) * SIZE}`,
        [],
      );
      await database.close();
      // The baseline has the machine for itself.
      await store.server.stop();
      const baseline = await measurePlainInsert(place.engine, rows, {
        size: SIZE,
        connections: CONNECTIONS,
        warmUp: WARM_UP,
      });
      ours.push(rate);
      plain.push(baseline);
      ratios.push(rate / baseline);
    } finally {
      await store.drop();
    }
  }
  return [
    {
      name: `ingest over HTTP (${SIZE} a batch, ${CONNECTIONS} connections) / plain multi-row INSERT`,
      ratio: median(ratios),
      bound: { atLeast: 0.5 },
      figures: `${Math.round(median(ours))} events/s, ${Math.round(median(plain))} rows/s, rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`,
    },
  ];
}

interface Load {
  readonly batches: number;
  /** Batches sent before those whose time is taken. */
  readonly warmUp?: number;
  /** Events in a batch. */
  readonly size: number;
  /** Their time, evenly spread. */
  readonly fromMs: number;
  readonly spanMs: number;
}

/** Events a second that the server takes from a sender in a process of its own. */
export async function sendLoad(store: BenchStore, load: Load): Promise<number> {
  const sender = path.join(__dirname, 'load-sender.ts');
  const args = [
    store.server.url,
    store.bridge.id,
    store.bridge.secret,
    load.batches,
    load.size,
    CONNECTIONS,
    load.fromMs,
    load.spanMs,
    load.warmUp ?? 0,
  ].map(String);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', sender, ...args], { maxBuffer: 1 << 24 });
  const { accepted, seconds } = JSON.parse(stdout) as { accepted: number; seconds: number };
  if (accepted !== load.batches * load.size)
    throw new Error(`${accepted} of ${load.batches * load.size} events were accepted`);
  return accepted / seconds;
}
