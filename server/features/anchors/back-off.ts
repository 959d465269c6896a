const STEPS_MS = [5_000, 60_000, 5 * 60_000, 15 * 60_000, 30 * 60_000, 60 * 60_000];
const MAX_ASKED_MS = 24 * 3_600_000;
const JITTER = 0.2;

/**
 * How long to wait after an attempt that failed; `attempts` counts it. A tenth more or less, so that receivers that came back are not
 * met by all at once (`random` from 0 to 1). A receiver that asks for more gets it, up to a day.
 */
export function backOffMs(
  attempts: number,
  options: { readonly random: number; readonly askedMs?: number | undefined },
): number {
  const step = STEPS_MS[Math.min(attempts, STEPS_MS.length) - 1] ?? 0;
  const own = Math.round(step * (1 + JITTER * (options.random - 0.5)));
  return Math.max(own, Math.min(options.askedMs ?? 0, MAX_ASKED_MS));
}
