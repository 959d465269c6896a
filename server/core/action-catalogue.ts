import type { Category, Severity } from './event';
import actionList from './catalogue/actions.json';
import hookList from './catalogue/hooks.json';

/** One action of the vocabulary: what it is called everywhere. */
export interface Action {
  readonly action: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly outcome: 'success' | 'failure' | 'either';
  readonly targetType: string;
  readonly label: string;
  readonly direction: 'credit' | 'debit' | 'meta' | null;
  /** The payload usually carries personal data, so what is not known to be harmless is kept erasable. */
  readonly erasable: boolean;
}

/** A WHMCS hook point that means an action (whmcs/hooks.json). */
export interface HookPoint {
  readonly hook: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetParam: string | null;
  readonly redact: readonly string[];
}

const actions = new Map<string, Action>(
  actionList.actions.map((row) => [
    row.action,
    {
      action: row.action,
      category: row.category as Category,
      severity: row.severity as Severity,
      outcome: row.outcome as Action['outcome'],
      targetType: row.target_type,
      label: row.label,
      direction: row.direction as Action['direction'],
      erasable: row.erasable,
    },
  ]),
);

interface HookRow {
  readonly hook: string;
  readonly action: string;
  readonly target_type?: string;
  readonly target_param?: string;
  readonly redact?: readonly string[];
}

const hookPoints = new Map<string, HookPoint>(
  (hookList.hooks as readonly HookRow[]).map((row) => [
    row.hook,
    {
      hook: row.hook,
      action: row.action,
      targetType: row.target_type ?? getAction(row.action).targetType,
      targetParam: row.target_param ?? null,
      redact: row.redact ?? [],
    },
  ]),
);

export const ALL_ACTIONS: readonly Action[] = [...actions.values()];

export function findAction(name: string): Action | undefined {
  return actions.get(name);
}

/** Throws for a name that is not in the vocabulary: a rule that says so is a mistake of ours. */
export function getAction(name: string): Action {
  const action = actions.get(name);
  if (!action) throw new Error(`${name} is no action of the vocabulary`);
  return action;
}

export function findHookPoint(name: string): HookPoint | undefined {
  return hookPoints.get(name);
}

/** The actions that a filter pattern selects: `*` is any run of characters, anchored, any case. */
export function matchActions(pattern: string): string[] {
  const source = pattern
    // Runs of stars are one star: as many wildcards in a row would make the regular expression take forever.
    .split(/\*+/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*');
  const rule = new RegExp(`^${source}$`, 'i');
  return ALL_ACTIONS.filter((row) => rule.test(row.action)).map((row) => row.action);
}
