import { createTestDatabase, ENGINES, type TestDatabase } from '../../testing/test-database';
import { createPreferenceStore } from './preference-store';
import { createViewStore } from './view-store';
import { createViewsService, MAX_NAME, MAX_QUERY, MAX_VIEWS, personOf, type Person, type ViewsService } from './views-service'; // prettier-ignore

describe.each(ENGINES)('saved views on %s', (engine) => {
  let database: TestDatabase;
  let views: ViewsService;
  let tenants: readonly [number, number];
  const person = (owner: string, tenant: 0 | 1 = 0): Person => ({ tenantId: tenants[tenant], owner, name: owner });
  const view = (name: string, over: { query?: string; isShared?: boolean } = {}) => ({
    name,
    query: 'severity=critical&range=7d&view=default',
    isShared: false,
    ...over,
  });
  const namesOf = async (who: Person) => (await views.list(who)).map(({ name }) => name);
  async function saved(who: Person, name: string, isShared = false): Promise<string> {
    const result = await views.save(who, view(name, { isShared }));
    if (!result.ok) throw new Error(result.problem);
    return result.id;
  }

  beforeAll(async () => {
    database = await createTestDatabase(engine);
    tenants = [101, 102];
    for (const id of tenants) await database.knex('tenants').insert({ id, slug: `t${id}`, name: '', created_at: 0 });
    views = createViewsService({
      views: createViewStore(database),
      preferences: createPreferenceStore(database.knex),
      now: () => new Date('2026-11-21T04:00:00Z'),
    });
  });
  beforeEach(async () => {
    for (const table of ['saved_views', 'person_preferences']) await database.knex(table).delete();
  });
  afterAll(() => database.drop());

  it('are kept whole, in the order of their names', async () => {
    const jane = person('name:jane');
    await saved(jane, '發票 changes');
    await saved(jane, 'Criticals');
    expect((await views.list(jane))[0]).toMatchObject({
      name: 'Criticals',
      query: 'severity=critical&range=7d&view=default',
      isOwn: true,
      isShared: false,
      isDefault: false,
    });
    expect(await namesOf(jane)).toEqual(['Criticals', '發票 changes']);
  });

  it('of another person are neither seen nor changed, whoever asks', async () => {
    const id = await saved(person('name:jane'), 'Private');
    for (const other of [person('name:bob'), person('billing:jane'), person('name:jane', 1)]) {
      expect(await views.list(other)).toEqual([]);
      expect(await views.change(other, id, { name: 'Mine now' })).toEqual({ ok: false, problem: 'unknown' });
      expect(await views.change(other, id, { query: '' })).toEqual({ ok: false, problem: 'unknown' });
      expect(await views.change(other, id, { isShared: true })).toEqual({ ok: false, problem: 'unknown' });
      expect(await views.openWith(other, id)).toBe(false);
      expect(await views.remove(other, id)).toBe(false);
    }
    expect(await namesOf(person('name:jane'))).toEqual(['Private']);
  });

  it('that are shared are seen by everybody of the tenant with who shares them, and changed by nobody else', async () => {
    const [jane, bob] = [person('name:jane'), person('name:bob')];
    const id = await saved(jane, 'For all', true);
    await saved(bob, 'Own');
    expect((await views.list(bob)).map(({ name, isOwn, ownerName }) => [name, isOwn, ownerName])).toEqual([
      ['Own', true, 'name:bob'],
      ['For all', false, 'name:jane'],
    ]);
    expect(await views.list(person('name:bob', 1))).toEqual([]);
    expect(await views.change(bob, id, { name: 'x' })).toEqual({ ok: false, problem: 'unknown' });
    expect(await views.remove(bob, id)).toBe(false);
    await views.change(jane, id, { isShared: false });
    expect(await namesOf(bob)).toEqual(['Own']);
  });

  it('have one name once for each person', async () => {
    const jane = person('name:jane');
    const id = await saved(jane, 'Criticals');
    await saved(jane, 'Other');
    await saved(person('name:bob'), 'Criticals');
    expect(await views.save(jane, view(' Criticals '))).toEqual({ ok: false, problem: 'taken' });
    expect(await views.change(jane, id, { name: 'Other' })).toEqual({ ok: false, problem: 'taken' });
    expect(await views.change(jane, id, { name: 'Criticals' })).toEqual({ ok: true, id });
  });

  it('have bounds', async () => {
    const jane = person('name:jane');
    expect(await views.save(jane, view('  '))).toEqual({ ok: false, problem: 'name' });
    expect(await views.save(jane, view('茶'.repeat(MAX_NAME + 1)))).toEqual({ ok: false, problem: 'name' });
    expect(await views.save(jane, view('x', { query: 'x'.repeat(MAX_QUERY + 1) }))).toEqual({ ok: false, problem: 'query' }); // prettier-ignore
    expect((await views.save(jane, view('茶'.repeat(MAX_NAME), { query: 'x'.repeat(MAX_QUERY) }))).ok).toBe(true);
    for (let at = 1; at < MAX_VIEWS; at += 1) await saved(jane, `View ${at}`);
    expect(await views.save(jane, view('One more'))).toEqual({ ok: false, problem: 'many' });
    expect((await views.save(person('name:bob'), view('One more'))).ok).toBe(true);
  });

  it('can be what the log opens with, for one person', async () => {
    const [jane, bob] = [person('name:jane'), person('name:bob')];
    const id = await saved(jane, 'For all', true);
    expect(await views.openWith(bob, id)).toBe(true);
    expect((await views.list(bob))[0]?.isDefault).toBe(true);
    expect((await views.list(jane))[0]?.isDefault).toBe(false);
    await views.openWith(bob, null);
    expect((await views.preferences(bob)).defaultView).toBeNull();
  });

  it('leave preferences apart from person to person, and one preference from the other', async () => {
    const [jane, bob] = [person('name:jane'), person('name:bob')];
    const id = await saved(jane, 'Mine');
    await views.rememberView(jane, 'density=compact');
    await views.openWith(jane, id);
    await views.rememberView(jane, 'density=comfortable');
    expect(await views.preferences(jane)).toEqual({ listView: 'density=comfortable', defaultView: id });
    expect(await views.preferences(bob)).toEqual({ listView: null, defaultView: null });
  });
});

describe('a person', () => {
  const ledger = { id: 1, name: 'default', tenant: { id: 3, slug: 'default' } };

  it('of the billing system is its number, never somebody who signed in under that name', () => {
    const viewer = { name: '7', role: 'auditor', tenant: 'default' } as const;
    const signedIn = personOf(viewer, ledger);
    const admin = personOf({ ...viewer, name: 'jane', billing: { adminId: '7', role: 'Full' } }, ledger);
    expect([signedIn.owner, admin.owner, admin.tenantId]).toEqual(['name:7', 'billing:7', 3]);
  });
});
