import { isOn, sameValue } from './changes';
import type { JsonObject } from './canonical-json';
import type { Actor } from './event';
import { idText, scalar, valueAt } from './json-path';

/** What a rule of the catalogue asks: a parameter against its value before, or as it is. */
export interface Condition {
  readonly actor?: string;
  readonly changed?: readonly string[];
  readonly turned_on?: readonly string[];
  readonly turned_off?: readonly string[];
  readonly positive?: string;
  readonly negative?: string;
  readonly set?: string;
  readonly is_true?: string;
  readonly is_false?: string;
  readonly equals?: readonly [string, string];
  readonly matches?: readonly [string, string];
  readonly any?: readonly Condition[];
  readonly all?: readonly Condition[];
  readonly not?: Condition;
}

/** What a condition looks at: the parameters of a hook call, or the columns of a row. */
export interface Facts {
  readonly params: JsonObject;
  readonly before: JsonObject | null;
  readonly actor: Actor;
}

export function holds(when: Condition, facts: Facts): boolean {
  const now = (path: string) => valueAt(facts.params, path);
  const was = (path: string) => (facts.before ? valueAt(facts.before, path) : undefined);
  const differs = (path: string) =>
    was(path) !== undefined && now(path) !== undefined && !sameValue(was(path), now(path));
  if (when.any) return when.any.some((condition) => holds(condition, facts));
  if (when.all) return when.all.every((condition) => holds(condition, facts));
  if (when.not) return !holds(when.not, facts);
  if (when.actor !== undefined) return facts.actor.type === when.actor;
  if (when.changed) return when.changed.some(differs);
  // Without values before (a new record) a flag that is set has been turned on.
  if (when.turned_on)
    return when.turned_on.some(
      (path) => isOn(now(path)) && (facts.before === null || (was(path) !== undefined && !isOn(was(path)))),
    );
  if (when.turned_off)
    return when.turned_off.some((path) => now(path) !== undefined && !isOn(now(path)) && isOn(was(path)));
  if (when.positive !== undefined) return Number(now(when.positive) ?? 0) > 0;
  if (when.negative !== undefined) return Number(now(when.negative) ?? 0) < 0;
  if (when.set !== undefined) return idText(now(when.set)) !== null || now(when.set) === true;
  if (when.is_true !== undefined) return isOn(now(when.is_true));
  if (when.is_false !== undefined) return now(when.is_false) !== undefined && !isOn(now(when.is_false));
  if (when.equals) return now(when.equals[0]) === when.equals[1];
  if (when.matches) return pattern(when.matches[1]).test(String(scalar(now(when.matches[0])) ?? ''));
  return false;
}

/** Patterns of the catalogue, each made once; whatever stands beside a match does not count, nor does its case. */
const patterns = new Map<string, RegExp>();

export function pattern(source: string): RegExp {
  const known = patterns.get(source);
  if (known) return known;
  const made = new RegExp(source, 'i');
  patterns.set(source, made);
  return made;
}
