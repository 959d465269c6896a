import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { TimelineSubject } from '../browse/browse-service';

const moment = (day: number, hour = 12) => Date.UTC(2026, 10, day, hour);
const domain = (id: string) => ({ type: 'domain', id, label: 'example.com' });
const subject: TimelineSubject = { kind: 'target', reference: 'domain:12' };

const nameserver = (day: number, before: string, after: string, over: AppendItemOptions = {}): AppendItemOptions => ({
  action: 'domain.nameservers_changed',
  target: domain('12'),
  client: '5',
  occurredAt: new Date(moment(day)).toISOString(),
  changes: [{ field: 'ns1', before, after }],
  ...over,
});

describe.each(ENGINES)('a timeline on %s', (engine) => {
  let test: TestStore;
  let first: number;

  beforeAll(async () => {
    test = await createTestStore(engine);
    first = ((await test.deps.store.findHead(test.ledger))?.seq ?? 0) + 1;
    const events: AppendItemOptions[] = [
      nameserver(3, 'a.example', 'b.example'),
      nameserver(3, 'x.example', 'y.example', { target: domain('13'), client: '6' }),
      nameserver(9, 'stolen.example', 'd.example'),
      // It happened before the last one and arrived after it.
      nameserver(5, 'b.example', 'c.example'),
      { action: 'client.updated', target: { type: 'client', id: '5', label: null }, client: '5', occurredAt: new Date(moment(6)).toISOString() }, // prettier-ignore
    ];
    await test.deps.store.append(test.ledger, events.map((event) => anAppendItem(test.ledger, event))); // prettier-ignore
  });
  afterAll(() => test.stop());

  const placesOf = async (over: Partial<Parameters<typeof test.deps.timelines.findPage>[1]>) => {
    const asked = { subject, category: '', isOldestFirst: false, day: null, ...over };
    const { entries } = await test.deps.timelines.findPage(test.ledger, asked);
    return entries.map(({ seq }) => seq - first);
  };
  const ns1At = async (ms: number) => {
    const { state } = await test.deps.timelines.readState(test.ledger, subject, ms);
    return state.fields.map(({ value, known, source }) => [value, known, source.seq - first]);
  };

  it('is everything about the thing, newest first or oldest first', async () => {
    expect(await placesOf({})).toEqual([3, 2, 0]);
    expect(await placesOf({ isOldestFirst: true })).toEqual([0, 2, 3]);
  });

  it('is everything that touches a client, and within it one category', async () => {
    const client: TimelineSubject = { kind: 'client', reference: '5' };
    expect(await placesOf({ subject: client })).toEqual([4, 3, 2, 0]);
    expect(await placesOf({ subject: client, category: 'clients' })).toEqual([4]);
  });

  it('is everything that an account did', async () => {
    expect(await placesOf({ subject: { kind: 'actor', reference: 'admin:7' } })).toEqual([4, 3, 2, 1, 0]);
  });

  it('begins at a day', async () => {
    const day = { start: moment(5, 0), end: moment(6, 0) };
    expect(await placesOf({ day })).toEqual([3, 0]);
    expect(await placesOf({ day, isOldestFirst: true })).toEqual([2, 3]);
  });

  it('folds the changes in the order in which they happened', async () => {
    expect(await ns1At(moment(1))).toEqual([['a.example', 'before', 0]]);
    expect(await ns1At(moment(3))).toEqual([['b.example', 'set', 0]]);
    expect(await ns1At(moment(3) - 1)).toEqual([['a.example', 'before', 0]]);
    expect(await ns1At(moment(6))).toEqual([['c.example', 'set', 3]]);
    expect(await ns1At(moment(20))).toEqual([['d.example', 'set', 2]]);
  });

  it('finds what was changed outside of the log', async () => {
    const { state, isWhole, broken } = await test.deps.timelines.readState(test.ledger, subject, moment(20));
    expect(state.gaps).toMatchObject([
      {
        from: { seq: first + 3, value: 'c.example' },
        to: { seq: first + 2, value: 'stolen.example' },
        reason: 'outside',
      },
    ]);
    expect([isWhole, broken]).toEqual([true, []]);
  });
});
