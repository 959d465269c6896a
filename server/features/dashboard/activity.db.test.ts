import { v7 as uuidv7 } from 'uuid';
import { anAppendItem } from '../../testing/append-item';
import { aHookItem } from '../../testing/builders';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { createActivityCounter } from './activity-service';

const DAY_MS = 86_400_000;
const TABLES = ['activity_slots', 'party_days', 'party_totals'];

describe.each(ENGINES)('the counters of the dashboard on %s', (engine) => {
  let app: TestApp;
  const db = () => app.database.knex;
  const counter = (now = () => app.clock.now()) =>
    createActivityCounter({
      // The same pool as the program: two connections of one process to SQLite would wait for each other.
      database: app.deps.database,
      store: app.deps.store,
      now,
      isBusy: () => false,
      onError: (error) => { throw error; }, // prettier-ignore
    });
  const check = async () => {
    const { ledgers } = await app.deps.verifier.verify({ ledger: app.ledger.name, derived: true });
    return ledgers.flatMap(({ broken }) => broken);
  };
  const at = (msAgo: number) => new Date(app.clock.now().getTime() - msAgo).toISOString();
  const aPaid = (invoice: number, msAgo = 0) =>
    aHookItem({ id: uuidv7(), hook: 'InvoicePaid', params: { invoiceid: invoice }, occurred_at: at(msAgo) });
  const totals = async (where: Record<string, string>) =>
    db()('party_totals').where(where).first<{ entries_7: number; entries_30: number } | undefined>(['entries_7', 'entries_30']); // prettier-ignore

  beforeEach(async () => {
    app = await createTestApp(engine, { recordsCredentials: true });
  });
  afterEach(() => app.stop());

  it('hold every entry once, in its quarter of an hour', async () => {
    const sender = await app.pair();
    // 2026-11-21T01:02:03Z: the clock of the tests.
    await sender.send([aPaid(1), aPaid(2, 3 * 60_000), aPaid(2, DAY_MS)]);
    await app.deps.activity.catchUp();
    await app.deps.activity.catchUp();
    expect(await app.deps.activity.countBehind()).toBe(0);
    const slots = await db()('activity_slots').where('financial', '>', 0).orderBy('slot').select<{ slot: number; financial: number }[]>('slot', 'financial'); // prettier-ignore
    const slot = Math.floor(app.clock.now().getTime() / 900_000);
    expect(slots.map((row) => [slot - row.slot, Number(row.financial)])).toEqual([
      [96, 1],
      [1, 1],
      [0, 1],
    ]);
    expect(await totals({ side: 'target', type: 'invoice', id: '2' })).toMatchObject({ entries_7: 2, entries_30: 2 });
    expect(await check()).toEqual([]);
  });

  it('stand beside how far the other readers behind the commits are', async () => {
    const sender = await app.pair();
    await sender.send([aPaid(1)]);
    const queue = () => app.deps.dashboard.readState(app.ledger);
    await app.deps.indexer.catchUp();
    await app.deps.activity.catchUp();
    expect(await queue()).toMatchObject({ index: 0, activity: 0 });
    // They look by themselves each second, and would be there again before the queue is asked.
    await app.deps.indexer.stop();
    await app.deps.activity.stop();
    await db()('consumers')
      .whereIn('name', ['words', 'activity'])
      .where({ ledger_id: app.ledger.id })
      .decrement('seq', 1);
    expect(await queue()).toMatchObject({ index: 1, activity: 1 });
  });

  it('are made anew from the entries that were there before them', async () => {
    const sender = await app.pair();
    await sender.send([aPaid(1), aPaid(1, 40 * DAY_MS), aPaid(3, 10 * DAY_MS)]);
    await app.deps.activity.catchUp();
    const read = () => Promise.all(TABLES.map((table) => db()(table).orderByRaw('1, 2, 3').orderByRaw('4')));
    const before = await read();
    await app.deps.activity.stop();
    for (const table of TABLES) await db()(table).delete();
    await db()('consumers').whereIn('name', ['activity', 'activity_day']).delete();
    expect(await app.deps.activity.countBehind()).toBeGreaterThan(0);
    const anew = counter();
    await anew.catchUp();
    await anew.stop();
    expect(await read()).toEqual(before);
  });

  it('count nothing twice where two processes count at the same time', async () => {
    const items = Array.from({ length: 1_000 }, (_, i) =>
      anAppendItem(app.ledger, { eventId: `event-${i}`, receivedAt: app.clock.now().toISOString() }),
    );
    await app.deps.appender.append(app.ledger, items, []);
    const others = [counter(), counter(), app.deps.activity];
    await Promise.all(others.map((one) => one.catchUp()));
    for (const one of others) await one.stop();
    expect(await check()).toEqual([]);
    const [sum] = await db()('activity_slots').sum<{ info: string; notice: string; warning: string; critical: string }[]>({ info: 'info', notice: 'notice', warning: 'warning', critical: 'critical' }); // prettier-ignore
    const head = await app.deps.store.findHead(app.ledger);
    expect(Object.values(sum ?? {}).reduce((all, one) => all + Number(one), 0)).toBe(head?.seq);
  });

  it('let the days go by: a week, a month, and what was said of a day to come', async () => {
    const sender = await app.pair();
    await sender.send([aPaid(1), aPaid(1, 5 * DAY_MS), aPaid(2, 29 * DAY_MS), aPaid(3, -2 * DAY_MS)]);
    const of = (id: string) => totals({ side: 'target', type: 'invoice', id });
    await app.deps.activity.catchUp();
    expect([await of('1'), await of('2'), await of('3')]).toMatchObject([
      { entries_7: 2, entries_30: 2 },
      { entries_7: 0, entries_30: 1 },
      { entries_7: 0, entries_30: 0 },
    ]);
    app.clock.advance(2 * DAY_MS);
    // Nobody has looked at the new day yet, and the figures are right for the old one.
    expect(await check()).toEqual([]);
    await app.deps.activity.catchUp();
    expect(await check()).toEqual([]);
    expect([await of('1'), await of('2'), await of('3')]).toMatchObject([
      { entries_7: 1, entries_30: 2 },
      undefined,
      { entries_7: 1, entries_30: 1 },
    ]);
    app.clock.advance(40 * DAY_MS);
    await app.deps.activity.catchUp();
    expect(await db()('party_totals').where({ side: 'target', type: 'invoice' })).toEqual([]);
    expect(await db()('party_days').where({ side: 'target', type: 'invoice' })).toEqual([]);
    expect(await check()).toEqual([]);
  });

  it('go by the clock that is furthest, where those of two processes differ', async () => {
    const sender = await app.pair();
    await sender.send([aPaid(1)]);
    const ahead = counter(() => new Date(app.clock.now().getTime() + DAY_MS));
    await ahead.catchUp();
    await ahead.stop();
    await sender.send([aPaid(2), aPaid(1)]);
    await app.deps.activity.catchUp();
    expect(await check()).toEqual([]);
  });

  it('throw nothing away for a day that somebody moved far ahead', async () => {
    const sender = await app.pair();
    await sender.send([aPaid(1)]);
    await app.deps.activity.catchUp();
    await app.deps.activity.stop();
    await db()('consumers').where({ name: 'activity_day' }).update({ seq: 99_999 });
    await sender.send([aPaid(1), aPaid(2)]);
    const other = counter();
    await other.catchUp();
    await other.stop();
    expect(await totals({ side: 'target', type: 'invoice', id: '1' })).toMatchObject({ entries_7: 2, entries_30: 2 });
    expect(await check()).toEqual([]);
  });

  it('count anew what a clock that was far ahead threw away, once in an hour', async () => {
    const sender = await app.pair();
    await sender.send([aPaid(1, 28 * DAY_MS), aPaid(2)]);
    const kept = () => totals({ side: 'target', type: 'invoice', id: '1' });
    const ahead = counter(() => new Date(app.clock.now().getTime() + 3 * DAY_MS));
    await ahead.catchUp();
    expect(await kept()).toBeUndefined();
    expect(await check()).toEqual([]);
    // The wrong clock is put right.
    await app.deps.activity.catchUp();
    expect(await kept()).toMatchObject({ entries_7: 0, entries_30: 1 });
    expect(await check()).toEqual([]);
    // Another one is as wrong, and stays: it counts, and this one does not take the day from it again.
    await ahead.catchUp();
    await sender.send([aPaid(1), aPaid(2)]);
    await app.deps.activity.catchUp();
    expect(await check()).toEqual([]);
    await ahead.catchUp();
    expect(await kept()).toMatchObject({ entries_7: 1, entries_30: 1 });
    expect(await check()).toEqual([]);
    await ahead.stop();
    const restarted = counter();
    await restarted.catchUp();
    await restarted.stop();
    expect(await kept()).toMatchObject({ entries_7: 1, entries_30: 2 });
    expect(await check()).toEqual([]);
  });

  it('take out what a prune takes', async () => {
    const items = Array.from({ length: 600 }, (_, i) => {
      const occurredAt = i % 2 === 0 ? undefined : new Date(app.clock.now().getTime() + 20 * DAY_MS).toISOString();
      return anAppendItem(app.ledger, {
        eventId: `event-${i}`,
        receivedAt: app.clock.now().toISOString(),
        ...(occurredAt === undefined ? {} : { occurredAt }),
      });
    });
    await app.deps.appender.append(app.ledger, items, []);
    app.clock.advance(40 * DAY_MS);
    const { prunes } = await app.deps.retention.pruner.run(app.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    expect(prunes).toMatchObject([{ state: 'done', deleted: 511 }]);
    await app.deps.activity.catchUp();
    expect(await check()).toEqual([]);
    const [left] = await db()('entries').where({ ledger_id: app.ledger.id }).count<{ count: number }[]>({ count: '*' });
    const [sum] = await db()('activity_slots').sum<{ all: string }[]>({ all: db().raw('info + notice + warning + critical') as unknown as string }); // prettier-ignore
    expect(Number(sum?.all)).toBe(Number(left?.count));
  });
});
