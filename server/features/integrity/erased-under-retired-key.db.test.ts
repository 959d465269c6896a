import { rmSync } from 'node:fs';
import path from 'node:path';
import { createDeps } from '../../deps';
import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { parseFilter } from '../browse/browse-service';
import { createKeyService } from '../keys/key-service';

/** Entries 2 and 3 are about client 5 and erased by entry 4, all of it under a key that is destroyed then. */
describe.each(ENGINES)('an erasure whose key is destroyed on %s', (engine) => {
  let test: TestStore;
  let expectedNotes: { readonly note: string; readonly where: string; readonly ledger: string }[];

  beforeEach(async () => {
    test = await createTestStore(engine);
    const { deps, ledger } = test;
    const about = { action: 'client.updated', client: '5', payload: { email: 'erika@example.com' } } as const;
    await deps.appender.append(ledger, [anAppendItem(ledger, about), anAppendItem(ledger, about)], []);
    await deps.erasures.erase(ledger, { ref: 'client:5', basis: 'request', ground: 'case 4711' });
    await deps.keys.rotate(ledger, { via: 'cli' });
    await deps.appender.append(ledger, [anAppendItem(ledger)], []);
    const held = { note: (await deps.checkpoints.sign(ledger, 'request')).note, where: 'the notary' };
    expectedNotes = [{ ...held, ledger: ledger.name }];
    const keys = createKeyService({ ...deps, heldCheckpoints: () => Promise.resolve([held]), onCommit: () => undefined }); // prettier-ignore
    await keys.retire(ledger, 1, { via: 'cli' });
  });
  afterEach(() => test.stop());

  const verify = async (range: { readonly fromSeq?: number; readonly toSeq?: number } = {}) => {
    const [report] = (await test.deps.verifier.verify({ ledger: 'default', expectedNotes, ...range })).ledgers;
    return { ...report, kinds: report?.broken.map((one) => `${one.seq} ${one.kind}`) };
  };

  it('explains what is gone, by the tree under a checkpoint held outside', async () => {
    expect(await verify()).toMatchObject({ verdict: 'intact', unverifiable: 0, kinds: [] });
    expect(await verify({ fromSeq: 2, toSeq: 3 })).toMatchObject({ verdict: 'intact', by_proof: 2 });
  });

  it('explains it of single entries too, by what the data folder knows', async () => {
    const { deps, ledger, config } = test;
    const seen = async () => {
      const checks = [await deps.entryCheck.check(ledger, 2), await deps.entryCheck.check(ledger, 3)];
      const { entries } = await deps.browse.findPage(ledger, { filter: parseFilter({ client: '5' }), sort: 'seq', perPage: 20 }); // prettier-ignore
      return {
        checks: checks.map((one) => [one?.verdict, one?.checks.values]),
        listed: entries.map(({ seq, integrity }) => `${seq} ${integrity.status}`).slice(0, 2),
      };
    };
    const intact = { checks: [['intact', 'ok'], ['intact', 'ok']], listed: ['2 valid', '3 valid'] }; // prettier-ignore
    expect(await seen()).toEqual(intact);

    // Another erasure in its place is not what the checkpoint was signed over.
    const { knex: db } = test.database;
    await db.raw('DROP TRIGGER entries_no_update');
    const row = () => db('entries').where({ seq: 4 });
    const { record } = (await row().first<{ record: string }>('record')) ?? { record: '' };
    await row().update({ record: record.replace('case 4711', 'case 4712') });
    // In a program that has not seen the genuine one.
    const other = createDeps(config, { now: deps.now, logger: deps.logger });
    try {
      expect(await other.entryCheck.check(ledger, 2)).toMatchObject({
        verdict: 'broken',
        checks: { values: 'broken' },
      });
      const { entries } = await other.browse.findPage(ledger, { filter: parseFilter({ client: '5' }), sort: 'seq', perPage: 1 }); // prettier-ignore
      expect(entries[0]?.integrity.status).toBe('broken');
    } finally {
      await other.close();
    }
    await row().update({ record });
    expect(await seen()).toEqual(intact);

    rmSync(path.join(config.dataDir, 'checkpoints'), { recursive: true });
    expect((await seen()).checks).toEqual([['cannot_tell', 'cannot_tell'], ['cannot_tell', 'cannot_tell']]); // prettier-ignore
  });

  it('explains nothing any more when somebody changes it', async () => {
    const { knex: db } = test.database;
    await db('entry_values').where({ seq: 2 }).update({ actor_salt: null, actor_body: null });
    expect((await verify()).kinds).toEqual(['2 commitment']);
    await db.raw('DROP TRIGGER entries_no_update');
    const row = await db('entries').where({ seq: 4 }).first<{ record: string }>('record');
    const record = row?.record.replace('"actor_ranges":""', '"actor_ranges":"2"').replace('client:5', 'admin:7');
    await db('entries').where({ seq: 4 }).update({ record });
    const found = (await verify({ fromSeq: 2, toSeq: 3 })).kinds;
    expect(found).toEqual(['2 commitment', '3 commitment']);
  });
});
