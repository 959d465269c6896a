import { findHookPoint, getAction } from './action-catalogue';
import ruleList from './catalogue/rules.json';
import { changesBetween, sameValue } from './changes';
import { classifiedEvent, labelOf, type CaptureContext, type Classified } from './classified-event';
import { classifyActivity } from './classify-activity';
import { classifyTableChange } from './classify-table-change';
import { clip } from './clip';
import type { Change, Target } from './event';
import type { HookCall, ReportedItem } from './hook-call';
import { idText, valueAt } from './json-path';
import { holds, type Condition } from './rule-condition';

export type { CaptureContext, Classified } from './classified-event';

interface HookRule {
  readonly also?: readonly { readonly action: string; readonly instead?: boolean; readonly when: Condition }[];
  readonly outcome?: Condition;
  readonly sets?: readonly string[];
}

const HOOK_RULES = ruleList.hooks as unknown as Readonly<Record<string, HookRule>>;
const USER_ID_HOOKS = new Set(ruleList.user_id_hooks);

/** One item as the events it means, in the order of their parts; or why it cannot be understood. Pure. */
export function classify(item: ReportedItem, context: CaptureContext): Classified {
  switch (item.kind) {
    case 'hook':
      return classifyHook(item, context);
    case 'table_change':
      return classifyTableChange(item, context);
    case 'activity':
      return classifyActivity(item, context);
  }
}

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
      classifiedEvent(call, context, {
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
  for (const path of ruleList.client_params) {
    const id = idText(valueAt(call.params, path));
    if (id !== null) return id;
  }
  return call.actor.type === 'client' ? call.actor.id : null;
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
