import { createTestApp, type TestApp } from '../../testing/test-app';
import { createSender, type Sender } from '../../testing/sender';
import { ENGINES } from '../../testing/test-database';
import { createRefusalLog, REFUSAL_WINDOW_MS } from './refusal-service';

let app: TestApp;
let sender: Sender;
let thief: Sender;

async function refusals() {
  await app.deps.refusals.flush();
  const rows = await app.database.knex('entries').where({ action: 'audit.delivery_refused' }).orderBy('seq').select<{ target_id: string | null; record: string }[]>(); // prettier-ignore
  return rows.map((row) => ({
    bridge: row.target_id,
    ...(JSON.parse(row.record) as { source: { payload: Record<string, unknown> } }).source.payload,
  }));
}

describe.each(ENGINES)('a refused delivery on %s', (engine) => {
  beforeEach(async () => {
    app = await createTestApp(engine);
    sender = await app.pair();
    thief = createSender(app.url, { ...sender.bridge, secret: `whsec_${'A'.repeat(43)}=` }, () => app.clock.now());
  });
  afterEach(() => app.stop());

  it('is an entry that says why, which the sender is not told', async () => {
    const answer = await thief.send([]);
    expect([answer.status, answer.text.includes('signature')]).toEqual([401, false]);
    expect(await refusals()).toEqual([{ bridge: sender.bridge.id, why: 'signature', refused_since_last_entry: 0 }]);
  });

  it('is one entry in a quarter of an hour, whatever comes; the next tells how many there were', async () => {
    await Promise.all(Array.from({ length: 40 }, () => thief.send([])));
    expect(await refusals()).toHaveLength(1);
    app.clock.advance(REFUSAL_WINDOW_MS);
    await thief.send([]);
    expect((await refusals())[1]).toMatchObject({ refused_since_last_entry: 39 });
  });

  it('is one entry for all who are no bridge of ours, under whatever ids they come', async () => {
    for (let id = 0; id < 20; id += 1)
      await createSender(app.url, { ...thief.bridge, id: `nobody-${id}` }, () => app.clock.now()).send([]);
    expect(await refusals()).toEqual([
      { bridge: null, why: 'unknown_bridge', claimed_bridge: 'nobody-0', refused_since_last_entry: 0 },
    ]);
  });

  it('is one entry though two sidecars refuse', async () => {
    const other = createRefusalLog({ ownEvents: app.deps.ownEvents, now: () => app.clock.now(), onError: fail });
    await thief.send([]);
    other.note({ bridgeId: thief.bridge.id, bridge: await app.deps.bridges.findActive(thief.bridge.id), why: 'signature', ip: null }); // prettier-ignore
    await other.flush();
    expect(await refusals()).toHaveLength(1);
  });

  it('that is too old says so', async () => {
    await sender.send([], { at: new Date(app.clock.now().getTime() - 400_000) });
    expect(await refusals()).toMatchObject([{ why: 'stale' }]);
  });

  it('is told by the next entry when the database was away', async () => {
    const errors: unknown[] = [];
    let isAway = true;
    const record = (...args: Parameters<typeof app.deps.ownEvents.record>) =>
      isAway ? Promise.reject(new Error('away')) : app.deps.ownEvents.record(...args);
    const log = createRefusalLog({ ownEvents: { record }, now: () => app.clock.now(), onError: (error) => errors.push(error) }); // prettier-ignore
    const refusal = { bridgeId: 'x', bridge: undefined, why: 'unknown_bridge', ip: null } as const;
    log.note(refusal);
    await log.flush();
    isAway = false;
    log.note(refusal);
    await log.flush();
    expect(errors).toHaveLength(1);
    expect(await refusals()).toMatchObject([{ refused_since_last_entry: 1 }]);
  });
});

function fail(error: unknown): never {
  throw error;
}
