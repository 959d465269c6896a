import type { JsonObject, JsonValue } from './canonical-json';
import { isJsonObject } from './json-path';

export const REDACTED = '[redacted]';

// The bridge has redacted already, in PHP; this is the second net, for a bridge that is old or not ours.
const SECRET_NAME =
  /(^|[._-])(pass|passwd|pwd|passphrase|secret|token|cvv2?|cardcvv|cccvv|cvc|cardnum|cardnumber|ccnum|pan|epp|eppcode|authcode|transfercode|authdata|private_?key|api_?key|apikey|access_?key|serverpassword|serveraccesshash|credentials?|cookie|securityqans)$|password|secret|private.?key/i;
const HARMLESS_NAME = /^(password_?(changed|expiry|reset_expiry)|last_?password_change|forgot_?password)$/i;
const CARD_NUMBER = /\b\d(?:[ -]?\d){12,18}\b/g;

/** A copy without secrets: values under secret-like names, the paths given, and card numbers inside text. */
export function redact(payload: JsonObject, paths: readonly string[] = []): JsonObject {
  return redactObject(payload, new Set(paths.map((path) => path.toLowerCase())), '');
}

function redactObject(object: JsonObject, paths: ReadonlySet<string>, prefix: string): JsonObject {
  // fromEntries, not assignment: a member may be called __proto__.
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      const path = prefix === '' ? name.toLowerCase() : `${prefix}.${name.toLowerCase()}`;
      return [name, isSecret(name, value, path, paths) ? REDACTED : redactValue(value, paths, path)];
    }),
  );
}

function redactValue(value: JsonValue, paths: ReadonlySet<string>, path: string): JsonValue {
  if (typeof value === 'string') return value.length < 13 ? value : value.replace(CARD_NUMBER, maskCardNumber);
  if (Array.isArray(value)) return value.map((item: JsonValue) => redactValue(item, paths, path));
  return isJsonObject(value) ? redactObject(value, paths, path) : value;
}

function isSecret(name: string, value: JsonValue, path: string, paths: ReadonlySet<string>): boolean {
  // The last is the bridge's word for a secret that became another one; to hide it would hide the change.
  if (value === null || value === '' || typeof value === 'boolean' || value === '[changed]') return false;
  if (paths.has(path)) return true;
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

function maskCardNumber(text: string): string {
  const digits = text.replace(/\D/g, '');
  return passesLuhn(digits) ? `[card ending ${digits.slice(-4)}]` : text;
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
