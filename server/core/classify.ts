import type { JsonObject, JsonValue } from './canonical-json';
import { findHookPoint, getAction, type Action } from './action-catalogue';
import ruleList from './catalogue/rules.json';
import { clip } from './clip';
import { changesBetween, isOn, sameValue } from './changes';
import type { AuditEvent, Change, Outcome, Target } from './event';
import type { ActivityLine, HookCall, ReportedItem, TableChange } from './hook-call';
import { idText, isJsonObject, valueAt } from './json-path';

/** What the sidecar adds to an item before it can be classified. */
export interface CaptureContext {
  readonly bridge: string;
  readonly sentAt: string;
  readonly ip: string | null;
  readonly digest: string;
}

export type Classified =
  | { readonly events: readonly AuditEvent[] }
  | { readonly problem: 'unknown_hook' | 'unknown_table'; readonly detail: string };

interface Condition {
  readonly actor?: string;
  readonly changed?: readonly string[];
  readonly turned_on?: readonly string[];
  readonly turned_off?: readonly string[];
  readonly positive?: string;
  readonly set?: string;
  readonly is_true?: string;
  readonly is_false?: string;
  readonly equals?: readonly [string, string];
  readonly matches?: readonly [string, string];
  readonly any?: readonly Condition[];
  readonly all?: readonly Condition[];
  readonly not?: Condition;
}
interface HookRule {
  readonly also?: readonly { readonly action: string; readonly instead?: boolean; readonly when: Condition }[];
  readonly outcome?: Condition;
  readonly sets?: readonly string[];
}
interface FieldRule {
  readonly changed?: string;
  readonly turned_on?: string;
  readonly turned_off?: string;
}
interface KeyRule {
  readonly match: string;
  readonly action?: string;
  readonly list_added?: string;
  readonly list_removed?: string;
}
/** A table that holds one setting a row: `of` names the thing, `whole` the setting whose row stands for the thing itself. */
interface RowRule {
  readonly of: string;
  readonly name: string;
  readonly value: string;
  readonly whole?: string;
}
interface TableRule {
  readonly rows?: RowRule;
  readonly created: string;
  readonly changed: string;
  readonly deleted: string;
  readonly label?: string;
  readonly fields?: Readonly<Record<string, FieldRule>>;
  readonly keys?: readonly KeyRule[];
}

const HOOK_RULES = ruleList.hooks as unknown as Readonly<Record<string, HookRule>>;
const TABLE_RULES = ruleList.tables as unknown as Readonly<Record<string, TableRule>>;
const LABELS = ruleList.labels as Readonly<Record<string, readonly string[]>>;
const USER_ID_HOOKS = new Set(ruleList.user_id_hooks);

/** One item as the events it means, in the order of their parts; or why it cannot be understood. Pure. */
export function classify(item: ReportedItem, context: CaptureContext): Classified {
  switch (item.kind) {
    case 'hook':
      return classifyHook(item, context);
    case 'table_change':
      return classifyTableChange(item, context);
    case 'activity':
      return { events: classifyActivity(item, context) };
  }
}

// ---- hook calls

function classifyHook(call: HookCall, context: CaptureContext): Classified {
  const point = findHookPoint(call.hook);
  if (!point) return { problem: 'unknown_hook', detail: clip(call.hook, 100) };
  const rule: HookRule = HOOK_RULES[call.hook] ?? {};
  const holding = (rule.also ?? []).filter((also) => holds(also.when, call));
  const main = holding.find((also) => also.instead)?.action ?? point.action;
  const names = [main, ...holding.filter((also) => !also.instead).map((also) => also.action)];

  const target = hookTarget(call, point.targetType, point.targetParam);
  const client = target.type === 'client' ? target.id : hookClient(call);
  const changes = [...changesBetween(call.before, call.params), ...setValues(call, rule.sets ?? [])];
  const outcome = rule.outcome && (holds(rule.outcome, call) ? 'success' : 'unknown');
  return {
    events: names.map((name, part) =>
      event(call, context, {
        action: getAction(name),
        part,
        target,
        client,
        changes: part === 0 ? changes : changesFor(rule, name, changes),
        outcome,
        hook: call.hook,
      }),
    ),
  };
}

