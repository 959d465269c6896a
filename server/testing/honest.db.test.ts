import { runHonestly } from './honest-run';
import { ENGINES } from './test-database';

describe.each(ENGINES)('two honest sidecars on %s', (engine) => {
  // `npm run honest` does the same with a million operations.
  it('never raise an alarm', async () => {
    const { counts, pruned, alarms } = await runHonestly({ engine, operations: 5_000, seed: 4, maxBatch: 20 });
    expect(alarms).toEqual([]);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
    expect(pruned).toBeGreaterThan(0);
  }, 600_000);
});
