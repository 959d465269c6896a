/** Something that happens in billing, and the entries it must become. */
export interface BillingEvent {
  readonly hook: string;
  readonly params: object;
  readonly options: readonly string[];
  /** `action actor target via ip` of each entry; `actor/acting-as` where somebody acts as another. */
  readonly becomes: readonly string[];
  /** Of the first entry; none when not said. */
  readonly changes?: readonly { field: string; before: unknown; after: unknown }[];
}

/** In values that must never leave PHP. */
export const SECRET = 'M4RK-s3cr3t';
/** In values that must arrive. */
export const VISIBLE = 'M4RK-visible';
export const CARD_NUMBER = '4111111111111111';

const ADMIN_IP = '198.51.100.7';
const jane = ['--admin=7', `--ip=${ADMIN_IP}`];
const sam = ['--admin=8', `--ip=${ADMIN_IP}`];
const user = ['--user=9', '--ip=2001:db8::9'];
/** Behind a proxy that nobody told the sidecar to trust: the peer counts. */
const proxied = ['--client=5', '--ip=203.0.113.80', '--header-x-forwarded-for=192.0.2.1'];
const hosting = { serviceid: 900, userid: 5, domain: 'cobol.example', username: 'u900', moduletype: 'cpanel', producttype: 'hostingaccount' }; // prettier-ignore
const secretHosting = { ...hosting, password: `${SECRET}-1`, serverpassword: `${SECRET}-2`, serveraccesshash: `${SECRET}-3` }; // prettier-ignore
const registrar = { domainid: 12, userid: 5, domain: 'cobol.example', sld: 'cobol', tld: 'example', regperiod: 1, registrar: 'enom' }; // prettier-ignore
const secretRegistrar = { ...registrar, eppcode: `${SECRET}-4`, Username: `${SECRET}-5`, Password: `${SECRET}-6` };
const done = { functionExists: true, functionSuccessful: true };
const sql = (statement: string) => [...jane, '--script=/admin/configgeneral.php', `--sql=${statement}`];

// prettier-ignore
const AUTHENTICATION: readonly BillingEvent[] = [
  { hook: 'AdminLogin', params: { adminid: 7, username: 'jane' }, options: ['--script=/admin/dologin.php', `--ip=${ADMIN_IP}`], becomes: ['admin.login admin:7 admin:7 ui 198.51.100.7'] },
  { hook: 'AdminLogout', params: { adminid: 8 }, options: sam, becomes: ['admin.logout admin:8 admin:8 ui 198.51.100.7'] },
  { hook: 'UserLogin', params: { user: { id: 9, email: 'grace@example.com', password: `${SECRET}-7` } }, options: ['--ip=2001:db8::9'], becomes: ['user.login user:9 user:9 ui 2001:db8::9'] },
  { hook: 'UserChangePassword', params: { userid: 9, password: `${SECRET}-8` }, options: user, becomes: ['user.password_changed user:9/client:5 user:9 ui 2001:db8::9'] },
  { hook: 'ClientChangePassword', params: { userid: 5, password: `${SECRET}-9` }, options: jane, becomes: ['client.password_changed admin:7 client:5 ui 198.51.100.7'] },
  { hook: 'LogActivity', params: { description: 'Failed Admin Login Attempt - Username: jane', user: 'System', userid: 0, ipaddress: '192.0.2.66' }, options: ['--script=/admin/dologin.php', '--ip=192.0.2.66'], becomes: ['admin.login_failed unknown admin ui 192.0.2.66'] },
  { hook: '-', params: {}, options: sql(`UPDATE tbladmins SET passwordhash = '${SECRET}-17' WHERE id = 8`), becomes: ['admin.password_changed admin:7 admin:8 ui 198.51.100.7'], changes: [{ field: 'passwordhash', before: '[redacted]', after: '[redacted:changed]' }] },
];

