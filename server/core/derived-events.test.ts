import { aCaptureContext, anActivityLine, anActor, aHookCall, aTableChange } from '../testing/builders';
import type { JsonObject } from './canonical-json';
import activityRules from './catalogue/activity-rules.json';
import derivedList from './catalogue/derived-events.json';
import hookList from './catalogue/hooks.json';
import ruleList from './catalogue/rules.json';
import { classify } from './classify';
import type { AuditEvent } from './event';
import type { ReportedItem } from './hook-call';

interface DerivedEvent {
  readonly action: string | null;
  readonly also?: readonly string[];
  readonly method: string;
}
const DERIVED = derivedList.events as readonly DerivedEvent[];
const nameOf = (row: DerivedEvent) => `${row.action ?? 'nothing'} (${row.method})`;

const SECRET = '[redacted]';
const OTHER = '[redacted:changed]';

const change = (table: string, before: JsonObject | null, after: JsonObject | null, key = '9') =>
  aTableChange({ table, key, before, after });
const setting = (key: string, before: string, after: string) => change('tblconfiguration', { value: before }, { value: after }, key); // prettier-ignore
const line = (text: string) => anActivityLine({ text });
const watch = (name: string, params: JsonObject = {}) => anActivityLine({ text: 'seen', watch: name, params });
/** A row that came, changed and went. */
const life = (table: string, created: string, changed: string, deleted: string): Case[] => [
  [created, change(table, null, { name: 'a' })],
  [changed, change(table, { name: 'a' }, { name: 'b' })],
  [deleted, change(table, { name: 'a' }, null)],
];

type Case = readonly [action: string, item: ReportedItem];

