import type { JsonObject, JsonValue } from '../../core/canonical-json';

const DAY_MS = 86_400_000;
const DAYS = 30;

interface Person {
  readonly id: number;
  readonly first: string;
  readonly last: string;
  readonly company: string;
  readonly email: string;
  readonly ip: string;
  readonly domain: string;
}

const CLIENTS: readonly Person[] = [
  {
    id: 101,
    first: 'Mei',
    last: 'Lin',
    company: '林氏茶行',
    email: 'mei.lin@example.tw',
    ip: '203.0.113.42',
    domain: 'lin-tea.example',
  },
  {
    id: 102,
    first: 'Jonas',
    last: 'Berg',
    company: 'Berg Möbel GmbH',
    email: 'jonas@berg.example',
    ip: '198.51.100.17',
    domain: 'berg-moebel.example',
  },
  {
    id: 103,
    first: '伟',
    last: '张',
    company: '上海云帆科技',
    email: 'zhang.wei@example.cn',
    ip: '192.0.2.201',
    domain: 'yunfan.example',
  },
  {
    id: 104,
    first: 'Aoife',
    last: "O'Neill",
    company: 'O’Neill & Daughters',
    email: 'aoife@oneill.example',
    ip: '2001:db8:4::17',
    domain: 'oneill.example',
  },
  {
    id: 105,
    first: 'Rahul',
    last: 'Iyer',
    company: 'Iyer Analytics',
    email: 'rahul@iyer.example',
    ip: '198.51.100.90',
    domain: 'iyer-analytics.example',
  },
  {
    id: 106,
    first: '雅婷',
    last: '陳',
    company: '日光設計工作室',
    email: 'yating@sunlight.example',
    ip: '203.0.113.77',
    domain: 'sunlight-design.example',
  },
  {
    id: 107,
    first: 'Lucía',
    last: 'Ferrer',
    company: 'Ferrer Abogados',
    email: 'lucia@ferrer.example',
    ip: '192.0.2.14',
    domain: 'ferrer.example',
  },
];

const ADMINS = [
  { id: 1, name: 'jane.doe', role: 'Full Administrator', ip: '198.51.100.7' },
  { id: 2, name: 'wang.fang', role: 'Sales Operator', ip: '198.51.100.8' },
  { id: 3, name: 'tom.novak', role: 'Support Operator', ip: '198.51.100.9' },
] as const;
type Admin = (typeof ADMINS)[number];

