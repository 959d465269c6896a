import { v7 as uuidv7 } from 'uuid';
import { createDeps, type Deps } from '../../deps';
import { aHookItem } from '../../testing/builders';
import { createRandom, shuffled } from '../../testing/random';
import type { Sender } from '../../testing/sender';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { SETTLE_MS, SILENT_MS } from './bridge-watch-service';

let app: TestApp;
let sender: Sender;

const MINUTE = 60_000;

const deliver = (...seqs: readonly number[]) => sender.send(seqs.map((seq) => aHookItem({ id: uuidv7(), seq })));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

interface Told {
  readonly oldest?: number | null;
  readonly next: number;
  readonly pending?: number;
  readonly parked?: readonly number[];
  readonly step?: number;
  readonly paused?: boolean;
  readonly oldestAt?: string | null;
}

function heartbeatBody({ oldest, next, pending, parked, step, paused, oldestAt }: Told) {
  return {
    installation: { whmcs: '9.0.1', bridge: '1.1.0', time_zone: 'Europe/Berlin', php: '8.2.0', sapi: 'cli', seq_step: step ?? 1, node: 'a1b2' },
    outbox: {
      pending: pending ?? 0,
      oldest_seq: oldest ?? null,
      oldest_at: oldestAt ?? null,
      next_seq: next,
      parked: (parked ?? []).map((seq) => ({ seq, reason: '400 bad' })),
      spooled: 0,
    },
    paused: paused ?? false,
    sent_at: app.clock.now().toISOString(),
  }; // prettier-ignore
}

const sendHeartbeat = (body: unknown) => sender.sendBody(JSON.stringify(body), { path: '/bridge/v1/heartbeat' });
async function heartbeat(what: Told): Promise<void> {
  told = what;
  expect((await sendHeartbeat(heartbeatBody(what))).status).toBe(200);
}

let told: Told | undefined;

/** Looks, and again when a while later the bridge says the same: what is missing then was not on its way. */
async function settle(deps: Deps = app.deps): Promise<void> {
  await app.deps.bridges.flush();
  await deps.bridgeWatch.run();
  app.clock.advance(SETTLE_MS);
  if (told) await heartbeat(told);
  await deps.bridgeWatch.run();
}

async function reports(): Promise<string[]> {
  const rows = await app.database.knex('entries').where('action', 'like', 'audit.%').where({ target_id: sender.bridge.id }).orderBy('seq').select<{ action: string; record: string }[]>(); // prettier-ignore
  return rows.map(({ action, record }) => {
    const { payload } = (JSON.parse(record) as { source: { payload: Record<string, string> } }).source;
    const range = payload['from'] === undefined ? '' : ` ${payload['from']}-${payload['to'] ?? ''}`;
    return `${action.replace('audit.', '')}${range}${payload['by'] === undefined ? '' : ` ${payload['by']}`}`;
  });
}

const state = async () => {
  await app.deps.bridges.flush();
  return (await app.deps.bridgeWatch.states()).find((one) => one.id === sender.bridge.id);
};
const rowsOf = (table: string) => app.database.knex(table).where({ bridge_id: sender.bridge.id });

/** Another sidecar on the same database. */
function secondSidecar(): Deps {
  return createDeps(app.config, { now: () => app.clock.now(), logger: app.deps.logger });
}

