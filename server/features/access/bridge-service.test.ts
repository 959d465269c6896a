import { createKeyRing } from '../../entries/key-ring';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { createBridgeService } from './bridge-service';
import { createBridgeStore } from './bridge-store';

let test: TestStore;

beforeEach(async () => {
  test = await createTestStore('sqlite');
});
afterEach(() => test.stop());

const SIGHTING = { at: 1_000, lastSeq: '7', whmcs: '9.0.1', bridgeVersion: '1.0.0', timeZone: 'Europe/Berlin' };
const add = () => test.deps.bridges.add('billing', test.ledger);
const row = async () => (await test.deps.bridges.list())[0];

describe('a bridge', () => {
  it('is active with the secret that was shown when it was paired', async () => {
    const { id, secret } = await add();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const active = await test.deps.bridges.findActive(id);
    expect(active).toMatchObject({ id, name: 'billing', ledger: test.ledger });
    expect(active?.secrets.map((one) => one.toString('base64'))).toEqual([secret.slice('whsec_'.length)]);
  });

  it('keeps its secret wrapped', async () => {
    const { id, secret } = await add();
    const stored = await row();
    expect(JSON.stringify(stored)).not.toContain(secret.slice('whsec_'.length));
    expect(stored?.id).toBe(id);
  });

  it('is not active with another master key', async () => {
    const { id } = await add();
    const other = createBridgeService({
      bridges: createBridgeStore(test.database.knex, test.deps.rowMac),
      keyRing: createKeyRing(Buffer.alloc(32, 5)),
      store: test.deps.store,
      now: () => test.clock.now(),
    });
    expect(await other.findActive(id)).toBeUndefined();
  });

  it('is not active with the wrapped secret of another', async () => {
    const [one, two] = [await add(), await add()];
    const wrapped = await test.database.knex('bridges').where({ id: two.id }).pluck<string[]>('wrapped_secret');
    await test.database.knex('bridges').where({ id: one.id }).update({ wrapped_secret: wrapped[0] });
    expect(await test.deps.bridges.findActive(one.id)).toBeUndefined();
  });

  it('is not active once revoked', async () => {
    const { id } = await add();
    expect(await test.deps.bridges.revoke(id)).toBe(true);
    expect(await test.deps.bridges.revoke(id)).toBe(false);
    expect(await test.deps.bridges.findActive(id)).toBeUndefined();
    expect((await row())?.revoked_at).toBe(test.clock.now().getTime());
  });

  it.each(['', 'x', "' OR '1'='1"])('is not found by %j', async (id) => {
    await add();
    expect(await test.deps.bridges.findActive(id)).toBeUndefined();
  });

  it('remembers the latest sighting; what a delivery did not tell stays as it was', async () => {
    const { id } = await add();
    test.deps.bridges.noteSeen(id, { ...SIGHTING, at: 500 });
    test.deps.bridges.noteSeen(id, SIGHTING);
    expect((await row())?.last_seen_at).toBeNull();
    await test.deps.bridges.flush();
    expect(await row()).toMatchObject({
      last_seen_at: 1_000,
      last_seq: '7',
      whmcs: '9.0.1',
      time_zone: 'Europe/Berlin',
    });
    test.deps.bridges.noteSeen(id, { at: 2_000, lastSeq: null, whmcs: null, bridgeVersion: null, timeZone: null });
    await test.deps.bridges.flush();
    expect(await row()).toMatchObject({ last_seen_at: 2_000, last_seq: '7', whmcs: '9.0.1', bridge_version: '1.0.0' });
  });

  it('remembers what a heartbeat told, also where a delivery tells less before it is written down', async () => {
    const { id } = await add();
    const delivery = { at: 2_000, lastSeq: '8', whmcs: null, bridgeVersion: null, timeZone: null };
    test.deps.bridges.noteSeen(id, { ...SIGHTING, seqStep: 3 });
    test.deps.bridges.noteSeen(id, delivery);
    await test.deps.bridges.flush();
    expect(await row()).toMatchObject({ last_seen_at: 2_000, last_seq: '8', whmcs: '9.0.1', seq_step: 3 });
  });
});