const SUBJECTS = [
  'Site is slow since this morning',
  '邮箱无法收信',
  'How do I point my domain?',
  '發票抬頭要更改',
  'SSL certificate expired',
  'Question about my last invoice',
];
const PRODUCTS = ['Starter hosting', 'Business hosting', 'VPS 4 GB', 'Mail only'];
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** About 1,500 items in the order in which they happened, the last a few minutes before `now`. The same for the same `now`. */
export function demoMonth(now: Date): JsonObject[] {
  const random = createRandom(20_261_121);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const start = Math.floor(now.getTime() / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;

  const stories: Story[] = [];
  const at = (day: number, fromHour: number, toHour: number) =>
    start + day * DAY_MS + between(fromHour * 3600, toHour * 3600 - 1) * 1000 + between(0, 999);
  let id = 4200;
  const add = (time: number, item: JsonObject) => stories.push({ at: time, item });

  for (let day = 0; day < DAYS; day += 1) {
    const weekend = new Date(start + day * DAY_MS).getUTCDay() % 6 === 0;

    const cron = at(day, 2, 3);
    for (let i = between(4, 9); i > 0; i -= 1) {
      const client = pick(CLIENTS);
      id += 1;
      add(
        cron + i * 900,
        hook('InvoiceCreation', system(), { source: 'autogen', user: 'system', invoiceid: id, status: 'Unpaid' }),
      );
      if (random() < 0.7) add(at(day, 7, 20), hook('InvoicePaid', gateway(client), { invoiceid: id }));
      if (random() < 0.6) add(at(day, 7, 20), hook('AddTransaction', gateway(client), { id: id * 3, userid: client.id, currency: 1, gateway: 'stripe', description: 'Invoice payment', amountin: money(between(500, 24_000)), fees: money(between(20, 300)), amountout: '0.00', rate: '1.00000', transid: `ch_${id}X${between(1000, 9999)}`, invoiceid: id, refundid: 0 })); // prettier-ignore
    }
    add(cron + 60_000, hook('DailyCronJob', system(), {}));
    if (random() < 0.5)
      add(cron + 30_000, hook('AfterModuleSuspend', system(), { params: service(pick(CLIENTS), between(900, 940)) }));
    if (random() < 0.4) add(cron + 45_000, hook('AfterRegistrarRenew', system(), { params: domain(pick(CLIENTS)), functionExists: true, functionSuccessful: random() < 0.85 })); // prettier-ignore

    for (let i = weekend ? 3 : between(8, 14); i > 0; i -= 1) {
      const client = pick(CLIENTS);
      add(at(day, 6, 23), hook('UserLogin', user(client), { user: { id: client.id + 500, email: client.email } }));
      if (random() < 0.5) {
        const ticketid = between(7000, 7400);
        const subject = pick(SUBJECTS);
        add(at(day, 7, 22), hook('TicketOpen', user(client), { ticketid, ticketmask: `TKT-${ticketid}`, userid: client.id, deptid: 1, deptname: 'Support', subject, message: 'Could you have a look, please?', priority: 'Medium' })); // prettier-ignore
        add(at(day, 9, 19), hook('TicketAdminReply', admin(pick(ADMINS)), { ticketid, replyid: ticketid * 2, deptid: 1, deptname: 'Support', subject, message: 'We are on it.', priority: 'Medium', admin: 'tom.novak', status: 'Answered' })); // prettier-ignore
        if (random() < 0.6)
          add(
            at(day, 15, 22),
            hook(
              'TicketStatusChange',
              admin(ADMINS[2]),
              { adminid: 3, status: 'Closed', ticketid },
              { status: 'Answered' },
            ),
          );
      }
    }
    if (weekend) continue;

    for (const someone of ADMINS)
      add(at(day, 7, 9), hook('AdminLogin', admin(someone), { adminid: someone.id, username: someone.name }));
    for (let i = between(3, 7); i > 0; i -= 1) {
      const client = pick(CLIENTS);
      const someone = pick(ADMINS);
      add(at(day, 9, 18), hook('ClientEdit', admin(someone), { ...contact(client), phonenumber: `+49 30 555${between(1000, 9999)}`, status: 'Active' }, { ...contact(client), phonenumber: `+49 30 555${between(1000, 9999)}`, status: 'Active' })); // prettier-ignore
    }
    if (random() < 0.6)
      add(
        at(day, 9, 18),
        hook('AfterModuleCreate', admin(ADMINS[1]), { params: service(pick(CLIENTS), between(900, 940)) }),
      );
    if (random() < 0.5) add(at(day, 9, 18), hook('AfterRegistrarSaveNameservers', admin(pick(ADMINS)), { params: { ...domain(pick(CLIENTS)), ns1: 'ns1.new-dns.example', ns2: 'ns2.new-dns.example' }, functionExists: true, functionSuccessful: true }, { ns1: 'ns1.old-dns.example', ns2: 'ns2.old-dns.example' })); // prettier-ignore
    if (random() < 0.3) add(at(day, 9, 18), hook('ProductEdit', admin(ADMINS[0]), { pid: between(1, 4), type: 'hostingaccount', gid: 1, name: pick(PRODUCTS), qty: 0, hidden: '' })); // prettier-ignore
    if (random() < 0.4) add(at(day, 9, 18), hook('TicketDepartmentChange', admin(ADMINS[2]), { ticketid: between(7000, 7400), deptid: 2, deptname: 'Billing' }, { deptid: 1, deptname: 'Support' })); // prettier-ignore
    for (const someone of ADMINS)
      if (random() < 0.7) add(at(day, 18, 19), hook('AdminLogout', admin(someone), { adminid: someone.id }));
  }

  tellStories(add, at);
  return tieEdits(stories.sort((a, b) => a.at - b.at))
    .filter((story) => story.at < now.getTime() - 60_000)
    .map((story, index) => ({
      ...story.item,
      id: demoId(story.at, index),
      seq: index + 1,
      occurred_at: new Date(story.at).toISOString(),
    }));
}

interface Story {
  readonly at: number;
  readonly item: JsonObject;
}

/** What one edit left is what the next one finds: else the log would tell of changes outside of it. */
function tieEdits(stories: readonly Story[]): Story[] {
  const left = new Map<string, JsonObject>();
  return stories.map(({ at, item }) => {
    const { hook: name, before } = item;
    const params = item['params'] as JsonObject;
    const isNameservers = name === 'AfterRegistrarSaveNameservers';
    if ((name !== 'ClientEdit' && !isNameservers) || before === null) return { at, item };
    const made = isNameservers ? (params['params'] as JsonObject) : params;
    const old = before as JsonObject;
    const key = `${name} ${JSON.stringify(made[isNameservers ? 'domainid' : 'userid'])}`;
    const found: JsonObject = { ...old, ...left.get(key) };
    const after = Object.fromEntries(
      Object.entries(made).map(([field, value]) => {
        // Untouched stays as it was; nameservers that would be set to what they are go back to the old ones.
        const isKept = field in old && old[field] === value;
        const isSame = isNameservers && field in old && found[field] === value;
        return [field, (isKept ? found[field] : isSame ? old[field] : value) ?? null];
      }),
    );
    left.set(key, {
      ...left.get(key),
      ...Object.fromEntries(Object.keys(old).map((field) => [field, after[field] ?? null])),
    });
    return { at, item: { ...item, before: found, params: isNameservers ? { ...params, params: after } : after } };
  });
}

/** What makes somebody open an audit log. */
function tellStories(
  add: (time: number, item: JsonObject) => void,
  at: (day: number, from: number, to: number) => number,
): void {
  const [jane, wang, tom] = ADMINS;
  const mei = CLIENTS[0] as Person;
  const breakIn = at(21, 2, 3);
  const thief = { ...admin(jane), request: request('192.0.2.66', 'configadmins.php') };
  for (let i = 0; i < 5; i += 1)
    add(breakIn + i * 9_000, activity('Failed Admin Login Attempt - Username: jane.doe', '192.0.2.66'));
  add(
    breakIn + 60_000,
    hook(
      'AdminLogin',
      { ...admin(jane), request: request('192.0.2.66', 'dologin.php') },
      { adminid: 1, username: 'jane.doe' },
    ),
  );
  add(breakIn + 180_000, table('tblpaymentgateways', 'banktransfer', { ...admin(jane), request: request('192.0.2.66', 'configgateways.php') }, { instructions: 'IBAN DE89 3704 0044 0532 0130 00' }, { instructions: 'IBAN LT12 1000 0111 0100 1000' })); // prettier-ignore
  add(breakIn + 240_000, table('tbladmins', '9', { ...admin(jane), request: request('192.0.2.66', 'configadmins.php') }, null, { username: 'support2', roleid: 1, disabled: 0 })); // prettier-ignore
  const morning = at(21, 8, 9);
  add(
    morning,
    table('tbladmins', '9', admin(wang), { username: 'support2', disabled: 0 }, { username: 'support2', disabled: 1 }),
  );
  add(morning + 120_000, table('tblpaymentgateways', 'banktransfer', admin(wang), { instructions: 'IBAN LT12 1000 0111 0100 1000' }, { instructions: 'IBAN DE89 3704 0044 0532 0130 00' })); // prettier-ignore
  add(
    at(12, 10, 11),
    table('tbladmins', '2', admin(jane), { username: 'wang.fang', roleid: 3 }, { username: 'wang.fang', roleid: 2 }),
  );
  add(
    at(15, 14, 15),
    table(
      'tblconfiguration',
      'ActiveAddonModules',
      admin(jane),
      { value: 'sealtrail' },
      { value: 'sealtrail,project_management' },
    ),
  );
  add(at(16, 14, 15), table('tbladdonmodules', 'project_management', admin(jane), { access: '1' }, { access: '1,2' }));
  add(at(18, 9, 10), hook('AddTransaction', admin(wang), { id: 99_001, userid: mei.id, currency: 1, gateway: 'stripe', description: 'Goodwill refund', amountin: '0.00', fees: '0.00', amountout: '120.00', rate: '1.00000', transid: 're_3Nx81', invoiceid: 4211, refundid: 12_630 })); // prettier-ignore
  add(
    at(24, 11, 12),
    hook(
      'ClientEdit',
      admin(wang),
      { ...contact(mei), email: 'accounts@lin-tea.example', status: 'Active' },
      { ...contact(mei), status: 'Active' },
    ),
  );
  add(at(0, 1, 2), finding({ own: 'audit.capture_started' }, admin(jane), 'The addon was activated.'));
  add(at(4, 10, 11), table('tblconfiguration', 'TrustedProxyIps', admin(jane), { value: '' }, { value: '10.0.0.0/8' }));
  add(at(5, 14, 15), table('tblcredit', '88', admin(wang), null, { clientid: mei.id, amount: '50.00', description: 'For the outage' })); // prettier-ignore
  add(at(7, 11, 12), table('tblinvoices', '4207', admin(wang), { userid: mei.id, duedate: '2026-11-01', status: 'Draft' }, { userid: mei.id, duedate: '2026-12-01', status: 'Unpaid' })); // prettier-ignore
  add(
    at(9, 16, 17),
    table('tblusers_clients', '31', admin(wang), null, { auth_user_id: 640, client_id: 104, owner: 0 }),
  );
  add(at(11, 10, 11), finding({ watch: 'admin.access_denied' }, admin(tom), 'The admin area refused a page.', { page: 'configadmins.php' })); // prettier-ignore
  add(at(14, 15, 16), activity('Module Suspend Failed - Service ID: 912 - Error: connection refused', '198.51.100.9'));
  add(at(20, 9, 10), finding({ watch: 'report.exported' }, admin(wang), 'A report was exported.', { report: 'income_by_product' })); // prettier-ignore
  add(breakIn + 90_000, table('tbladmins', '1', thief, { username: 'jane.doe', passwordhash: '[redacted]' }, { username: 'jane.doe', passwordhash: '[redacted:changed]' })); // prettier-ignore
  add(breakIn + 300_000, finding({ watch: 'client_list.exported' }, thief, 'A list of clients was exported.', { type: 'clients' })); // prettier-ignore
  add(at(22, 3, 4), { ...table('tblinvoices', '4210', nobody(), { userid: 105, total: '480.00' }, { userid: 105, total: '48.00' }), unexplained: true }); // prettier-ignore
  add(at(26, 16, 17), hook('PreDeleteClient', admin(jane), { userid: 107 }));
  add(at(28, 10, 11), hook('ServerEdit', admin(jane), { serverid: 3 }));
}

// ---- items as a bridge writes them

type Who = JsonObject;

function hook(name: string, who: Who, params: JsonObject, before: JsonObject | null = null): JsonObject {
  return { kind: 'hook', hook: name, params, before, ...who, installation: INSTALLATION };
}

function table(name: string, key: string, who: Who, before: JsonObject | null, after: JsonObject | null): JsonObject {
  return { kind: 'table_change', table: name, key, before, after, params: {}, ...who, installation: INSTALLATION };
}

function activity(text: string, ip: string): JsonObject {
  const actor = { type: 'unknown', id: null, name: null, role: null, acting_as: null };
  return {
    kind: 'activity',
    text,
    params: { user: 'System', userid: 0, ipaddress: ip },
    before: null,
    actor,
    request: request(ip, 'dologin.php'),
    installation: INSTALLATION,
  };
}

function finding(mark: JsonObject, who: Who, text: string, params: JsonObject = {}): JsonObject {
  return { kind: 'activity', ...mark, text, params, before: null, ...who, installation: INSTALLATION };
}

/** Found by the reconciliation: nobody is known to have done it. */
function nobody(): Who {
  return { ...system(), actor: { type: 'unknown', id: null, name: null, role: null, acting_as: null } };
}

export const INSTALLATION: JsonObject = {
  whmcs: '9.0.1',
  bridge: '0.1.0',
  time_zone: 'Europe/Berlin',
  seq_step: 1,
  node: 'demo',
};

function admin(who: Admin): Who {
  return {
    actor: { type: 'admin', id: String(who.id), name: who.name, role: who.role, acting_as: null },
    request: request(who.ip, 'clientssummary.php'),
  };
}

function user(who: Person): Who {
  return {
    actor: { type: 'user', id: String(who.id + 500), name: `${who.first} ${who.last}`, role: null, acting_as: null },
    request: request(who.ip, 'clientarea.php'),
  };
}

function gateway(who: Person): Who {
  return { actor: { type: 'gateway', id: 'stripe', name: 'stripe', role: null, acting_as: null }, request: { ...request('198.51.100.200', 'modules/gateways/callback/stripe.php'), via: 'callback', whmcs_ip: who.ip } }; // prettier-ignore
}

function system(): Who {
  return { actor: { type: 'system', id: null, name: 'System', role: null, acting_as: null }, request: { peer: null, headers: {}, whmcs_ip: null, user_agent: null, via: 'cron', script: 'crons/cron.php', session: null } }; // prettier-ignore
}

function request(ip: string, script: string): Record<string, JsonValue> {
  return { peer: ip, headers: {}, whmcs_ip: ip, user_agent: AGENT, via: 'ui', script, session: null };
}

function contact(client: Person): JsonObject {
  return {
    userid: client.id,
    firstname: client.first,
    lastname: client.last,
    companyname: client.company,
    email: client.email,
  };
}

function service(client: Person, serviceid: number): JsonObject {
  return {
    serviceid,
    userid: client.id,
    domain: client.domain,
    username: `u${serviceid}`,
    moduletype: 'cpanel',
    producttype: 'hostingaccount',
  };
}

function domain(client: Person): JsonObject {
  const [sld = '', tld = ''] = client.domain.split('.');
  return {
    domainid: client.id + 3000,
    userid: client.id,
    domain: client.domain,
    sld,
    tld,
    regperiod: 1,
    registrar: 'enom',
  };
}

function money(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/** A version 7 UUID of the event's own time, the same each time. */
function demoId(ms: number, index: number): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(index + 1).toString(16).padStart(12, '0')}`;
}

/** mulberry32: small, seeded, good enough to choose stories. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
