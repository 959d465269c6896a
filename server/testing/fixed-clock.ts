/** A clock that stands still until a test moves it. */
export interface FixedClock {
  now(): Date;
  advance(ms: number): void;
}

export function createFixedClock(start = '2026-11-21T01:02:03.456Z'): FixedClock {
  let ms = Date.parse(start);
  return {
    now: () => new Date(ms),
    advance: (by) => {
      ms += by;
    },
  };
}
