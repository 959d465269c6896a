import { openDatabase } from '../db/connection';
import { encodeCursor } from '../features/browse/cursor';
import { SORTS, type Sort } from '../features/browse/browse-service';
import {
  caughtUp,
  createBenchStore,
  median,
  timed,
  type BenchPlace,
  type BenchResult,
  type BenchStore,
} from './bench-place';
import { sendLoad } from './ingest.bench';
import { PAGE_FILTERS, pairsOf, type BenchFilter } from './page-filters';

const SMALL = 10_000;
const LARGE = 1_000_000;
const PER_PAGE = 20;
/**
 * Every page is asked for so often; those that look slower than `above` again, more often, and the last answer counts. The middle of
 * 15 rounds still differs by a tenth from one time to the next, which among thousands of pages decides about the bound.
 */
const LOOKS = [
  { rounds: 3, above: 0 },
  { rounds: 15, above: 1.6 },
  { rounds: 75, above: 1.8 },
];
const DAY_MS = 86_400_000;
const SPAN_DAYS = 30;

/** `first`; behind a cursor nine tenths down the list; by its number, as far as four fifths of what totals count. */
const DEPTHS = ['first', 'cursor', 'number'] as const;
type Depth = (typeof DEPTHS)[number];

interface Asked {
  readonly filter: BenchFilter;
  readonly sort: Sort;
  readonly depth: Depth;
}

/** A store as its reader sees it. */
export interface Reader {
  readonly url: string;
  readonly token: string;
  readonly entries: number;
  /** When its first event happened, milliseconds; the others follow evenly. */
  readonly startMs: number;
  /** Hash of an entry in the middle. */
  readonly hash: string;
}

/** Milliseconds. */
interface Times {
  readonly many: number;
  readonly few: number;
  /** The page without a filter at the same place in the small store. */
  readonly floor: number;
}

type Measured = Asked & Times;

/** Every filter alone and every pair, at a million entries against ten thousand. */
export async function benchPage(place: BenchPlace): Promise<BenchResult[]> {
  const small = await filled(place, SMALL);
  const large = await filled(place, LARGE);
  try {
    return await comparePages(await readerOf(small, SMALL), await readerOf(large, LARGE));
  } finally {
    await small.drop();
    await large.drop();
  }
}

/** A line for each order and depth with its slowest page, and one for each page beyond the bound. */
export async function comparePages(small: Reader, large: Reader): Promise<BenchResult[]> {
  const measured: Measured[] = [];
  for (const sort of SORTS) {
    for (const depth of DEPTHS) {
      for (const filter of [...PAGE_FILTERS, ...pairsOf(PAGE_FILTERS)]) {
        measured.push(await look(small, large, { filter, sort, depth }));
      }
    }
  }
  const worstFirst = measured.sort((a, b) => ratioOf(b) - ratioOf(a));
  const worst = SORTS.flatMap((sort) => DEPTHS.flatMap((depth) => worstFirst.find((one) => one.sort === sort && one.depth === depth) ?? [])); // prettier-ignore
  const beyond = worstFirst.filter((one) => ratioOf(one) > 2 && !worst.includes(one));
  return [...worst, ...beyond].map((one) => ({
    name: `page ${one.sort} ${one.depth}, the slowest of ${measured.length / SORTS.length / DEPTHS.length}: ${one.filter.name}`,
    ratio: ratioOf(one),
    bound: { atMost: 2 },
    figures: `${one.many.toFixed(1)} ms at ${LARGE.toLocaleString('en')}, ${one.few.toFixed(1)} ms at ${SMALL.toLocaleString('en')} (counted as at least ${one.floor.toFixed(1)} ms, the page without a filter)`,
  }));
}

async function look(small: Reader, large: Reader, asked: Asked): Promise<Measured> {
  let seen: Measured | undefined;
  for (const { rounds, above } of LOOKS)
    if (!seen || ratioOf(seen) > above) seen = { ...asked, ...(await measure(small, large, asked, rounds)) };
  return seen as Measured;
}

