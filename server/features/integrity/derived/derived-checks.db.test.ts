import { v7 as uuidv7 } from 'uuid';
import { CATEGORIES, SEVERITIES } from '../../../core/event';
import type { Break } from '../../../core/verify';
import { anAppendItem } from '../../../testing/append-item';
import { aHookItem } from '../../../testing/builders';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { checkActivity } from './activity-check';
import { runDerivedChecks } from './derived-checks';

const DAY_MS = 86_400_000;

describe.each(ENGINES)('the checks of what is made from entries, on %s', (engine) => {
  let app: TestApp;
  const db = () => app.database.knex;
  const check = () => runDerivedChecks(app.database, app.ledger);
  const details = async () => (await check()).map((one: Break) => `${one.kind} ${one.detail}`);

  beforeEach(async () => {
    app = await createTestApp(engine, { recordsCredentials: true });
    const sender = await app.pair();
    const yesterday = new Date(app.clock.now().getTime() - DAY_MS).toISOString();
    await sender.send([
      aHookItem({ id: uuidv7() }),
      aHookItem({ id: uuidv7(), occurred_at: yesterday }),
      aHookItem({ id: uuidv7(), hook: 'NoSuchHook' }),
      aHookItem({ id: uuidv7(), kind: 'rumour' }),
    ]);
    await app.deps.indexer.catchUp();
    await app.deps.activity.catchUp();
    // Nobody counts while a test changes what was counted.
    await app.deps.activity.stop();
  });
  afterEach(() => app.stop());

  it('end when they are told to', async () => {
    const told = new AbortController();
    const checking = runDerivedChecks(app.database, app.ledger, told.signal);
    told.abort(new Error('told to end'));
    await expect(checking).rejects.toThrow('told to end');
    expect(await check()).toEqual([]);
  });

  it('find nothing in a store that nobody touched, also after the same delivery came again', async () => {
    expect(await check()).toEqual([]);
    const sender = await app.pair();
    const items = [aHookItem({ id: uuidv7(), hook: 'NoSuchHook' }), aHookItem({ id: uuidv7() })];
    for (let i = 0; i < 2; i += 1) expect((await sender.send(items)).body).toMatchObject({ quarantined: 1 });
    // Set aside again, among others and at another time.
    app.clock.advance(1_000);
    await sender.send([...items, aHookItem({ id: uuidv7(), hook: 'NeitherThis' })]);
    await app.deps.indexer.catchUp();
    expect(await check()).toEqual([]);
  });

  it('find nothing while events are stored', async () => {
    const sender = await app.pair();
    let done = false;
    const sending = (async () => {
      for (let i = 0; i < 10; i += 1)
        await sender.send([aHookItem({ id: uuidv7() }), aHookItem({ id: uuidv7(), hook: `NoSuchHook${i}` })]);
      done = true;
    })();
    while (!done) {
      expect(await check()).toEqual([]);
      // SQLite answers at once: without this nobody else would have a turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await sending;
  });

  describe('name', () => {
    it.each([
      ['entries', 7],
      ['day', 20200101],
      ['category', 'domains'],
      ['severity', 'critical'],
      ['min_seq', 1_000],
      ['max_seq', 0],
    ])('a counter whose %s was changed', async (column, value) => {
      const row = await db()('day_counters').orderBy(['day', 'category', 'severity']).first<Record<string, string | number>>(); // prettier-ignore
      await db()('day_counters')
        .where({ day: row['day'], category: row['category'], severity: row['severity'] })
        .update({ [column]: value });
      expect(await details()).toEqual(
        expect.arrayContaining([expect.stringMatching(/^projection counter of \d{8}, /)]),
      );
    });

    it('counters that were deleted, and one that was made up', async () => {
      await db()('day_counters').delete();
      const made = { ledger_id: app.ledger.id, day: 20200101, category: 'clients', severity: 'info', entries: 5, min_seq: 1, max_seq: 2 }; // prettier-ignore
      await db()('day_counters').insert(made);
      const found = await details();
      expect(found).toContain('projection counter of 20200101, clients, info: says 5 entries, there are none');
      expect(found.filter((text) => text.includes('is gone, there are')).length).toBeGreaterThan(1);
    });

    it.each([
      ['event_id', 'other'],
      ['reason', 'too_deep'],
      ['detail', 'nothing to see'],
      ['item', '{"hook":"ClientAdd"}'],
      ['received_at', 1],
    ])('an item in quarantine whose %s was changed', async (column, value) => {
      const { id } = await db()('quarantine').first<{ id: number }>('id');
      await db()('quarantine')
        .where({ id })
        .update({ [column]: value });
      expect(await details()).toEqual([expect.stringMatching(/^projection quarantine, item [0-9a-f]{16}: differs/)]);
    });

    it.each(['digest', 'bridge_id', 'tenant_id'])('an item in quarantine whose %s was changed', async (column) => {
      const { id } = await db()('quarantine').first<{ id: number }>('id');
      if (column === 'tenant_id') await db()('tenants').insert({ id: 9, slug: 'other', name: 'other', created_at: 1 });
      const value = { digest: 'a'.repeat(64), bridge_id: uuidv7(), tenant_id: 9 }[column];
      await db()('quarantine')
        .where({ id })
        .update({ [column]: value });
      expect(await details()).toEqual(expect.arrayContaining([expect.stringContaining('is gone, and the entry')]));
    });

    it('an item that was taken out of quarantine, and one that was put there', async () => {
      const row = await db()('quarantine').first<Record<string, unknown>>();
      await db()('quarantine').where({ id: row['id'] }).delete();
      await db()('quarantine').insert({ ...row, id: 99, digest: 'b'.repeat(64) });
      expect(await details()).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/is gone, and the entry about it says/),
          expect.stringMatching(/item b{16}: no entry says that it was set aside/),
        ]),
      );
    });

    it('an entry whose words were taken out of the search index, exchanged, or given to another', async () => {
      const [word] = await db()('entry_words').where({ seq: 2 }).select<{ word: string }[]>('word');
      const place = { ledger_id: app.ledger.id, word: word?.word, seq: 2 };
      await db()('entry_words').where(place).delete();
      expect(await details()).toEqual([expect.stringMatching(/^projection search index: 1 of the entry's \d+ words are missing, 0 are not/)]); // prettier-ignore
      await db()('entry_words').insert({ ...place, word: 'xyz' });
      expect(await details()).toEqual([expect.stringContaining('are missing, 1 are not its own')]);
      await db()('entry_words').where({ seq: 2 }).delete();
      await db()('entry_words').insert({ ...place, seq: 5_000 });
      expect(await details()).toEqual([
        expect.stringMatching(/(\d+) of the entry's \1 words are missing/),
        expect.stringContaining('has 1 words for an entry that is not there'),
      ]);
    });

    it('an entry whose words were taken out of the list by entry', async () => {
      await db()('fresh_words').where({ seq: 2 }).update({ words: '\nother\n' });
      expect(await details()).toEqual(['projection search index: the words by entry are not its own']);
      await db()('fresh_words').where({ seq: 2 }).delete();
      expect(await details()).toEqual(['projection search index: the words by entry are not its own']);
    });

    it.each<readonly [string, readonly (readonly [string, string | number])[]]>([
      ['activity_slots', [['slot', 1], ...[...CATEGORIES, ...SEVERITIES].map((column) => [column, 7] as const)]],
      [
        'party_days',
        [
          ['side', 'target'],
          ['type', 'client'],
          ['id', '8'],
          ['day', 20_000],
          ['entries', 9],
        ],
      ],
      [
        'party_totals',
        [
          ['side', 'target'],
          ['type', 'client'],
          ['id', '8'],
          ['entries_7', 9],
          ['entries_30', 9],
          ['due_day', 99_999],
          ['due_day', 1],
        ],
      ],
    ])('a counter of the dashboard in %s of which any one column was changed', async (table, columns) => {
      const of = table === 'activity_slots' ? {} : { side: 'actor', type: 'admin' };
      const row = await db()(table).where(of).first<Record<string, string | number>>();
      const placeOf = (one: Record<string, string | number>) =>
        Object.fromEntries(
          Object.entries(one).filter(([name]) => ['ledger_id', 'slot', 'side', 'type', 'id', 'day'].includes(name)),
        );
      for (const [column, value] of columns) {
        await db()(table)
          .where(placeOf(row))
          .update({ [column]: value });
        const found = await details();
        expect([column, found.length > 0]).toEqual([column, true]);
        expect(found.filter((text) => !text.startsWith('projection activity: '))).toEqual([]);
        await db()(table)
          .where(placeOf({ ...row, [column]: value }))
          .update({ [column]: row[column] });
      }
      expect(await details()).toEqual([]);
    });

    it.each(['activity_slots', 'party_days', 'party_totals'])(
      'counters of the dashboard taken out of %s',
      async (table) => {
        await db()(table).delete();
        expect(await details()).toContainEqual(expect.stringMatching(/^projection activity: .* (is gone|there are \d+|totals are gone)/)); // prettier-ignore
      },
    );

    it.each([-1, 1, 1_000])('the position of those counters moved by %s', async (by) => {
      const sender = await app.pair();
      await sender.send([aHookItem({ id: uuidv7() })]);
      await db()('consumers').where({ name: 'activity', ledger_id: app.ledger.id }).increment('seq', by);
      expect(await details()).toContainEqual(expect.stringMatching(/^projection activity: /));
    });
  });
});

describe.each(ENGINES)('the counters of more parties than are compared at once, on %s', (engine) => {
  let app: TestApp;
  const db = () => app.database.knex;
  const faults = async (atOnce: number) =>
    (await checkActivity(app.database, app.ledger, atOnce)).map(({ detail }) => detail);

  beforeEach(async () => {
    app = await createTestApp(engine, { recordsCredentials: true });
    const occurredAt = app.clock.now().toISOString();
    const ids = [null, '', 'a', 'a ', 'a  ', 'a\u0001', 'a!', 'ab', 'b', '9', '10', '发票', '😀', 'Z', 'z', "x' OR '1'='1"];
    const items = [...ids, ...ids, ...ids].flatMap((id, i) =>
      (['invoice', 'client', 'domain'] as const).map((type) => anAppendItem(app.ledger, { occurredAt, target: { type, id, label: null }, actor: { type: 'admin', id: String(i % 7), name: null, role: null, actingAs: null } })));
    await app.deps.appender.append(app.ledger, items, []);
    await app.deps.activity.catchUp();
    await app.deps.activity.stop();
  }); // prettier-ignore

  afterEach(() => app.stop());

  it.each([0, 1, 2, 3, 5, 1_000])('finds nothing in what is as it was made, %i at a time', async (atOnce) => {
    expect(await faults(atOnce)).toEqual([]);
  });

  it.each([0, 1, 2, 5])('misses nothing, %i at a time', async (atOnce) => {
    const party = { ledger_id: app.ledger.id, side: 'target', type: 'client' };
    await db()('party_totals').where({ ...party, id: 'b' }).delete();
    await db()('party_days').where({ ...party, id: '发票' }).increment('entries', 1);
    await db()('party_days').where({ ...party, id: '' }).update({ entries: 1 });
    await db()('party_days').insert({ ...party, type: 'nobody', id: 'z', day: 20_000, entries: 3 });
    await db()('party_totals').insert({ ...party, type: 'stranger', id: 'q', entries_7: 1, entries_30: 1, due_day: 90_000 });
    const found = await faults(atOnce);
    for (const one of ['target client b: its totals are gone', 'target client 发票: says', 'target client : says 1 ', 'target nobody z: says 3', 'target stranger q: has totals'])
      expect(found).toContainEqual(expect.stringContaining(one));
    expect(found).toHaveLength(5);
  }); // prettier-ignore
});
