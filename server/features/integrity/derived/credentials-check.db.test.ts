import { ensureLedger } from '../../../entries/ledger-setup';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { until } from '../../../testing/until';
import { checkCredentials } from './credentials-check';

const BY = { via: 'cli' } as const;
const DAY_MS = 86_400_000;

describe.each(ENGINES)('the check of bridges and tokens, on %s', (engine) => {
  let app: TestApp;
  let bridge: string;
  let gone: string;
  let token: string;
  let former: string;
  beforeEach(async () => {
    app = await createTestApp(engine);
    const { credentials } = app.deps;
    const { ledger } = app;
    bridge = (await credentials.addBridge(ledger, 'billing 帳務', BY)).id;
    token = (await credentials.createToken(ledger, 'siem', ['read'], BY)).id;
    app.clock.advance(DAY_MS);
    gone = (await credentials.addBridge(ledger, 'former', BY)).id;
    former = (await credentials.createToken(ledger, 'former', ['read', 'export'], BY)).id;
    app.clock.advance(DAY_MS);
    expect(await credentials.revokeBridge(ledger, { id: gone, name: 'former' }, BY)).toBe(true);
    expect(await credentials.revokeToken(ledger, { id: former, name: 'former' }, BY)).toBe(true);
    expect(await details()).toEqual([]);
  });
  afterEach(() => app.stop());

  const row = (table: string, id: string) => app.database.knex(table).where({ id });
  const details = async (ledger = app.ledger) =>
    (await checkCredentials(app.database, ledger)).map(({ detail }) => detail);
  const rotate = () => app.deps.credentials.rotateBridge(app.ledger, { id: bridge, name: 'billing 帳務' }, BY);
  /** Of a row of its own, everything but what makes it another. */
  async function copyRow(table: string, id: string, changed: object): Promise<void> {
    const one = (await row(table, id).first()) as object;
    await app.database.knex(table).insert({ ...one, ...changed });
  }

  it.each<[string, () => Promise<unknown>, string]>([
    ['a bridge that is gone', () => row('bridges', bridge).delete(), 'bridge .* is gone'],
    ['a bridge that nobody made', () => copyRow('bridges', bridge, { id: 'made-up' }), 'bridge made-up stands there, and no entry'],
    ['a bridge with another name', () => row('bridges', bridge).update({ name: 'mine' }), 'bridge .* has another name'],
    ['a bridge of another tenant', async () => row('bridges', bridge).update({ tenant_id: (await ensureLedger(app.deps, 'other')).tenant.id }), 'bridge .* belongs to another tenant'],
    ['a bridge that is older than its entry', () => row('bridges', bridge).update({ created_at: 1 }), 'bridge .* was made at another time'],
    ['a bridge that was shut', () => row('bridges', bridge).update({ revoked_at: app.clock.now().getTime() }), 'bridge .* is revoked, and no entry says so'],
    ['a bridge that was given back', () => row('bridges', gone).update({ revoked_at: null }), 'bridge .* is active, and an entry says that it was revoked'],
    ['a bridge that was shut at another time', () => row('bridges', gone).update({ revoked_at: 1 }), 'bridge .* was revoked at another time'],
    ['a second secret that nobody gave', () => row('bridges', bridge).update({ rotated_at: 1, next_wrapped_secret: 'x' }), 'bridge .* has its secrets replaced otherwise'],
    ['a token that is gone', () => row('api_tokens', token).delete(), 'token .* is gone'],
    ['a token that nobody made', () => copyRow('api_tokens', token, { id: 'made-up', token_hash: 'f'.repeat(64) }), 'token made-up stands there, and no entry'],
    ['a token with another name', () => row('api_tokens', token).update({ name: 'mine' }), 'token .* has another name'],
    ['a token that may do more', () => row('api_tokens', token).update({ scopes: 'read,admin' }), 'token .* may do other things'],
    ['a token that was shut', () => row('api_tokens', token).update({ revoked_at: app.clock.now().getTime() }), 'token .* is revoked, and no entry says so'],
    ['a token that was given back', () => row('api_tokens', former).update({ revoked_at: null }), 'token .* is active, and an entry says that it was revoked'],
  ])('finds %s', async (_what, tamper, detail) => {
    await tamper();
    expect(await details()).toEqual([expect.stringMatching(detail)]);
  }); // prettier-ignore

  it('finds an older secret that was let live on, and one that came back after its end', async () => {
    const { id } = await app.deps.credentials.addBridge(app.ledger, 'second', BY);
    await app.deps.credentials.rotateBridge(app.ledger, { id, name: 'second' }, BY);
    expect(await details()).toEqual([]);
    const before = (await row('bridges', id).first()) as { rotated_at: number; next_wrapped_secret: string };
    await row('bridges', id).update({ rotated_at: Number(before.rotated_at) + 30 * DAY_MS });
    expect(await details()).toEqual([expect.stringContaining('has its secrets replaced otherwise')]);
    await row('bridges', id).update({ rotated_at: before.rotated_at });

    const active = await app.deps.bridges.findActive(id);
    if (!active) throw new Error('the bridge is not active');
    await app.deps.credentials.endRotation(active);
    // Told twice, it is an entry once.
    await app.deps.credentials.endRotation(active);
    expect(await app.database.knex('entries').where({ action: 'audit.bridge_added', target_id: id })).toHaveLength(3); // prettier-ignore
    expect(await details()).toEqual([]);
    await row('bridges', id).update(before);
    expect(await details()).toEqual([expect.stringContaining('has its secrets replaced otherwise')]);
  });

  it('takes a bridge that was given another secret twice, and one that never used it', async () => {
    await rotate();
    app.clock.advance(DAY_MS);
    await rotate();
    expect(await details()).toEqual([]);
    app.clock.advance(10 * DAY_MS);
    await rotate();
    expect(await details()).toEqual([]);
  });

  it('sees rows and their entries in one picture, however many are made meanwhile', async () => {
    let isOver = false;
    const making = (async () => {
      for (let i = 0; i < 20; i += 1) {
        const made = await app.deps.credentials.addBridge(app.ledger, `b${i}`, BY);
        await app.deps.credentials.revokeBridge(app.ledger, { id: made.id, name: `b${i}` }, BY);
      }
      isOver = true;
    })();
    await until('all are made', async () => {
      expect(await details()).toEqual([]);
      return isOver;
    });
    await making;
  });

  it('keeps a row and its entry together: without one there is not the other', async () => {
    const count = () => app.database.knex('bridges').count({ n: '*' }).first<{ n: number }>();
    const before = await count();
    // An entry that cannot be sealed.
    const bent = { via: 'cli', payload: { at: Number.NaN } } as const;
    await expect(
      app.deps.credentials.rotateBridge(app.ledger, { id: bridge, name: 'billing 帳務' }, bent),
    ).rejects.toThrow();
    expect((await row('bridges', bridge).first<{ rotated_at: unknown }>()).rotated_at).toBeNull();
    await expect(app.deps.credentials.addBridge(app.ledger, 'third', bent)).rejects.toThrow();
    expect(await count()).toEqual(before);
    expect(await app.deps.credentials.revokeToken(app.ledger, { id: former, name: 'former' }, BY)).toBe(false);
    expect(await details()).toEqual([]);
  });
});