// prettier-ignore
const CLIENTS: readonly BillingEvent[] = [
  { hook: 'ClientEdit', params: { userid: 5, firstname: 'Grace', lastname: 'Hopper', email: 'new@example.com', status: 'Active', notes: VISIBLE, authdata: `${SECRET}-10`, olddata: { firstname: 'Grace', lastname: 'Hopper', email: 'grace@example.com', status: 'Active', notes: '', authdata: `${SECRET}-11` } }, options: jane, becomes: ['client.updated admin:7 client:5 ui 198.51.100.7', 'client.email_changed admin:7 client:5 ui 198.51.100.7'], changes: [{ field: 'email', before: 'grace@example.com', after: 'new@example.com' }, { field: 'notes', before: '', after: VISIBLE }] },
  { hook: 'ClientAdd', params: { client_id: 61, userid: 61, firstname: '美玲', lastname: '林', email: 'lin@example.tw', password: `${SECRET}-12` }, options: jane, becomes: ['client.created admin:7 client:61 ui 198.51.100.7'] },
  { hook: 'ContactAdd', params: { userid: 5, contactid: 12, firstname: 'Ada', lastname: 'Byron', email: 'ada@example.com' }, options: user, becomes: ['contact.created user:9/client:5 contact:12 ui 2001:db8::9'] },
  { hook: 'UserEdit', params: { user_id: 9, firstname: 'Grace', lastname: 'Murray', email: 'grace@example.com', olddata: { firstname: 'Grace', lastname: 'Hopper', email: 'grace@example.com' } }, options: user, becomes: ['user.updated user:9/client:5 user:9 ui 2001:db8::9'], changes: [{ field: 'lastname', before: 'Hopper', after: 'Murray' }] },
  { hook: 'ClientClose', params: { userid: 6 }, options: sam, becomes: ['client.closed admin:8 client:6 ui 198.51.100.7'] },
];

// prettier-ignore
const FINANCIAL: readonly BillingEvent[] = [
  { hook: 'InvoiceCreation', params: { source: 'autogen', user: 'system', invoiceid: 124, status: 'Unpaid' }, options: ['--cron'], becomes: ['invoice.created system invoice:124 cron -'] },
  { hook: 'InvoicePaid', params: { invoiceid: 123 }, options: ['--callback=paypal', '--ip=198.51.100.200'], becomes: ['invoice.paid gateway:paypal invoice:123 callback 198.51.100.200'] },
  { hook: 'AddTransaction', params: { id: 31, userid: 5, currency: 1, gateway: 'paypal', date: '2026-11-21', description: 'Goodwill refund', amountin: '0.00', fees: '0.00', amountout: '12.50', rate: '1.00000', transid: 're_1', invoiceid: 123, refundid: 30 }, options: jane, becomes: ['refund.issued admin:7 transaction:31 ui 198.51.100.7'] },
  { hook: 'CCUpdate', params: { userid: 5, cardtype: 'Visa', cardnum: CARD_NUMBER, cardcvv: `${SECRET}-13`, expdate: '1228', cardstart: '', cardissue: '' }, options: user, becomes: ['pay_method.card_stored user:9/client:5 client:5 ui 2001:db8::9'] },
  { hook: 'LogTransaction', params: { gateway: 'paypal', data: `card => ${CARD_NUMBER}`, result: 'Declined' }, options: ['--callback=paypal', '--ip=198.51.100.200'], becomes: ['payment.failed gateway:paypal gateway:paypal callback 198.51.100.200'] },
  { hook: '-', params: {}, options: sql(`INSERT INTO tblcredit (clientid, date, description, amount) VALUES (5, '2026-11-21', 'For the outage', '25.00')`), becomes: ['credit.added admin:7 client:5 ui 198.51.100.7'] },
  { hook: 'InvoiceRefunded', params: { invoiceid: 123 }, options: ['--api', '--ip=198.51.100.30'], becomes: ['invoice.refunded api:# invoice:123 api 198.51.100.30'] },
];