/** A page with few rows costs less than one with twenty at any size: it is compared with the full page. */
function ratioOf({ many, few, floor }: Times): number {
  return many / Math.max(few, floor);
}

/** Milliseconds in the large and in the small store and of the page without a filter, asked in turn: a machine changes its speed. */
async function measure(small: Reader, large: Reader, asked: Asked, rounds: number): Promise<Times> {
  const unfiltered = { ...asked, filter: { name: 'all', query: {} } };
  const pages = {
    many: { store: large, path: await pathOf(large, asked) },
    few: { store: small, path: await pathOf(small, asked) },
    floor: { store: small, path: await pathOf(small, unfiltered) },
  };
  const times: Record<keyof Times, number[]> = { many: [], few: [], floor: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['many', 'few', 'floor'] as const) {
      const { store, path } = pages[name];
      times[name].push((await timed(() => read(store, path))) * 1000);
    }
  }
  return { many: median(times.many), few: median(times.few), floor: median(times.floor) };
}

/** Asks once, which also warms up. */
async function pathOf(store: Reader, { filter, sort, depth }: Asked): Promise<string> {
  const query = new URLSearchParams({ ...filter.query, sort, per_page: String(PER_PAGE) });
  if (query.has('hash')) query.set('hash', (query.get('hash') ?? '').replace('MIDDLE', store.hash));
  if (query.has('after')) query.set('after', momentOf(store, Number(query.get('after'))));
  if (query.has('before')) query.set('before', momentOf(store, Number(query.get('before'))));
  const { total } = await read(store, query.toString());
  const down = sort.startsWith('-') ? 0.1 : 0.9;
  if (depth === 'cursor') {
    const seq = Math.floor(store.entries * down);
    const time = Date.parse(momentOf(store, down));
    query.set('cursor', encodeCursor({ direction: 'next', seq, time, position: 1 }, sort));
  }
  if (depth === 'number')
    query.set('page', String(Math.max(1, Math.floor((Math.min(total, 10_000) * 0.8) / PER_PAGE))));
  return query.toString();
}

/** A moment by its place in the span of the store, 0 to 1. */
function momentOf(store: Reader, place: number): string {
  return new Date(store.startMs + place * SPAN_DAYS * DAY_MS).toISOString();
}

async function read(store: Reader, query: string): Promise<{ total: number }> {
  const page = await fetch(`${store.url}/api/v1/entries?${query}`, { headers: { authorization: `Bearer ${store.token}` } }); // prettier-ignore
  if (page.status !== 200) throw new Error(`${query} answered ${page.status}: ${await page.text()}`);
  return (await page.json()) as { total: number };
}

async function readerOf(store: BenchStore, entries: number): Promise<Reader> {
  const { token } = JSON.parse(await store.server.cli('token', 'create', '--name', 'bench', '--scope', 'read', '--json')) as { token: string }; // prettier-ignore
  const database = openDatabase(store.databaseUrl);
  const [row] = await database.dialect.selectArrays(database.knex, 'SELECT hash FROM entries WHERE seq = ?', [entries / 2]); // prettier-ignore
  const [first] = await database.dialect.selectArrays(database.knex, 'SELECT occurred_at FROM entries WHERE seq = 2', []); // prettier-ignore
  await database.close();
  return { url: store.server.url, token, entries, startMs: Number(first?.[0]), hash: String(row?.[0]).slice(0, 12) };
}

async function filled(place: BenchPlace, entries: number): Promise<BenchStore> {
  const store = await createBenchStore(place);
  const perLoad = 50_000;
  for (let sent = 0; sent < entries; sent += perLoad) {
    const size = 500;
    const fromMs = Date.now() - SPAN_DAYS * DAY_MS + (sent / entries) * SPAN_DAYS * DAY_MS;
    await sendLoad(store, {
      batches: Math.min(perLoad, entries - sent) / size,
      size,
      fromMs,
      spanMs: (Math.min(perLoad, entries) / entries) * SPAN_DAYS * DAY_MS,
    });
  }
  await caughtUp(store);
  return store;
}
