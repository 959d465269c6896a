import { v7 as uuidv7 } from 'uuid';
import { aHookItem } from '../../../testing/builders';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { SILENT_MS } from '../../monitor/bridge-watch-service';
import { checkGaps } from './gap-check';

// That nothing honest is called a break is asked after every test of `monitor/bridge-watch.db`.
describe.each(ENGINES)('the check of gaps, on %s', (engine) => {
  let app: TestApp;
  let bridge: string;
  beforeEach(async () => {
    app = await createTestApp(engine);
    const sender = await app.pair();
    bridge = sender.bridge.id;
    const deliver = (...seqs: number[]) => sender.send(seqs.map((seq) => aHookItem({ id: uuidv7(), seq })));
    await deliver(1, 2, 5, 9);
    await settle();
    await deliver(6, 7, 8);
    await settle();
    const told = await app.database.knex('entries').whereIn('action', ['audit.gap_detected', 'audit.gap_closed']);
    expect(told).toHaveLength(3);
    expect(await details()).toEqual([]);
  });
  afterEach(() => app.stop());

  const gaps = () => app.database.knex('bridge_gaps').where({ bridge_id: bridge });
  const details = async () => (await checkGaps(app.database, app.ledger)).map(({ detail }) => detail);
  async function settle(): Promise<void> {
    await app.deps.bridgeWatch.run();
    app.clock.advance(SILENT_MS);
    await app.deps.bridgeWatch.run();
  }

  it.each<[string, () => Promise<unknown>, RegExp[]]>([
    ['that is gone', () => gaps().where({ from_seq: 3 }).delete(), [/^the gap 3-4 of bridge .* is not shown/]],
    ['that was closed by hand', () => gaps().where({ from_seq: 3 }).update({ closed_at: 1, closed_by: 'arrived' }), [/^the gap 3-4 of bridge .* is not shown/]],
    ['that was called not told', () => gaps().where({ from_seq: 3 }).update({ detected_at: null }), [/^the gap 3-4 of bridge .* is not shown/]],
    ['that was opened again', () => gaps().where({ from_seq: 6 }).update({ closed_at: null }), [/^the gap 6-8 of bridge .* no entry tells of it, or one says that it closed/]],
    ['that lacks more than was told', () => gaps().where({ from_seq: 3 }).update({ missing: 200 }), [/^the gap 3-4 of bridge .*\(200 missing\): no entry/, /^the gap 3-4 of bridge .*\(2 missing\): is not shown/]],
    ['that nobody told of', () => app.database.knex('bridge_gaps').insert({ bridge_id: bridge, run: 1, from_seq: 50, to_seq: 60, missing: 11, noticed_at: 1, detected_at: 1 }), [/^the gap 50-60 of bridge .* no entry/]],
  ])('finds one %s', async (_what, tamper, expected) => {
    await tamper();
    expect(await details()).toEqual(expected.map((one) => expect.stringMatching(one) as string));
  }); // prettier-ignore

  it('takes a report that is still to become an entry, and one whose entry is there', async () => {
    const reports = () => app.database.knex('watch_reports');
    const waiting = { once: 'x', action: 'audit.gap_closed', bridge_id: bridge, payload: JSON.stringify({ from: '3', to: '4', missing: '2', by: 'arrived' }) }; // prettier-ignore
    await reports().insert(waiting);
    await gaps().where({ from_seq: 3 }).update({ closed_at: 1, closed_by: 'arrived' });
    expect(await details()).toEqual([]);
    await app.deps.ownEvents.record('default', { action: waiting.action, targetId: bridge, payload: JSON.parse(waiting.payload) as object as never, once: 'x' }); // prettier-ignore
    expect(await details()).toEqual([]);
    await reports().update({ payload: '{bent' });
    expect(await details()).toEqual([]);
    await reports().delete();
    expect(await details()).toEqual([]);
  });
});