function hookTarget(call: HookCall, type: string, param: string | null): Target {
  const value = param === null ? undefined : valueAt(call.params, param);
  const id = Array.isArray(value) ? idText(value.join(',')) : idText(value);
  return { type, id: id ?? (type === 'system' ? 'whmcs' : null), label: labelOf(type, call.params) };
}

function hookClient(call: HookCall): string | null {
  if (USER_ID_HOOKS.has(call.hook)) return null;
  const named = ruleList.client_params.map((path) => idText(valueAt(call.params, path))).find((id) => id !== null);
  return named ?? (call.actor.type === 'client' ? call.actor.id : null);
}

/** Values that a hook reports as newly set, where no value before is known. */
function setValues(call: HookCall, paths: readonly string[]): Change[] {
  return paths.flatMap((path) => {
    const field = path.split('.').at(-1) ?? path;
    const after = valueAt(call.params, path);
    const before = call.before?.[field] ?? null;
    // What stands at the top level in both was compared already.
    const compared = call.before !== null && field === path && Object.hasOwn(call.before, field);
    return after === undefined || after === '' || compared || sameValue(before, after)
      ? []
      : [{ field, before, after }];
  });
}

/** A further part tells only the change that made it one. */
function changesFor(rule: HookRule, action: string, changes: readonly Change[]): Change[] {
  const when = rule.also?.find((also) => also.action === action)?.when;
  const fields = new Set([...(when?.changed ?? []), ...(when?.turned_on ?? []), ...(when?.turned_off ?? [])]);
  return changes.filter((change) => fields.has(change.field));
}

function holds(when: Condition, call: HookCall): boolean {
  const now = (path: string) => valueAt(call.params, path);
  const was = (path: string) => (call.before ? valueAt(call.before, path) : undefined);
  const differs = (path: string) =>
    was(path) !== undefined && now(path) !== undefined && !sameValue(was(path), now(path));
  if (when.any) return when.any.some((condition) => holds(condition, call));
  if (when.all) return when.all.every((condition) => holds(condition, call));
  if (when.not) return !holds(when.not, call);
  if (when.actor !== undefined) return call.actor.type === when.actor;
  if (when.changed) return when.changed.some(differs);
  // Without values before (a new record) a flag that is set has been turned on.
  if (when.turned_on)
    return when.turned_on.some(
      (path) => isOn(now(path)) && (call.before === null || (was(path) !== undefined && !isOn(was(path)))),
    );
  if (when.turned_off)
    return when.turned_off.some((path) => now(path) !== undefined && !isOn(now(path)) && isOn(was(path)));
  if (when.positive !== undefined) return Number(now(when.positive) ?? 0) > 0;
  if (when.set !== undefined) return idText(now(when.set)) !== null || now(when.set) === true;
  if (when.is_true !== undefined) return isOn(now(when.is_true));
  if (when.is_false !== undefined) return now(when.is_false) !== undefined && !isOn(now(when.is_false));
  if (when.equals) return now(when.equals[0]) === when.equals[1];
  if (when.matches) return new RegExp(when.matches[1], 'i').test(String(scalar(now(when.matches[0])) ?? ''));
  return false;
}

// ---- table changes

function classifyTableChange(given: TableChange, context: CaptureContext): Classified {
  const rule = Object.hasOwn(TABLE_RULES, given.table) ? TABLE_RULES[given.table] : undefined;
  if (!rule) return { problem: 'unknown_table', detail: clip(given.table, 100) };
  const item = rule.rows ? foldRow(given, rule.rows) : given;
  const changes = changesBetween(item.before, item.after ?? {}, { bothWays: true });
  const found = tableActions(item, rule, changes);
  return {
    events: found.map((one, part) => {
      const action = getAction(one.action);
      const row = item.after ?? item.before ?? {};
      const label = rule.label === undefined ? null : scalar(row[rule.label]);
      const client = idText(row['userid']) ?? idText(row['client_id']);
      return event(item, context, {
        action,
        part,
        target: {
          type: action.targetType,
          id: one.id ?? (action.targetType === 'client' ? client : null) ?? idText(item.key),
          label: label === null ? null : clip(String(label), 200),
        },
        client: action.targetType === 'client' ? (client ?? idText(item.key)) : client,
        changes: one.changes,
        outcome: undefined,
        hook: null,
      });
    }),
  };
}

