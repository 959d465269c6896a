import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { countDays } from './day-counts';

let test: TestStore;
const ms = (time: string) => Date.parse(time);

beforeAll(async () => {
  test = await createTestStore('sqlite');
  // One on the first, two on the second, three on the third; the genesis entry is the first of all, on the 21st.
  for (const day of ['2026-11-01', '2026-11-02', '2026-11-02', '2026-11-03', '2026-11-03', '2026-11-03']) {
    await test.deps.store.append(test.ledger, [anAppendItem(test.ledger, { occurredAt: `${day}T12:00:00.000Z` })]);
  }
});
afterAll(() => test.stop());

const count = (after: string | null, before: string | null) =>
  countDays(test.deps.database, test.ledger.id, after === null ? null : ms(after), before === null ? null : ms(before));

describe('the counters of days', () => {
  it.each<[string | null, string | null, number, number, number, boolean]>([
    [null, null, 7, 1, 7, true],
    ['2026-11-02T00:00:00Z', '2026-11-03T00:00:00Z', 2, 3, 4, true],
    ['2026-11-02T00:00:00Z', null, 6, 1, 7, true],
    [null, '2026-11-02T00:00:00Z', 1, 2, 2, true],
    // Not whole days: everything of the days it touches, which is said.
    ['2026-11-01T18:00:00Z', '2026-11-02T06:00:00Z', 3, 2, 4, false],
    ['2026-11-02T00:00:00Z', '2026-11-03T00:00:00.001Z', 5, 3, 7, false],
    ['2026-11-05T00:00:00Z', '2026-11-06T00:00:00Z', 0, 0, 0, true],
  ])('from %s to %s', async (after, before, entries, minSeq, maxSeq, wholeDays) => {
    expect(await count(after, before)).toMatchObject({ entries, minSeq, maxSeq, wholeDays });
  });

  it('of an empty range are nothing', async () => {
    expect(await count('2026-11-02T00:00:00Z', '2026-11-02T00:00:00Z')).toMatchObject({ entries: 0 });
  });
});