describe.each(ENGINES)('the watch over bridges on %s', (engine) => {
  beforeAll(async () => {
    app = await createTestApp(engine);
  });
  afterAll(() => app.stop());
  // A bridge for each test; the one before is revoked, so that nothing looks at it any more.
  beforeEach(async () => {
    told = undefined;
    sender = await app.pair();
  });
  afterEach(async () => {
    // Nor does a verification say that a gap was hidden or made up.
    const { ledgers } = await app.deps.verifier.verify({ ledger: app.ledger.name, derived: true });
    expect(ledgers.flatMap(({ broken }) => broken).filter(({ detail }) => detail.startsWith('the gap'))).toEqual([]); // prettier-ignore
    await app.deps.bridges.revoke(sender.bridge.id);
  });

  describe('says nothing', () => {
    it('when everything came, in any order', async () => {
      for (const some of [shuffled(numbers(1, 40), createRandom(3)), shuffled(numbers(41, 60), createRandom(4))])
        await deliver(...some);
      await heartbeat({ next: 61 });
      await settle();
      expect(await reports()).toEqual([]);
      const ranges = await rowsOf('bridge_ranges').select<unknown[]>('from_seq', 'to_seq');
      expect(ranges).toEqual([{ from_seq: 1, to_seq: 60 }]);
    });

    it('about what waits in the outbox', async () => {
      await deliver(1, 2, 3);
      await heartbeat({ oldest: 4, next: 900, pending: 896 });
      await settle();
      expect(await reports()).toEqual([]);
    });

    it('about what came before it was paired', async () => {
      await heartbeat({ next: 5_000 });
      await deliver(5_000, 5_001);
      await heartbeat({ next: 5_002 });
      await settle();
      expect(await reports()).toEqual([]);
    });

    it('about an item that was on its way', async () => {
      await deliver(1, 2, 4);
      await heartbeat({ oldest: 5, next: 6, pending: 1 });
      await app.deps.bridgeWatch.run();
      app.clock.advance(SETTLE_MS - 1_000);
      await deliver(3);
      await settle();
      expect(await reports()).toEqual([]);
    });

    it('about an item that was written while the bridge counted: it said the next number before it saw the item', async () => {
      await deliver(1, 2);
      await heartbeat({ next: 4 });
      await app.deps.bridgeWatch.run();
      app.clock.advance(5 * MINUTE);
      await app.deps.bridgeWatch.run();
      await heartbeat({ oldest: 3, next: 6, pending: 3 });
      await settle();
      expect(await reports()).toEqual([]);
    });

    it('about numbers that a database skips, which counts by three', async () => {
      await deliver(2, 5, 8);
      await heartbeat({ next: 11, step: 3 });
      await settle();
      await deliver(11, 14);
      await settle();
      expect(await reports()).toEqual([]);
      expect(await rowsOf('bridge_ranges').select()).toHaveLength(1);
    });

    it('about an item that nobody could understand, nor about one sent twice', async () => {
      const twice = aHookItem({ id: uuidv7(), seq: 2 });
      await sender.send([aHookItem({ id: uuidv7(), seq: 1 }), twice, aHookItem({ id: uuidv7(), seq: 3, hook: 'NoSuchHook' })]); // prettier-ignore
      await sender.send([twice]);
      await sender.send([{ ...twice, params: { invoiceid: 9 } }]);
      await heartbeat({ next: 4 });
      await settle();
      // That they were set aside was told when they came.
      expect((await reports()).filter((one) => one !== 'event_quarantined')).toEqual([]);
    });

    it('about parts of one item', async () => {
      const item = aHookItem({ id: uuidv7(), seq: 1, hook: 'ClientEdit', params: { userid: 5, status: 'Closed' }, before: { status: 'Active' } }); // prettier-ignore
      expect((await sender.send([item])).body.receipts).toHaveLength(2);
      await heartbeat({ next: 2 });
      await settle();
      expect(await reports()).toEqual([]);
    });

    it('about a bridge that is revoked', async () => {
      await deliver(1, 5);
      await heartbeat({ next: 6 });
      await app.deps.bridges.revoke(sender.bridge.id);
      told = undefined;
      app.clock.advance(SILENT_MS * 2);
      await settle();
      expect(await reports()).toEqual([]);
    });
  });

  describe('reports a gap', () => {
    it('once for each range, and that it is closed when the items come', async () => {
      await deliver(1, 2, 5, 9);
      await heartbeat({ next: 10 });
      await settle();
      await settle();
      expect(await reports()).toEqual(['gap_detected 3-4', 'gap_detected 6-8']);
      expect(await state()).toMatchObject({ gaps: 2, missing: 5 });
      await deliver(6, 7);
      await settle();
      expect(await reports()).toHaveLength(2);
      await deliver(8, 3, 4);
      await settle();
      expect((await reports()).slice(2).sort()).toEqual(['gap_closed 3-4 arrived', 'gap_closed 6-8 arrived']);
      expect(await state()).toMatchObject({ gaps: 0, missing: 0 });
    });

    it('at the end, where only the heartbeat knows of it', async () => {
      await deliver(1, 2);
      await heartbeat({ next: 6 });
      await settle();
      expect(await reports()).toEqual(['gap_detected 3-5']);
      await heartbeat({ next: 9 });
      await settle();
      expect(await reports()).toEqual(['gap_detected 3-5', 'gap_detected 6-8']);
    });

    it('not for what is parked, and explains one that turns out to be', async () => {
      await deliver(1, 2, 6);
      await heartbeat({ next: 7, parked: [3] });
      await settle();
      expect(await reports()).toEqual(['gap_detected 4-5']);
      await heartbeat({ next: 7, parked: [3, 4, 5] });
      await settle();
      expect(await reports()).toEqual(['gap_detected 4-5', 'gap_closed 4-5 parked']);
    });

    it('again when what was parked is gone without having come', async () => {
      await deliver(1, 3);
      await heartbeat({ next: 4, parked: [2] });
      await settle();
      await heartbeat({ next: 4 });
      await settle();
      expect(await reports()).toEqual(['gap_detected 2-2']);
    });

    it('of a sender without heartbeats, after a longer while', async () => {
      await deliver(1, 3);
      await settle();
      app.clock.advance(SILENT_MS - SETTLE_MS - 1_000);
      await deliver(4);
      await app.deps.bridges.flush();
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual([]);
      app.clock.advance(2_000);
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual(['gap_detected 2-2']);
    });

    it('with a step above one, where more is missing than a step skips', async () => {
      await deliver(1);
      await heartbeat({ next: 4, step: 3 });
      await settle();
      await deliver(10);
      await heartbeat({ next: 13, step: 3 });
      await settle();
      expect(await reports()).toEqual(['gap_detected 2-9']);
    });

    it('as one, when the numbers make no sense', async () => {
      await deliver(...numbers(1, 60).map((number) => number * 2));
      await heartbeat({ next: 121 });
      await settle();
      expect(await reports()).toEqual(['gap_detected 3-119']);
      expect(await state()).toMatchObject({ gaps: 1, missing: 59 });
    });

    it('when a bridge begins to count again, once an hour at most', async () => {
      await deliver(1, 2, 3, 4);
      await settle();
      app.clock.advance(61 * MINUTE);
      await deliver(1, 2);
      await settle();
      expect((await reports()).filter((one) => one.startsWith('gap'))).toEqual(['gap_detected 1-']);
      await deliver(1);
      await deliver(3, 5);
      await heartbeat({ next: 6 });
      await settle();
      expect((await reports()).filter((one) => one.startsWith('gap'))).toEqual(['gap_detected 1-', 'gap_detected 4-4']);
    });
  });

  describe('remembers', () => {
    it('what came, over a restart: it is read from the entries', async () => {
      await deliver(1, 2, 3);
      await settle();
      await deliver(4, 5);
      const restarted = secondSidecar();
      await heartbeat({ next: 7 });
      await settle(restarted);
      await restarted.close();
      expect(await reports()).toEqual(['gap_detected 6-6']);
    });

    it('a store from before it was watched', async () => {
      await deliver(...numbers(10, 700));
      await heartbeat({ next: 701 });
      await settle();
      expect(await reports()).toEqual([]);
    });

    it('a report that could not be recorded', async () => {
      await deliver(1, 3);
      await heartbeat({ next: 4 });
      await app.deps.bridgeWatch.run();
      app.clock.advance(SETTLE_MS);
      await heartbeat({ next: 4 });
      const append = jest.spyOn(app.deps.appender, 'append').mockRejectedValueOnce(new Error('away'));
      await expect(app.deps.bridgeWatch.run()).rejects.toThrow('away');
      append.mockRestore();
      expect(await reports()).toEqual([]);
      await app.deps.bridgeWatch.run();
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual(['gap_detected 2-2']);
    });
  });

  describe('a silent bridge', () => {
    it('is reported once after twenty minutes, and once when it is heard again', async () => {
      await deliver(1);
      await app.deps.bridges.flush();
      app.clock.advance(SILENT_MS - 1);
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual([]);
      app.clock.advance(1);
      for (let times = 0; times < 3; times += 1) await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual(['bridge_silent']);
      expect(await state()).toMatchObject({ isSilent: true });
      app.clock.advance(MINUTE);
      await heartbeat({ next: 2 });
      await app.deps.bridges.flush();
      for (let times = 0; times < 2; times += 1) await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual(['bridge_silent', 'bridge_recovered']);
      app.clock.advance(SILENT_MS);
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual(['bridge_silent', 'bridge_recovered', 'bridge_silent']);
    });

    it('is not one that was never heard, nor one that we could not hear because we were down', async () => {
      await app.deps.bridgeWatch.run();
      app.clock.advance(SILENT_MS * 3);
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual([]);
      await deliver(1);
      await app.deps.bridges.flush();
      app.clock.advance(SILENT_MS * 3);
      const restarted = secondSidecar();
      await restarted.bridgeWatch.run();
      expect(await reports()).toEqual([]);
      app.clock.advance(SILENT_MS);
      await restarted.bridgeWatch.run();
      await restarted.close();
      expect(await reports()).toEqual(['bridge_silent']);
    });

    it('is not one that delivers without heartbeats', async () => {
      for (let seq = 1; seq < 6; seq += 1) {
        await deliver(seq);
        app.clock.advance(SILENT_MS / 2);
        await settle();
      }
      expect(await reports()).toEqual([]);
    });
  });

  describe('in the database', () => {
    const bridge = () => app.database.knex('bridges').where({ id: sender.bridge.id });
    const range = (from: number) => rowsOf('bridge_ranges').where({ from_seq: from });
    async function namedByVerify(): Promise<string[]> {
      const { ledgers } = await app.deps.verifier.verify({ ledger: app.ledger.name, derived: true });
      return ledgers.flatMap(({ broken }) =>
        broken
          .filter(({ detail }) => detail.startsWith(`of bridge ${sender.bridge.id}`))
          .map(({ kind, detail }) => `${kind}: ${detail.replace(sender.bridge.id, 'X')}`),
      );
    }
    const changed = (what: string) => [`projection: of bridge X, ${what}: changed in the database`];

    it.each<[string, () => Promise<unknown>, string, string]>([
      ['a range is made longer', () => range(1).update({ to_seq: 8 }), 'the numbers 1-8 of run 1', '1-8'],
      [
        'a range is made up',
        () =>
          app.database.knex('bridge_ranges').insert({ bridge_id: sender.bridge.id, run: 1, from_seq: 6, to_seq: 8 }),
        'the numbers 6-8 of run 1',
        '6-8',
      ],
      [
        'a range takes in the next one',
        async () => (await range(9).delete(), await range(1).update({ to_seq: 12 })),
        'the numbers 1-12 of run 1',
        '1-12',
      ],
      [
        'its numbers are said to begin later',
        () => rowsOf('bridge_sequences').update({ base_seq: 9 }),
        'where its numbers begin',
        '6-8',
      ],
      ['its numbers are said to skip', () => bridge().update({ seq_step: 100 }), 'the step of its numbers', '6-8'],
    ])('no gap is hidden where %s, and verify names it', async (_, change, named, gap) => {
      await heartbeat({ next: 1 });
      await deliver(...numbers(1, 5), ...numbers(9, 12));
      await app.deps.bridges.flush();
      await app.deps.bridgeWatch.run();
      await change();
      expect(await namedByVerify()).toEqual(changed(named));
      // What comes next does not make it genuine.
      await deliver(13);
      await heartbeat({ next: 14 });
      await settle();
      expect(await reports()).toEqual([`gap_detected ${gap}`]);
    });

    it('a heartbeat that is changed is none, until the next one', async () => {
      await heartbeat({ next: 9 });
      await rowsOf('bridge_heartbeats').update({ oldest_seq: 1, pending: 8 });
      expect(await namedByVerify()).toEqual(changed('the heartbeat of a1b2'));
      expect(await state()).toMatchObject({ outbox: null });
      await heartbeat({ next: 9 });
      expect(await namedByVerify()).toEqual([]);
      expect(await state()).toMatchObject({ outbox: { pending: 0 } });
    });

    it('no silence is hidden by the time at which it was heard', async () => {
      await deliver(1);
      await app.deps.bridges.flush();
      app.clock.advance(SILENT_MS);
      await bridge().update({ last_seen_at: app.clock.now().getTime() });
      expect(await namedByVerify()).toEqual(changed('when it was heard'));
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual(['bridge_silent']);
    });

    it('a report that somebody wrote becomes no entry', async () => {
      const report = { action: 'audit.gap_closed', bridge_id: sender.bridge.id, payload: '{"from":"1","to":"2"}' };
      await app.database.knex('watch_reports').insert({ ...report, once: 'made up' });
      await app.deps.bridgeWatch.run();
      expect(await reports()).toEqual([]);
      expect(await namedByVerify()).toEqual(changed('a report that waits to become audit.gap_closed'));
      await rowsOf('watch_reports').delete();
    });

    it('what an earlier version wrote is not believed, and no sign of anything', async () => {
      await deliver(1);
      await heartbeat({ next: 2, step: 3 });
      await app.deps.bridges.flush();
      await bridge().update({ seen_mac: null, step_mac: null });
      expect(await namedByVerify()).toEqual([]);
      const [row] = (await app.deps.bridges.list()).filter(({ id }) => id === sender.bridge.id);
      expect(row).toMatchObject({ last_seen_at: 0, seq_step: null });
    });
  });

  describe('a clock', () => {
    const sendAt = async (driftMs: number) => {
      await sender.send([], { at: new Date(app.clock.now().getTime() - driftMs) });
      await app.deps.bridges.flush();
      await app.deps.bridgeWatch.run();
      app.clock.advance(MINUTE);
    };

    it('that is off by more than a minute is reported once, until it is right again', async () => {
      for (const drift of [0, 60_000, 62_000, 90_000, 200_000]) await sendAt(drift);
      expect(await reports()).toEqual(['clock_drift']);
      expect(await state()).toMatchObject({ clockDriftMs: expect.any(Number) });
      await sendAt(1_000);
      app.clock.advance(SILENT_MS);
      await sendAt(1_000);
      await sendAt(-70_000);
      expect((await reports()).filter((one) => one === 'clock_drift')).toHaveLength(2);
    });
  });

  describe('POST /bridge/v1/heartbeat', () => {
    it('is answered with the time, the ledger and how the chain stands', async () => {
      const answer = await sendHeartbeat(heartbeatBody({ next: 1 }));
      const head = await app.deps.store.findHead(app.ledger);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        200,
        {
          ok: true,
          time: app.clock.now().toISOString(),
          ledger: 'default',
          chain: { status: 'never_verified', at: null },
          size: head?.seq,
          checkpoint: null,
        },
      ]);
      const startedAt = app.clock.now();
      const report = await app.deps.verifier.verify({});
      for (const one of report.ledgers)
        await app.deps.verifications.save(app.ledger, one, { startedAt, finishedAt: startedAt, requestedBy: 'test' });
      expect(JSON.parse((await sendHeartbeat(heartbeatBody({ next: 1 }))).text)).toMatchObject({
        chain: { status: 'intact', at: startedAt.toISOString() },
      });
    });

    it('is kept, the last one of each bridge', async () => {
      await heartbeat({ next: 5, oldest: 3, pending: 2, oldestAt: '2026-11-21T01:00:00.000Z', paused: true });
      await heartbeat({ next: 9, oldest: 7, pending: 2, oldestAt: '2026-11-21T01:01:00+01:00', parked: [1] });
      expect(await state()).toMatchObject({
        isPaused: false,
        lastSeenAt: app.clock.now().getTime(),
        outbox: { pending: 2, parked: 1, spooled: 0, oldestAt: Date.parse('2026-11-21T00:01:00.000Z') },
      });
      expect((await app.deps.bridges.list())[0]).toMatchObject({
        whmcs: '9.0.1',
        bridge_version: '1.1.0',
        seq_step: 1,
      });
    });

    it.each<[string, unknown, number, string]>([
      ['no JSON', 'x', 400, 'not_json'],
      ['a list', [], 400, 'bad_shape'],
      ['no outbox', { installation: {} }, 400, 'bad_shape'],
      ['a next number of zero', { outbox: { pending: 0, next_seq: 0 } }, 400, 'bad_shape'],
      ['a number beyond what can be counted', { outbox: { pending: 0, next_seq: 1e300 } }, 400, 'bad_shape'],
      ['a time that is none', { outbox: { pending: 0, next_seq: 1, oldest_at: 'yesterday' } }, 400, 'bad_shape'],
    ])('refuses %s', async (_name, body, status, code) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await sender.sendBody(text, { path: '/bridge/v1/heartbeat' });
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        status,
        expect.objectContaining({ type: `urn:sealtrail:error:${code}` }),
      ]);
    });

    it('takes the least that a heartbeat can say', async () => {
      expect((await sendHeartbeat({ outbox: { pending: 0, next_seq: 1 } })).status).toBe(200);
    });

    it('refuses a wrong signature, one that is too old, and a bridge that is revoked', async () => {
      const at = new Date(app.clock.now().getTime() - 400_000);
      const body = JSON.stringify(heartbeatBody({ next: 1 }));
      const path = '/bridge/v1/heartbeat';
      expect((await sender.sendBody(body, { path, headers: { 'webhook-signature': 'v1,x' } })).status).toBe(401);
      expect((await sender.sendBody(body, { path, at })).status).toBe(401);
      await app.deps.bridges.revoke(sender.bridge.id);
      expect((await sender.sendBody(body, { path })).status).toBe(401);
      expect(await rowsOf('bridge_heartbeats').select()).toEqual([]);
    });
  });

  it('/metrics tells each bridge by its id', async () => {
    await deliver(1, 3);
    await heartbeat({ next: 9, oldest: 7, pending: 2, oldestAt: new Date(app.clock.now().getTime() - MINUTE).toISOString(), parked: [4] }); // prettier-ignore
    await settle();
    const text = await (await fetch(`${app.url}/metrics`)).text();
    const of = (name: string) => new RegExp(`^sealtrail_bridge_${name}\\{bridge="${sender.bridge.id}"\\} (.*)$`, 'm').exec(text)?.[1]; // prettier-ignore
    expect(['silent', 'pending', 'parked', 'spooled', 'gaps', 'missing', 'lag_seconds'].map(of)).toEqual(['0', '2', '1', '0', '2', '3', '120']); // prettier-ignore
  });
});

