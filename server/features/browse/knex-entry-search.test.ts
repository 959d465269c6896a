import { findAction } from '../../core/action-catalogue';
import hookList from '../../core/catalogue/hooks.json';
import ruleList from '../../core/catalogue/rules.json';
import { MIXED_TARGETS } from './knex-entry-search';

const usualTarget = (action: string) => findAction(action)?.targetType;
const rules = ruleList.hooks as Readonly<Record<string, { readonly also?: readonly { readonly action: string }[] }>>;

describe('the search by the kind of a target', () => {
  it('knows every kind that a hook gives to an action with another usual one', () => {
    const mixed = new Set<string>();
    for (const point of hookList.hooks as readonly { hook: string; action: string; target_type?: string }[]) {
      const target = point.target_type ?? usualTarget(point.action) ?? '';
      const actions = [point.action, ...(rules[point.hook]?.also ?? []).map((also) => also.action)];
      if (actions.some((action) => usualTarget(action) !== target)) mixed.add(target);
    }
    expect([...MIXED_TARGETS].sort()).toEqual([...mixed].sort());
  });
});