/** A single row of a settings table as the change of its thing: `{gateway, setting, value}` becomes `{[setting]: value}`. */
function foldRow(item: TableChange, rows: RowRule): TableChange {
  const row = item.after ?? item.before ?? {};
  const setting = row[rows.name];
  if (typeof setting !== 'string' || !Object.hasOwn(row, rows.value)) return item;
  const fold = (side: JsonObject | null): JsonObject | null => {
    if (side === null) return rows.whole === setting ? null : {};
    return { [setting]: side[rows.value] ?? null };
  };
  return { ...item, key: idText(row[rows.of]) ?? item.key, before: fold(item.before), after: fold(item.after) };
}

interface TableAction {
  readonly action: string;
  readonly id?: string;
  readonly changes: readonly Change[];
}

function tableActions(item: TableChange, rule: TableRule, changes: readonly Change[]): TableAction[] {
  const key = rule.keys?.find((one) => new RegExp(one.match, 'i').test(item.key));
  if (key?.list_added !== undefined && key.list_removed !== undefined)
    return listActions(item, key.list_added, key.list_removed, changes);
  if (key?.action !== undefined) return [{ action: key.action, changes }];

  const special: { action: string; changes: Change[] }[] = [];
  for (const change of changes) {
    const action = fieldAction(rule.fields?.[change.field], change);
    const same = special.find((one) => one.action === action);
    if (same) same.changes.push(change);
    else if (action !== undefined) special.push({ action, changes: [change] });
  }
  const whole = item.before === null ? rule.created : item.after === null ? rule.deleted : rule.changed;
  const named = new Set(special.flatMap((one) => one.changes.map((change) => change.field)));
  const rest = changes.filter((change) => !named.has(change.field));
  const isEdit = item.before !== null && item.after !== null;
  if (isEdit && special.length > 0) return rest.length === 0 ? special : [...special, { action: whole, changes: rest }];
  // A module's own report of its state says no more than that state.
  if (!isEdit && special.length > 0 && rest.length === 0 && 'state' in (rule.fields ?? {})) return special;
  return [{ action: whole, changes }];
}

function fieldAction(rule: FieldRule | undefined, change: Change): string | undefined {
  if (!rule) return undefined;
  if (rule.turned_on !== undefined && isOn(change.after) && !isOn(change.before)) return rule.turned_on;
  if (rule.turned_off !== undefined && !isOn(change.after) && isOn(change.before)) return rule.turned_off;
  return rule.changed;
}

/** A setting that holds a comma list of names: one event for each name that came or went. */
function listActions(item: TableChange, added: string, removed: string, changes: readonly Change[]): TableAction[] {
  const names = (row: JsonObject | null) =>
    new Set(String(scalar(row?.['value']) ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')); // prettier-ignore
  const before = names(item.before);
  const after = names(item.after);
  const came = [...after].filter((name) => !before.has(name)).map((id) => ({ action: added, id, changes }));
  const went = [...before].filter((name) => !after.has(name)).map((id) => ({ action: removed, id, changes }));
  const all = [...came, ...went];
  return all.length > 0 ? all : [{ action: 'setting.updated', changes }];
}

// ---- activity lines

function classifyActivity(line: ActivityLine, context: CaptureContext): AuditEvent[] {
  const rule = ruleList.activity.rules.find((one) => new RegExp(one.match, 'i').test(line.text));
  const action = getAction(rule?.action ?? ruleList.activity.default);
  const client = idText(line.params['userid']);
  const target: Target = {
    type: action.targetType,
    id: action.targetType === 'client' ? client : null,
    label: clip(line.text, 200),
  };
  const payload = { ...line.params, description: line.text };
  return [
    event({ ...line, params: payload }, context, {
      action,
      part: 0,
      target,
      client,
      changes: [],
      outcome: undefined,
      hook: 'LogActivity',
    }),
  ];
}

// ---- what all share

interface EventParts {
  readonly action: Action;
  readonly part: number;
  readonly target: Target;
  readonly client: string | null;
  readonly changes: readonly Change[];
  readonly outcome: Outcome | undefined;
  readonly hook: string | null;
}

function event(item: ReportedItem, context: CaptureContext, parts: EventParts): AuditEvent {
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

function labelOf(type: string, params: JsonObject): string | null {
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

function scalar(value: JsonValue | undefined): string | number | boolean | null {
  return value === undefined || value === null || isJsonObject(value) || Array.isArray(value)
    ? null
    : (value as string | number | boolean);
}
