import type { JsonObject, JsonValue } from './canonical-json';

export const CATEGORIES = [
  'authentication',
  'clients',
  'financial',
  'tickets',
  'services',
  'domains',
  'configuration',
  'modules',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** From routine to grave; a position in this list is the rank. */
export const SEVERITIES = ['info', 'notice', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const ACTOR_TYPES = ['admin', 'client', 'user', 'system', 'api', 'gateway', 'unknown'] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];

export const VIAS = ['ui', 'api', 'cron', 'callback', 'email', 'cli'] as const;
export type Via = (typeof VIAS)[number];

export const SOURCE_KINDS = ['hook', 'table_change', 'activity', 'own'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export interface Actor {
  readonly type: ActorType;
  readonly id: string | null;
  readonly name: string | null;
  readonly role: string | null;
  /** `client:5` while an admin acts as that client. */
  readonly actingAs: string | null;
}

export interface Target {
  readonly type: string;
  readonly id: string | null;
  readonly label: string | null;
}

export interface Change {
  readonly field: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** Where an event came from: the bridge's item, or ourselves (`kind` own). */
export interface EventSource {
  readonly bridge: string | null;
  /** The item's id; with `part` it makes storage happen once. */
  readonly eventId: string;
  readonly part: number;
  readonly kind: SourceKind;
  readonly hook: string | null;
  /** The bridge's counter. */
  readonly seq: string | null;
  /** When the bridge signed the delivery (webhook-timestamp), its own clock. */
  readonly sentAt: string | null;
  /** The hook's parameters under their original names, redacted. */
  readonly payload: JsonObject;
  /** Distinguishes a resend from another event under the same id. */
  readonly digest: string;
}

/** What happened, in our words. Times are RFC 3339 UTC with milliseconds. */
export interface AuditEvent {
  readonly occurredAt: string;
  readonly category: Category;
  readonly action: string;
  readonly severity: Severity;
  readonly outcome: Outcome;
  readonly actor: Actor;
  readonly target: Target;
  /** The client that this event touches, if any: who may see it, and whom it is about. */
  readonly client: string | null;
  readonly ip: string | null;
  /** The direct peer and the address that WHMCS itself recorded, where they say more than `ip`. */
  readonly peer: string | null;
  readonly whmcsIp: string | null;
  readonly script: string | null;
  readonly userAgent: string | null;
  readonly session: string | null;
  readonly via: Via | null;
  readonly reason: string | null;
  readonly changes: readonly Change[];
  readonly source: EventSource;
}
