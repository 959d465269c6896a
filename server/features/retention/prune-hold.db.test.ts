import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { BY, createPrunableStore, SIZE, type PrunableStore } from '../../testing/prunable-store';
import { ENGINES } from '../../testing/test-database';

let test: PrunableStore;
let db: Knex;

describe.each(ENGINES)('a prune under a hold, on %s', (engine) => {
  beforeEach(async () => {
    test = await createPrunableStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  const hold = (scope: object, reason = 'lawsuit 12') => {
    const nothing = { client: null, target: null, actor: null, after: null, before: null };
    return test.deps.retention.holds.place(test.ledger, { ...nothing, ...scope }, reason, BY);
  };

  it.each<[string, object]>([
    ['a client', { client: '5' }],
    ['a target', { target: 'client:5' }],
    ['an actor', { actor: 'admin:9' }],
    ['a time', { after: Date.parse('2026-11-22T00:00:00.000Z'), before: Date.parse('2026-11-23T00:00:00.000Z') }],
    ['all of it', { client: '5', target: 'client:5', actor: 'admin:9' }],
  ])('by %s leaves the segments with such entries', async (_what, scope) => {
    const held = { client: '5', target: { type: 'client', id: '5', label: null }, actor: { type: 'admin', id: '9', name: 'joe', role: null, actingAs: null }, occurredAt: '2026-11-22T10:00:00.000Z' } as const; // prettier-ignore
    await test.fill(SIZE, (seq) => (seq === 400 ? held : {}));
    const placed = await hold(scope);
    test.grow(40);
    const result = await test.prune();
    expect(result.plan?.held).toEqual([{ hold: placed.id, segments: 1 }]);
    expect(result.prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[1, 256], [513, 1024]]); // prettier-ignore
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [] });
    await test.deps.retention.holds.release(test.ledger, placed.id, 'settled', BY);
    expect((await test.prune()).prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[257, 512]]);
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023 });
  });

  it('placed while the archive is written stops the prune', async () => {
    await test.fill(SIZE, (seq) => (seq === 400 ? { client: '5' } : {}));
    test.grow(40);
    let placing: Promise<unknown> = Promise.resolve();
    const slow = test.another((step) => {
      // Right before, so that it is there when the archive is, however slow the engine is.
      if (step === 'checkpoint') placing = hold({ client: '5' });
    });
    const result = await slow.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    await placing;
    await slow.close();
    // Whoever sees it first says so: the archive, the certificate, or who finds it in the table and not yet in the chain.
    expect(result.stopped).toMatch(
      /the hold \S+ (was placed meanwhile|is not the same in the table and in the chain)|entry 400 is held/,
    );
    // Where it stands in the table alone, the next prune clears away what this one had planned.
    expect(await test.prunesOf().whereNot({ state: 'planned' })).toEqual([]);
    expect(test.archiveFiles()).toEqual([]);
    expect((await test.prune()).prunes.map(({ fromSeq }) => fromSeq)).toEqual([1, 513]);
    expect(await test.prunesOf().pluck<string[]>('state')).toEqual(['done', 'done']);
  });

  it('that stands in the table alone when the archive is written stops the prune, and the next one begins anew', async () => {
    await test.fill(SIZE);
    test.grow(40);
    const id = randomUUID();
    let placing: Promise<unknown> = Promise.resolve();
    const slow = test.another((step) => {
      if (step === 'checkpoint') placing = Promise.resolve(db('holds').insert({ id, ledger_id: test.ledger.id, scope: '{"actor":null,"after":null,"before":null,"client":"5","target":null}', reason: 'lawsuit', placed_at: 1, placed_by: 'jane' })); // prettier-ignore
    });
    const result = await slow.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    await placing;
    await slow.close();
    expect(result.stopped).toBe(`the hold ${id} is not the same in the table and in the chain`);
    await db('holds').delete();
    expect((await test.prune()).prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[1, 1024]]);
    expect(await test.prunesOf().pluck<string[]>('state')).toEqual(['done']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['deleted', () => db('holds').delete()],
    ['released', () => db('holds').update({ released_at: 1 })],
    ['narrowed', () => db('holds').update({ scope: '{"actor":null,"after":null,"before":null,"client":"6","target":null}' })],
  ])('that was %s in the table stops every prune until it is put back', async (_how, change) => {
    await test.fill(SIZE, (seq) => (seq === 400 ? { client: '5' } : {}));
    const placed = await hold({ client: '5' });
    test.grow(40);
    await change();
    expect((await test.prune()).stopped).toBe(`the hold ${placed.id} is not the same in the table and in the chain`);
    expect(await test.deps.retention.holds.restore(test.ledger)).toEqual([placed.id]);
    expect((await test.prune()).prunes).toHaveLength(2);
  }); // prettier-ignore

  it('that only the table knows stops every prune until it is released', async () => {
    await test.fill();
    const placed = await hold({ client: '5' });
    await test.deps.retention.holds.release(test.ledger, placed.id, 'settled', BY);
    await db('holds').update({ released_at: null });
    test.grow(40);
    expect((await test.prune()).stopped).toMatch(/is not the same/);
    await test.deps.retention.holds.release(test.ledger, placed.id, 'settled', BY);
    expect((await test.prune()).stopped).toBeNull();
  });
});
