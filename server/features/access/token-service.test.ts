import { ensureLedger } from '../../entries/ledger-setup';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { hashToken } from './login-link-service';

let test: TestStore;

beforeEach(async () => {
  test = await createTestStore('sqlite');
});
afterEach(() => test.stop());

const create = () => test.deps.tokens.create('siem', test.ledger.tenant.id, ['read', 'export']);
const lastUsed = async () => (await test.deps.tokens.list())[0]?.last_used_at;

describe('an API token', () => {
  it('is found by its text, with its tenant and its scopes', async () => {
    const { id, token } = await create();
    expect(token).toMatch(/^stk_[\w-]{43}$/);
    expect(await test.deps.tokens.find(token)).toEqual({
      id,
      name: 'siem',
      tenantId: test.ledger.tenant.id,
      scopes: ['read', 'export'],
    });
  });

  it('stands nowhere in the store', async () => {
    const { token } = await create();
    expect(JSON.stringify(await test.database.knex('api_tokens').select())).not.toContain(token.slice(4));
  });

  it('is not found once revoked, which happens once', async () => {
    const { id, token } = await create();
    expect(await test.deps.tokens.revoke(id)).toBe(true);
    expect(await test.deps.tokens.find(token)).toBeUndefined();
    expect(await test.deps.tokens.revoke(id)).toBe(false);
    expect(await test.deps.tokens.revoke('nobody')).toBe(false);
  });

  it.each([(text: string) => text.slice(0, -1), (text: string) => `${text}x`, (text: string) => text.toUpperCase(), (text: string) => text.slice(4), () => ''])('is not found by what is not its text (%#)', async (change) => {
    const { token } = await create();
    expect(await test.deps.tokens.find(change(token))).toBeUndefined();
  }); // prettier-ignore

  it.each([{ scopes: 'read,export,admin' }, { tenant_id: 2 }, { name: 'other' }, { created_at: 1 }, { mac: null }])(
    'is not found when somebody wrote %j into its row',
    async (changed) => {
      const { token } = await create();
      expect((await ensureLedger(test.deps, 'other')).tenant.id).toBe(2);
      expect((await test.deps.tokens.list()).map(({ isGenuine }) => isGenuine)).toEqual([true]);
      await test.database.knex('api_tokens').update(changed);
      expect(await test.deps.tokens.find(token)).toBeUndefined();
      expect((await test.deps.tokens.list()).map(({ isGenuine }) => isGenuine)).toEqual([false]);
    },
  );

  it('is not found when somebody gave it back in the store', async () => {
    const { id, token } = await create();
    await test.deps.tokens.revoke(id);
    await test.database.knex('api_tokens').update({ revoked_at: null });
    expect(await test.deps.tokens.find(token)).toBeUndefined();
  });

  it('is not found in a row that somebody made', async () => {
    const { token } = await create();
    const [row] = await test.database.knex<Record<string, unknown>>('api_tokens').select();
    const forged = `stk_${'x'.repeat(43)}`;
    await test.database.knex('api_tokens').insert({ ...row, id: 'forged', token_hash: hashToken(forged) });
    expect(await test.deps.tokens.find(forged)).toBeUndefined();
    expect(await test.deps.tokens.find(token)).toBeDefined();
  });

  it('remembers its last use, to the minute', async () => {
    const { token } = await create();
    expect(await lastUsed()).toBeNull();
    await test.deps.tokens.find(token);
    const first = test.clock.now().getTime();
    expect(await lastUsed()).toBe(first);
    test.clock.advance(59_000);
    await test.deps.tokens.find(token);
    expect(await lastUsed()).toBe(first);
    test.clock.advance(2_000);
    await test.deps.tokens.find(token);
    expect(await lastUsed()).toBe(first + 61_000);
  });
});
