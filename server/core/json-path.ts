import { clip } from './clip';
import type { JsonObject, JsonValue } from './canonical-json';

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at `params.domainid`; undefined where a step is missing. A member with dots in its own name wins. */
export function valueAt(object: JsonObject, path: string): JsonValue | undefined {
  if (Object.hasOwn(object, path)) return object[path];
  let dot = path.indexOf('.');
  if (dot < 0) return undefined;
  let value: JsonValue | undefined = object;
  for (let from = 0; from <= path.length; from = dot + 1, dot = path.indexOf('.', from)) {
    if (dot < 0) dot = path.length;
    const step = path.slice(from, dot);
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** An id or a word as text; null for what is missing, empty, zero or not scalar. */
export function idText(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return value === 0 ? null : String(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' || text === '0' ? null : clip(text, 191);
}

/** What is no object and no list; null for those and for what is missing. */
export function scalar(value: JsonValue | undefined): string | number | boolean | null {
  return value === undefined || value === null || isJsonObject(value) || Array.isArray(value)
    ? null
    : (value as string | number | boolean);
}
