import { isAscii, isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { LosslessNumber, parse as parseLossless } from 'lossless-json';
import type { JsonObject, JsonValue } from '../../core/canonical-json';
import { clip } from '../../core/clip';
import type { ReportedItem } from '../../core/hook-call';
import { isJsonObject } from '../../core/json-path';
import type { ErrorCode } from '../../errors';
import { readItemShape, ShapeError } from './item-shape';
import { scanDelivery, type ItemSpan } from './json-scan';

export const MAX_ITEMS = 1_000;
const MAX_DEPTH = 32;

/** An item that can be read, or why not; `raw` is its text as it came. */
export type DeliveredItem =
  | { readonly ok: true; readonly item: ReportedItem; readonly digest: string; readonly raw: string }
  | {
      readonly ok: false;
      readonly reason: QuarantineReason;
      readonly detail: string;
      readonly id: string | null;
      readonly digest: string;
      readonly raw: string;
    };

export type QuarantineReason =
  | 'bad_shape'
  | 'bad_time'
  | 'duplicate_key'
  | 'too_deep'
  | 'unknown_kind'
  | 'unknown_hook'
  | 'unknown_table'
  | 'unknown_watch'
  | 'id_reused'
  | 'cannot_seal';

export interface Installation {
  readonly whmcs: string | null;
  readonly bridge: string | null;
  readonly timeZone: string | null;
  readonly seqStep: number | null;
}

export type ParsedDelivery =
  | { readonly ok: true; readonly items: readonly DeliveredItem[]; readonly installation: Installation | null }
  | { readonly ok: false; readonly error: ErrorCode; readonly detail: string };

/** A delivery's body (already inflated) as items. Never throws: what is wrong with one item does not touch the others. */
export function parseDelivery(body: Buffer): ParsedDelivery {
  const bytes = body.subarray(BYTE_ORDER_MARK.equals(body.subarray(0, 3)) ? 3 : 0);
  if (!isUtf8(bytes)) return { ok: false, error: 'bad_encoding', detail: 'the body is not UTF-8' };
  // One character a byte: one Chinese name among a hundred items would make everything here twice as long and slow. Outside of
  // strings JSON is ASCII, so that items stand at the same places; those that are not ASCII are read again as what they are.
  const text = bytes.toString('latin1');
  const json = parseOuter(bytes, text);
  if (json instanceof SyntaxError)
    return { ok: false, error: 'not_json', detail: `the body is not JSON (${json.message.slice(0, 120)})` };
  if (typeof json !== 'object' || json === null || !('events' in json) || !Array.isArray(json.events)) {
    return { ok: false, error: 'bad_shape', detail: 'the body must be an object with a list named events' };
  }
  const events = json.events as JsonValue[];
  if (events.length > MAX_ITEMS)
    return {
      ok: false,
      error: 'too_large',
      detail: `at most ${MAX_ITEMS} items in one delivery, this one has ${events.length}`,
    };
  const scan = scanDelivery(text);
  if (scan.topMembers !== Object.keys(json).length || scan.items.length !== events.length) {
    return { ok: false, error: 'bad_shape', detail: 'the outermost object names a member twice' };
  }
  const sources = events.map((value, index): ItemSource => {
    const span = scan.items[index] as ItemSpan;
    const itemBytes = bytes.subarray(span.start, span.end);
    if (isAscii(itemBytes)) return { value, span, bytes: itemBytes, raw: text.slice(span.start, span.end) };
    const raw = itemBytes.toString('utf8');
    return { value: JSON.parse(raw) as JsonValue, span, bytes: itemBytes, raw };
  });
  return { ok: true, items: sources.map(readItem), installation: installationOf(sources.at(-1)?.value) };
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const OUTSIDE_ASCII = /[^\0-\x7f]/;

/** The body as JSON, its items perhaps with one character a byte; or why it is none. */
function parseOuter(bytes: Buffer, text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    const names = typeof json === 'object' && json !== null ? Object.keys(json) : [];
    if (!names.some((name) => OUTSIDE_ASCII.test(name))) return json;
  } catch {
    // Said again, in the words of the sender.
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return error;
  }
}

interface ItemSource {
  readonly value: JsonValue;
  readonly span: ItemSpan;
  readonly bytes: Buffer;
  readonly raw: string;
}

function readItem({ value, span, bytes, raw }: ItemSource): DeliveredItem {
  const tooDeep = span.depth > MAX_DEPTH;
  // Of the text: a bridge keeps the finished text of an item and sends the same bytes again.
  const digest = hash('sha256', bytes);
  const refuse = (reason: QuarantineReason, detail: string): DeliveredItem => ({
    ok: false,
    reason,
    detail,
    id: idOf(value),
    digest,
    raw,
  });
  if (!isJsonObject(value)) return refuse('bad_shape', 'an item must be an object');
  if (tooDeep) return refuse('too_deep', `nested deeper than ${MAX_DEPTH} levels`);
  if (countMembers(value) !== span.members)
    return refuse('duplicate_key', 'an object in the item names a member twice');
  // The text came as UTF-8, so that only an escape can bring half a character into it.
  const needsCare = span.hasInexactNumber || raw.includes('\\u');
  const exact = needsCare ? (exactNumbers(parseLossless(raw) as JsonValue) as JsonObject) : value;
  if (needsCare && countMembers(exact) !== span.members)
    return refuse('duplicate_key', 'names of an object differ in lone surrogates only');

  try {
    return { ok: true, item: readItemShape(exact), digest, raw };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const reason = error.field === 'occurred_at' ? 'bad_time' : error.field === 'kind' ? 'unknown_kind' : 'bad_shape';
    return refuse(reason, clip(error.message, 500));
  }
}

function installationOf(value: JsonValue | undefined): Installation | null {
  const block = isJsonObject(value) ? value['installation'] : undefined;
  if (!isJsonObject(block)) return null;
  const text = (field: JsonValue | undefined) => (typeof field === 'string' ? clip(field.toWellFormed(), 64) : null);
  const step = block['seq_step'];
  return {
    whmcs: text(block['whmcs']),
    bridge: text(block['bridge']),
    timeZone: text(block['time_zone']),
    seqStep: typeof step === 'number' && Number.isSafeInteger(step) && step >= 1 && step <= 65_535 ? step : null,
  };
}

// ---- values

function idOf(value: JsonValue): string | null {
  return isJsonObject(value) && typeof value['id'] === 'string' ? clip(value['id'].toWellFormed(), 191) : null;
}

/** Safe integers stay numbers, every other number becomes its decimal text; lone surrogates become U+FFFD. */
function exactNumbers(value: JsonValue | LosslessNumber): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : String(value);
  if (value === null || typeof value === 'boolean') return value;
  if (value instanceof LosslessNumber) {
    const number = Number(value.value);
    return /^-?\d+$/.test(value.value) && Number.isSafeInteger(number) ? number : value.value;
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => exactNumbers(item));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, inner]) => [name.toWellFormed(), exactNumbers(inner)]),
  );
}

function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).reduce<number>((sum, item) => sum + countMembers(item), 0);
  }
  return Object.values(value as JsonObject).reduce((sum: number, inner) => sum + 1 + countMembers(inner), 0);
}
