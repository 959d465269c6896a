/** 20261121 for any moment of that day in UTC. */
export function dayNumber(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/** Days from one such number to another: 1 from 20261231 to 20270101. NaN where one is no day. */
export function daysBetween(from: number, to: number): number {
  return (startOf(to) - startOf(from)) / 86_400_000;
}

function startOf(day: number): number {
  const text = String(day);
  return Date.parse(`${text.slice(0, -4).padStart(4, '0')}-${text.slice(-4, -2)}-${text.slice(-2)}`);
}
