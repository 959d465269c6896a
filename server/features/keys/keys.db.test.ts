import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readMasterKey } from '../../entries/master-key';
import { anAppendItem } from '../../testing/append-item';
import { runCommand } from '../../testing/run-command';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { parseFilter } from '../browse/browse-service';
import { createKeyService, type HeldCheckpoint, type KeyService } from './key-service';

let test: TestStore;
let folder: string;

const append = (n: number) => test.deps.store.append(test.ledger, Array.from({ length: n }, () => anAppendItem(test.ledger))); // prettier-ignore
const run = async (...argv: string[]) => {
  const { code, stdout, stderr } = await runCommand(test.env, [...argv, '--json']);
  return { code, json: (stdout === '' ? null : JSON.parse(stdout)) as Record<string, unknown>, stderr };
};
const finding = async (check: string) => {
  const { json } = await run('doctor');
  return (json['checks'] as { check: string; status: string; detail: string }[]).find((one) => one.check === check);
};

/** The service where checkpoints lie outside already. */
function withHeld(held: readonly HeldCheckpoint[]): KeyService {
  const { deps } = test;
  return createKeyService({ ...deps, heldCheckpoints: () => Promise.resolve(held), onCommit: () => undefined });
}

describe.each(ENGINES)('chain keys on %s', (engine) => {
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-keys-'));
    test = await createTestStore(engine);
    await append(3);
  });
  afterEach(async () => {
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are rotated after a checkpoint of what the old one sealed, and listed', async () => {
    const { code, json } = await run('keys', 'rotate');
    expect([code, json]).toEqual([0, {
      ledger: 'default', from_epoch: 1, to_epoch: 2, check_value: expect.stringMatching(/^[0-9a-f]{16}$/), closed_seq: 5, opened_seq: 6,
      checkpoint: { origin: expect.stringMatching(/^sealtrail\//), size: 4, root: expect.stringMatching(/^[0-9a-f]{64}$/) },
    }]); // prettier-ignore
    await append(1);
    const { json: listed } = await run('keys', 'list');
    expect(listed).toEqual({
      fingerprint: test.deps.keyRing.fingerprint,
      epochs: [
        expect.objectContaining({ epoch: 1, state: 'closed', first_seq: 1, last_seq: 5, retired_at: null }),
        expect.objectContaining({ epoch: 2, state: 'open', first_seq: 6, last_seq: null, check_value: json['check_value'] }),
      ],
    }); // prettier-ignore
    expect((await run('verify')).json).toMatchObject({ verdict: 'intact', ledgers: [{ size: 7, valid: 7 }] });
    expect((await run('keys', 'rotate', '--ledger', 'none')).code).toBe(2);
  });

  describe('of a closed epoch', () => {
    let covering: HeldCheckpoint;

    beforeEach(async () => {
      await test.deps.keys.rotate(test.ledger, { via: 'cli' });
      await append(2);
      const { note } = await test.deps.checkpoints.sign(test.ledger, 'request');
      covering = { note, where: 'the notary' };
    });

    it('are destroyed where a checkpoint held outside covers it, which is an entry', async () => {
      const file = path.join(folder, 'kept.txt');
      writeFileSync(file, covering.note);
      expect(await run('keys', 'retire', '1', '--checkpoint', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') }); // prettier-ignore
      const { code, json } = await run('keys', 'retire', '1', '--checkpoint', file, '--yes');
      expect([code, json]).toEqual([0, { ledger: 'default', epoch: 1, first_seq: 1, last_seq: 5, covered_by: { where: file, size: 8 }, recorded_seq: 9 }]); // prettier-ignore
      const row = await test.database.knex('epochs').where({ epoch: 1 }).first();
      expect([row.wrapped_key, row.retired_at]).toEqual(['', expect.any(Number)]);
      const entry = await test.database.knex('entries').where({ seq: 9 }).first();
      expect([entry.action, JSON.parse(entry.record).source.payload]).toEqual([
        'audit.key_rotated',
        { phase: 'retired', ledger: 'default', epoch: '1', first_seq: '1', last_seq: '5' },
      ]);
      expect(await test.deps.keys.list(test.ledger)).toMatchObject([{ epoch: 1, state: 'retired' }, { epoch: 2, state: 'open' }]); // prettier-ignore
      // Nobody can seal them again, and this process does not either.
      expect(await test.deps.keyRing.findEpochKey(test.database.knex, test.ledger.id, 'default', 1)).toBeUndefined();
      await append(1);
    });

    it('are destroyed, and the tree under a kept checkpoint stands for its entries from then on', async () => {
      await withHeld([covering]).retire(test.ledger, 1, { via: 'cli' });
      rmSync(path.join(test.config.dataDir, 'checkpoints'), { recursive: true });
      const kept = [{ ...covering, ledger: 'default' }];
      const report = async (expectedNotes: typeof kept = []) => {
        const [ledger] = (await test.deps.verifier.verify({ ledger: 'default', expectedNotes })).ledgers;
        return { ...ledger, kinds: ledger?.broken.map((one) => `${one.seq} ${one.kind}`) };
      };
      // Nobody outside knows anything: the key is gone, and that is all that can be said.
      expect(await report()).toMatchObject({
        verdict: 'cannot_tell',
        valid: 4,
        unverifiable: 5,
        by_proof: 0,
        kinds: [],
      });
      expect(await report(kept)).toMatchObject({
        verdict: 'intact',
        valid: 9,
        unverifiable: 0,
        by_proof: 5,
        kinds: [],
      });
      const db = test.database.knex;
      await db.raw('DROP TRIGGER entries_no_update');
      const { record, hash } = (await db('entries').where({ seq: 3 }).first()) as { record: string; hash: string };
      await db('entries')
        .where({ seq: 3 })
        .update({ record: record.replace('"invoiceid":123', '"invoiceid":124') });
      const changed = await report(kept);
      expect([changed.verdict, changed.kinds]).toEqual(['broken', expect.arrayContaining(['3 rewritten'])]);
      await db('entries')
        .where({ seq: 3 })
        .update({ record, hash: 'f'.repeat(64) });
      expect(await report(kept)).toMatchObject({ verdict: 'broken', kinds: ['4 linkage'] });
      // With the tree changed to match, the kept checkpoint is not that of this tree.
      await db('entries')
        .where({ seq: 3 })
        .update({ hash, record: record.replace('"invoiceid":123', '"invoiceid":124') });
      const { hashes } = (await db('tree_tiles').where({ level: 0 }).first()) as { hashes: Buffer };
      const leaf = createHash('sha256')
        .update(`\0${record.replace('"invoiceid":123', '"invoiceid":124')}`)
        .digest();
      await db('tree_tiles').where({ level: 0 }).update({ hashes: Buffer.concat([hashes.subarray(0, 64), leaf, hashes.subarray(96)]) }); // prettier-ignore
      const forged = await report(kept);
      expect([forged.verdict, forged.kinds?.some((one) => one.endsWith('rewritten'))]).toEqual(['broken', true]);
    });

    it('are destroyed, and one entry, a list and an export are proved by what the data folder knows', async () => {
      await withHeld([covering]).retire(test.ledger, 1, { via: 'cli' });
      const { knex: db } = test.database;
      const seen = async () => {
        const check = await test.deps.entryCheck.check(test.ledger, 3);
        const filter = parseFilter({});
        const { entries } = await test.deps.browse.findPage(test.ledger, { filter, sort: 'seq', perPage: 20 });
        const exported: string[] = [];
        for await (const some of test.deps.browse.streamStored(test.ledger, { seqs: [2, 3] }, { withValues: true }))
          exported.push(...some.map(({ view }) => view.integrity.status));
        return {
          one: [check?.verdict, check?.checks.seal],
          listed: entries.map(({ integrity }) => integrity.status),
          exported,
        };
      };
      const under = (status: string, open: number) => [...Array<string>(5).fill(status), ...Array<string>(open).fill('valid')]; // prettier-ignore
      expect(await seen()).toEqual({ one: ['intact', 'proven'], listed: under('valid', 4), exported: ['valid', 'valid'] }); // prettier-ignore

      // Whoever has the database alone changes a record and its leaf: the checkpoint outside was not signed over it.
      await db.raw('DROP TRIGGER entries_no_update');
      const { record } = (await db('entries').where({ seq: 3 }).first()) as { record: string };
      const forged = record.replace('"invoiceid":123', '"invoiceid":124');
      const { hashes } = (await db('tree_tiles').where({ level: 0 }).first()) as { hashes: Buffer };
      const leaf = createHash('sha256').update(`\0${forged}`).digest();
      const changed = Buffer.concat([hashes.subarray(0, 64), leaf, hashes.subarray(96)]);
      await db('entries').where({ seq: 3 }).update({ record: forged });
      await db('tree_tiles').where({ level: 0 }).update({ hashes: changed });
      expect(await seen()).toMatchObject({ one: ['broken', 'broken'], exported: ['broken', 'broken'] });
      await db('entries').where({ seq: 3 }).update({ record });
      await db('tree_tiles').where({ level: 0 }).update({ hashes });
      expect((await seen()).one).toEqual(['intact', 'proven']);

      // An entry must say that the key was destroyed, and somebody outside must know the tree.
      rmSync(path.join(test.config.dataDir, 'checkpoints'), { recursive: true });
      expect(await seen()).toEqual({ one: ['cannot_tell', 'cannot_tell'], listed: under('unverifiable', 4), exported: ['unverifiable', 'unverifiable'] }); // prettier-ignore
    });

    it('are taken from anchors too', async () => {
      const service = withHeld([{ note: 'nonsense', where: 'a broken anchor' }, covering]);
      expect(await service.retire(test.ledger, 1, { via: 'cli' })).toMatchObject({
        coveredBy: { where: 'the notary' },
      });
    });

    it.each<[string, string, number, () => Promise<HeldCheckpoint[]>]>([
      ['without a checkpoint outside', 'no checkpoint is held outside', 1, () => Promise.resolve([])],
      ['an open epoch', 'it is open', 2, () => Promise.resolve([covering])],
      ['an epoch that is none', 'no epoch 3', 3, () => Promise.resolve([covering])],
      ['under a checkpoint that is too short', 'none of the 1 checkpoints', 1, async () => {
        const [first] = (await test.deps.checkpoints.list(test.ledger, { limit: 5 })).slice(-1);
        expect(first?.size).toBe(4);
        return [{ note: first?.note ?? '', where: 'outside' }];
      }],
      ['under a checkpoint that nobody signed', 'none of the 1 checkpoints', 1, () => Promise.resolve([{ ...covering, note: covering.note.replace('\n8\n', '\n9\n') }])],
      ['under a checkpoint of another tree', 'none of the 1 checkpoints', 1, async () => {
        const other = await createTestStore('sqlite');
        const { note } = await other.deps.checkpoints.sign(other.ledger, 'request');
        await other.stop();
        return [{ note, where: 'outside' }];
      }],
    ])('are not destroyed %s', async (_name, reason, epoch, held) => {
      await expect(withHeld(await held()).retire(test.ledger, epoch, { via: 'cli' })).rejects.toMatchObject({
        name: 'RetireRefusedError',
        message: expect.stringContaining(reason),
      });
      expect(await test.database.knex('epochs').whereNotNull('retired_at')).toEqual([]);
    }); // prettier-ignore

    it('are not destroyed while an entry under them is broken, nor twice', async () => {
      const db = test.database.knex;
      await db.raw('DROP TRIGGER entries_no_update');
      await db('entries').where({ seq: 3 }).update({ severity: 'critical' });
      await expect(withHeld([covering]).retire(test.ledger, 1, { via: 'cli' })).rejects.toMatchObject({ message: expect.stringContaining('not intact (broken)') }); // prettier-ignore
      await db('entries').where({ seq: 3 }).update({ severity: 'info' });
      await withHeld([covering]).retire(test.ledger, 1, { via: 'cli' });
      await expect(withHeld([covering]).retire(test.ledger, 1, { via: 'cli' })).rejects.toMatchObject({ message: expect.stringContaining('was destroyed on') }); // prettier-ignore
    });
  });

  it('stand on a sheet to lock away, the master key only when it is asked for', async () => {
    await test.deps.keys.rotate(test.ledger, { via: 'cli' });
    const master = readMasterKey(test.config.masterKeyFile).toString('base64');
    const [first, second] = await test.deps.keys.list(test.ledger);
    const [vkey] = await test.deps.checkpoints.vkeys(test.ledger);
    const root = (await test.deps.signers.get()).certificates.at(-1)?.fingerprint256.replaceAll(':', '').toLowerCase();
    for (const format of ['text', 'html']) {
      const { stdout } = await runCommand(test.env, ['keys', 'recovery-sheet', '--format', format]);
      for (const fact of [test.deps.keyRing.fingerprint, first?.check_value, second?.check_value, vkey, root, 'sealtrail verify --expect-checkpoint'])
        expect([format, stdout]).toEqual([format, expect.stringContaining(String(fact))]); // prettier-ignore
      expect(stdout).not.toContain(master);
    }
    const file = path.join(folder, 'sheet.html');
    await run('keys', 'recovery-sheet', '--format', 'html', '--with-master-key', '--output', file);
    expect([statSync(file).mode & 0o777, readFileSync(file, 'utf8')]).toEqual([0o600, expect.stringContaining(`<pre>${master}</pre>`)]); // prettier-ignore
    expect(readFileSync(file, 'utf8')).not.toMatch(/<script|https?:\/\/(?!127)/);
  });

  it('are looked at by doctor: age, and whether each opens', async () => {
    expect(await finding('chain keys')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('default: epoch 1'),
    });
    await test.database.knex('epochs').update({ created_at: Date.now() - 400 * 86_400_000 });
    expect(await finding('chain keys')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('keys rotate'),
    });
    await test.database.knex('epochs').update({ wrapped_key: 'x', created_at: Date.now() });
    expect(await finding('chain keys')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('does not open'),
    });
  });
});
