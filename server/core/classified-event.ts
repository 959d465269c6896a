import type { Action } from './action-catalogue';
import type { JsonObject } from './canonical-json';
import ruleList from './catalogue/rules.json';
import { clip } from './clip';
import type { AuditEvent, Change, Outcome, Target } from './event';
import type { ReportedItem } from './hook-call';
import { scalar, valueAt } from './json-path';

/** What the sidecar adds to an item before it can be classified. */
export interface CaptureContext {
  readonly bridge: string;
  readonly sentAt: string;
  readonly ip: string | null;
  readonly digest: string;
}

export type Classified =
  | { readonly events: readonly AuditEvent[] }
  | { readonly problem: 'unknown_hook' | 'unknown_table' | 'unknown_watch'; readonly detail: string };

const LABELS = ruleList.labels as Readonly<Record<string, readonly string[]>>;

/** What a rule says an item means. */
interface EventParts {
  readonly action: Action;
  readonly part: number;
  readonly target: Target;
  readonly client: string | null;
  readonly changes: readonly Change[];
  readonly outcome: Outcome | undefined;
  readonly hook: string | null;
}

export function classifiedEvent(item: ReportedItem, context: CaptureContext, parts: EventParts): AuditEvent {
  const { action } = parts;
  return {
    occurredAt: item.occurredAt,
    category: action.category,
    action: action.action,
    severity: action.severity,
    outcome: action.outcome === 'either' ? (parts.outcome ?? 'unknown') : action.outcome,
    actor: item.actor,
    target: parts.target,
    client: parts.client,
    ip: context.ip,
    peer: item.request.peer,
    whmcsIp: item.request.whmcsIp,
    script: item.request.script,
    userAgent: item.request.userAgent,
    session: item.request.session,
    via: item.request.via,
    reason: reasonOf(item.params),
    changes: parts.changes,
    source: {
      bridge: context.bridge,
      eventId: item.id,
      part: parts.part,
      kind: item.kind,
      hook: parts.hook,
      seq: item.seq,
      sentAt: context.sentAt,
      payload: payloadOf(item),
      digest: context.digest,
    },
  };
}

function payloadOf(item: ReportedItem): JsonObject {
  if (item.kind !== 'table_change')
    return item.before === null ? item.params : { ...item.params, olddata: item.before };
  return { ...item.params, table: item.table, key: item.key, before: item.before, after: item.after };
}

function reasonOf(params: JsonObject): string | null {
  const found = ruleList.reasons
    .map((name) => params[name])
    .find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof found === 'string' ? clip(found, 2000) : null;
}

export function labelOf(type: string, params: JsonObject): string | null {
  for (const template of LABELS[type] ?? []) {
    const text = fill(template, params);
    if (text !== null) return clip(text, 200);
  }
  return null;
}

function fill(template: string, params: JsonObject): string | null {
  let complete = true;
  const text = template.replace(/\{([\w.]+)\}/g, (_whole, path: string) => {
    const value = scalar(valueAt(params, path));
    if (value === null || value === '') complete = false;
    return String(value ?? '');
  });
  return complete ? text : null;
}
