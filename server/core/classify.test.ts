import { aCaptureContext, anActivityLine, anActor, aHookCall, aTableChange } from '../testing/builders';
import { findAction, getAction } from './action-catalogue';
import type { JsonObject, JsonValue } from './canonical-json';
import hookList from './catalogue/hooks.json';
import ruleList from './catalogue/rules.json';
import { classify } from './classify';
import type { AuditEvent } from './event';
import type { HookCall, ReportedItem, TableChange } from './hook-call';
import { redact } from './redact';

const CONTEXT = aCaptureContext();

function eventsOf(item: ReportedItem): readonly AuditEvent[] {
  const classified = classify(item, CONTEXT);
  if ('problem' in classified) throw new Error(`${classified.problem}: ${classified.detail}`);
  return classified.events;
}

function actionsOf(item: ReportedItem): string[] {
  return eventsOf(item).map((event) => event.action);
}

function firstOf(item: ReportedItem): AuditEvent {
  return eventsOf(item)[0] as AuditEvent;
}

interface HookRow {
  readonly hook: string;
  readonly action: string;
  readonly target_type?: string;
  readonly target_param?: string;
  readonly params?: readonly string[];
}
const HOOKS = hookList.hooks as readonly HookRow[];

/** `params.domainid` = 41 as {"params":{"domainid":41}}. */
function paramsWith(path: string, value: JsonValue): JsonObject {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : paramsWith(rest.join('.'), value) };
}

describe('every hook point of the catalogue', () => {
  it.each(HOOKS.map((row) => [row.hook, row] as const))('%s gives its action, category and severity', (hook, row) => {
    const event = firstOf(aHookCall({ hook, params: {}, actor: anActor({ type: 'system' }) }));
    const action = getAction(row.action);
    expect(event).toMatchObject({ action: row.action, category: action.category, severity: action.severity });
    expect(event.source).toMatchObject({ hook, kind: 'hook', part: 0 });
    expect(findAction(event.action)).toBeDefined();
  });

  it.each(HOOKS.flatMap((row) => (row.target_param === undefined ? [] : [[row.hook, row.target_param, row] as const])))(
    '%s takes its target from %s',
    (hook, param, row) => {
      const { target } = firstOf(aHookCall({ hook, params: paramsWith(param, 41) }));
      expect(target).toMatchObject({ type: row.target_type ?? getAction(row.action).targetType, id: '41' });
    },
  );

  it.each(HOOKS.map((row) => [row.hook, row] as const))(
    '%s stands without a target when its parameters are missing or odd',
    (hook, row) => {
      for (const value of ['', 0, '0', null, {}, true]) {
        const params = row.target_param === undefined ? {} : paramsWith(row.target_param, value);
        expect(firstOf(aHookCall({ hook, params })).target.id).toBe(null);
      }
    },
  );
});