/** For each derived event of the facts, by action and first words of the method: what is reported, and what it means. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'admin.login_failed (LogActivity': [
    ['admin.login_failed', line('Failed Admin Login Attempt - Username: x')],
    ['admin.login_failed', line('Failed Admin Login Attempt - IP: 203.0.113.9')],
    ['admin.login_failed', watch('admin.login_failed', { username: 'root' })],
    ['admin.login_failed', change('tbladmins', { loginattempts: '1' }, { loginattempts: '2' })],
  ],
  'admin.locked_out (': [
    ['admin.locked_out', { ...change('tblbannedips', null, { ip: '203.0.113.9', reason: '' }), actor: anActor({ type: 'unknown', id: null }) }],
    ['admin.locked_out', change('tblbannedips', null, { ip: '203.0.113.9', reason: '3 Invalid Login Attempts' })],
  ], // prettier-ignore
  'admin.password_reset_requested (': [
    ['admin.password_reset_requested', change('tbladmins', { password_reset_key: '' }, { password_reset_key: OTHER })],
    ['admin.password_reset_requested', change('tbladmins', { password_reset_key: SECRET }, { password_reset_key: OTHER })], // prettier-ignore
  ],
  'admin.password_changed (': [
    ['admin.password_changed', change('tbladmins', { passwordhash: SECRET }, { passwordhash: OTHER })],
    ['admin.password_reset', change('tbladmins', { passwordhash: SECRET, password_reset_key: SECRET }, { passwordhash: OTHER, password_reset_key: '' })],
    ['admin.password_reset', change('tbladmins', { passwordhash: SECRET, password: SECRET, password_reset_key: SECRET }, { passwordhash: OTHER, password: OTHER, password_reset_key: null })],
  ], // prettier-ignore
  'admin.two_factor_disabled (': [
    ['admin.two_factor_disabled', change('tbladmins', { authmodule: 'totp', authdata: SECRET }, { authmodule: '', authdata: '' })],
    ['admin.two_factor_enabled', change('tbladmins', { authmodule: '', authdata: '' }, { authmodule: 'totp', authdata: OTHER })],
  ], // prettier-ignore
  'user.login_failed (': [['user.login_failed', line('Failed Login Attempt - User ID: 5')]],
  'user.impersonated (': [
    ['user.impersonated', aHookCall({ hook: 'UserLogin', params: { user: { id: 3 } }, actor: anActor() })],
  ],
  'user.two_factor_disabled (': [
    ['user.two_factor_disabled', change('tblusers', { second_factor: 'totp' }, { second_factor: '' })],
    ['user.two_factor_disabled', change('tblusers', { second_factor_config: SECRET }, { second_factor_config: '' })],
    ['user.two_factor_enabled', change('tblusers', { second_factor: '', second_factor_config: null }, { second_factor: 'totp', second_factor_config: OTHER })],
  ], // prettier-ignore
  'api.login_failed (': [
    ['api.login_failed', line('API Authentication Failed - IP: 203.0.113.9')],
    ['api.login_failed', watch('api.login_failed')],
  ],
  'api_credential.created (': ['tbldeviceauth', 'tblapi_credentials']
    .flatMap((table) => life(table, 'api_credential.created', 'api_credential.scope_changed', 'api_credential.revoked'))
    .concat([['api_credential.scope_changed', change('tblapi_roles', { role: 'a' }, { role: 'b' })]]),
  'admin.created (': [['admin.created', change('tbladmins', null, { username: 'eve' })]],
  'admin.updated (': [['admin.updated', change('tbladmins', { email: 'a@x' }, { email: 'b@x' })]],
  'admin.disabled (': [
    ['admin.disabled', change('tbladmins', { disabled: 0 }, { disabled: 1 })],
    ['admin.enabled', change('tbladmins', { disabled: '1' }, { disabled: '0' })],
  ],
  'admin.deleted (': [['admin.deleted', change('tbladmins', { username: 'eve' }, null)]],
  'admin.role_changed (': [['admin.role_changed', change('tbladmins', { roleid: 2 }, { roleid: 1 })]],
  'admin_role.updated (': life('tbladminroles', 'admin_role.created', 'admin_role.updated', 'admin_role.deleted'),
  'admin_role.permissions_changed (': [
    ['admin_role.permissions_changed', change('tbladminperms', { permids: ['1', '2'] }, { permids: ['1', '2', '81'] })],
    ['admin_role.permissions_changed', change('tbladminperms', null, { permids: ['1'] })],
  ],
  'setting.updated (': [
    ['setting.updated', setting('CompanyName', 'a', 'b')],
    ['setting.automation_changed', setting('CreateInvoiceDaysBefore', '14', '7')],
    ['setting.automation_changed', setting('AutoTermination', 'on', '')],
  ],
  'setting.security_changed (': [
    'TrustedProxyIps', 'APIAllowedIPs', 'DisableAdminPWReset', 'InvalidLoginBanLength', 'LogAPIAuthentication', 'TokenNamespaces', 'CaptchaSetting',
  ].map((key): Case => ['setting.security_changed', setting(key, 'a', 'b')]), // prettier-ignore
  'gateway.activated (': [['gateway.activated', change('tblpaymentgateways', null, { gateway: 'paypal', name: 'PayPal' }, 'paypal')]], // prettier-ignore
  'gateway.updated (': [['gateway.updated', change('tblpaymentgateways', { gateway: 'paypal', email: SECRET }, { gateway: 'paypal', email: OTHER }, 'paypal')]], // prettier-ignore
  'gateway.deactivated (': [['gateway.deactivated', change('tblpaymentgateways', { gateway: 'paypal', name: 'PayPal' }, null, 'paypal')]], // prettier-ignore
  'registrar.updated (': life('tblregistrars', 'registrar.activated', 'registrar.updated', 'registrar.deactivated'),
  'email_template.updated (': life('tblemailtemplates', 'email_template.created', 'email_template.updated', 'email_template.deleted'), // prettier-ignore
  'currency.updated (': life('tblcurrencies', 'currency.created', 'currency.updated', 'currency.deleted'),
  'tax_rule.updated (': life('tbltax', 'tax_rule.created', 'tax_rule.updated', 'tax_rule.deleted'),
  'promotion.updated (': life('tblpromotions', 'promotion.created', 'promotion.updated', 'promotion.deleted'),
  'product.created (': [['product.created', change('tblproducts', null, { name: 'VPS' })]],
  'support_department.updated (': life('tblticketdepartments', 'support_department.created', 'support_department.updated', 'support_department.deleted'), // prettier-ignore
  'banned_ip.added (': [
    ['banned_ip.added', change('tblbannedips', null, { ip: '203.0.113.9', reason: 'spam' })],
    ['banned_ip.removed', change('tblbannedips', { ip: '203.0.113.9', reason: 'spam' }, null)],
  ],
  'module.activated (snapshot': [['module.activated', setting('ActiveAddonModules', 'a', 'a,b')]],
  'module.deactivated (': [['module.deactivated', setting('ActiveAddonModules', 'a,b', 'a')]],
  'module.access_changed (': [
    ['module.access_changed', change('tbladdonmodules', { access: '1' }, { access: '1,2' }, 'x')],
    ['module.access_changed', setting('AddonModulesPerms', 'a', 'b')],
  ],
  'module.config_changed (': [
    ['module.config_changed', change('tbladdonmodules', { url: SECRET }, { url: OTHER }, 'x')],
    ['module.upgraded', change('tbladdonmodules', { version: '1.0' }, { version: '1.1' }, 'x')],
  ],
  'module.activated (API': [
    ['module.activated', watch('module.activated', { module: 'stripe' })],
    ['module.deactivated', watch('module.deactivated', { module: 'stripe' })],
    ['module.config_changed', watch('module.config_changed', { module: 'stripe' })],
    ...life('tblfraud', 'module.activated', 'module.config_changed', 'module.deactivated'),
  ],
  'credit.added (': [
    ['credit.added', change('tblcredit', null, { clientid: 5, amount: '10.00' })],
    ['credit.added', change('tblclients', { credit: '0.00' }, { credit: '10.00' }, '5')],
  ],
  'credit.removed (': [
    ['credit.removed', change('tblcredit', null, { clientid: 5, amount: '-10.00' })],
    ['credit.removed', change('tblcredit', { clientid: 5, amount: '10.00' }, null)],
    ['credit.removed', change('tblclients', { credit: '10.00' }, { credit: '0.00' }, '5')],
  ],
  'credit.applied (': [['credit.applied', change('tblinvoices', { credit: '0.00' }, { credit: '9.00' })]],
  'invoice.deleted (': [
    ['invoice.deleted', line('Deleted Invoice - Invoice ID: 12')],
    ['invoice.deleted', line('Invoice Deleted - Invoice ID: 12')],
    ['invoice.deleted', change('tblinvoices', { userid: 5, total: '9.00' }, null)],
  ],
  'invoice.status_changed (': [['invoice.status_changed', change('tblinvoices', { status: 'Draft' }, { status: 'Collections' })]], // prettier-ignore
  'transaction.updated (': [['transaction.updated', change('tblaccounts', { amountin: '9' }, { amountin: '1' })]],
  'transaction.deleted (': [['transaction.deleted', change('tblaccounts', { amountin: '9' }, null)]],
  'refund.issued (': [
    ['refund.issued', aHookCall({ hook: 'AddTransaction', params: { id: 4, amountout: '9.00' } })],
    ['refund.issued', aHookCall({ hook: 'AddTransaction', params: { id: 4, refundid: 3 } })],
    ['refund.issued', change('tblaccounts', null, { amountin: '0.00', amountout: '9.00' })],
  ],
  'nothing (': [],
  'pay_method.updated (': [
    ...life('tblpaymethods', 'pay_method.added', 'pay_method.updated', 'pay_method.deleted'),
    ['pay_method.deleted', change('tblpaymethods', { deleted_at: null }, { deleted_at: '2026-11-21 01:02:03' })],
  ],
  'client.status_changed (': [
    ['client.status_changed', change('tblclients', { status: 'Active' }, { status: 'Closed' }, '5')],
  ],
  'client.note_changed (': life('tblnotes', 'client.note_changed', 'client.note_changed', 'client.note_changed'),
  'client.user_linked (': [
    ...life('tblusers_clients', 'client.user_linked', 'client.user_access_changed', 'client.user_unlinked'),
    ['client.user_access_changed', change('tblusers_clients', { owner: 0 }, { owner: 1 })],
    ['client.user_access_changed', change('tblusers_clients', { permissions: 'a' }, { permissions: 'a,b' })],
  ],
  'user.deleted (': [['user.deleted', change('tblusers', { email: 'a@x' }, null)]],
  'client.exported (': [
    ['client.exported', line('Client Data Export - User ID: 5')],
    ['client.exported', watch('client.exported', { userid: 5 })],
    ['client_list.exported', line('Mass Data Export: Clients')],
    ['client_list.exported', watch('client_list.exported', { type: 'clients' })],
  ],
  'ticket.note_deleted (': [
    ['ticket.note_deleted', line('Deleted Ticket Note - Ticket ID: 7')],
    ['ticket.note_deleted', change('tblticketnotes', { ticketid: 7, message: SECRET }, null)],
    ['ticket.note_deleted', watch('ticket.note_deleted', { ticketid: 7 })],
  ],
  'ticket.reply_edited (': [['ticket.reply_edited', change('tblticketreplies', { tid: 7, message: SECRET }, { tid: 7, message: OTHER })]], // prettier-ignore
  'domain.lock_disabled (': [
    ['domain.lock_disabled', line('Registrar Lock Disabled - Domain ID: 4')],
    ['domain.lock_disabled', watch('domain.lock_disabled', { domainid: 4 })],
    ['domain.lock_enabled', line('Registrar Lock Enabled - Domain ID: 4')],
    ['domain.lock_enabled', watch('domain.lock_enabled', { domainid: 4 })],
  ],
  'domain.id_protection_changed (': [['domain.id_protection_changed', change('tbldomains', { idprotection: 1 }, { idprotection: 0 })]], // prettier-ignore
  'activity_log.purged (': [
    ['activity_log.purged', change('tblactivitylog', { rows: 900, first_id: 1 }, { rows: 2, first_id: 899 })],
    ['activity_log.purged', watch('activity_log.purged', { rows: 898 })],
  ],
  'admin.access_denied (': [
    ['admin.access_denied', watch('admin.access_denied', { page: 'configadmins' })],
    ['admin.access_denied', line('Access Denied - configadmins.php')],
  ],
  'api.access_denied (': [['api.access_denied', watch('api.access_denied', { action: 'AddCredit' })]],
  'user.password_reset_requested (': [
    ['user.password_reset_requested', change('tblusers', { reset_token: '', reset_token_expiry: null }, { reset_token: OTHER, reset_token_expiry: '2026-11-21' })],
    ['user.password_reset_requested', change('tblusers', { reset_token: SECRET }, { reset_token: OTHER })],
    ['user.password_reset', change('tblusers', { reset_token: SECRET, password: SECRET }, { reset_token: '', password: OTHER })],
  ], // prettier-ignore
  'invoice.updated (': [['invoice.updated', change('tblinvoices', { duedate: '2026-11-01' }, { duedate: '2026-12-01' })]], // prettier-ignore
  'pay_method.decrypted (': [
    ['pay_method.decrypted', watch('pay_method.decrypted', { paymethodid: 3, userid: 5 })],
    ['pay_method.decrypted', line('Decrypted Credit Card - User ID: 5')],
  ],
  'report.exported (': [['report.exported', watch('report.exported', { report: 'income' })]],
  'system.updated (': [['system.updated', setting('Version', '8.13.1', '9.0.1')]],
  'system.cleanup_run (': [
    ['system.cleanup_run', watch('system.cleanup_run', { cleanup: 'activitylog' })],
    ['system.cleanup_run', line('System Cleanup: Emptied Client Log')],
  ],
  'backup.downloaded (': [
    ['backup.downloaded', watch('backup.downloaded')],
    ['backup.downloaded', line('Database Backup Downloaded')],
  ],
  'module.command_failed (': [['module.command_failed', line('Module Create Failed - Service ID: 3 - Error: no')]],
  'audit.unexplained_change (': [
    ['audit.unexplained_change', { ...change('tblinvoices', { total: '9' }, { total: '1' }), unexplained: true }],
  ],
  'audit.gap_detected (': [],
};

/** Made by the sidecar itself, from what it received and did not: bridge-watch.db.test.ts. */
const MADE_BY_THE_SIDECAR = ['audit.gap_detected', 'audit.bridge_silent'];