// prettier-ignore
const TICKETS: readonly BillingEvent[] = [
  { hook: 'TicketOpen', params: { ticketid: 71, ticketmask: 'TKT-71', userid: 5, deptid: 1, deptname: 'Support', subject: '邮箱无法收信 📮', message: 'Please look.', priority: 'High' }, options: proxied, becomes: ['ticket.opened client:5 ticket:71 ui 203.0.113.80'] },
  { hook: 'TicketAdminReply', params: { ticketid: 71, replyid: 142, deptid: 1, deptname: 'Support', subject: '邮箱无法收信 📮', message: 'We do.', priority: 'High', admin: 'sam', status: 'Answered' }, options: sam, becomes: ['ticket.replied admin:8 ticket:71 ui 198.51.100.7'] },
  { hook: 'TicketSubjectChange', params: { ticketid: 71, subject: 'Mail' }, options: sam, becomes: ['ticket.subject_changed admin:8 ticket:71 ui 198.51.100.7'], changes: [{ field: 'subject', before: null, after: 'Mail' }] },
  { hook: 'TicketStatusChange', params: { adminid: 8, status: 'Closed', ticketid: 71 }, options: sam, becomes: ['ticket.status_changed admin:8 ticket:71 ui 198.51.100.7'], changes: [{ field: 'status', before: null, after: 'Closed' }] },
  { hook: 'TicketDelete', params: { ticketId: 71, adminId: 7 }, options: jane, becomes: ['ticket.deleted admin:7 ticket:71 ui 198.51.100.7'] },
];

// prettier-ignore
const SERVICES: readonly BillingEvent[] = [
  { hook: 'AfterModuleCreate', params: { params: secretHosting }, options: jane, becomes: ['service.provisioned admin:7 service:900 ui 198.51.100.7'] },
  { hook: 'AfterModuleChangePassword', params: { serviceid: 900, oldpassword: `${SECRET}-14`, newpassword: `${SECRET}-15` }, options: jane, becomes: ['service.password_changed admin:7 service:900 ui 198.51.100.7'] },
  { hook: 'AfterModuleSuspend', params: { params: secretHosting }, options: ['--cron'], becomes: ['service.suspended system service:900 cron -'] },
  { hook: 'CancellationRequest', params: { userid: 5, relid: 900, reason: 'Too dear', type: 'Immediate' }, options: user, becomes: ['service.cancellation_requested user:9/client:5 service:900 ui 2001:db8::9'] },
  { hook: 'AfterModuleTerminateFailed', params: { params: secretHosting, failureResponseMessage: 'Server does not answer' }, options: jane, becomes: ['service.terminate_failed admin:7 service:900 ui 198.51.100.7'] },
];

// prettier-ignore
const DOMAINS: readonly BillingEvent[] = [
  { hook: 'AfterRegistrarRegister', params: { params: secretRegistrar, ...done }, options: jane, becomes: ['domain.registered admin:7 domain:12 ui 198.51.100.7'] },
  { hook: 'AfterRegistrarSaveNameservers', params: { params: { ...secretRegistrar, ns1: 'ns1.new.example', ns2: 'ns2.new.example' }, ...done }, options: user, becomes: ['domain.nameservers_changed user:9/client:5 domain:12 ui 2001:db8::9'], changes: [{ field: 'ns1', before: null, after: 'ns1.new.example' }, { field: 'ns2', before: null, after: 'ns2.new.example' }] },
  { hook: 'AfterRegistrarGetEPPCode', params: { params: secretRegistrar, results: { eppcode: `${SECRET}-16` }, ...done }, options: user, becomes: ['domain.transfer_code_read user:9/client:5 domain:12 ui 2001:db8::9'] },
  { hook: 'AfterRegistrarRenew', params: { params: secretRegistrar, functionExists: true, functionSuccessful: false }, options: ['--cron'], becomes: ['domain.renewal_failed system domain:12 cron -'] },
  { hook: 'DomainTransferFailed', params: { domainId: 12, domain: 'cobol.example', registrationPeriod: 1, expiryDate: '2027-11-21', registrar: 'enom' }, options: ['--cron'], becomes: ['domain.transfer_failed system domain:12 cron -'] },
];

