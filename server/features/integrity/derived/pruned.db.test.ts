import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { isKept } from '../../../core/kept-entries';
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
const SEGMENT = 256;

describe.each(ENGINES)('a table of which the entries lie in a pruned range, on %s', (engine) => {
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
  /** To the end of a segment. */
  async function fillSegment(): Promise<void> {
    const [{ seq } = { seq: 0 }] = await rows('heads').where({ ledger_id: app.ledger.id }).select<{ seq: number }[]>('seq'); // prettier-ignore
    const count = SEGMENT - (seq % SEGMENT);
    const items = Array.from({ length: count }, () =>
      anAppendItem(app.ledger, { receivedAt: app.clock.now().toISOString() }),
    );
    await app.deps.appender.append(app.ledger, items, []);
    await app.deps.indexer.catchUp();
  }

  it('is compared all the same with the entries about it: a prune leaves them', async () => {
    const { deps, ledger } = app;
    const { tenant } = ledger;
    const sender = await app.pair();
    const bridge = { id: sender.bridge.id, name: 'billing' };
    const deliver = (...seqs: number[]) => sender.send(seqs.map((seq) => aHookItem({ id: uuidv7(), seq })));
    const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-pruned-'));
    const { id: token } = await deps.credentials.createToken(ledger, 'siem', ['read'], BY);
    const { id: kept } = await deps.credentials.createToken(ledger, 'kept', ['read'], BY);
    const { anchor } = await deps.anchors.add({ kind: 'file', target: path.join(folder, 'a') });
    const { anchor: removed } = await deps.anchors.add({ kind: 'file', target: path.join(folder, 'b') });
    await signInTo(app, { role: 'auditor', name: 'jane' });
    const jane = (await deps.people.list(tenant.id)).find(({ name }) => name === 'jane')!;
    await deps.people.setRole(tenant, jane.id, 'none', OPERATOR);
    await deps.roles.map(tenant, 'Support', 'standard_user', OPERATOR);
    await deps.settings.change('default', { organisation: 'Acme' }, JANE);
    await deliver(1, 2, 5, 9);
    await settle();
    await deps.credentials.revokeToken(ledger, { id: token, name: 'siem' }, BY);
    await deps.credentials.rotateBridge(ledger, bridge, BY);
    await deps.anchors.remove(removed.id);
    await deps.people.setRole(tenant, jane.id, 'auditor', OPERATOR);
    await deps.roles.map(tenant, 'Support', 'auditor', OPERATOR);
    await deps.settings.change('default', { organisation: 'Acme Ltd' }, JANE);
    await deliver(3, 4);
    await settle();
    await fillSegment();

    app.clock.advance(40 * DAY_MS);
    // The newest segment is never pruned, nor what a reader has not passed.
    await deps.bridgeWatch.run();
    await fillSegment();
    await deps.indexer.catchUp();
    await deps.activity.catchUp();
    const { prunes, stopped } = await deps.retention.pruner.run(ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    expect([prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]), stopped]).toEqual([[[1, SEGMENT]], null]);
    const left = await rows('entries').where('seq', '<=', SEGMENT).pluck<string[]>('action');
    expect(left.filter((action) => !isKept(action))).toEqual([]);
    expect(await broken()).toEqual([]);

    const billing = `bridge ${sender.bridge.id}`;
    const edits: readonly [string, object, object, string][] = [
      ['settings', { name: 'organisation' }, { value: 'Acme' }, 'setting organisation: differs from what the entry about it says'],
      ['role_mappings', {}, { role: 'super_admin' }, 'access, billing role Support: super_admin, the chain says auditor'],
      ['people', { id: jane.id }, { role: 'super_admin' }, `access, person ${jane.ref}: super_admin, the chain says auditor`],
      ['api_tokens', { id: token }, { revoked_at: null }, `the token ${token} is active, and an entry says that it was revoked`],
      ['api_tokens', { id: kept }, { scopes: 'read export' }, `the token ${kept} may do other things than the entry about it says`],
      ['bridges', { id: sender.bridge.id }, { rotated_at: null }, `the ${billing} has its secrets replaced otherwise than the entries about it say`],
      ['anchors', { id: anchor.id }, { removed_at: 1 }, `the anchor ${anchor.id} is gone, and an entry says that it was added`],
      ['bridge_gaps', { from_seq: 6 }, { closed_at: 1 }, `the gap 6-8 of ${billing} (3 missing): is not shown, and no entry says that it closed`],
      ['bridge_gaps', { from_seq: 3 }, { closed_at: null }, `the gap 3-4 of ${billing} (2 missing): no entry tells of it, or one says that it closed`],
    ]; // prettier-ignore
    for (const [table, where, change, detail] of edits) {
      const before = await rows(table).where(where).first<object>(Object.keys(change));
      await rows(table).where(where).update(change);
      expect(await broken()).toContain(detail);
      await rows(table).where(where).update(before);
      expect(await broken()).toEqual([]);
    }
  });
});