// With SQLite there is one sidecar (docs/operating.md).
describe.each(ENGINES.filter((engine) => engine !== 'sqlite'))('several sidecars that look at once on %s', (engine) => {
  it('reports each thing once', async () => {
    app = await createTestApp(engine);
    sender = await app.pair();
    const others = [secondSidecar(), secondSidecar()];
    const all = [app.deps, ...others];
    const lookAll = () => Promise.all(all.map((deps) => deps.bridgeWatch.run()));
    await deliver(...numbers(1, 30), ...numbers(40, 60), 70);
    await heartbeat({ next: 72 });
    await app.deps.bridges.flush();
    await lookAll();
    app.clock.advance(SETTLE_MS);
    await heartbeat({ next: 72 });
    await app.deps.bridges.flush();
    await lookAll();
    app.clock.advance(SILENT_MS);
    await lookAll();
    await deliver(...numbers(31, 39), ...numbers(61, 69), 71);
    await app.deps.bridges.flush();
    await lookAll();
    await Promise.all(others.map((deps) => deps.close()));
    expect([...(await reports())].sort()).toEqual([
      'bridge_recovered',
      'bridge_silent',
      'gap_closed 31-39 arrived',
      'gap_closed 61-69 arrived',
      'gap_closed 71-71 arrived',
      'gap_detected 31-39',
      'gap_detected 61-69',
      'gap_detected 71-71',
    ]);
    expect((await app.deps.verifier.verify({})).verdict).toBe('intact');
    await app.stop();
  });
});