function casesOf(row: DerivedEvent): readonly Case[] {
  const found = Object.entries(CASES).filter(([name]) => nameOf(row).startsWith(name));
  if (found.length !== 1) throw new Error(`${found.length} lists of cases for ${nameOf(row)}`);
  return found[0]?.[1] ?? [];
}

function eventsOf(item: ReportedItem): readonly AuditEvent[] {
  const classified = classify(item, aCaptureContext());
  if ('problem' in classified) throw new Error(`${classified.problem}: ${classified.detail}`);
  return classified.events;
}

describe('every derived event of the facts', () => {
  it.each(DERIVED.map((row) => [nameOf(row), row] as const))('%s is told, with each of its variants', (_name, row) => {
    for (const [action, item] of casesOf(row)) expect(eventsOf(item).map((event) => event.action)).toEqual([action]);
    const wanted = [row.action, ...(row.also ?? [])].filter((one) => one !== null && !MADE_BY_THE_SIDECAR.includes(one));
    expect(new Set(casesOf(row).map(([action]) => action))).toEqual(new Set(wanted));
  }); // prettier-ignore

  it('has a list of cases here, and no list is left over', () => {
    for (const name of Object.keys(CASES)) expect(DERIVED.filter((row) => nameOf(row).startsWith(name))).toHaveLength(1);
    expect(DERIVED).toHaveLength(Object.keys(CASES).length);
  }); // prettier-ignore

  it('but one has an action', () => {
    expect(DERIVED.filter((row) => row.action === null).map((row) => row.method)).toEqual(['none known']);
  });

  it('names every action that only a rule for a table, a text or a watched request brings about', () => {
    const derived = new Set(DERIVED.flatMap((row) => [row.action, ...(row.also ?? [])]));
    const hooks = new Set(hookList.hooks.flatMap((row) => [row.action, ...((row as { also?: string[] }).also ?? [])]));
    const own = new Set<string>(Object.values(ruleList.own));
    const named = new Set([
      ...JSON.stringify([ruleList.tables, activityRules]).matchAll(/"([a-z][a-z0-9_]*\.[a-z0-9_]+)"/g),
    ].map(([, name = '']) => name)); // prettier-ignore
    for (const name of Object.keys(ruleList.watch)) named.add(name);
    expect([...named].filter((name) => !derived.has(name) && !hooks.has(name) && !own.has(name))).toEqual([]);
  });
});

