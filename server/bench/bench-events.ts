import { v7 as uuidv7 } from 'uuid';

const HOOKS = [
  (n: number) => ({ hook: 'InvoicePaid', params: { invoiceid: n }, before: null }),
  (n: number) => ({
    hook: 'UserLogin',
    params: { user: { id: n % 5000, email: `user${n % 5000}@example.com` } },
    before: null,
  }),
  (n: number) => ({
    hook: 'ClientEdit',
    params: {
      userid: n % 5000,
      firstname: 'Mei',
      lastname: 'Lin',
      companyname: '林氏茶行',
      email: `client${n}@example.com`,
      phonenumber: `+49 30 ${n}`,
      status: 'Active',
      country: 'DE',
    },
    before: {
      userid: n % 5000,
      firstname: 'Mei',
      lastname: 'Lin',
      companyname: '林氏茶行',
      email: `client${n}@example.com`,
      phonenumber: `+49 30 ${n - 1}`,
      status: 'Active',
      country: 'DE',
    },
  }),
  (n: number) => ({
    hook: 'AddTransaction',
    params: {
      id: n,
      userid: n % 5000,
      currency: 1,
      gateway: 'stripe',
      description: `Invoice payment ${n}`,
      amountin: '25.00',
      fees: '0.73',
      amountout: '0.00',
      rate: '1.00000',
      transid: `ch_${n}`,
      invoiceid: n,
      refundid: 0,
    },
    before: null,
  }),
  (n: number) => ({
    hook: 'TicketOpen',
    params: {
      ticketid: n,
      ticketmask: `TKT-${n}`,
      userid: n % 5000,
      deptid: 1,
      deptname: 'Support',
      subject: `Site ${n} is slow`,
      message: 'Could you have a look, please? It began this morning.',
      priority: 'Medium',
    },
    before: null,
  }),
  (n: number) => ({
    hook: 'AfterModuleCreate',
    params: { params: { serviceid: n, userid: n % 5000, domain: `site${n}.example`, username: `u${n}` } },
    before: null,
  }),
  (n: number) => ({ hook: 'AdminLogin', params: { adminid: n % 12, username: `admin${n % 12}` }, before: null }),
  (n: number) => ({ hook: 'DomainEdit', params: { userid: n % 5000, domainid: n }, before: null }),
];

function failedSetUp(n: number) {
  const params = { params: { serviceid: n, userid: n % 5000 }, failureResponseMessage: 'The server is full' };
  return { hook: 'AfterModuleCreateFailed', params, before: null };
}

const VIAS = ['ui', 'ui', 'api', 'ui', 'cron'];

/** Mostly admins; every ninth event a client's own, every hundredth the system's. */
function actorOf(n: number): Record<string, unknown> {
  if (n % 100 === 50) return { type: 'system', id: null, name: null, role: null, acting_as: null };
  if (n % 9 === 4)
    return { type: 'client', id: String(n % 5000), name: `Mei Lin ${n % 5000}`, role: null, acting_as: null };
  return { type: 'admin', id: String(n % 12), name: `admin${n % 12}`, role: 'Full Administrator', acting_as: null };
}

/** An item of a delivery as a bridge would send it: believable in size and mix, different for every `n`. */
export function benchItem(n: number, occurredAt: number): Record<string, unknown> {
  const call = n % 31 === 30 ? failedSetUp(n) : (HOOKS[n % HOOKS.length] as (typeof HOOKS)[number])(n);
  return {
    id: uuidv7(),
    seq: n,
    kind: 'hook',
    ...call,
    occurred_at: new Date(occurredAt).toISOString(),
    actor: actorOf(n),
    request: {
      peer: '10.0.0.5',
      headers: { 'x-forwarded-for': `203.0.113.${n % 250}` },
      whmcs_ip: `203.0.113.${n % 250}`,
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      via: VIAS[n % VIAS.length],
      script: 'clientssummary.php',
      session: null,
    },
    installation: { whmcs: '9.0.1', bridge: '0.1.0', time_zone: 'Europe/Berlin' },
  };
}
