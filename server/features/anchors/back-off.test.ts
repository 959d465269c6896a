import { backOffMs } from './back-off';

describe('backOffMs', () => {
  it.each([
    [1, 5_000],
    [2, 60_000],
    [3, 300_000],
    [6, 3_600_000],
    [100, 3_600_000],
  ])('waits after attempt %d for %d ms', (attempts, ms) => {
    expect(backOffMs(attempts, { random: 0.5 })).toBe(ms);
    expect(backOffMs(attempts, { random: 0 })).toBe(ms * 0.9);
    expect(backOffMs(attempts, { random: 1 })).toBeCloseTo(ms * 1.1);
  });

  it('waits as long as the receiver asks, up to a day, and never less than by itself', () => {
    expect(backOffMs(1, { random: 0.5, askedMs: 120_000 })).toBe(120_000);
    expect(backOffMs(3, { random: 0.5, askedMs: 1_000 })).toBe(300_000);
    expect(backOffMs(1, { random: 0.5, askedMs: 1e12 })).toBe(86_400_000);
  });
});
