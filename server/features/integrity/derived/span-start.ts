/** SQL for the start of the span of `ms` that an entry lies in, also before 1970. */
export function spanStart(ms: number): string {
  return `(occurred_at - ((occurred_at % ${ms}) + ${ms}) % ${ms})`;
}
