import type { JsonObject, JsonValue } from './canonical-json';
import secretNames from './catalogue/secret-names.json';
import { isJsonObject } from './json-path';

export const REDACTED = '[redacted]';
/** The bridge's word for a secret that became another one, beside REDACTED for what it was; to hide it would hide the change. */
export const REDACTED_CHANGED = '[redacted:changed]';
const KEPT = new Set<JsonValue>(['', REDACTED_CHANGED, '[changed]']);
const SECRET_MARKS = new Set<JsonValue>([REDACTED, REDACTED_CHANGED, '[changed]']);

/** Whether a value only says that a secret stood there. */
export function isSecretMark(value: JsonValue): boolean {
  return SECRET_MARKS.has(value);
}

// The bridge has redacted already, in PHP; this is the second net, for a bridge that is old or not ours. It nearly always finds
// nothing, so that a copy is made only of what changes.
/** The payload without secrets: values under secret-like names, the paths given, and card numbers inside text. */
export function redact(payload: JsonObject, paths: readonly string[] = []): JsonObject {
  return redactObject(payload, paths.length === 0 ? NO_PATHS : new Set(paths.map((path) => path.toLowerCase())), '');
}

const NO_PATHS: ReadonlySet<string> = new Set();

function redactObject(object: JsonObject, paths: ReadonlySet<string>, prefix: string): JsonObject {
  const names = Object.keys(object);
  let redacted: JsonValue[] | undefined;
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as string;
    const value = object[name] as JsonValue;
    // Most hooks list no paths; then where a value stands does not matter.
    const path = paths.size === 0 ? '' : prefix === '' ? name.toLowerCase() : `${prefix}.${name.toLowerCase()}`;
    const kept = isSecret(name, value, path, paths) ? REDACTED : redactValue(value, paths, path);
    if (kept === value) continue;
    redacted ??= names.map((other) => object[other] as JsonValue);
    redacted[at] = kept;
  }
  // fromEntries, not assignment: a member may be called __proto__.
  return redacted ? Object.fromEntries(names.map((name, at) => [name, redacted[at] as JsonValue])) : object;
}

function redactValue(value: JsonValue, paths: ReadonlySet<string>, path: string): JsonValue {
  if (typeof value === 'string') return value.length < 13 ? value : maskCardNumbers(value);
  if (typeof value === 'number')
    return value > 1e14 && passesLuhn(String(value)) ? maskCardNumbers(String(value)) : value;
  if (Array.isArray(value)) return redactList(value, paths, path);
  return isJsonObject(value) ? redactObject(value, paths, path) : value;
}

function redactList(list: readonly JsonValue[], paths: ReadonlySet<string>, path: string): readonly JsonValue[] {
  const redacted = list.map((item) => redactValue(item, paths, path));
  return redacted.every((item, at) => item === list[at]) ? list : redacted;
}

function isSecret(name: string, value: JsonValue, path: string, paths: ReadonlySet<string>): boolean {
  if (value === null || typeof value === 'boolean' || KEPT.has(value)) return false;
  return paths.has(path) || isSecretName(name);
}

/** Names repeat in every event; the few that do not are looked at each time. */
const judged = new Map<string, boolean>();
const MAX_JUDGED = 5_000;

function isSecretName(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const verdict = looksSecret(name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  if (judged.size < MAX_JUDGED) judged.set(name, verdict);
  return verdict;
}

function looksSecret(plain: string): boolean {
  if (secretNames.harmless.includes(plain)) return false;
  if (secretNames.exact.includes(plain)) return true;
  return (
    secretNames.contains.some((word) => plain.includes(word)) ||
    secretNames.ends_with.some((word) => plain.endsWith(word))
  );
}

// 13 to 19 digits that pass the Luhn check, in one run or in groups parted by single spaces or dashes.
const DIGIT_GROUPS = /\d+(?:[ -]\d+)*/g;

// ISO 13616: country, check digits, then up to thirty letters and digits, often in groups of four.
const IBAN_LIKE = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/g;

/** Two digits with nothing or one character between them, thirteen times over, are in every card number: most texts have none. */
const MAY_HOLD_CARD = /\d(?:[ -]?\d){12}/;

/** A changed bank account is evidence, and the digits of many an IBAN pass the Luhn check by chance: those stay. */
function maskCardNumbers(text: string): string {
  if (!MAY_HOLD_CARD.test(text)) return text;
  let masked = '';
  let at = 0;
  for (const match of text.matchAll(IBAN_LIKE)) {
    const iban = longestIban(match[0]);
    if (iban === undefined) continue;
    masked += maskDigitGroups(text.slice(at, match.index)) + iban;
    at = match.index + iban.length;
  }
  return masked + maskDigitGroups(text.slice(at));
}

/** The candidate, or the longest run of its groups that passes the check: the next word may be in capitals too. */
function longestIban(candidate: string): string | undefined {
  for (let end = candidate.length; end >= 15; end = candidate.lastIndexOf(' ', end - 1)) {
    if (isIban(candidate.slice(0, end).replace(/ /g, ''))) return candidate.slice(0, end);
  }
  return undefined;
}

/** ISO 7064 MOD 97-10: the first four characters to the end, letters as numbers from ten on. */
function isIban(text: string): boolean {
  let rest = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function maskDigitGroups(text: string): string {
  return text.replace(DIGIT_GROUPS, (chain) => (chain.length < 13 ? chain : maskChain(chain)));
}

/** Every window of whole groups is tried, so that a date in front of a card number cannot hide it. */
function maskChain(chain: string): string {
  const parts = chain.split(/([ -])/);
  let masked = '';
  for (let from = 0; from < parts.length; from += 2) {
    const window = cardWindow(parts, from);
    masked += window ? `[card ending ${window.digits.slice(-4)}]` : (parts[from] ?? '');
    from = window?.to ?? from;
    masked += parts[from + 1] ?? '';
  }
  return masked;
}

function cardWindow(
  parts: readonly string[],
  from: number,
): { readonly to: number; readonly digits: string } | undefined {
  let digits = '';
  let found: { to: number; digits: string } | undefined;
  for (let to = from; to < parts.length; to += 2) {
    // Groups inside a written card number have three digits or more; those of a date do not.
    if (to > from && (parts[to - 2] ?? '').length < 3) break;
    digits += parts[to] ?? '';
    if (digits.length > 19) break;
    if (digits.length >= 13 && passesLuhn(digits)) found = { to, digits };
    if (found?.to === from) break;
  }
  return found;
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum > 0 && sum % 10 === 0;
}