describe('a change of a secret', () => {
  it('is shown as a change, and neither side shows anything', () => {
    const [event] = eventsOf(change('tblpaymentgateways', { secretKey: SECRET }, { secretKey: OTHER }, 'stripe'));
    expect(event?.changes).toEqual([{ field: 'secretKey', before: SECRET, after: OTHER }]);
  });
});

describe('a change that nothing explains', () => {
  const unexplained = (table: string, key: string, before: JsonObject | null, after: JsonObject | null) =>
    eventsOf({
      ...change(table, before, after, key),
      unexplained: true,
      actor: anActor({ type: 'unknown', id: null }),
    });

  it.each(['tblinvoices', 'tbladmins', 'tblconfiguration', 'mod_other_table', '__proto__'])(
    'is told of the table %s, whatever rules it has',
    (table) => {
      const [event, ...more] = unexplained(table, '12', { userid: 5, total: '9', x: 1 }, { userid: 5, total: '1', x: 1 });
      expect(more).toEqual([]);
      expect(event).toMatchObject({
        action: 'audit.unexplained_change',
        severity: 'critical',
        actor: { type: 'unknown' },
        target: { type: 'record', id: `${table}:12` },
        client: '5',
        changes: [{ field: 'total', before: '9', after: '1' }],
        source: { payload: { table, key: '12', before: { total: '9' }, after: { total: '1' } } },
      });
    },
  ); // prettier-ignore

  it('is told of a row that came and of one that went', () => {
    expect(unexplained('tblcredit', '3', null, { amount: '500.00' })[0]?.changes).toEqual([
      { field: 'amount', before: null, after: '500.00' },
    ]);
    expect(unexplained('tblcredit', '3', { amount: '500.00' }, null)[0]?.changes).toEqual([
      { field: 'amount', before: '500.00', after: null },
    ]);
  });

  it('of a client is about that client', () => {
    expect(unexplained('tblclients', '5', { credit: '0.00' }, { credit: '900.00' })[0]?.client).toBe('5');
  });

  it('fits into its column, however long the key', () => {
    expect(unexplained('tblconfiguration', 'k'.repeat(191), { value: 'a' }, { value: 'b' })[0]?.target.id).toHaveLength(191); // prettier-ignore
  });
});

