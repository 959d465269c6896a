import { addTo, BLOCK, countOf, emptySet, fullSet, placesOf, type SeqSet } from '../../core/seq-set';
import type { Ledger } from '../../entries/entry-store';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../testing/test-database';
import { createBlockStore, type BlockStore } from './block-store';

const ledger = { id: 1, name: 'default', tenant: { id: 1, slug: 'default', name: 'x' } } as unknown as Ledger;
const setOf = (...places: number[]): SeqSet => {
  const set = emptySet();
  for (const place of places) addTo(set, place);
  return set;
};
const SETS = new Map([
  [11, setOf(1, 2, 3)],
  [12, setOf(700)],
  [13, fullSet()],
]);

describe.each(ENGINES)('blocks of the search index on %s', (engine) => {
  let database: TestDatabase;
  let store: BlockStore;

  beforeAll(async () => {
    database = await createTestDatabase(engine);
    store = createBlockStore(database);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    for (const table of ['entry_blocks', 'entry_sets']) await database.knex(table).delete();
    const times = Array.from({ length: BLOCK }, (_, place) => -5 + place * 1_000_000_000);
    for (const block of [0, 1])
      await database.knex.transaction((trx) => store.write(trx, ledger, { block, minAt: -5, maxAt: times.at(-1) ?? 0, gone: null, times, sets: SETS })); // prettier-ignore
  });

  const kept = async (block: number) =>
    [...((await store.readSets(ledger, [11, 12, 13, 14], [block])).get(block) ?? [])].map(([term, set]) => [term, countOf(set)]).sort(); // prettier-ignore
  const forget = (seqs: number[], options: { through: number; isEnd: boolean }) =>
    database.knex.transaction((trx) => store.forget(trx, ledger, seqs, options));

  it('are read as they were written', async () => {
    expect(await store.list(ledger)).toEqual([0, 1].map((block) => ({ block, minAt: -5, maxAt: -5 + (BLOCK - 1) * 1_000_000_000, gone: null }))); // prettier-ignore
    expect(await store.findEnd(ledger)).toBe(2 * BLOCK);
    const sets = await store.readSets(ledger, [11, 14], [0, 1, 9]);
    expect([placesOf(sets.get(1)?.get(11) ?? fullSet()), sets.get(1)?.has(14), sets.get(9)?.size]).toEqual([[1, 2, 3], false, 0]); // prettier-ignore
    const times = (await store.readTimes(ledger, [1])).get(1);
    expect([0, 1, BLOCK - 1].map((place) => times?.(place))).toEqual([-5, 999_999_995, -5 + (BLOCK - 1) * 1_000_000_000]); // prettier-ignore
  });

  it('know at once what is gone, and give up its sets at the end of a block', async () => {
    await forget([1, 2], { through: 2, isEnd: false });
    expect(placesOf((await store.list(ledger))[0]?.gone ?? fullSet())).toEqual([1, 2]);
    expect(await kept(0)).toEqual([[11, 3], [12, 1], [13, BLOCK]]); // prettier-ignore
    await forget([3, 700], { through: BLOCK - 1, isEnd: false });
    expect(await kept(0)).toEqual([[13, BLOCK - 4]]);
    expect(await kept(1)).toEqual([[11, 3], [12, 1], [13, BLOCK]]); // prettier-ignore
  });

  it('give up sets where a prune ends, and all of them with the last entry', async () => {
    await forget([BLOCK + 1], { through: BLOCK + 1, isEnd: true });
    expect(await kept(1)).toEqual([[11, 2], [12, 1], [13, BLOCK - 1]]); // prettier-ignore
    await forget(Array.from({ length: 2 * BLOCK }, (_, seq) => seq), { through: 2 * BLOCK - 1, isEnd: true }); // prettier-ignore
    expect([await kept(0), await kept(1), (await store.list(ledger)).length]).toEqual([[], [], 2]);
  });

  it('have nothing to forget before they are made', async () => {
    await forget([3 * BLOCK], { through: 3 * BLOCK, isEnd: true });
    expect((await store.list(ledger)).length).toBe(2);
  });

  it('move an entry between sets that are there, and leave no empty one', async () => {
    await database.knex.transaction((trx) => store.move(trx, ledger, 700, { from: [12, 13, 14], to: [11, 15] }));
    expect(await kept(0)).toEqual([[11, 4], [13, BLOCK - 1]]); // prettier-ignore
    expect(await kept(1)).toEqual([[11, 3], [12, 1], [13, BLOCK]]); // prettier-ignore
  });
});
