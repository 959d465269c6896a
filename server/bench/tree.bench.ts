import path from 'node:path';
import { openDatabase } from '../db/connection';
import { countBehind, createBenchStore, median, type BenchPlace, type BenchResult } from './bench-place';
import { sendLoad } from './ingest.bench';

const ROUNDS = 7;
const SIZE = 100;
const WARM_UP = 400;
/** Some twelve seconds where 16,000 a second come: the tree is built once a second, and checkpoints are signed every ten. */
const BATCHES = 2_000;
const DAY_MS = 86_400_000;
const WITHOUT_TREE = path.join(__dirname, 'without-tree.cjs');

/** Ingest with tree, checkpoints and triggers, against the same server and store without them. */
export async function benchTree(place: BenchPlace): Promise<BenchResult[]> {
  const rounds: { readonly whole: number; readonly plain: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Each goes first in every other round: a machine that slows down as it runs favours neither.
    const order = round % 2 === 0 ? (['whole', 'plain'] as const) : (['plain', 'whole'] as const);
    const rates = { whole: 0, plain: 0 };
    for (const which of order) rates[which] = await ingestRate(place, which === 'whole');
    rounds.push(rates);
  }
  const ratios = rounds.map(({ whole, plain }) => whole / plain);
  const rateOf = (which: 'whole' | 'plain') => Math.round(median(rounds.map((rates) => rates[which])));
  return [
    {
      name: 'ingest with tree, checkpoints and triggers / without',
      ratio: median(ratios),
      bound: { atLeast: 0.9 },
      figures: `${rateOf('whole')} events/s, ${rateOf('plain')} events/s, rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`,
    },
  ];
}

async function ingestRate(place: BenchPlace, isWhole: boolean): Promise<number> {
  const store = await createBenchStore(place, isWhole ? undefined : WITHOUT_TREE);
  try {
    if (!isWhole) await dropTriggers(store.databaseUrl);
    const load = { batches: BATCHES, warmUp: WARM_UP, size: SIZE, fromMs: Date.now() - DAY_MS, spanMs: DAY_MS };
    const rate = await sendLoad(store, load);
    const sent = (WARM_UP + BATCHES) * SIZE;
    const behind = await countBehind(store, 'tree');
    // What is left at the end would be work that was not counted; without a tree nothing may have been built.
    if (isWhole ? behind > sent / 10 : behind < sent)
      throw new Error(`${behind} of ${sent} entries are not in the tree`);
    return rate;
  } finally {
    await store.drop();
  }
}

async function dropTriggers(databaseUrl: string): Promise<void> {
  const database = openDatabase(databaseUrl);
  const { dialect, knex } = database;
  const named =
    dialect.name === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'trigger'"
      : 'SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()';
  const triggers = await dialect.selectArrays(knex, named, []);
  if (triggers.length === 0) throw new Error('the store has no triggers');
  for (const [name] of triggers) await knex.raw(`DROP TRIGGER ${String(name)}`);
  await database.close();
}
