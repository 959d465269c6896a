import { getAction, type Action } from './action-catalogue';
import type { JsonObject } from './canonical-json';
import ruleList from './catalogue/rules.json';
import { changesBetween, isOn } from './changes';
import { classifiedEvent, type CaptureContext, type Classified } from './classified-event';
import { clip } from './clip';
import type { AuditEvent, Change } from './event';
import type { TableChange } from './hook-call';
import { idText, scalar } from './json-path';
import { holds, pattern, type Condition, type Facts } from './rule-condition';

/** What the change of one column means: from nothing to something, back, to something else, up or down. */
interface FieldRule {
  readonly changed?: string;
  readonly turned_on?: string;
  readonly turned_off?: string;
  readonly set?: string;
  readonly increased?: string;
  readonly decreased?: string;
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
  /** The column that names the target, where that is not the row itself. */
  readonly target?: string;
  readonly id_prefix?: string;
  /** Another action for a row that came or went. */
  readonly instead?: readonly {
    readonly on: 'created' | 'deleted';
    readonly when: Condition;
    readonly action: string;
  }[];
  /** Columns that mean one thing when they change together; looked at before `fields`. */
  readonly together?: readonly {
    readonly when: Condition;
    readonly action: string;
    readonly takes: readonly string[];
  }[];
  readonly fields?: Readonly<Record<string, FieldRule>>;
  readonly keys?: readonly KeyRule[];
}

const TABLE_RULES = ruleList.tables as unknown as Readonly<Record<string, TableRule>>;

export function classifyTableChange(given: TableChange, context: CaptureContext): Classified {
  if (given.unexplained) return { events: [unexplainedChange(given, context)] };
  const rule = Object.hasOwn(TABLE_RULES, given.table) ? TABLE_RULES[given.table] : undefined;
  if (!rule) return { problem: 'unknown_table', detail: clip(given.table, 100) };
  const item = rule.rows ? foldRow(given, rule.rows) : given;
  const changes = changesBetween(item.before, item.after ?? {}, { bothWays: true });
  const row = item.after ?? item.before ?? {};
  const label = rule.label === undefined ? null : scalar(row[rule.label]);
  const client = clientOf(row);
  return {
    events: tableActions(item, rule, changes).map((one, part) => {
      const action = getAction(one.action);
      return classifiedEvent(item, context, {
        action,
        part,
        target: {
          type: action.targetType,
          id: one.id ?? targetId(item, rule, action, client),
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

/** Whatever the table: what nothing explains is told as it stands. */
function unexplainedChange(item: TableChange, context: CaptureContext): AuditEvent {
  const action = getAction('audit.unexplained_change');
  const row = item.after ?? item.before ?? {};
  return classifiedEvent(item, context, {
    action,
    part: 0,
    target: { type: action.targetType, id: clip(`${item.table}:${item.key}`, 191), label: null },
    client: item.table === 'tblclients' ? idText(item.key) : clientOf(row),
    changes: changesBetween(item.before, item.after ?? {}, { bothWays: true }),
    outcome: undefined,
    hook: null,
  });
}

function clientOf(row: JsonObject): string | null {
  return idText(row['userid']) ?? idText(row['client_id']) ?? idText(row['clientid']);
}

function targetId(item: TableChange, rule: TableRule, action: Action, client: string | null): string | null {
  if (action.targetType === 'client' && client !== null) return client;
  const row = item.after ?? item.before ?? {};
  const named = rule.target === undefined ? null : idText(row[rule.target]);
  const key = idText(item.key);
  return named ?? (key !== null && rule.id_prefix !== undefined ? `${rule.id_prefix}${key}` : key);
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
  const key = rule.keys?.find((one) => pattern(one.match).test(item.key));
  if (key?.list_added !== undefined && key.list_removed !== undefined)
    return listActions(item, key.list_added, key.list_removed, changes);
  if (key?.action !== undefined) return [{ action: key.action, changes }];

  const { special, rest } = specialActions(item, rule, changes);
  const isEdit = item.before !== null && item.after !== null;
  if (isEdit && special.length > 0)
    return rest.length === 0 ? special : [...special, { action: rule.changed, changes: rest }];
  // A module's own report of its state says no more than that state.
  if (!isEdit && special.length > 0 && rest.length === 0 && 'state' in (rule.fields ?? {})) return special;
  return [{ action: wholeAction(item, rule), changes }];
}

/** Came, changed or went. */
function wholeAction(item: TableChange, rule: TableRule): string {
  if (item.before !== null && item.after !== null) return rule.changed;
  const on = item.before === null ? 'created' : 'deleted';
  const facts: Facts = { params: item.after ?? item.before ?? {}, before: null, actor: item.actor };
  return rule.instead?.find((one) => one.on === on && holds(one.when, facts))?.action ?? rule[on];
}

/** The actions of single columns, each with its changes, and the changes that are left. */
function specialActions(item: TableChange, rule: TableRule, changes: readonly Change[]) {
  const special: { action: string; changes: Change[] }[] = [];
  const facts: Facts = { params: item.after ?? {}, before: item.before, actor: item.actor };
  let rest = [...changes];
  for (const { when, action, takes } of rule.together ?? []) {
    if (item.before === null || item.after === null || !holds(when, facts)) continue;
    special.push({ action, changes: rest.filter((change) => takes.includes(change.field)) });
    rest = rest.filter((change) => !takes.includes(change.field));
  }
  const left: Change[] = [];
  for (const change of rest) {
    const action = fieldAction(rule.fields, change);
    const same = special.find((one) => one.action === action);
    if (same) same.changes.push(change);
    else if (action !== undefined) special.push({ action, changes: [change] });
    else left.push(change);
  }
  return { special, rest: left };
}

function fieldAction(rules: Readonly<Record<string, FieldRule>> = {}, change: Change): string | undefined {
  const rule = Object.hasOwn(rules, change.field) ? rules[change.field] : undefined;
  if (!rule) return undefined;
  const [was, is] = [isOn(change.before), isOn(change.after)];
  const by = Number(scalar(change.after) ?? 0) - Number(scalar(change.before) ?? 0);
  if (rule.turned_on !== undefined && is && !was) return rule.turned_on;
  if (rule.turned_off !== undefined && !is && was) return rule.turned_off;
  if (rule.set !== undefined && is) return rule.set;
  if (rule.increased !== undefined && by > 0) return rule.increased;
  if (rule.decreased !== undefined && by < 0) return rule.decreased;
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
