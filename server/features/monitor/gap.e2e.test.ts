import { createTestApp, type TestApp } from '../../testing/test-app';
import { startWhmcs, type Whmcs } from '../../testing/whmcs';

// A real PHP with its real outbox, and a sidecar whose clock the test moves (by less than a signature may be old).

let app: TestApp;
let whmcs: Whmcs;

beforeAll(async () => {
  app = await createTestApp('mariadb');
  app.clock.advance(Date.now() - app.clock.now().getTime());
  const { bridge } = await app.pair();
  whmcs = await startWhmcs(app.url, bridge);
  await whmcs.deliverAll();
});
afterAll(async () => {
  await whmcs?.stop();
  await app?.stop();
});

async function reports(): Promise<[string, unknown][]> {
  const rows = await app.database.knex('entries').where('action', 'like', 'audit.gap%').orderBy('seq').select<{ action: string; record: string }[]>('action', 'record'); // prettier-ignore
  return rows.map((row) => [row.action, (JSON.parse(row.record) as { source: { payload: unknown } }).source.payload]);
}

/** A cron run of the billing system, which ends with a heartbeat; then what the sidecar makes of it. */
async function cronAndLook(): Promise<void> {
  await whmcs.endPause();
  await whmcs.cron();
  await app.deps.bridges.flush();
  await app.deps.bridgeWatch.run();
}

it('an outbox that somebody empties is a gap, and no gap any more when its items come after all', async () => {
  await whmcs.fire('InvoicePaid', { invoiceid: 800 }, ['--callback=paypal']);
  await cronAndLook();
  await app.deps.bridges.revoke((await app.deps.bridges.list())[0]?.id ?? '');
  for (const invoiceid of [801, 802, 803]) await whmcs.fire('InvoicePaid', { invoiceid }, ['--callback=paypal']);
  await whmcs.cron();
  const [waiting] = await whmcs.db.query('SELECT * FROM mod_sealtrail_outbox ORDER BY id');
  const lost = waiting as { id: number; event_id: string }[];
  expect(lost.length).toBeGreaterThanOrEqual(3);
  await whmcs.db.query('DELETE FROM mod_sealtrail_outbox');
  await app.database.knex('bridges').update({ revoked_at: null });

  await whmcs.fire('InvoicePaid', { invoiceid: 804 }, ['--callback=paypal']);
  await cronAndLook();
  expect(await reports()).toEqual([]);
  app.clock.advance(61_000);
  await cronAndLook();
  const range = { from: String(lost[0]?.id), to: String(lost.at(-1)?.id), missing: String(lost.length) };
  expect(await reports()).toEqual([['audit.gap_detected', range]]);

  for (const row of lost) await whmcs.db.query('INSERT INTO mod_sealtrail_outbox SET ?', [row]);
  await cronAndLook();
  await cronAndLook();
  expect((await reports()).slice(1)).toEqual([['audit.gap_closed', { ...range, by: 'arrived' }]]);
  const paid = await app.database.knex('entries').where({ action: 'invoice.paid' }).orderBy('target_id').pluck<string[]>('target_id'); // prettier-ignore
  expect(paid).toEqual(['800', '801', '802', '803', '804']);
});
