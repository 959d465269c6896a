import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SYSTEM_ACTOR } from '../../../core/own-event';
import { ensureLedger } from '../../../entries/ledger-setup';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { enqueueVerification } from '../verify-job-service';
import { runDerivedChecks } from './derived-checks';

describe.each(ENGINES)('the check of rows that entries speak of, on %s', (engine) => {
  let app: TestApp;
  let bridge: string;
  let token: string;
  let anchor: string;
  beforeEach(async () => {
    app = await createTestApp(engine);
    const { deps, ledger } = app;
    const state = (action: string, targetId: string, payload = {}) =>
      deps.ownEvents.record('default', { action, targetId, payload, via: 'cli' });
    bridge = (await deps.bridges.add('billing', ledger)).id;
    await state('audit.bridge_added', bridge);
    token = (await deps.tokens.create('siem', ledger.tenant.id, ['read'])).id;
    await state('audit.token_created', token, { scopes: 'read' });
    for (const name of ['former', 'lost']) {
      const { id } = await deps.tokens.create(name, ledger.tenant.id, ['read']);
      await state('audit.token_created', id, { scopes: 'read' });
      await deps.tokens.revoke(id);
      // The program may have ended before it wrote the entry about the second.
      if (name === 'former') await state('audit.token_revoked', id);
    }
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'sealtrail-stated-')), 'copies');
    anchor = (await deps.anchors.add({ kind: 'file', target: file })).anchor.id;
    const left = await deps.anchors.add({ kind: 'file', target: `${file}-2` });
    await deps.anchors.remove(left.anchor.id);
    await enqueueVerification(deps.jobs, ledger, { requestedBy: SYSTEM_ACTOR, via: null });
    await deps.jobs.run();
    expect(await rows('entries').where({ action: 'audit.chain_verified' })).toHaveLength(1);
    expect(await details()).toEqual([]);
  });
  afterEach(() => app.stop());

  const rows = (table: string) => app.database.knex(table);
  const details = async () => (await runDerivedChecks(app.database, app.ledger)).map(({ detail }) => detail);

  it.each([
    ['a bridge that is gone', async () => void (await rows('bridges').where({ id: bridge }).delete()), 'the bridge .* is gone'],
    ['a bridge that sends to another tenant', async () => void (await rows('bridges').where({ id: bridge }).update({ tenant_id: (await ensureLedger(app.deps, 'other')).tenant.id })), 'the bridge .* belongs to another tenant'],
    ['a token that is gone', async () => void (await rows('api_tokens').where({ id: token }).delete()), 'the token .* is gone'],
    ['a token that may do more', async () => void (await rows('api_tokens').where({ id: token }).update({ scopes: 'read,admin' })), 'the token .* may do other things'],
    ['a token that was given back', async () => void (await rows('api_tokens').where({ name: 'former' }).update({ revoked_at: null })), 'the token .* is active, and an entry says that it was revoked'],
    ['an anchor that is gone', async () => void (await rows('anchors').where({ id: anchor }).delete()), 'the anchor .* is gone'],
    ['an anchor that nobody removed', async () => void (await rows('anchors').where({ id: anchor }).update({ removed_at: 1 })), 'the anchor .* is gone'],
    ['a report that is gone', async () => void (await rows('verifications').delete()), 'report \\d+ is gone'],
  ])('finds %s', async (_what, tamper, detail) => {
    await tamper();
    expect(await details()).toEqual([expect.stringMatching(detail)]);
  }); // prettier-ignore

  it('waits for the end of an uninstallation, and then finds a bridge that was given back', async () => {
    const state = (action: string) =>
      app.deps.ownEvents.record('default', { action, targetId: bridge, payload: { request: 'r1' }, via: 'cli' });
    await state('audit.bridge_revoked');
    expect(await details()).toEqual([]);
    await state('audit.uninstalled');
    expect(await details()).toEqual([expect.stringContaining('is active, and an entry says that it was revoked')]);
  });
});
