import { BILLING_EVENTS, CARD_NUMBER, SECRET, VISIBLE } from '../../testing/billing-events';
import { columnsWith } from '../../testing/columns-with';
import type { BridgeCredentials } from '../../testing/sender';
import { ENGINES } from '../../testing/test-database';
import { startTestSite, type TestSite } from '../../testing/test-site';
import { startTestPages, type TestPages } from '../../testing/visitor';
import { startWhmcs, type Whmcs } from '../../testing/whmcs';

// The whole way: a hook fires in PHP, a sealed entry stands on the page, one command proves it.

interface Entry {
  readonly seq: number;
  readonly category: string;
  readonly action: string;
  readonly actor: { readonly type: string; readonly id: string | null; readonly acting_as: string | null };
  readonly target: { readonly type: string; readonly id: string | null };
  readonly via: string;
  readonly ip: string | null;
  readonly changes: readonly unknown[];
  readonly source: { readonly bridge: string | null; readonly event_id: string };
  readonly integrity: { readonly status: string };
}

/** `client.updated admin:7 client:5 ui 198.51.100.7` */
function lineOf({ action, actor, target, via, ip }: Entry): string {
  const reference = (type: string, id: string | null) => (id === null ? type : `${type}:${id}`);
  // Who calls the API is known by a fingerprint under a salt of the installation.
  const who = reference(actor.type, actor.type === 'api' ? '#' : actor.id);
  const as = actor.acting_as === null ? '' : `/${actor.acting_as}`;
  return `${action} ${who}${as} ${reference(target.type, target.id)} ${via} ${ip ?? '-'}`;
}

describe.each(ENGINES)('from billing to the proof, on %s', (engine) => {
  let site: TestSite;
  let bridge: BridgeCredentials;
  let whmcs: Whmcs;

  beforeAll(async () => {
    site = await startTestSite(engine);
    bridge = await site.ask<BridgeCredentials>('bridge', 'add', '--name', 'billing');
    whmcs = await startWhmcs(site.url, bridge);
    await whmcs.deliverAll();
  });
  afterAll(async () => {
    await whmcs?.stop();
    await site?.stop();
  });

  async function headSeq(): Promise<number> {
    return (await site.api<{ entries: Entry[] }>('/entries?per_page=1')).entries[0]?.seq ?? 0;
  }

  /** What came from billing after an entry, oldest first. */
  async function arrivedAfter(seq: number): Promise<Entry[]> {
    const { entries } = await site.api<{ entries: Entry[] }>('/entries?per_page=100');
    return entries.filter((one) => one.seq > seq && one.source.bridge === bridge.id).reverse();
  }

  it.each(Object.entries(BILLING_EVENTS))('%s arrives: who did what, on what, from where', async (category, events) => {
    const before = await headSeq();
    for (const { hook, params, options } of events) await whmcs.fire(hook, params, options);
    await whmcs.deliverAll();

    const entries = await arrivedAfter(before);
    expect(entries.map(lineOf)).toEqual(events.flatMap(({ becomes }) => becomes));
    expect(new Set(entries.map((one) => one.category))).toEqual(new Set([category]));
    expect(new Set(entries.map((one) => one.action)).size).toBeGreaterThanOrEqual(4);
    expect(new Set(entries.map((one) => one.integrity.status))).toEqual(new Set(['valid']));
    let at = 0;
    for (const { hook, becomes, changes = [] } of events) {
      // A row that is new is nothing but changes; what matters of it stands in its line.
      const isNewRow = hook === '-' && changes.length === 0;
      if (!isNewRow) expect([hook, byField(entries[at]?.changes ?? [])]).toEqual([hook, byField(changes)]);
      at += becomes.length;
    }
  });

  it('no secret reached the store', async () => {
    expect(await columnsWith(site.db, engine, VISIBLE)).toContain('entry_values.subject_body');
    expect(await columnsWith(site.db, engine, SECRET)).toEqual([]);
    expect(await columnsWith(site.db, engine, CARD_NUMBER)).toEqual([]);
    expect(await columnsWith(site.db, engine, bridge.secret)).toEqual([]);
  });

  it('one command proves it', async () => {
    const { code, stdout } = await site.run('verify');
    const report = JSON.parse(stdout) as { verdict: string; ledgers: { scanned: number; valid: number }[] };
    const size = await headSeq();
    expect([code, report.verdict, report.ledgers[0]]).toMatchObject([0, 'intact', { scanned: size, valid: size }]);
  });

  it('what was changed behind the back of billing is told, with the values before and after', async () => {
    await whmcs.cron('--daily');
    await whmcs.deliverAll();
    const before = await headSeq();
    await whmcs.db.query('UPDATE tblinvoices SET total = 1 WHERE id = 123');
    await whmcs.db.query('UPDATE tblcredit SET amount = 1000 WHERE id = 11');
    await whmcs.db.query("UPDATE tblpaymentgateways SET value = 'elsewhere' WHERE setting = 'apiSignature'");
    await whmcs.cron('--daily');
    await whmcs.deliverAll();
    const told = (await arrivedAfter(before)).filter((one) => one.action === 'audit.unexplained_change');
    expect(told.map((one) => [one.target.id, one.actor.type, byField(one.changes)])).toEqual([
      ['tblpaymentgateways:paypal', 'unknown', [{ field: 'apiSignature', before: '[redacted]', after: '[redacted:changed]' }]], // prettier-ignore
      ['tblinvoices:123', 'unknown', [{ field: 'total', before: '99.00', after: '1.00' }]],
      ['tblcredit:11', 'unknown', [{ field: 'amount', before: '10.00', after: '1000.00' }]],
    ]);
  });

  it('nothing is lost while the sidecar is away: it arrives in order, once', async () => {
    const before = await headSeq();
    await site.halt();
    const invoices = [501, 502, 503, 504, 505];
    for (const invoiceid of invoices)
      await whmcs.fire('InvoicePaid', { invoiceid, apikey: SECRET }, ['--callback=paypal']);
    const waiting = await whmcs.outbox();
    expect(waiting.map(({ body }) => (JSON.parse(body) as { params: { invoiceid: number } }).params.invoiceid)).toEqual(invoices); // prettier-ignore
    // Not even in billing's own table.
    expect(waiting.filter(({ body }) => body.includes(SECRET))).toEqual([]);

    await site.start();
    await whmcs.deliverAll();
    await whmcs.cron();
    const arrived = await arrivedAfter(before);
    expect(arrived.map((one) => one.target.id)).toEqual(invoices.map(String));
    expect(arrived.map((one) => one.source.event_id)).toEqual(waiting.map(({ event_id }) => event_id));
    expect((await site.run('verify')).code).toBe(0);
  });
});

