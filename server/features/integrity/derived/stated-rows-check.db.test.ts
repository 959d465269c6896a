import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SYSTEM_ACTOR } from '../../../core/own-event';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { enqueueVerification } from '../verify-job-service';
import { runDerivedChecks } from './derived-checks';

describe.each(ENGINES)('the check of rows that entries speak of, on %s', (engine) => {
  let app: TestApp;
  let anchor: string;
  beforeEach(async () => {
    app = await createTestApp(engine);
    const { deps, ledger } = app;
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
    ['an anchor that is gone', async () => void (await rows('anchors').where({ id: anchor }).delete()), 'the anchor .* is gone'],
    ['an anchor that nobody removed', async () => void (await rows('anchors').where({ id: anchor }).update({ removed_at: 1 })), 'the anchor .* is gone'],
    ['a report that is gone', async () => void (await rows('verifications').delete()), 'report \\d+ is gone'],
  ])('finds %s', async (_what, tamper, detail) => {
    await tamper();
    expect(await details()).toEqual([expect.stringMatching(detail)]);
  }); // prettier-ignore
});
