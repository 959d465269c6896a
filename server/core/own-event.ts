import { getAction } from './action-catalogue';
import type { JsonObject } from './canonical-json';
import type { Actor, AuditEvent, Change, Outcome, Via } from './event';

export const SYSTEM_ACTOR: Actor = { type: 'system', id: null, name: 'Sealtrail', role: null, actingAs: null };

/** What Sealtrail reports about itself. `id` is a new UUID: own events are never sent twice. */
export interface OwnEvent {
  readonly id: string;
  readonly action: string;
  readonly at: string;
  readonly actor?: Actor;
  readonly targetId: string | null;
  /** Only where the action's own one does not say it: an erasure's target may be a client, a user or an admin. */
  readonly targetType?: string;
  readonly client?: string | null;
  readonly targetLabel?: string | null;
  readonly payload?: JsonObject;
  readonly changes?: readonly Change[];
  readonly outcome?: Outcome;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
  readonly via?: Via | null;
}

export function ownEvent(own: OwnEvent): AuditEvent {
  const action = getAction(own.action);
  return {
    occurredAt: own.at,
    category: action.category,
    action: action.action,
    severity: action.severity,
    outcome: own.outcome ?? (action.outcome === 'either' ? 'unknown' : action.outcome),
    actor: own.actor ?? SYSTEM_ACTOR,
    target: { type: own.targetType ?? action.targetType, id: own.targetId, label: own.targetLabel ?? null },
    client: own.client ?? null,
    ip: own.ip ?? null,
    peer: null,
    whmcsIp: null,
    script: null,
    userAgent: own.userAgent ?? null,
    session: null,
    via: own.via ?? null,
    reason: null,
    changes: own.changes ?? [],
    source: {
      bridge: null,
      eventId: own.id,
      part: 0,
      kind: 'own',
      hook: null,
      seq: null,
      sentAt: null,
      payload: own.payload ?? {},
      digest: '',
    },
  };
}
