import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../testing/builders';
import { createSender, signatureOf, type Sender } from '../../testing/sender';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { ROTATION_MS } from './bridge-service';

let app: TestApp;
let older: Sender;
let newer: Sender;

const anItem = () => aHookItem({ id: uuidv7() });
const statusOf = async (sender: Sender) => (await sender.send([anItem()])).status;
const withSecret = (secret: string) => createSender(app.url, { id: older.bridge.id, secret }, () => app.clock.now());

async function rotate(): Promise<Sender> {
  const made = await app.deps.bridges.rotate(older.bridge.id);
  if (!made) throw new Error('no such bridge');
  return withSecret(made.secret);
}

async function rotationEntries(): Promise<unknown[]> {
  const records = await app.database.knex('entries').where({ action: 'audit.bridge_added' }).orderBy('seq').pluck<string[]>('record'); // prettier-ignore
  return records.map((record) => (JSON.parse(record) as { source: { payload: unknown } }).source.payload);
}

describe.each(ENGINES)('a new secret for a bridge on %s', (engine) => {
  beforeEach(async () => {
    app = await createTestApp(engine);
    older = await app.pair();
    newer = await rotate();
  });
  afterEach(() => app.stop());

  it('counts beside the older one until it is used, and alone from then on', async () => {
    expect([await statusOf(older), await statusOf(older)]).toEqual([200, 200]);
    expect(await statusOf(newer)).toBe(200);
    expect([await statusOf(older), await statusOf(newer)]).toEqual([401, 200]);
  });

  it('is wrapped in the store, before and after', async () => {
    const text = () => app.database.knex('bridges').select().then(JSON.stringify);
    const bare = newer.bridge.secret.slice('whsec_'.length);
    expect(await text()).not.toContain(bare);
    await statusOf(newer);
    expect(await text()).not.toContain(bare);
    expect(await app.database.knex('bridges').first()).toMatchObject({ next_wrapped_secret: null, rotated_at: null });
  });

  it('counts when a delivery carries the signatures of both, in either order', async () => {
    for (const order of [1, -1]) {
      const fresh = order === 1 ? newer : await rotate();
      const before = order === 1 ? older : newer;
      const body = Buffer.from(JSON.stringify({ events: [anItem()] }));
      const timestamp = String(Math.floor(app.clock.now().getTime() / 1000));
      const both = [before, fresh].map((one) => signatureOf(one.bridge.secret, 'm', timestamp, body));
      const signature = (order === 1 ? both : both.reverse()).join(' ');
      const headers = { 'webhook-id': 'm', 'webhook-timestamp': timestamp, 'webhook-signature': signature };
      expect((await older.sendBody(body, { headers })).status).toBe(200);
      expect([await statusOf(before), await statusOf(fresh)]).toEqual([401, 200]);
    }
  });

  it('does not count with a signature that is cut, even beside others', async () => {
    const body = Buffer.from('{"events":[]}');
    const timestamp = String(Math.floor(app.clock.now().getTime() / 1000));
    const cut = [older, newer].map((one) => signatureOf(one.bridge.secret, 'm', timestamp, body).slice(0, -1));
    const headers = { 'webhook-id': 'm', 'webhook-timestamp': timestamp, 'webhook-signature': cut.join(' ') };
    expect((await older.sendBody(body, { headers })).status).toBe(401);
    expect(await statusOf(older)).toBe(200);
  });

  it('ends the older one after seven days, unused', async () => {
    app.clock.advance(ROTATION_MS - 1);
    expect(await statusOf(older)).toBe(200);
    app.clock.advance(1);
    expect([await statusOf(older), await statusOf(newer)]).toEqual([401, 200]);
  });

  it('made once more takes the place of the one that waits, not of the one at work', async () => {
    const third = await rotate();
    expect([await statusOf(newer), await statusOf(older), await statusOf(third)]).toEqual([401, 200, 200]);
  });

  it('made once more after seven days leaves the second and the third', async () => {
    app.clock.advance(ROTATION_MS);
    const third = await rotate();
    expect([await statusOf(older), await statusOf(newer), await statusOf(third)]).toEqual([401, 200, 200]);
    expect(await statusOf(newer)).toBe(401);
  });

  it('is recorded once when it takes over, though many come at once', async () => {
    const statuses = await Promise.all(Array.from({ length: 6 }, () => statusOf(newer)));
    expect(statuses).toEqual(Array(6).fill(200));
    expect(await rotationEntries()).toEqual([{ rotation: 'finished' }]);
  });

  it('is not made for a bridge that is revoked or unknown', async () => {
    await app.deps.bridges.revoke(older.bridge.id);
    expect(await app.deps.bridges.rotate(older.bridge.id)).toBeUndefined();
    expect(await app.deps.bridges.rotate('nobody')).toBeUndefined();
    expect(await statusOf(newer)).toBe(401);
  });
});
