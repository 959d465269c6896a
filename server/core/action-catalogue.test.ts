import { ALL_ACTIONS, findAction, findHookPoint, getAction, matchActions } from './action-catalogue';
import activityRules from './catalogue/activity-rules.json';
import hookList from './catalogue/hooks.json';
import ruleList from './catalogue/rules.json';
import { CATEGORIES, SEVERITIES } from './event';

describe('the vocabulary', () => {
  it('names each action once, as object.verb', () => {
    const names = ALL_ACTIONS.map((row) => row.action);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });

  it('uses known categories, severities and outcomes only, and every category', () => {
    expect(
      ALL_ACTIONS.filter((row) => !CATEGORIES.includes(row.category) || !SEVERITIES.includes(row.severity)),
    ).toEqual([]);
    expect(ALL_ACTIONS.filter((row) => !['success', 'failure', 'either'].includes(row.outcome))).toEqual([]);
    expect(new Set(ALL_ACTIONS.map((row) => row.category))).toEqual(new Set(CATEGORIES));
  });

  it('fits every action into its column of 64 characters', () => {
    expect(ALL_ACTIONS.filter((row) => row.action.length > 64 || row.targetType.length > 32)).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('names each hook point once', () => {
    const names = hookList.hooks.map((row) => row.hook);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(hookList.hooks.map((row) => [row.hook, row] as const))('gives %s known actions only', (_hook, row) => {
    const also = (row as { also?: string[] }).also ?? [];
    expect([row.action, ...also].filter((name) => findAction(name) === undefined)).toEqual([]);
  });

  it('has a rule for every further action of a hook, and no rule beyond', () => {
    const rules = ruleList.hooks as Record<string, { also?: { action: string }[] }>;
    const planned = hookList.hooks.flatMap((row) =>
      ((row as { also?: string[] }).also ?? []).map((action) => `${row.hook} ${action}`),
    );
    const written = Object.entries(rules).flatMap(([hook, rule]) =>
      (rule.also ?? []).map((also) => `${hook} ${also.action}`),
    );
    expect(written.sort()).toEqual(planned.sort());
  });

  it('knows every hook that a rule is for', () => {
    expect([...Object.keys(ruleList.hooks), ...ruleList.user_id_hooks].filter((hook) => !findHookPoint(hook))).toEqual(
      [],
    );
  });

  it('knows every action that a rule names', () => {
    expect(
      [
        ...actionsNamedIn(ruleList.tables),
        ...actionsNamedIn(ruleList.hooks),
        ...actionsNamedIn(Object.keys(ruleList.watch)),
        ...actionsNamedIn(ruleList.own),
        ...actionsNamedIn(activityRules),
      ].filter((name) => !findAction(name)),
    ).toEqual([]);
  });

  it('has labels only for target types that exist', () => {
    const types = new Set(ALL_ACTIONS.map((row) => row.targetType));
    expect(Object.keys(ruleList.labels).filter((type) => !types.has(type))).toEqual([]);
  });

  it('finds nothing under names that every JavaScript object has', () => {
    expect(
      ['__proto__', 'constructor', 'toString', ''].map((name) => [findAction(name), findHookPoint(name)]).flat(),
    ).toEqual(Array(8).fill(undefined));
  });

  it('throws for an action that is not in the vocabulary', () => {
    expect(() => getAction('invoice.eaten')).toThrow('invoice.eaten');
  });
});

describe('matchActions', () => {
  it.each([
    ['invoice.paid', ['invoice.paid']],
    ['INVOICE.Paid', ['invoice.paid']],
    ['refund.*', ['refund.issued', 'refund.recorded_manually']],
    ['*.impersonated', ['user.impersonated']],
    ['client*consent*', ['client.consent_given', 'client.consent_withdrawn']],
    ['client**consent***', ['client.consent_given', 'client.consent_withdrawn']],
    ['invoice', []],
    ['nvoice.pai', []],
    ['invoice?paid', []],
    ['invoice.paid|invoice.created', []],
    ['invoice.(paid)', []],
    ['[a-z]*', []],
    ['invoice\\.paid', []],
    ['^invoice.paid$', []],
    ['', []],
  ])('%j selects %j', (pattern, expected) => {
    expect([...matchActions(pattern)].sort()).toEqual(expected);
  });

  it('takes the dot for a dot', () => {
    expect(matchActions('invoicexpaid')).toEqual([]);
    expect(matchActions('client.login')).toEqual(['client.login']);
  });

  it('selects everything for a star', () => {
    expect(matchActions('*')).toHaveLength(ALL_ACTIONS.length);
  });

  it.each([`${'*'.repeat(190)}~`, `${'*a'.repeat(95)}~`, `${'*e'.repeat(95)}`, `${'*_'.repeat(90)}!`])(
    'answers at once for the hostile pattern %s',
    (pattern) => {
      const started = Date.now();
      expect(matchActions(pattern)).toEqual([]);
      expect(Date.now() - started).toBeLessThan(10_000);
    },
  );
});

/** Every text in a rule that stands where an action does. */
function actionsNamedIn(rules: unknown): string[] {
  if (typeof rules === 'string')
    return /^[a-z][a-z0-9_]*\.[a-z0-9_]+$/.test(rules) && !rules.startsWith('params.') ? [rules] : [];
  if (typeof rules !== 'object' || rules === null) return [];
  return Object.entries(rules).flatMap(([key, value]) =>
    key === 'match' || key === 'matches' || key === 'when' || key === 'sets' ? [] : actionsNamedIn(value),
  );
}
