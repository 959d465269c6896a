import { ensureLedger } from '../../entries/ledger-setup';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { LOGIN_LINK_MS } from './login-link-service';

let test: TestStore;

beforeEach(async () => {
  test = await createTestStore('sqlite');
});
afterEach(() => test.stop());

const create = (name = 'Ann') =>
  test.deps.loginLinks.create({ name, role: 'auditor', tenant: 'default', tenantId: test.ledger.tenant.id });

describe('a sign-in link', () => {
  it('opens once, for whom it was made', async () => {
    const token = await create();
    expect(await test.deps.loginLinks.isOpen(token)).toBe(true);
    expect(await test.deps.loginLinks.use(token)).toEqual({ name: 'Ann', role: 'auditor', tenant: 'default' });
    expect(await test.deps.loginLinks.isOpen(token)).toBe(false);
    expect(await test.deps.loginLinks.use(token)).toBeUndefined();
  });

  it('is not used by looking', async () => {
    const token = await create();
    await test.deps.loginLinks.isOpen(token);
    expect(await test.deps.loginLinks.use(token)).toBeDefined();
  });

  it('opens for one of many who come at once', async () => {
    const token = await create();
    const viewers = await Promise.all(Array.from({ length: 8 }, () => test.deps.loginLinks.use(token)));
    expect(viewers.filter((viewer) => viewer !== undefined)).toHaveLength(1);
  });

  it('is good up to its last millisecond, and not at the next', async () => {
    const [one, two] = [await create(), await create()];
    test.clock.advance(LOGIN_LINK_MS - 1);
    expect(await test.deps.loginLinks.use(one)).toBeDefined();
    test.clock.advance(1);
    expect(await test.deps.loginLinks.isOpen(two)).toBe(false);
    expect(await test.deps.loginLinks.use(two)).toBeUndefined();
  });

  it.each(['', 'x', '%', "' OR '1'='1"])('does not open for %j', async (token) => {
    await create();
    expect(await test.deps.loginLinks.use(token)).toBeUndefined();
  });

  it.each([{ role: 'super_admin' }, { name: 'root' }, { tenant_id: 2 }, { expires_at: 9e15 }, { mac: null }])(
    'does not open when somebody wrote %j into its row',
    async (changed) => {
      const token = await create();
      expect((await ensureLedger(test.deps, 'other')).tenant.id).toBe(2);
      await test.database.knex('login_links').update(changed);
      expect(await test.deps.loginLinks.isOpen(token)).toBe(false);
      expect(await test.deps.loginLinks.use(token)).toBeUndefined();
    },
  );

  it('stands nowhere in the store, and is forgotten a day after its end', async () => {
    const token = await create();
    expect(JSON.stringify(await test.database.knex('login_links').select())).not.toContain(token);
    test.clock.advance(2 * 86_400_000);
    await create('Bob');
    expect(await test.database.knex('login_links').pluck('name')).toEqual(['Bob']);
  });
});
