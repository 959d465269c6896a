import { copyFileSync } from 'node:fs';
import pino from 'pino';
import { readConfig } from '../config/config';
import { openDatabase, type Database } from '../db/connection';
import type { Ledger } from '../entries/ledger';
import { createBenchStore, median, timed, type BenchPlace, type BenchResult, type BenchStore } from './bench-place';
import { builtDeps } from './bench-server';
import { sendLoad } from './ingest.bench';

const ROUNDS = 3;
const BATCHES = 500;
const SIZE = 100;
const DAY_MS = 86_400_000;
/** Entries in a transaction of the baseline: a segment, which is what ours takes while somebody waits, and half of what it takes else. */
const STEP = 256;
const KEYS = 1_000;

/**
 * A whole prune (reading and checking every entry, archive, certificate, deletion, counters) against plain DELETEs of the same
 * rows by their keys, a segment a transaction, in a copy of the store without triggers.
 */
export async function benchPrune(place: BenchPlace): Promise<BenchResult[]> {
  const ratios: number[] = [];
  const ours: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const store = await createBenchStore(place);
    try {
      await sendLoad(store, { batches: BATCHES, size: SIZE, fromMs: Date.now() - 30 * DAY_MS, spanMs: 30 * DAY_MS });
      await store.server.stop();
      await withDeps(store, catchUp);
      const copy = await copyTables(place, store);
      const { seconds, entries, toSeq } = await prune(store);
      const baseline = await plainDelete(copy.database, toSeq).finally(() => copy.drop());
      ours.push(entries / seconds);
      plain.push(entries / baseline);
      ratios.push(baseline / seconds);
    } finally {
      await store.drop();
    }
  }
  return [
    {
      name: 'prune with check, archive and certificate / plain keyed DELETE of the same rows',
      ratio: median(ratios),
      bound: { atLeast: 0.5 },
      figures: `${Math.round(median(ours))} entries/s, ${Math.round(median(plain))} entries/s, rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`,
    },
  ];
}

type BenchDeps = ReturnType<ReturnType<typeof builtDeps>['createDeps']>;

/** The built program over the store, a year later: everything but the newest segment is old. */
async function withDeps<T>(store: BenchStore, work: (deps: BenchDeps, ledger: Ledger) => Promise<T>): Promise<T> {
  const now = () => new Date(Date.now() + 365 * DAY_MS);
  const deps = builtDeps().createDeps(readConfig(store.server.env), { now, logger: pino({ level: 'silent' }) });
  try {
    const ledger = await deps.store.findLedger('default');
    if (!ledger) throw new Error('no ledger');
    return await work(deps, ledger);
  } finally {
    await deps.close();
  }
}

/**
 * What the readers behind the commits have to do is theirs, and done before the clock starts; and before the copy is made: what they
 * have not come to has no words in it yet.
 */
async function catchUp(deps: BenchDeps, ledger: Ledger): Promise<void> {
  await deps.indexer.catchUp();
  await deps.activity.catchUp();
  await deps.bridgeWatch.run();
  await deps.tree.catchUp(ledger);
}

function prune(store: BenchStore) {
  return withDeps(store, async (deps, ledger) => {
    let result: Awaited<ReturnType<typeof deps.retention.pruner.run>> | undefined;
    const seconds = await timed(async () => {
      result = await deps.retention.pruner.run(ledger, { days: 30, requestedBy: 'bench', via: 'cli' });
    });
    const [done] = result?.prunes ?? [];
    if (!done || result?.stopped !== null) throw new Error(`the prune stopped: ${result?.stopped}`);
    return { seconds, entries: done.entries, toSeq: done.toSeq };
  });
}

const TABLES = ['entries', 'entry_values', 'entry_words', 'fresh_words'];

/** The tables that a prune deletes from, with their indexes and without their triggers. */
async function copyTables(
  { engine }: BenchPlace,
  store: BenchStore,
): Promise<{ database: Database; drop(): Promise<void> }> {
  if (engine === 'sqlite') {
    const file = store.databaseUrl.slice('sqlite:'.length);
    const original = openDatabase(store.databaseUrl);
    await original.knex.raw('PRAGMA wal_checkpoint(TRUNCATE)');
    await original.close();
    copyFileSync(file, `${file}.copy`);
    const database = openDatabase(`sqlite:${file}.copy`);
    await database.knex.raw('DROP TRIGGER entries_no_delete');
    return { database, drop: () => database.close() };
  }
  const name = new URL(store.databaseUrl).pathname.slice(1);
  const original = openDatabase(store.databaseUrl);
  await original.knex.raw(`CREATE DATABASE ${name}_copy`);
  for (const table of TABLES) {
    await original.knex.raw(`CREATE TABLE ${name}_copy.${table} LIKE ${name}.${table}`);
    await original.knex.raw(`INSERT INTO ${name}_copy.${table} SELECT * FROM ${name}.${table}`);
  }
  await original.close();
  const database = openDatabase(`${store.databaseUrl}_copy`);
  return {
    database,
    async drop() {
      await database.knex.raw(`DROP DATABASE ${name}_copy`);
      await database.close();
    },
  };
}

/** Seconds for the rows up to `toSeq`, by their primary keys; which words there are is read before the clock starts. */
async function plainDelete({ knex: db, dialect }: Database, toSeq: number): Promise<number> {
  const sql = 'SELECT word, seq FROM entry_words WHERE ledger_id = 1 AND seq <= ? ORDER BY seq, word';
  const words = (await dialect.selectArrays(db, sql, [toSeq])) as [string, number][];
  const bySeq = groupBySegment(words);
  // The readers had come to every entry when the copy was made.
  if (bySeq.size !== Math.ceil(toSeq / STEP)) throw new Error('the copy has no words of some entries');
  return timed(async () => {
    for (let step = 0; step * STEP < toSeq; step += 1)
      await db.transaction(async (trx) => {
        const range: [number, number] = [step * STEP + 1, (step + 1) * STEP];
        for (const table of ['entry_values', 'fresh_words', 'entries'])
          await trx(table).where({ ledger_id: 1 }).whereBetween('seq', range).delete();
        const keys = bySeq.get(step) ?? [];
        for (let at = 0; at < keys.length; at += KEYS) {
          const some = keys.slice(at, at + KEYS);
          const list = some.map(([word, seq]) => `(1,'${word.replaceAll("'", "''")}',${seq})`).join(',');
          const values = dialect.name === 'sqlite' ? `VALUES ${list}` : list;
          await trx.raw(`DELETE FROM entry_words WHERE (ledger_id, word, seq) IN (${values})`);
        }
      });
  });
}

function groupBySegment(words: readonly [string, number][]): Map<number, [string, number][]> {
  const groups = new Map<number, [string, number][]>();
  for (const word of words) {
    const step = Math.floor((word[1] - 1) / STEP);
    const group = groups.get(step) ?? [];
    groups.set(step, group);
    group.push(word);
  }
  return groups;
}
