import { v7 as uuidv7 } from 'uuid';
import { createDeps } from '../../deps';
import { aHookItem } from '../../testing/builders';
import { columnsWith } from '../../testing/columns-with';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { until } from '../../testing/until';
import { RIGHTS } from '../access/rights';
import { parseFilter } from '../browse/browse-service';

const BY = { name: 'jane', via: 'ui' } as const;
const VISITOR = '203.0.113.42';
const PROXY = '127.0.0.1';

/** What carries an address in every place that an item has. */
function itemsFrom(ip: string) {
  const request = {
    peer: PROXY,
    headers: { 'x-forwarded-for': ip, forwarded: `for=${ip}` },
    whmcs_ip: ip,
    user_agent: `Probe (${ip})`,
    via: 'ui',
    script: 'login.php',
  };
  const base = { request, actor: { type: 'client', id: '5', name: `guest at ${ip}` } };
  return [
    aHookItem({ ...base, id: uuidv7(), hook: 'ClientLogin', params: { userid: 5, ip, note: `from ${ip}` } }),
    aHookItem({ ...base, id: uuidv7(), hook: 'ClientEdit', params: { userid: 5, email: `a@${ip}` }, before: { email: ip } }),
    { ...aHookItem({ ...base, id: uuidv7(), kind: 'table_change' }), table: 'tblbannedips', key: '1', before: null, after: { ip } },
    { ...aHookItem({ ...base, id: uuidv7(), kind: 'activity' }), text: `Failed Admin Login Attempt - IP: ${ip}` },
    // These two cannot be understood and are kept as they came.
    aHookItem({ ...base, id: uuidv7(), hook: 'NoSuchHook' }),
    aHookItem({ ...base, id: uuidv7(), occurred_at: ip }),
  ]; // prettier-ignore
}

async function allOf<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

describe.each(ENGINES)('addresses of people, on %s', (engine) => {
  let app: TestApp;
  const columns = (text: string) => columnsWith(app.database.knex, engine, text);
  const set = (patch: Record<string, string>) => app.deps.settings.change('default', patch, BY);

  beforeEach(async () => {
    app = await createTestApp(engine);
  });
  afterEach(() => app.stop());

  /** Everything that stores an address: deliveries, one that is refused, a sign-in that fails, a role that somebody makes. */
  async function visitFrom(ip: string): Promise<void> {
    const sender = await app.pair();
    const items = itemsFrom(ip);
    expect((await sender.send(items)).body).toMatchObject({ quarantined: 2 });
    // The id of one again with another content.
    await sender.send([{ ...items[0], params: { userid: 6, ip } }]);
    await sender.send(items, { headers: { 'webhook-signature': 'v1,AAAA', 'x-forwarded-for': ip } });
    await app.deps.refusals.flush();
    await app.deps.indexer.catchUp();
    await app.deps.ownEvents.record('default', { action: 'audit.login_failed', targetId: null, ip, via: 'ui' });
    const draft = { id: null, name: 'Reader', rights: ['entries.read'] };
    const saved = await app.deps.roles.save(app.ledger.tenant, draft, { name: 'jane', rights: RIGHTS, via: 'ui', ip });
    expect(saved.ok).toBe(true);
  }

  it('stand in the store as they came as long as nobody set anything else', async () => {
    await set({ trusted_proxies: PROXY });
    await visitFrom(VISITOR);
    expect(await columns(VISITOR)).toEqual(expect.arrayContaining(['entry_values.actor_body', 'quarantine.item']));
  });

  it.each(['hashed', 'none'])('stand in no column of the store in the mode %s', async (mode) => {
    await set({ trusted_proxies: PROXY, ip_mode: mode });
    await visitFrom(VISITOR);
    expect(await columns(VISITOR)).toEqual([]);
    expect((await app.deps.verifier.verify({})).verdict).toBe('intact');
    expect(await columns('ClientLogin')).not.toEqual([]);
  });

  it('are the same sixteen digits each time in the mode hashed, under a salt that is made once and stored wrapped', async () => {
    await set({ trusted_proxies: PROXY, ip_mode: 'hashed' });
    const sender = await app.pair();
    for (const ip of [VISITOR, VISITOR, '203.0.113.43']) await sender.send([itemsFrom(ip)[0]]);
    const { entries } = await app.deps.browse.findPage(app.ledger, {
      filter: parseFilter({ action: 'client.login' }),
      perPage: 20,
      page: 1,
      sort: 'seq',
    });
    const [first, second, other] = entries.map(({ ip }) => ip);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    const { ipSalt } = await app.deps.liveSettings.addressingOf(app.ledger.tenant.id);
    expect(ipSalt).toMatch(/^[0-9a-f]{64}$/);
    expect(await columns(ipSalt)).toEqual([]);
  });

  it('find what was stored of them in any mode, typed as they are', async () => {
    const typed = [VISITOR, '2001:DB8:0::1'];
    const sender = await app.pair();
    await set({ trusted_proxies: PROXY });
    await sender.send([itemsFrom(VISITOR)[0]]);
    await set({ ip_mode: 'hashed' });
    for (const ip of [VISITOR, '2001:db8::1', '203.0.113.43']) await sender.send([itemsFrom(ip)[0]]);
    await set({ ip_mode: 'full' });
    await app.deps.indexer.catchUp();
    const action = 'client.login';
    const countOf = async (ip: string) => {
      const filter = parseFilter({ action, ip });
      const { entries } = await app.deps.browse.findPage(app.ledger, { filter, perPage: 20, page: 1, sort: 'seq' });
      const newer = await app.deps.browse.findNewer(app.ledger, filter, 0, 20);
      const views = await allOf(app.deps.browse.streamEntries(app.ledger, filter, 'seq'));
      const stored = await allOf(app.deps.browse.streamStored(app.ledger, { filter }, { withValues: true }));
      return [entries.length, newer.seqs.length, views.length, stored.length];
    };
    expect(await countOf(VISITOR)).toEqual([2, 2, 2, 2]);
    expect(await countOf(typed[1] ?? '')).toEqual([1, 1, 1, 1]);
    expect(await countOf(typed.join(','))).toEqual([3, 3, 3, 3]);
    expect(await countOf(`!${VISITOR}`)).toEqual([2, 2, 2, 2]);
    expect(await countOf('203.0.113.44')).toEqual([0, 0, 0, 0]);

    const headers = { authorization: `Bearer ${await app.token(['read', 'export'])}` };
    const listed = await (await fetch(`${app.url}/api/v1/entries?action=${action}&ip=${VISITOR}`, { headers })).text();
    const exported = await (await fetch(`${app.url}/api/v1/export?format=ndjson&action=${action}&ip=${VISITOR}`, { headers })).text(); // prettier-ignore
    for (const text of [listed, exported]) expect(text.match(/"client\.login"/g)).toHaveLength(2);
  });

  it('are hidden from the next entry on in another sidecar within seconds', async () => {
    const other = createDeps(app.config, { now: () => app.clock.now(), logger: app.deps.logger });
    try {
      const modeThere = async () => (await other.liveSettings.addressingOf(app.ledger.tenant.id)).ipMode;
      expect(await modeThere()).toBe('full');
      await set({ ip_mode: 'none', trusted_proxies: '192.0.2.0/24' });
      await until('the other one knows', async () => (await modeThere()) === 'none', 15_000);
      await other.liveSettings.refresh();
      expect(other.liveSettings.shared.trustedProxies).toHaveLength(1);
    } finally {
      await other.close();
    }
  });
});
