import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import type { Sender } from '../../testing/sender';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';

// What a bridge marks beside the kinds of CONTRACT section 4: findings of its own, and changes that nothing explains.

let app: TestApp;
let sender: Sender;

const item = (parts: Readonly<Record<string, unknown>>) => aHookItem({ id: uuidv7(), hook: undefined, ...parts });
const activity = (parts: Readonly<Record<string, unknown>>) => item({ kind: 'activity', text: 'Seen.', params: {}, ...parts }); // prettier-ignore

async function entryAfter(sent: Record<string, unknown>) {
  const { body } = await sender.send([sent]);
  return app.deps.browse.findEntry(app.ledger, String(body.receipts[0]?.seq));
}

async function reasonAfter(sent: Record<string, unknown>) {
  const { body } = await sender.send([sent]);
  expect([body.accepted, body.quarantined]).toEqual([0, 1]);
  return app.database.knex('quarantine').orderBy('id', 'desc').first<{ reason: string; detail: string }>('reason', 'detail'); // prettier-ignore
}

describe.each(ENGINES)('a delivery on %s', (engine) => {
  beforeAll(async () => {
    app = await createTestApp(engine);
    sender = await app.pair();
  });
  afterAll(() => app.stop());

  it('with a change that nothing explains, of any table', async () => {
    const change = { kind: 'table_change', table: 'tblanything', key: 12, before: { a: 1 }, after: { a: 2 } };
    expect(await entryAfter(item({ ...change, unexplained: true }))).toMatchObject({
      action: 'audit.unexplained_change',
      target: { type: 'record', id: 'tblanything:12' },
      changes: [{ field: 'a', before: 1, after: 2 }],
    });
    for (const unexplained of [false, null, undefined])
      expect(await reasonAfter(item({ ...change, unexplained }))).toEqual({ reason: 'unknown_table', detail: 'tblanything' }); // prettier-ignore
  });

  it('with a secret that became another one', async () => {
    const sides = { before: { secretKey: '[redacted]' }, after: { secretKey: '[redacted:changed]' } };
    const change = item({ kind: 'table_change', table: 'tblpaymentgateways', key: 'stripe', ...sides });
    expect(await entryAfter(change)).toMatchObject({
      action: 'gateway.updated',
      changes: [{ field: 'secretKey', before: '[redacted]', after: '[redacted:changed]' }],
    });
  });

  it('with a finding of the request watch', async () => {
    const finding = activity({ watch: 'admin.access_denied', params: { page: 'configadmins.php' } });
    expect(await entryAfter(finding)).toMatchObject({
      action: 'admin.access_denied',
      target: { type: 'page', id: 'configadmins.php' },
      source: { payload: { page: 'configadmins.php', description: 'Seen.' } },
    });
  });

  it('with what the bridge says of itself', async () => {
    expect(await entryAfter(activity({ own: 'audit.capture_paused' }))).toMatchObject({
      action: 'audit.capture_paused',
      target: { type: 'bridge', id: sender.bridge.id },
    });
  });

  it('with a line of the log, where neither is set', async () => {
    expect(await entryAfter(activity({ watch: null, own: '' }))).toMatchObject({
      action: 'activity.logged',
      source: { payload: { description: 'Seen.', text_rules: expect.any(String) } },
    });
  });

  it.each([{ watch: 'audit.pruned' }, { watch: 'invoice.paid' }, { own: 'audit.chain_verified' }, { own: 'x' }])(
    'that claims %j is set aside',
    async (mark) => {
      const [detail] = Object.values(mark);
      expect(await reasonAfter(activity(mark))).toEqual({ reason: 'unknown_watch', detail });
    },
  );

  it('tells the step in which the billing database counts', async () => {
    const installation = { whmcs: '9.0.1', bridge: '1.1.0', time_zone: 'UTC', seq_step: 3, node: 'a' };
    await sender.send([aHookItem({ id: uuidv7(), installation })]);
    await app.deps.bridges.flush();
    expect((await app.deps.bridges.list())[0]).toMatchObject({ seq_step: 3, whmcs: '9.0.1' });
  });
});