describe('a hook call', () => {
  it('says who, when, where from and by which bridge', () => {
    const call = aHookCall({
      params: { invoiceid: 123, reason: 'by phone' },
      actor: anActor({ actingAs: 'client:5' }),
    });
    expect(firstOf(call)).toMatchObject({
      occurredAt: call.occurredAt,
      actor: call.actor,
      ip: CONTEXT.ip,
      peer: call.request.peer,
      via: 'ui',
      script: 'invoices.php',
      reason: 'by phone',
      outcome: 'success',
      source: {
        bridge: 'bridge-1',
        eventId: call.id,
        seq: '77',
        sentAt: CONTEXT.sentAt,
        digest: CONTEXT.digest,
        payload: call.params,
      },
    });
  });

  it('keeps the original parameters, with the values before under olddata', () => {
    const call = aHookCall({ hook: 'ClientEdit', params: { userid: 5, city: 'Paris' }, before: { city: 'Lyon' } });
    expect(firstOf(call).source.payload).toEqual({ userid: 5, city: 'Paris', olddata: { city: 'Lyon' } });
  });

  it('is not understood when the hook is not in the catalogue', () => {
    expect(classify(aHookCall({ hook: 'InvoiceEaten' }), CONTEXT)).toEqual({
      problem: 'unknown_hook',
      detail: 'InvoiceEaten',
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'is not understood when the hook is called %s',
    (hook) => {
      expect(classify(aHookCall({ hook }), CONTEXT)).toEqual({ problem: 'unknown_hook', detail: hook });
    },
  );

  it.each([
    ['client_id', { client_id: 5 }],
    ['clientId', { clientId: '5' }],
    ['userid', { userid: 5 }],
    ['params.userid', { params: { userid: 5 } }],
    ['params.clientsdetails.userid', { params: { clientsdetails: { userid: '5' } } }],
  ])('finds the client that it touches in %s', (_path, params: JsonObject) => {
    expect(firstOf(aHookCall({ hook: 'ServiceEdit', params })).client).toBe('5');
  });

  it('touches the client who acts, when no parameter names one', () => {
    const call = aHookCall({ params: { invoiceid: 1 }, actor: anActor({ type: 'client', id: '9' }) });
    expect(firstOf(call).client).toBe('9');
  });

  it.each(ruleList.user_id_hooks)("takes the userid of %s for a user's, not a client's", (hook) => {
    expect(firstOf(aHookCall({ hook, params: { userid: 5, user_id: 5, userId: 5 } })).client).toBeNull();
  });

  it.each([
    ['ClientEdit', { firstname: 'Ada', lastname: 'Lovelace' }, 'Ada Lovelace'],
    ['ClientEdit', { firstname: 'Ada', companyname: 'Engines Ltd' }, 'Engines Ltd'],
    ['ClientEdit', { firstname: '', lastname: '', email: 'ada@example.org' }, 'ada@example.org'],
    ['AfterRegistrarRegister', { params: { sld: 'example', tld: 'org' } }, 'example.org'],
    ['AfterRegistrarRegister', { params: { domain: 'example.org' } }, 'example.org'],
    ['TicketOpen', { ticketmask: 'ABC-123', subject: '退款' }, 'ABC-123 退款'],
    ['InvoicePaid', { invoiceid: 1 }, null],
  ])('%s with %j is labelled %j', (hook, params: JsonObject, label) => {
    expect(firstOf(aHookCall({ hook, params })).target.label).toBe(label);
  });

  it('cuts a label at 200 characters without leaving half a character', () => {
    const label =
      firstOf(aHookCall({ hook: 'AnnouncementAdd', params: { title: 'x'.repeat(199) + '😀😀' } })).target.label ?? '';
    expect(label).toHaveLength(200);
    expect(label.isWellFormed()).toBe(true);
  });
});

/** A call for each further action of rules.json, and one that only just misses it. */
const ALSO: readonly [
  hook: string,
  action: string,
  instead: boolean,
  hit: Partial<HookCall>,
  misses: readonly Partial<HookCall>[],
][] = [
  [
    'UserLogin',
    'user.impersonated',
    true,
    { actor: anActor({ type: 'admin' }) },
    [{ actor: anActor({ type: 'user' }) }, { actor: anActor({ type: 'client' }) }],
  ],
  [
    'UserChangePassword',
    'user.password_reset',
    true,
    { params: { reset_token_was_open: true } },
    [{ params: { reset_token_was_open: false } }, { params: {} }],
  ],
  [
    'UserEdit',
    'user.email_changed',
    false,
    { params: { email: 'b@x' }, before: { email: 'a@x' } },
    [{ params: { email: 'a@x' }, before: { email: 'a@x' } }, { params: { email: 'b@x' } }],
  ],
  [
    'ClientAdd',
    'client.consent_given',
    false,
    { params: { marketing_emails_opt_in: 1 } },
    [{ params: { marketing_emails_opt_in: 0 } }, { params: {} }],
  ],
  [
    'ClientEdit',
    'client.status_changed',
    false,
    { params: { status: 'Closed' }, before: { status: 'Active' } },
    [{ params: { status: 'Active' }, before: { status: 'Active' } }],
  ],
  [
    'ClientEdit',
    'client.email_changed',
    false,
    { params: { email: 'b@x' }, before: { email: 'a@x' } },
    [{ params: { email: 'b@x' }, before: {} }],
  ],
  [
    'ClientEdit',
    'client.consent_given',
    false,
    { params: { isOptedInToMarketingEmails: true }, before: { isOptedInToMarketingEmails: false } },
    [
      { params: { isOptedInToMarketingEmails: true }, before: { isOptedInToMarketingEmails: 1 } },
      { params: { isOptedInToMarketingEmails: true }, before: {} },
    ],
  ],
  [
    'ClientEdit',
    'client.consent_withdrawn',
    false,
    { params: { marketing_emails_opt_in: '' }, before: { marketing_emails_opt_in: '1' } },
    [
      { params: { marketing_emails_opt_in: '0' }, before: { marketing_emails_opt_in: false } },
      { params: {}, before: { marketing_emails_opt_in: 1 } },
    ],
  ],
  ...['AdminServiceEdit', 'ServiceEdit'].flatMap((hook): (typeof ALSO)[number][] => [
    [
      hook,
      'service.status_changed',
      false,
      { params: { domainstatus: 'Suspended' }, before: { domainstatus: 'Active' } },
      [{ params: { domainstatus: 'Active' }, before: { domainstatus: 'Active' } }],
    ],
    [
      hook,
      'service.price_changed',
      false,
      { params: { amount: '9.00' }, before: { amount: '5.00' } },
      [{ params: { amount: '5.00' }, before: { amount: '5.00' } }],
    ],
    [
      hook,
      'service.price_changed',
      false,
      { params: { billingcycle: 'Annually' }, before: { billingcycle: 'Monthly' } },
      [{ params: {}, before: { billingcycle: 'Monthly' } }],
    ],
  ]),
  [
    'AddTransaction',
    'refund.issued',
    true,
    { params: { amountout: '10.00' } },
    [{ params: { amountout: '0.00' } }, { params: { amountin: '10.00' } }],
  ],
  [
    'AddTransaction',
    'refund.issued',
    true,
    { params: { refundid: 4 } },
    [{ params: { refundid: 0 } }, { params: { refundid: '' } }],
  ],
  [
    'LogTransaction',
    'payment.failed',
    true,
    { params: { result: 'Declined' } },
    [{ params: { result: 'Successful' } }, { params: {} }],
  ],
  [
    'LogTransaction',
    'payment.failed',
    true,
    { params: { result: 'Unsuccessful' } },
    [{ params: { result: 'Success' } }],
  ],
  [
    'AddonModuleConfigSave',
    'module.access_changed',
    false,
    { params: { access: '1,2' }, before: { access: '1' } },
    [{ params: { access: '1' }, before: { access: '1' } }],
  ],
  [
    'AfterProductUpgrade',
    'service.downgraded',
    true,
    { params: { recurring_price_lower: true } },
    [{ params: { recurring_price_lower: false } }, { params: {} }],
  ],
  [
    'ProductEdit',
    'product.created',
    true,
    { params: { pid: 3, pid_is_new: true } },
    [{ params: { pid: 3, pid_is_new: false } }],
  ],
  [
    'ProductEdit',
    'product.price_changed',
    false,
    { params: { pricing: { a: '2' } }, before: { pricing: { a: '1' } } },
    [{ params: { pricing: { a: '1' } }, before: { pricing: { a: '1' } } }],
  ],
  ...(
    [
      ['AfterRegistrarGetEPPCode', 'domain.command_failed'],
      ['AfterRegistrarRegister', 'domain.registration_failed'],
      ['AfterRegistrarRenew', 'domain.renewal_failed'],
      ['AfterRegistrarRequestDelete', 'domain.command_failed'],
      ['AfterRegistrarSaveContactDetails', 'domain.command_failed'],
      ['AfterRegistrarSaveDNS', 'domain.command_failed'],
      ['AfterRegistrarSaveNameservers', 'domain.command_failed'],
      ['AfterRegistrarTransfer', 'domain.transfer_failed'],
    ] as const
  ).map(([hook, action]): (typeof ALSO)[number] => [
    hook,
    action,
    true,
    { params: { functionSuccessful: false } },
    [{ params: { functionSuccessful: true } }, { params: { functionSuccessful: '1' } }, { params: {} }],
  ]),
  [
    'EmailPreSend',
    'email.bulk_sent',
    true,
    { params: { messagename: 'Mass Mail Template' } },
    [{ params: { messagename: 'Invoice Created' } }, { params: {} }],
  ],
  [
    'PostAutomationTask',
    'automation.task_failed',
    true,
    { params: { task: 'x', completed: false } },
    [{ params: { task: 'x', completed: true } }, { params: { task: 'x' } }],
  ],
  [
    'PostAutomationTask',
    'backup.created',
    false,
    { params: { task: 'DatabaseBackup', completed: true } },
    [{ params: { task: 'CurrencyUpdates', completed: true } }],
  ],
];

describe('what a hook call also, or instead, means', () => {
  it.each(ALSO)('%s: %s (instead: %s) when the condition holds', (hook, action, instead, hit) => {
    const main = HOOKS.find((row) => row.hook === hook)?.action;
    const call = aHookCall({ params: {}, ...hit, hook });
    expect(actionsOf(call)).toEqual(instead ? [action] : [main, action]);
  });

  it.each(ALSO)('%s: not %s when the condition only just fails', (hook, action, _instead, _hit, misses) => {
    for (const miss of misses) expect(actionsOf(aHookCall({ params: {}, ...miss, hook }))).not.toContain(action);
  });

  it('has a case for each rule', () => {
    const rules = ruleList.hooks as Record<string, { also?: { action: string }[] }>;
    const written = Object.entries(rules).flatMap(([hook, rule]) =>
      (rule.also ?? []).map((also) => `${hook} ${also.action}`),
    );
    expect(written.filter((one) => !ALSO.some(([hook, action]) => one === `${hook} ${action}`))).toEqual([]);
  });

  it('numbers the parts, and tells in a further part only the change that made it one', () => {
    const call = aHookCall({
      hook: 'ClientEdit',
      params: { userid: 5, status: 'Closed', email: 'b@x', city: 'Paris' },
      before: { status: 'Active', email: 'a@x', city: 'Lyon' },
    });
    const events = eventsOf(call);
    expect(
      events.map((event) => [event.source.part, event.action, event.changes.map((change) => change.field)]),
    ).toEqual([
      [0, 'client.updated', ['status', 'email', 'city']],
      [1, 'client.status_changed', ['status']],
      [2, 'client.email_changed', ['email']],
    ]);
    expect(new Set(events.map((event) => event.target.id))).toEqual(new Set(['5']));
  });

  it('does not call a backup created when the task failed', () => {
    expect(
      actionsOf(aHookCall({ hook: 'PostAutomationTask', params: { task: 'DatabaseBackup', completed: false } })),
    ).toEqual(['automation.task_failed']);
  });

  it.each([
    ['Successful', 'success'],
    ['Success', 'success'],
    ['Pending', 'unknown'],
    ['', 'unknown'],
  ])('a gateway callback with the result %j has the outcome %s', (result, outcome) => {
    expect(firstOf(aHookCall({ hook: 'LogTransaction', params: { result } })).outcome).toBe(outcome);
  });

  it.each(['Declined', 'Failure', 'Error', 'Unsuccessful', 'FAILED'])(
    'a gateway callback with the result %s is a failed payment',
    (result) => {
      expect(firstOf(aHookCall({ hook: 'LogTransaction', params: { result } }))).toMatchObject({
        action: 'payment.failed',
        outcome: 'failure',
      });
    },
  );
});

describe('values that a hook reports as newly set', () => {
  it('count as a change from unknown', () => {
    const { changes } = firstOf(aHookCall({ hook: 'TicketPriorityChange', params: { ticketid: 1, priority: 'High' } }));
    expect(changes).toEqual([{ field: 'priority', before: null, after: 'High' }]);
  });

  it('count once when the value before is known', () => {
    const { changes } = firstOf(
      aHookCall({
        hook: 'TicketPriorityChange',
        params: { ticketid: 1, priority: 'High' },
        before: { priority: 'Low' },
      }),
    );
    expect(changes).toEqual([{ field: 'priority', before: 'Low', after: 'High' }]);
  });

  it('are compared with a value before that stands at the top, though the new one is nested', () => {
    const params = { params: { domainid: 1, ns1: 'ns1.new', ns2: 'ns2.same', ns3: '' } };
    const { changes } = firstOf(
      aHookCall({ hook: 'AfterRegistrarSaveNameservers', params, before: { ns1: 'ns1.old', ns2: 'ns2.same' } }),
    );
    expect(changes).toEqual([{ field: 'ns1', before: 'ns1.old', after: 'ns1.new' }]);
  });
});

function tableActions(parts: Partial<TableChange>): string[] {
  return actionsOf(aTableChange(parts));
}

describe('every watched table', () => {
  const tables = Object.entries(
    ruleList.tables as Record<string, { created: string; changed: string; deleted: string }>,
  );

  it.each(tables)('%s has an action for a row that came, changed or went', (table, rule) => {
    expect(tableActions({ table, key: '1', before: null, after: { x: 'a' } })).toEqual([rule.created]);
    expect(tableActions({ table, key: '1', before: { x: 'a' }, after: { x: 'b' } })).toEqual([rule.changed]);
    expect(tableActions({ table, key: '1', before: { x: 'a' }, after: null })).toEqual([rule.deleted]);
  });
});

describe('a table change', () => {
  it('has the row as target, its label, both rows in the payload and no hook', () => {
    const event = firstOf(
      aTableChange({ key: '7', before: { username: 'jane', email: 'a@x' }, after: { username: 'jane', email: 'b@x' } }),
    );
    expect(event.target).toEqual({ type: 'admin', id: '7', label: 'jane' });
    expect(event.source).toMatchObject({
      kind: 'table_change',
      hook: null,
      payload: { table: 'tbladmins', key: '7', before: { email: 'a@x' }, after: { email: 'b@x' } },
    });
    expect(event.changes).toEqual([{ field: 'email', before: 'a@x', after: 'b@x' }]);
  });

  it.each(['tblcats', '__proto__', 'constructor', 'toString'])('is not understood in the table %s', (table) => {
    expect(classify(aTableChange({ table, after: { x: 1 } }), CONTEXT)).toEqual({
      problem: 'unknown_table',
      detail: table,
    });
  });

  it.each([
    ['an admin whose role changed', { roleid: '2' }, { roleid: '1' }, ['admin.role_changed']],
    ['an admin switched off', { disabled: 0 }, { disabled: 1 }, ['admin.disabled']],
    ['an admin switched on again', { disabled: '1' }, { disabled: '0' }, ['admin.enabled']],
    ['a second factor set up', { authmodule: '' }, { authmodule: 'totp' }, ['admin.two_factor_enabled']],
    ['a second factor taken away', { authmodule: 'totp' }, { authmodule: '' }, ['admin.two_factor_disabled']],
    ['a second factor replaced', { authmodule: 'totp' }, { authmodule: 'duo' }, ['admin.updated']],
    ['a new password', { passwordhash: '[redacted]' }, { passwordhash: '[changed]' }, ['admin.password_changed']],
    [
      'a reset asked for',
      { password_reset_key: null },
      { password_reset_key: '[redacted]' },
      ['admin.password_reset_requested'],
    ],
    [
      'role and name at once',
      { roleid: 1, firstname: 'a' },
      { roleid: 2, firstname: 'b' },
      ['admin.role_changed', 'admin.updated'],
    ],
  ])('in tbladmins tells %s', (_name, before: JsonObject, after: JsonObject, actions) => {
    expect(tableActions({ before, after })).toEqual(actions);
  });

  it('in tbladmins tells a new password once, though it changes two columns', () => {
    const before = { password: '[redacted]', passwordhash: '[redacted]' };
    const after = { password: '[changed]', passwordhash: '[changed]' };
    const events = eventsOf(aTableChange({ before, after }));
    expect(events.map((event) => [event.action, event.changes.length])).toEqual([['admin.password_changed', 2]]);
  });

  it('still tells a new password after our own redaction', () => {
    const change = aTableChange({
      before: redact({ passwordhash: '[redacted]' }),
      after: redact({ passwordhash: '[changed]' }),
    });
    expect(actionsOf(change)).toEqual(['admin.password_changed']);
  });

  it('gives each part only its own changes', () => {
    const events = eventsOf(
      aTableChange({ before: { roleid: 1, firstname: 'a' }, after: { roleid: 2, firstname: 'b' } }),
    );
    expect(events.map((event) => event.changes)).toEqual([
      [{ field: 'roleid', before: 1, after: 2 }],
      [{ field: 'firstname', before: 'a', after: 'b' }],
    ]);
  });

  it.each([
    ['one added', 'a', 'a,b', [['module.activated', 'b']]],
    ['one removed', 'a,b', 'a', [['module.deactivated', 'b']]],
    ['one of each, with spaces', 'a, b', 'b ,c', [['module.activated', 'c'], ['module.deactivated', 'a']]], // prettier-ignore
    ['the first ever', '', 'sealtrail', [['module.activated', 'sealtrail']]],
    ['all gone', 'a,b', '', [['module.deactivated', 'a'], ['module.deactivated', 'b']]], // prettier-ignore
    ['only the order', 'a,b', 'b,a', [['setting.updated', 'ActiveAddonModules']]],
  ])('in ActiveAddonModules tells %s', (_name, before, after, expected) => {
    const change = aTableChange({
      table: 'tblconfiguration',
      key: 'ActiveAddonModules',
      before: { value: before },
      after: { value: after },
    });
    expect(eventsOf(change).map((event) => [event.action, event.target.id])).toEqual(expected);
  });

  it.each([
    ['AddonModulesPerms', 'module.access_changed'],
    ['Version', 'system.updated'],
    ['TrustedProxyIps', 'setting.security_changed'],
    ['APIAllowedIPs', 'setting.security_changed'],
    ['SMTPPassword', 'setting.security_changed'],
    ['InvalidLoginBanLength', 'setting.security_changed'],
    ['CreateInvoiceDaysBefore', 'setting.automation_changed'],
    ['CompanyName', 'setting.updated'],
    ['NotAVersion', 'setting.updated'],
  ])('of the setting %s is %s', (key, action) => {
    expect(tableActions({ table: 'tblconfiguration', key, before: { value: 'a' }, after: { value: 'b' } })).toEqual([
      action,
    ]);
  });

  // The row as TableWatch.php sends it: what changed is always called value, the setting is in the key.
  it.each([
    ['sealtrail.access', 'module.access_changed'],
    ['sealtrail.version', 'module.upgraded'],
    ['sealtrail.endpoint', 'module.config_changed'],
  ])('of the module setting %s is %s', (key, action) => {
    const [module = '', setting = ''] = key.split('.');
    const change = aTableChange({
      table: 'tbladdonmodules',
      key,
      before: { module, setting, value: '1' },
      after: { module, setting, value: '2' },
    });
    expect(actionsOf(change)).toEqual([action]);
  });

  it.each([
    ['tblnotes', 'userid'],
    ['tblusers_clients', 'client_id'],
  ])('in %s is about the client, not about the number of the row', (table, column) => {
    const event = firstOf(aTableChange({ table, key: '991', before: null, after: { [column]: 5 } }));
    expect(event).toMatchObject({ client: '5', target: { type: 'client', id: '5' } });
  });

  it('of a gateway is one activation, not one for each of its settings', () => {
    const row = (setting: string, value: string) =>
      aTableChange({
        table: 'tblpaymentgateways',
        key: `paypal.${setting}`,
        before: null,
        after: { gateway: 'paypal', setting, value },
      });
    const actions = ['name', 'type', 'visible', 'email'].flatMap((setting) => actionsOf(row(setting, 'x')));
    expect(actions.filter((action) => action === 'gateway.activated')).toHaveLength(1);
  });
});

describe('an activity line', () => {
  it.each([
    ['Failed Login Attempt for Admin: jane', 'admin.login_failed'],
    ['Failed Admin Login Attempt - Username: x', 'admin.login_failed'],
    ['Failed API Login', 'api.login_failed'],
    ['API Authentication failed', 'api.login_failed'],
    ['Failed Login Attempt - User ID: 5', 'user.login_failed'],
    ['Module Create Failed - Service ID: 3', 'module.command_failed'],
    ['Module Suspend Error', 'module.command_failed'],
    ['Cron Job: Completed', 'activity.logged'],
    ['', 'activity.logged'],
  ])('%j is %s', (text, action) => {
    const event = firstOf(anActivityLine({ text }));
    expect(event).toMatchObject({
      action,
      source: { kind: 'activity', hook: 'LogActivity', payload: { description: text } },
    });
  });

  it('is about the client whose id came along', () => {
    expect(firstOf(anActivityLine({ params: { userid: 5 } })).client).toBe('5');
  });
});
