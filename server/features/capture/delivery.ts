import { hash } from 'node:crypto';
import { LosslessNumber, parse as parseLossless } from 'lossless-json';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../core/canonical-json';
import { clip } from '../../core/clip';
import { ACTOR_TYPES, VIAS, type Actor } from '../../core/event';
import type { ReportedItem } from '../../core/hook-call';
import { isJsonObject } from '../../core/json-path';
import type { ErrorCode } from '../../errors';
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
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    return { ok: false, error: 'bad_encoding', detail: 'the body is not UTF-8' };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, error: 'not_json', detail: `the body is not JSON (${(error as Error).message.slice(0, 120)})` };
  }
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
  const items = events.map((value, index) => readItem(value, text, scan.items[index] as ItemSpan));
  return { ok: true, items, installation: installationOf(events.at(-1)) };
}

function readItem(value: JsonValue, text: string, span: ItemSpan): DeliveredItem {
  const raw = text.slice(span.start, span.end);
  const tooDeep = span.depth > MAX_DEPTH;
  // Of the text: a bridge keeps the finished text of an item and sends the same bytes again.
  const digest = hash('sha256', raw);
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

  const parsed = itemSchema.safeParse(exact);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const detail = issue ? `${issue.path.join('.')}: ${issue.message}` : 'not the shape of an item';
    return refuse(
      issue?.path[0] === 'occurred_at' ? 'bad_time' : issue?.path[0] === 'kind' ? 'unknown_kind' : 'bad_shape',
      clip(detail, 500),
    );
  }
  return { ok: true, item: toItem(parsed.data), digest, raw };
}

// ---- shape (CONTRACT section 4)

// One step each instead of unions: every item passes here.
const nullableText = (max: number) =>
  z
    .unknown()
    .optional()
    .transform((value, context): string | null => {
      if (value === null || value === undefined || value === '') return null;
      if (typeof value === 'string') return clip(value, max);
      if (typeof value === 'number') return String(value);
      context.addIssue({ code: 'custom', message: 'must be a text, a number or null' });
      return z.NEVER;
    });

// PHP writes an empty array where an empty object is meant.
const looseObject = z
  .unknown()
  .optional()
  .transform((value, context): JsonObject | null => {
    if (value === null || value === undefined) return null;
    if (isJsonObject(value as JsonValue)) return value as JsonObject;
    if (Array.isArray(value) && value.length === 0) return {};
    context.addIssue({ code: 'custom', message: 'must be an object or null' });
    return z.NEVER;
  });

const time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/, 'must be an RFC 3339 time')
  .transform((value, context) => {
    const ms = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'));
    const day = Number(value.slice(8, 10));
    const isRealDay =
      day >= 1 && day <= new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
    if (Number.isNaN(ms) || !isRealDay || ms < Date.UTC(1990, 0) || ms >= Date.UTC(2200, 0)) {
      context.addIssue({ code: 'custom', message: 'is no time between 1990 and 2200' });
      return z.NEVER;
    }
    return new Date(ms).toISOString();
  });

const actorSchema = z
  .object({
    type: z.enum(ACTOR_TYPES),
    id: nullableText(191),
    name: nullableText(500),
    role: nullableText(191),
    acting_as: z
      .union([z.string(), z.object({ type: z.string(), id: z.union([z.string(), z.number()]) })])
      .nullish()
      .transform((value) =>
        value === null || value === undefined
          ? null
          : typeof value === 'string'
            ? clip(value, 191)
            : clip(`${value.type}:${value.id}`, 191),
      ),
  })
  .nullish()
  .transform((actor): Actor =>
    actor
      ? { type: actor.type, id: actor.id, name: actor.name, role: actor.role, actingAs: actor.acting_as }
      : UNKNOWN_ACTOR,
  );

const UNKNOWN_ACTOR: Actor = { type: 'unknown', id: null, name: null, role: null, actingAs: null };

const headers = looseObject.transform((value) => {
  const texts = Object.entries(value ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(texts.map(([name, text]) => [name.toLowerCase(), clip(text, 2000)]));
});

const requestSchema = z
  .object({
    peer: nullableText(64),
    headers,
    whmcs_ip: nullableText(64),
    user_agent: nullableText(1000),
    via: z.enum(VIAS).nullish().transform((via) => via ?? null), // prettier-ignore
    script: nullableText(500),
    session: nullableText(191),
  })
  .nullish();

const base = {
  id: z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 printable ASCII characters'),
  seq: z.union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/)]).nullish().transform((seq) => (seq === null || seq === undefined ? null : String(seq))), // prettier-ignore
  occurred_at: time,
  params: looseObject,
  before: looseObject,
  actor: actorSchema,
  request: requestSchema,
};

const itemSchema = z.discriminatedUnion('kind', [
  z.object({ ...base, kind: z.literal('hook'), hook: z.string().min(1).max(100) }),
  z.object({
    ...base,
    kind: z.literal('table_change'),
    table: z.string().min(1).max(64),
    key: z.union([z.string(), z.number()]),
    after: looseObject,
    unexplained: z.boolean().nullish(),
  }),
  z.object({
    ...base,
    kind: z.literal('activity'),
    text: z.string().max(65_535),
    watch: nullableText(100),
    own: nullableText(100),
  }),
]);

function toItem(data: z.infer<typeof itemSchema>): ReportedItem {
  const shared = {
    id: data.id,
    seq: data.seq,
    occurredAt: data.occurred_at,
    params: data.params ?? {},
    before: data.before,
    actor: data.actor,
    request: {
      peer: data.request?.peer ?? null,
      headers: data.request?.headers ?? {},
      whmcsIp: data.request?.whmcs_ip ?? null,
      userAgent: data.request?.user_agent ?? null,
      via: data.request?.via ?? null,
      script: data.request?.script ?? null,
      session: data.request?.session ?? null,
    },
  };
  switch (data.kind) {
    case 'hook':
      return { ...shared, kind: 'hook', hook: data.hook };
    case 'table_change':
      return {
        ...shared,
        kind: 'table_change',
        table: data.table,
        key: clip(String(data.key), 191),
        after: data.after,
        ...(data.unexplained ? { unexplained: true } : {}),
      };
    case 'activity':
      return {
        ...shared,
        kind: 'activity',
        text: data.text,
        ...(data.watch === null ? {} : { watch: data.watch }),
        ...(data.own === null ? {} : { own: data.own }),
      };
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
