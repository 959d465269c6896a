import type { JsonObject, JsonValue } from '../../core/canonical-json';
import { clip } from '../../core/clip';
import { ACTOR_TYPES, VIAS, type Actor } from '../../core/event';
import type { ReportedItem, ReportedRequest } from '../../core/hook-call';
import { isJsonObject } from '../../core/json-path';

/** An item, or one of its fields, is not of the shape of CONTRACT section 4. */
export class ShapeError extends Error {
  override name = 'ShapeError';
  /** Dotted, as in `actor.type`. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(`${field}: ${message}`);
    this.field = field;
  }
}

// Read by hand and not by a schema: every item passes here, and a schema costs as much as classifying it (docs/bench.md).
/** An item as the rest of the program knows it. Lenient where PHP is: texts may be numbers, an empty object may be a list. */
export function readItemShape(value: JsonObject): ReportedItem {
  const kind = value['kind'];
  if (kind !== 'hook' && kind !== 'table_change' && kind !== 'activity')
    throw new ShapeError('kind', 'must be hook, table_change or activity');
  // Every member written out: copying an object of twelve into another costs more than reading them.
  const id = idOf(value['id']);
  const seq = seqOf(value['seq']);
  const occurredAt = timeOf(value['occurred_at']);
  const params = objectOf('params', value['params']) ?? {};
  const before = objectOf('before', value['before']);
  const actor = actorOf(value['actor']);
  const request = requestOf(value['request']);
  switch (kind) {
    case 'hook': {
      const hook = textOf('hook', value['hook'], 1, 100);
      return { id, seq, occurredAt, params, before, actor, request, kind, hook };
    }
    case 'table_change':
      return {
        id,
        seq,
        occurredAt,
        params,
        before,
        actor,
        request,
        kind,
        table: textOf('table', value['table'], 1, 64),
        key: keyOf(value['key']),
        after: objectOf('after', value['after']),
        ...(flagOf('unexplained', value['unexplained']) ? { unexplained: true } : {}),
      };
    case 'activity': {
      const watch = nullableText('watch', value['watch'], 100);
      const own = nullableText('own', value['own'], 100);
      return {
        id,
        seq,
        occurredAt,
        params,
        before,
        actor,
        request,
        kind,
        text: textOf('text', value['text'], 0, 65_535),
        ...(watch === null ? {} : { watch }),
        ...(own === null ? {} : { own }),
      };
    }
  }
}

const PRINTABLE_ID = /^[\x21-\x7e]{1,64}$/;

function idOf(value: JsonValue | undefined): string {
  if (typeof value === 'string' && PRINTABLE_ID.test(value)) return value;
  throw new ShapeError('id', 'must be 1 to 64 printable ASCII characters');
}

function seqOf(value: JsonValue | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return value;
  throw new ShapeError('seq', 'must be a whole number');
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** `2026-11-21T09:30:00.000Z`. */
const USUAL_TIME = 24;
const [EARLIEST, LATEST] = [Date.UTC(1990, 0), Date.UTC(2200, 0)];

/** The same moment in UTC with milliseconds. */
function timeOf(value: JsonValue | undefined): string {
  if (typeof value !== 'string' || !RFC_3339.test(value))
    throw new ShapeError('occurred_at', 'must be an RFC 3339 time');
  const ms = Date.parse(value.length > USUAL_TIME ? value.replace(/(\.\d{3})\d+/, '$1') : value);
  const day = Number(value.slice(8, 10));
  // Date.parse takes the 30th of February for the 1st of March.
  const isRealDay = day >= 1 && (day <= 28 || day <= daysInMonth(value));
  if (Number.isNaN(ms) || !isRealDay || ms < EARLIEST || ms >= LATEST)
    throw new ShapeError('occurred_at', 'is no time between 1990 and 2200');
  // As most bridges write it already: milliseconds and Z.
  return value.length === USUAL_TIME && value.endsWith('Z') ? value : new Date(ms).toISOString();
}

function daysInMonth(time: string): number {
  return new Date(Date.UTC(Number(time.slice(0, 4)), Number(time.slice(5, 7)), 0)).getUTCDate();
}

const UNKNOWN_ACTOR: Actor = { type: 'unknown', id: null, name: null, role: null, actingAs: null };

function actorOf(value: JsonValue | undefined): Actor {
  if (value === null || value === undefined) return UNKNOWN_ACTOR;
  if (!isJsonObject(value)) throw new ShapeError('actor', 'must be an object or null');
  return {
    type: oneOf('actor.type', ACTOR_TYPES, value['type']),
    id: nullableText('actor.id', value['id'], 191),
    name: nullableText('actor.name', value['name'], 500),
    role: nullableText('actor.role', value['role'], 191),
    actingAs: actingAsOf(value['acting_as']),
  };
}

function actingAsOf(value: JsonValue | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return clip(value, 191);
  const { type, id } = isJsonObject(value) ? value : {};
  if (typeof type !== 'string' || (typeof id !== 'string' && typeof id !== 'number'))
    throw new ShapeError('actor.acting_as', 'must be a text, an object with type and id, or null');
  return clip(`${type}:${id}`, 191);
}

function requestOf(value: JsonValue | undefined): ReportedRequest {
  if (value !== null && value !== undefined && !isJsonObject(value))
    throw new ShapeError('request', 'must be an object or null');
  const request = value ?? {};
  const via = request['via'];
  return {
    peer: nullableText('request.peer', request['peer'], 64),
    headers: headersOf(request['headers']),
    whmcsIp: nullableText('request.whmcs_ip', request['whmcs_ip'], 64),
    userAgent: nullableText('request.user_agent', request['user_agent'], 1000),
    via: via === null || via === undefined ? null : oneOf('request.via', VIAS, via),
    script: nullableText('request.script', request['script'], 500),
    session: nullableText('request.session', request['session'], 191),
  };
}

function headersOf(value: JsonValue | undefined): Record<string, string> {
  const headers: [string, string][] = [];
  for (const [name, text] of Object.entries(objectOf('request.headers', value) ?? {}))
    if (typeof text === 'string') headers.push([name.toLowerCase(), clip(text, 2000)]);
  return Object.fromEntries(headers);
}

function keyOf(value: JsonValue | undefined): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new ShapeError('key', 'must be a text or a number');
  return clip(String(value), 191);
}

function textOf(field: string, value: JsonValue | undefined, min: number, max: number): string {
  if (typeof value === 'string' && value.length >= min && value.length <= max) return value;
  throw new ShapeError(field, `must be a text of ${min} to ${max} characters`);
}

function nullableText(field: string, value: JsonValue | undefined, max: number): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string') return clip(value, max);
  if (typeof value === 'number') return String(value);
  throw new ShapeError(field, 'must be a text, a number or null');
}

function flagOf(field: string, value: JsonValue | undefined): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw new ShapeError(field, 'must be true, false or null');
}

/** PHP writes an empty list where an empty object is meant. */
function objectOf(field: string, value: JsonValue | undefined): JsonObject | null {
  if (value === null || value === undefined) return null;
  if (isJsonObject(value)) return value;
  if (Array.isArray(value) && value.length === 0) return {};
  throw new ShapeError(field, 'must be an object or null');
}

function oneOf<T extends string>(field: string, known: readonly T[], value: JsonValue | undefined): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new ShapeError(field, `must be one of ${known.join(', ')}`);
  return found;
}
