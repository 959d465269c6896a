import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { BY, createPrunableStore, DAY_MS, type PrunableStore } from '../../testing/prunable-store';
import { ENGINES } from '../../testing/test-database';
import { createPruneTask } from './prune-task';

let test: PrunableStore;
let db: Knex;

/** The task over a database whose clock is so far ahead of this machine's. */
function dailyPrune(logger: Logger, databaseIsAheadMs = 0) {
  const now = () => test.clock.now();
  const databaseClock = () => Promise.resolve(now().getTime() + databaseIsAheadMs);
  return createPruneTask({
    pruner: test.deps.retention.pruner,
    store: test.deps.store,
    databaseClock,
    now,
    logger,
  });
}

describe.each(ENGINES)('the prune of every day, on %s', (engine) => {
  beforeEach(async () => {
    test = await createPrunableStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  it('runs every day, and tells a person what keeps it from going on', async () => {
    await test.fill();
    const logged: object[] = [];
    const logger = { info: (said: object) => logged.push(said), error: (said: object) => logged.push(said) } as unknown as Logger; // prettier-ignore
    const task = dailyPrune(logger);
    test.grow(40);
    await task.run(new AbortController().signal, 1);
    expect(logged).toEqual([]);
    await test.deps.retention.retention.set(test.ledger, 30, BY);
    await task.run(AbortSignal.abort(), 1);
    expect(await test.prunesOf()).toEqual([]);
    await task.run(new AbortController().signal, 1);
    expect(logged).toEqual([{ ledger: 'default', entries: 1023 }]);
    await db('retention_policies').update({ days: 7 });
    await task.run(new AbortController().signal, 1);
    expect(logged[1]).toMatchObject({ ledger: 'default', why: expect.stringContaining('set it again') as string });
  });

  it.each([
    { days: 4, databaseIsAheadMs: 0, why: /^4 days went by/ },
    { days: 3_650, databaseIsAheadMs: 0, why: /^3650 days went by/ },
    { days: NaN, databaseIsAheadMs: 0, why: /^nobody knows how many days/ },
    { days: 1, databaseIsAheadMs: -40 * DAY_MS, why: /40\.0 days apart/ },
    { days: 1, databaseIsAheadMs: 2 * DAY_MS, why: /2\.0 days apart/ },
  ])('waits where the clock may have leapt: $days days, the database $databaseIsAheadMs ms ahead', async (leap) => {
    await test.fill();
    await test.deps.retention.retention.set(test.ledger, 30, BY);
    test.grow(40);
    const logged: object[] = [];
    const logger = { info: (said: object) => logged.push(said), error: (said: object) => logged.push(said) } as unknown as Logger; // prettier-ignore
    await dailyPrune(logger, leap.databaseIsAheadMs).run(new AbortController().signal, leap.days);
    expect(logged).toEqual([{ why: expect.stringMatching(leap.why) as string }]);
    expect(await test.prunesOf()).toEqual([]);
    // The next day it is not a leap any more, and the clocks agree; so it is where the clock was put back.
    for (const days of [1, -9]) await dailyPrune(logger).run(new AbortController().signal, days);
    expect(logged[1]).toEqual({ ledger: 'default', entries: 1023 });
  });
});