describe('what nothing reports', () => {
  let site: TestSite;
  let bridge: BridgeCredentials;
  let whmcs: Whmcs;

  beforeAll(async () => {
    site = await startTestSite('mariadb');
    bridge = await site.ask<BridgeCredentials>('bridge', 'add', '--name', 'billing');
    whmcs = await startWhmcs(site.url, bridge);
    await whmcs.cron('--daily');
    await whmcs.deliverAll();
  });
  afterAll(async () => {
    await whmcs?.stop();
    await site?.stop();
  });

  it('a change made in the database is told by the next daily run, without an actor', async () => {
    await whmcs.db.query("UPDATE tbladmins SET email = 'thief@example.org' WHERE id = 8");
    await whmcs.db.query(`UPDATE tblpaymentgateways SET value = '${SECRET}-50' WHERE setting = 'apiSignature'`);
    await whmcs.cron('--daily');
    await whmcs.deliverAll();
    const { entries } = await site.api<{ entries: Entry[] }>('/entries?action=audit.unexplained_change&sort=seq');
    expect(entries.map(lineOf)).toEqual([
      'audit.unexplained_change unknown record:tblpaymentgateways:paypal cron -',
      'audit.unexplained_change unknown record:tbladmins:8 cron -',
    ]);
    expect(entries.map((one) => one.changes)).toEqual([
      [{ field: 'apiSignature', before: '[redacted]', after: '[redacted:changed]' }],
      [{ field: 'email', before: 'sam@example.com', after: 'thief@example.org' }],
    ]);
    expect(await columnsWith(site.db, 'mariadb', `${SECRET}-50`)).toEqual([]);
  });

  it('the heartbeat of the cron tells what waits; nothing is missing', async () => {
    const [standing] = await site.ask<Record<string, unknown>[]>('bridge', 'list');
    expect(standing).toMatchObject({ id: bridge.id, pending: 0, parked: 0, spooled: 0, gaps: 0, paused: false });
    expect(standing?.['heartbeat_at']).toMatch(/^20/);
  });
});

