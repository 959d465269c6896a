/** The day that `now` belongs to in a zone: its first moment and the first moment of the next day, in milliseconds. */
export function startOfDay(now: Date, timeZone: string): { readonly start: number; readonly end: number } {
  const day = localDay(now.getTime(), timeZone);
  const start = momentOf(day, timeZone);
  const end = momentOf(localDay(start + 36 * 3_600_000, timeZone), timeZone);
  return { start, end };
}

/** The first moment of a calendar day (`2026-11-21`) in a zone. A day whose midnight a clock change skips begins after it. */
export function momentOf(day: string, timeZone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  let moment = utc;
  // The offset at the guess corrects the guess; twice, because the offset may change in between.
  for (let i = 0; i < 2; i += 1) moment = utc - offsetAt(moment, timeZone);
  while (localDay(moment, timeZone) < day) moment += 15 * 60_000;
  return moment;
}

export function localDay(ms: number, timeZone: string): string {
  return new Date(ms + offsetAt(ms, timeZone)).toISOString().slice(0, 10);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs far more than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}

/** Milliseconds by which local time is ahead of UTC. */
export function offsetAt(ms: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(ms);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return (
    Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) -
    Math.floor(ms / 1000) * 1000
  );
}

/** A moment from the time on a wall clock of the zone (`2026-11-21T14:05`, with seconds or without), in milliseconds. */
export function momentAt(local: string, timeZone: string): number {
  const utc = Date.parse(`${local}Z`);
  let moment = utc;
  for (let i = 0; i < 2; i += 1) moment = utc - offsetAt(moment, timeZone);
  return moment;
}

/** What a wall clock of the zone shows at a moment: `2026-11-21T14:05:09`. */
export function wallClock(ms: number, timeZone: string): string {
  return new Date(ms + offsetAt(ms, timeZone)).toISOString().slice(0, 19);
}
