/** The furthest moment that a Date can be, in milliseconds from 1970 (ECMA-262, section 21.4.1.1). */
const LAST_MS = 8.64e15;

/** A moment as the store has it, milliseconds since 1970, in RFC 3339; null for a number that is none, which somebody wrote there. */
export function isoTime(ms: number): string | null {
  return Math.abs(ms) <= LAST_MS ? new Date(ms).toISOString() : null;
}

/** The same where a page needs one: what is no moment is shown as 1970, and a verification tells what was changed. */
export function storedTime(ms: number): string {
  return isoTime(ms) ?? new Date(0).toISOString();
}

export function storedTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : storedTime(ms);
}
