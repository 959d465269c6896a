import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { anAppendItem } from '../../../testing/append-item';
import { aHookItem } from '../../../testing/builders';
import { signInTo } from '../../../testing/page-session';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { RIGHTS } from '../../access/rights';
import { SILENT_MS } from '../../monitor/bridge-watch-service';

const BY = { via: 'cli' } as const;
const JANE = { name: 'jane', via: 'ui' } as const;
const OPERATOR = { name: 'operator', rights: RIGHTS, via: 'cli' } as const;
const DAY_MS = 86_400_000;
const HELD_CLIENT = '5';
const SEGMENT = 256;

describe.each(ENGINES)('tables whose entries were pruned, on %s', (engine) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp(engine, { recordsCredentials: true });
  });
  afterEach(() => app.stop());

  const rows = (table: string) => app.database.knex(table);
  const broken = async () => {
    const { ledgers } = await app.deps.verifier.verify({ ledger: app.ledger.name, derived: true });
    return ledgers.flatMap((one) => one.broken).map(({ detail }) => detail);
  };
  async function settle(): Promise<void> {
    await app.deps.bridgeWatch.run();
    app.clock.advance(SILENT_MS);
    await app.deps.bridgeWatch.run();
  }
  /** To the end of a segment, its last entry of a client that a hold may name. */
  async function fillSegment(client: string): Promise<void> {
    const [{ seq } = { seq: 0 }] = await rows('heads').where({ ledger_id: app.ledger.id }).select<{ seq: number }[]>('seq'); // prettier-ignore
    const count = SEGMENT - (seq % SEGMENT);
    const items = Array.from({ length: count }, () => anAppendItem(app.ledger, { client, receivedAt: app.clock.now().toISOString() })); // prettier-ignore
    await app.deps.appender.append(app.ledger, items, []);
    await app.deps.indexer.catchUp();
  }

  it.each([
    ['all of them', false],
    ['the later ones, where a hold kept the earlier', true],
  ])('are called neither changed nor made up: %s', async (_what, isHeld) => {
    const { deps, ledger } = app;
    const { tenant } = ledger;
    const sender = await app.pair();
    const bridge = { id: sender.bridge.id, name: 'billing' };
    const deliver = (...seqs: number[]) => sender.send(seqs.map((seq) => aHookItem({ id: uuidv7(), seq })));
    const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-pruned-'));
    const { id: token } = await deps.credentials.createToken(ledger, 'siem', ['read'], BY);
    const { id: kept } = await deps.credentials.createToken(ledger, 'kept', ['read'], BY);
    const { anchor } = await deps.anchors.add({ kind: 'file', target: path.join(folder, 'a') });
    await signInTo(app, { role: 'auditor', name: 'jane' });
    const jane = (await deps.people.list(tenant.id)).find(({ name }) => name === 'jane')!;
    await deps.people.setRole(tenant, jane.id, 'none', OPERATOR);
    await deps.roles.map(tenant, 'Support', 'standard_user', OPERATOR);
    await deps.settings.change('default', { organisation: 'Acme' }, JANE);
    await deliver(1, 2, 5, 9);
    await settle();
    await fillSegment(HELD_CLIENT);

    await deps.credentials.revokeToken(ledger, { id: token, name: 'siem' }, BY);
    await deps.credentials.rotateBridge(ledger, bridge, BY);
    await deps.anchors.remove(anchor.id);
    await deps.people.setRole(tenant, jane.id, 'auditor', OPERATOR);
    await deps.roles.map(tenant, 'Support', 'auditor', OPERATOR);
    await deps.settings.change('default', { organisation: 'Acme Ltd' }, JANE);
    await deliver(3, 4);
    await settle();
    await fillSegment('6');

    if (isHeld) await deps.retention.holds.place(ledger, { client: HELD_CLIENT, target: null, actor: null, after: null, before: null }, 'lawsuit', JANE); // prettier-ignore
    app.clock.advance(40 * DAY_MS);
    // The newest segment is never pruned, nor what a reader has not passed.
    await deps.settings.change('default', { record_reads: 'off' }, JANE);
    await deps.bridgeWatch.run();
    await deps.indexer.catchUp();
    await deps.activity.catchUp();
    expect(await broken()).toEqual([]);
    const { prunes, stopped } = await deps.retention.pruner.run(ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    expect([prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]), stopped]).toEqual([[[isHeld ? SEGMENT + 1 : 1, 2 * SEGMENT]], null]); // prettier-ignore
    expect(await broken()).toEqual([]);

    await deps.settings.change('default', { organisation: 'Acme LLC' }, JANE);
    await deps.roles.map(tenant, 'Support', 'standard_user', OPERATOR);
    await deps.credentials.revokeToken(ledger, { id: kept, name: 'kept' }, BY);
    await settle();
    expect(await broken()).toEqual([]);
    await rows('settings').where({ name: 'organisation' }).update({ value: 'Acme' });
    await rows('role_mappings').update({ role: 'super_admin' });
    await rows('api_tokens').where({ id: kept }).update({ revoked_at: null });
    expect(await broken()).toEqual([
      'setting organisation: differs from what the entry about it says',
      'access, billing role Support: super_admin, the chain says standard_user',
      `the token ${kept} is active, and an entry says that it was revoked`,
    ]);
  });
});
