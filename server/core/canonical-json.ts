/** A value that JSON can hold. Numbers are safe integers only: see `canonicalJson`. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };
export type JsonObject = { readonly [name: string]: JsonValue };

export class CanonicalJsonError extends Error {
  override name = 'CanonicalJsonError';
}

/**
 * The JSON text of RFC 8785 (JCS): no white space, members sorted by UTF-16 code units (section 3.2.3), strings with
 * minimal escaping (3.2.2.2). Narrower than the RFC in one point: numbers must be safe integers, because records keep
 * money and large ids as strings.
 *
 * Throws CanonicalJsonError for a lone surrogate (RFC 8785 section 3.2.2.2), a float, an unsafe integer or undefined.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return integer(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(',')}]`;
  if (typeof value !== 'object') throw new CanonicalJsonError(`cannot write a ${typeof value} as JSON`);
  const object = value as JsonObject;
  let text = '{';
  for (const name of sortedNames(object)) {
    if (text.length > 1) text += ',';
    text += `${quote(name)}:${canonicalJson(object[name] as JsonValue)}`;
  }
  return `${text}}`;
}

/** By UTF-16 code units, as the RFC asks for: so do the default sort and `<`. */
function sortedNames(object: JsonObject): string[] {
  const names = Object.keys(object);
  for (let at = 1; at < names.length; at += 1)
    if ((names[at] as string) < (names[at - 1] as string)) return names.sort();
  return names;
}

/** A text, or null, as RFC 8785 writes it. */
export function canonicalText(text: string | null): string {
  return text === null ? 'null' : quote(text);
}

// Printable ASCII without quotation mark and backslash stands for itself (RFC 8785 section 3.2.2.2).
const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new CanonicalJsonError('a lone surrogate cannot be written as JSON');
  return JSON.stringify(text);
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new CanonicalJsonError(`${value} is not a safe integer; write it as a string`);
  return String(value); // prints -0 as 0, as the RFC wants
}