describe('the pages of both sides', () => {
  let site: TestSite;
  let bridge: BridgeCredentials;
  let whmcs: Whmcs;
  let pages: TestPages;
  let admin: string;

  beforeAll(async () => {
    site = await startTestSite('sqlite');
    bridge = await site.ask<BridgeCredentials>('bridge', 'add', '--name', 'billing');
    whmcs = await startWhmcs(site.url, bridge);
    await whmcs.deliverAll();
    admin = await whmcs.serve();
    pages = await startTestPages({ site });
  });
  afterAll(async () => {
    await pages?.stop();
    await whmcs?.stop();
    await site?.stop();
  });
  afterEach(() => pages?.leave());

  async function openAddonPage() {
    const { page } = await pages.open({ isStranger: true });
    await page.goto(`${admin}/login.php`);
    await page.fill('[name=username]', 'admin');
    await page.fill('[name=password]', 'admin-password');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.goto(`${admin}/addonmodules.php?module=sealtrail&tab=bridge`);
    const cell = (name: string) =>
      page.locator('tr', { has: page.getByRole('rowheader', { name, exact: true }) }).locator('td');
    return { page, cell };
  }

  it('the addon page tests the way there and back', async () => {
    const { page, cell } = await openAddonPage();
    expect(await cell('Pairing').innerText()).toBe('Address, id and secret are set');
    await page.getByRole('button', { name: 'Test' }).click();
    expect(await page.locator('.alert-success').innerText()).toContain('knows this bridge');
    expect(await cell('Ledger').innerText()).toBe('default');
  });

  it('what is changed in the billing admin area stands on our page after "Deliver now"', async () => {
    const { page } = await openAddonPage();
    await page.goto(`${admin}/clientsprofile.php?userid=5`);
    await page.fill('[name=email]', 'changed@example.com');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.goto(`${admin}/addonmodules.php?module=sealtrail&tab=bridge`);
    await page.getByRole('button', { name: 'Deliver now' }).click();
    expect(await page.locator('.alert-success').innerText()).toContain('Everything that was waiting');
    expect(await whmcs.outbox()).toEqual([]);

    const ours = await pages.openAt('/entries?action=client.email_changed');
    expect(await ours.locator('.st-row-link').allInnerTexts()).toEqual([
      'admin changed the e-mail address of client Grace Hopper',
    ]);
    await ours.locator('.st-row-link').click();
    const change = ours.locator('dialog .st-changes tbody tr', { hasText: 'email' });
    expect(await change.locator('td').nth(0).innerText()).toContain('grace');
    expect(await change.locator('td').nth(1).innerText()).toContain('changed');
    await ours.goto(`${site.url}/verify`);
    await ours.locator('.st-actions button').click();
    expect(await ours.locator('.st-verdict-word').innerText()).toBe('Intact');
  });

  it('a revoked bridge is refused, keeps everything, and says so', async () => {
    await site.ask('bridge', 'revoke', bridge.id);
    await whmcs.fire('InvoicePaid', { invoiceid: 601 }, ['--callback=paypal']);
    await whmcs.fire('InvoicePaid', { invoiceid: 602 }, ['--callback=paypal']);
    await whmcs.endPause();
    await whmcs.cron();
    const kept = await whmcs.outbox();
    expect(kept).toHaveLength(2);
    expect((await site.api<{ total: number }>('/entries?target=invoice:601,invoice:602')).total).toBe(0);

    const { page, cell } = await openAddonPage();
    expect(Number(await cell('Items waiting').innerText())).toBeGreaterThanOrEqual(2);
    expect(await cell('Parked items').innerText()).toBe('0');
    expect(await cell('Last error (UTC)').innerText()).toMatch(/HTTP 401/);
    await page.getByRole('button', { name: 'Test' }).click();
    expect(await page.locator('.alert-danger').innerText()).toMatch(/did not accept the test delivery\. HTTP 401/);
  });
});

function byField(changes: readonly unknown[]): unknown[] {
  return [...(changes as { field: string }[])].sort((a, b) => (a.field < b.field ? -1 : 1));
}
