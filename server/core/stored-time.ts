/** The furthest moment that a Date can be, in milliseconds from 1970 (ECMA-262, section 21.4.1.1). */
const LAST_MS = 8.64e15;

/**
 * A moment as the store has it, milliseconds since 1970, in RFC 3339. Somebody may have written a number there that is no time at
 * all: that is shown as 1970, so that a page stays readable; a verification tells what was changed.
 */
export function storedTime(ms: number): string {
  return new Date(Math.abs(ms) <= LAST_MS ? ms : 0).toISOString();
}

export function storedTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : storedTime(ms);
}
