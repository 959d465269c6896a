import type { JsonObject, JsonValue } from './canonical-json';
import type { StoredEntry } from './stored-entry';

/** Which entries a hold keeps: those that fit every part of it that is not null. At least one part is given. */
export interface HoldScope {
  /** Id of the client that an entry touches. */
  readonly client: string | null;
  /** `invoice:123` */
  readonly target: string | null;
  /** `admin:7` */
  readonly actor: string | null;
  /** Milliseconds of `occurred_at`, half-open. */
  readonly after: number | null;
  readonly before: number | null;
}

/** What a hold's entries in the chain say: placed with this scope, or released. In the order of the chain. */
export type HoldEvent =
  | { readonly kind: 'placed'; readonly hold: string; readonly scope: HoldScope }
  | { readonly kind: 'released'; readonly hold: string };

export function matchesHold(scope: HoldScope, entry: StoredEntry): boolean {
  return (
    (scope.client === null || entry.clientId === scope.client) &&
    (scope.target === null || refTo(entry.targetType, entry.targetId) === scope.target) &&
    (scope.actor === null || refTo(entry.actorType, entry.actorId) === scope.actor) &&
    (scope.after === null || entry.occurredAt >= scope.after) &&
    (scope.before === null || entry.occurredAt < scope.before)
  );
}

function refTo(type: string, id: string | null): string | null {
  return id === null ? null : `${type}:${id}`;
}

/** Holds that were placed and not released, by id. */
export function activeHolds(events: readonly HoldEvent[]): ReadonlyMap<string, HoldScope> {
  const active = new Map<string, HoldScope>();
  for (const event of events) {
    if (event.kind === 'placed') active.set(event.hold, event.scope);
    else active.delete(event.hold);
  }
  return active;
}

/** As it stands in the payload of `audit.hold_placed` and in the table; times in RFC 3339. */
export function scopeToJson(scope: HoldScope): JsonObject {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    actor: scope.actor,
    after: time(scope.after),
    before: time(scope.before),
    client: scope.client,
    target: scope.target,
  };
}

/** Undefined where it is not what `scopeToJson` makes, or names nothing. */
export function scopeFromJson(json: JsonValue | undefined): HoldScope | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const { actor, after, before, client, target } = json as JsonObject;
  const texts = [actor, after, before, client, target];
  if (!texts.every((text) => text === null || typeof text === 'string')) return undefined;
  if (texts.every((text) => text === null)) return undefined;
  const time = (text: JsonValue | undefined) => (typeof text === 'string' ? Date.parse(text) : null);
  const scope = { client, target, actor, after: time(after), before: time(before) } as HoldScope;
  return Number.isNaN(scope.after) || Number.isNaN(scope.before) ? undefined : scope;
}

/** A hold's entry as an event; undefined for what is none. `payload` is the sealed one. */
export function holdEventOf(action: string, payload: JsonObject): HoldEvent | undefined {
  const { hold, scope } = payload;
  if (typeof hold !== 'string') return undefined;
  if (action === 'audit.hold_released') return { kind: 'released', hold };
  const read = scopeFromJson(scope);
  return action === 'audit.hold_placed' && read ? { kind: 'placed', hold, scope: read } : undefined;
}
