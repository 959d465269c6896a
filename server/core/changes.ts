import { canonicalJson, type JsonObject, type JsonValue } from './canonical-json';
import type { Change } from './event';

/** WHMCS writes a flag as true, 1, "1" or "on", and its absence as false, 0, "0", "off", "" or nothing at all. */
export function isOn(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false;
  return typeof value !== 'string' || !/^(0|off|no|false|inactive)?$/i.test(value.trim());
}

/** Whether two values say the same, although a form gives "1" where the table gave 1 or true. */
export function sameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a === 'boolean' || typeof b === 'boolean') return isOn(a) === isOn(b);
  return asText(a) === asText(b);
}

/**
 * The fields whose value differs, in the order of `before`. A field that only one side has says nothing in a hook call
 * (its parameters are a part of the row); `bothWays` counts it, for table rows, where missing means empty.
 */
export function changesBetween(
  before: JsonObject | null,
  after: JsonObject,
  options: { readonly bothWays?: boolean } = {},
): Change[] {
  if (before === null && !options.bothWays) return [];
  const old = before ?? {};
  const fields = options.bothWays ? new Set([...Object.keys(old), ...Object.keys(after)]) : Object.keys(old);
  const changes: Change[] = [];
  for (const field of fields) {
    if (!options.bothWays && !Object.hasOwn(after, field)) continue;
    const change = { field, before: own(old, field), after: own(after, field) };
    if (!sameValue(change.before, change.after)) changes.push(change);
  }
  return changes;
}

/** Not what every object inherits: a field may be called constructor. */
function own(row: JsonObject, field: string): JsonValue {
  return Object.hasOwn(row, field) ? (row[field] ?? null) : null;
}

function asText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return canonicalJson(value);
}
