/** One a day, and a day more for one that takes long or has to be tried again. */
const LATE_MS = 2 * 86_400_000;

/** Whether the daily verification should have ended again since `at`: who can write the database can keep it from running. */
export function isVerificationLate(at: Date, now: Date): boolean {
  return now.getTime() - at.getTime() > LATE_MS;
}
