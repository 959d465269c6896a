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

const LABELS: ReadonlyMap<string, readonly Template[]> = new Map(
  Object.entries(ruleList.labels).map(([type, templates]) => [
    type,
    templates.map((template: string) => template.split(/\{([\w.]+)\}/)),
  ]),
);

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
  for (const name of ruleList.reasons) {
    const value = params[name];
    if (typeof value === 'string' && value.trim() !== '') return clip(value, 2000);
  }
  return null;
}

/** A label for a target of the type, by the first of its templates all of whose parts are there. */
export function labelOf(type: string, params: JsonObject): string | null {
  for (const template of LABELS.get(type) ?? []) {
    const text = fill(template, params);
    if (text !== null) return clip(text, 200);
  }
  return null;
}

/** `{firstname} {lastname}` taken apart: texts at even places, paths at odd ones. */
type Template = readonly string[];

function fill(template: Template, params: JsonObject): string | null {
  let text = template[0] as string;
  for (let at = 1; at < template.length; at += 2) {
    const value = scalar(valueAt(params, template[at] as string));
    if (value === null || value === '') return null;
    text += String(value) + (template[at + 1] as string);
  }
  return text;
}