// prettier-ignore
const CONFIGURATION: readonly BillingEvent[] = [
  { hook: 'ProductEdit', params: { pid: 1, type: 'hostingaccount', gid: 1, name: 'Starter', hidden: false }, options: jane, becomes: ['product.updated admin:7 product:1 ui 198.51.100.7'], changes: [{ field: 'name', before: 'Starter Hosting', after: 'Starter' }] },
  { hook: 'ServerAdd', params: { serverid: 3 }, options: jane, becomes: ['server.created admin:7 server:3 ui 198.51.100.7'] },
  { hook: 'TopLevelDomainAdd', params: { tld: '.example', supportsDnsManagement: true, requiresEppCode: true }, options: jane, becomes: ['tld.added admin:7 tld:.example ui 198.51.100.7'] },
  { hook: '-', params: {}, options: sql(`INSERT INTO tblpromotions (code, type, value) VALUES ('SPRING', 'Percentage', '10.00')`), becomes: ['promotion.created admin:7 promotion:2 ui 198.51.100.7'] },
  { hook: '-', params: {}, options: sql('UPDATE tbladmins SET roleid = 1 WHERE id = 8'), becomes: ['admin.role_changed admin:7 admin:8 ui 198.51.100.7'], changes: [{ field: 'roleid', before: 2, after: 1 }] },
  { hook: '-', params: {}, options: sql(`UPDATE tblconfiguration SET value = '${SECRET}-18' WHERE setting = 'SMTPPassword'`), becomes: ['setting.security_changed admin:7 setting:SMTPPassword ui 198.51.100.7'], changes: [{ field: 'value', before: '[redacted]', after: '[redacted:changed]' }] },
  { hook: '-', params: {}, options: sql(`UPDATE tblpaymentgateways SET value = '${SECRET}-19' WHERE setting = 'apiSignature'`), becomes: ['gateway.updated admin:7 gateway:paypal ui 198.51.100.7'], changes: [{ field: 'apiSignature', before: '[redacted]', after: '[redacted:changed]' }] },
];

// prettier-ignore
const MODULES: readonly BillingEvent[] = [
  { hook: '-', params: {}, options: sql(`UPDATE tblconfiguration SET value = 'sealtrail,project_management' WHERE setting = 'ActiveAddonModules'`), becomes: ['module.activated admin:7 module:project_management ui 198.51.100.7'], changes: [{ field: 'value', before: 'sealtrail', after: 'sealtrail,project_management' }] },
  { hook: '-', params: {}, options: sql(`INSERT INTO tbladdonmodules (module, setting, value) VALUES ('project_management', 'version', '2.1'), ('project_management', 'ApiKey', '${SECRET}-20')`), becomes: ['module.config_changed admin:7 module:project_management ui 198.51.100.7'], changes: [{ field: 'module', before: null, after: 'project_management' }, { field: 'version', before: null, after: '2.1' }, { field: 'ApiKey', before: null, after: '[redacted:changed]' }] },
  { hook: '-', params: {}, options: sql(`INSERT INTO tbladdonmodules (module, setting, value) VALUES ('project_management', 'access', '1,2')`), becomes: ['module.access_changed admin:7 module:project_management ui 198.51.100.7'], changes: [{ field: 'access', before: null, after: '1,2' }] },
  { hook: '-', params: {}, options: sql(`UPDATE tbladdonmodules SET value = '2.2' WHERE module = 'project_management' AND setting = 'version'`), becomes: ['module.upgraded admin:7 module:project_management ui 198.51.100.7'], changes: [{ field: 'version', before: '2.1', after: '2.2' }] },
  { hook: '-', params: {}, options: sql(`UPDATE tblconfiguration SET value = 'sealtrail' WHERE setting = 'ActiveAddonModules'`), becomes: ['module.deactivated admin:7 module:project_management ui 198.51.100.7'], changes: [{ field: 'value', before: 'sealtrail,project_management', after: 'sealtrail' }] },
];

export const BILLING_EVENTS: Readonly<Record<string, readonly BillingEvent[]>> = {
  authentication: AUTHENTICATION,
  clients: CLIENTS,
  financial: FINANCIAL,
  tickets: TICKETS,
  services: SERVICES,
  domains: DOMAINS,
  configuration: CONFIGURATION,
  modules: MODULES,
};