describe('a finding of the request watch', () => {
  it('has what it is about as target, the client it touches, and all that was found', () => {
    const [event] = eventsOf(watch('pay_method.decrypted', { paymethodid: 3, userid: 5 }));
    expect(event).toMatchObject({
      target: { type: 'pay_method', id: '3' },
      client: '5',
      source: { kind: 'activity', hook: null, payload: { paymethodid: 3, userid: 5, description: 'seen' } },
    });
  });

  it('of a failed login has the name that was typed as label', () => {
    expect(eventsOf(watch('admin.login_failed', { username: 'root' }))[0]).toMatchObject({
      target: { type: 'admin', id: null, label: 'root' },
      outcome: 'failure',
    });
  });

  it.each(['audit.chain_verified', 'invoice.paid', 'nothing', '__proto__', 'constructor', ''])(
    'called %j is not taken from a bridge',
    (name) => {
      const item = anActivityLine({ text: 'x', watch: name });
      expect(classify(item, aCaptureContext())).toEqual({ problem: 'unknown_watch', detail: name });
    },
  );
});

describe('what a bridge says of itself', () => {
  it.each(['audit.capture_started', 'audit.capture_stopped', 'audit.capture_paused', 'audit.capture_resumed'])(
    '%s is about the bridge',
    (own) => {
      expect(eventsOf(anActivityLine({ text: 'x', own }))).toMatchObject([
        { action: own, target: { type: 'bridge', id: 'bridge-1' }, source: { hook: null } },
      ]);
    },
  );

  it('that it was tested is a line of the log', () => {
    expect(eventsOf(anActivityLine({ text: 'Test', own: 'test' }))).toMatchObject([
      { action: 'activity.logged', source: { payload: { description: 'Test' } } },
    ]);
  });

  it.each(['audit.gap_closed', 'audit.pruned', 'audit.chain_verified', 'toString'])(
    'cannot be %s, which is the sidecar’s to say',
    (own) => {
      expect(classify(anActivityLine({ text: 'x', own }), aCaptureContext())).toMatchObject({ problem: 'unknown_watch' });
    },
  ); // prettier-ignore
});
