import { createHmac, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { canonicalJson, type JsonObject } from '../core/canonical-json';
import { hashEntry, macHead, sealDigest, digestIn } from '../core/chain';
import { checkValueOf } from '../core/epoch-rotation';
import { deriveKey, wrapKey } from '../core/keys';
import { createDeps, type Deps } from '../deps';
import { anAppendItem } from '../testing/append-item';
import { createTestStore, type TestStore } from '../testing/test-app';
import { ENGINES } from '../testing/test-database';
import { readMasterKey } from './master-key';
import { rotateEpoch } from './rotate-epoch';

let test: TestStore;
let db: Knex;

const change = () => ({ at: test.clock.now(), via: 'cli' as const });
const rotate = (deps: Deps = test.deps) => rotateEpoch(deps, test.ledger, change());
const append = (n: number, deps: Deps = test.deps) =>
  deps.store.append(
    test.ledger,
    Array.from({ length: n }, () => anAppendItem(test.ledger)),
  );
const epochsBySeq = async () => (await db('entries').orderBy('seq').pluck<number[]>('epoch')).join('');
const verify = async () => {
  const [report] = (await test.deps.verifier.verify({})).ledgers;
  if (!report) throw new Error('there is no ledger');
  return report;
};
const found = async () => (await verify()).broken.map((one) => [one.seq, one.kind]);

async function dropTriggers(): Promise<void> {
  for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER entries_no_${verb}`);
}

async function keyOf(epoch: number): Promise<Buffer> {
  const key = await test.deps.keyRing.findEpochKey(db, test.ledger.id, test.ledger.name, epoch);
  if (!key) throw new Error(`no key of epoch ${epoch}`);
  return key;
}

/** What a thief of a chain key does: seals every entry from one on anew, as the rows now stand, and moves the head with a stolen key. */
async function resealFrom(from: number, key: (seq: number) => Buffer): Promise<void> {
  const rows = await db('entries').where('seq', '>=', from - 1).orderBy('seq').select<Row[]>(); // prettier-ignore
  let prev = rows[0]?.hash ?? '';
  for (const row of rows.slice(1)) {
    const hash = hashEntry(key(row.seq), { ledger: 'default', seq: row.seq, prevHash: prev }, row.record);
    await db('entries').where({ seq: row.seq }).update({ prev_hash: prev, hash });
    const digest = await db('entry_values').where({ seq: row.seq }).first<{ digest: string | null }>();
    if (digest?.digest)
      await db('entry_values').where({ seq: row.seq }).update({ digest: sealDigest(key(row.seq), 'default', row.seq, digestIn(digest.digest)) }); // prettier-ignore
    prev = hash;
  }
  const last = rows.at(-1)?.seq ?? 0;
  const mac = macHead(deriveKey(readMasterKey(test.config.masterKeyFile), 'head'), 'default', last, prev);
  await db('heads').update({ seq: last, hash: prev, mac });
}

interface Row {
  readonly seq: number;
  readonly hash: string;
  readonly record: string;
}

async function editRecord(seq: number, edit: (record: JsonObject) => JsonObject, columns: object = {}): Promise<void> {
  const row = await db('entries').where({ seq }).first<Row>();
  const record = canonicalJson(edit(JSON.parse(row?.record ?? '') as JsonObject));
  await db('entries')
    .where({ seq })
    .update({ record, ...columns });
}

describe.each(ENGINES)('rotation of a chain key on %s', (engine) => {
  beforeEach(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  it('closes the epoch under the old key and opens the next under the new one', async () => {
    await append(3);
    const rotation = await rotate();
    await append(2);
    expect(rotation).toMatchObject({ fromEpoch: 1, toEpoch: 2, closed: { seq: 5 }, opened: { seq: 6 } });
    expect(await epochsBySeq()).toBe('11111222');
    expect(await verify()).toMatchObject({ verdict: 'intact', size: 8, valid: 8, broken: [] });
    const [first, second] = await db('epochs').orderBy('epoch');
    expect([first?.closed_seq, second?.opened_seq, second?.closed_seq]).toEqual([5, 6, null]);
    expect([first?.check_value, second?.check_value]).toEqual([checkValueOf(await keyOf(1)), rotation.checkValue]);
    const closed = await db('entries').where({ seq: 5 }).first();
    expect(JSON.parse(closed.record).source.payload).toEqual({
      phase: 'closed',
      ledger: 'default',
      from_epoch: '1',
      to_epoch: '2',
      check_value: rotation.checkValue,
    });
    expect(closed.action).toBe('audit.key_rotated');
    const value = createHmac('sha256', await keyOf(2))
      .update('sealtrail.check.v1\0')
      .digest('hex');
    expect(rotation.checkValue).toBe(value.slice(0, 16));
  });

  it('counts each of its entries once, like every other', async () => {
    await rotate();
    await rotate();
    const sum = await db('day_counters').sum({ n: 'entries' });
    expect(Number((sum[0] as { n: number }).n)).toBe(5);
    expect(await epochsBySeq()).toBe('11223');
    expect(await verify()).toMatchObject({ verdict: 'intact', valid: 5 });
  });

  it('leaves nothing behind when it fails', async () => {
    await db('epochs').insert({ ledger_id: test.ledger.id, epoch: 2, wrapped_key: 'x', opened_seq: 1, created_at: 1 });
    await expect(rotate()).rejects.toMatchObject({ code: expect.any(String) });
    await db('epochs').where({ epoch: 2 }).delete();
    await rotate();
    await append(1);
    expect(await verify()).toMatchObject({ verdict: 'intact', valid: 4 });
  });

  it('puts itself between the batches of two sidecars that append meanwhile', async () => {
    const other = createDeps(test.config, { now: () => test.clock.now(), logger: test.deps.logger });
    try {
      await append(1, other);
      const appending = [test.deps, other].flatMap(
        (deps) =>
        Array.from({ length: 12 }, () => deps.appender.append(test.ledger, [anAppendItem(test.ledger), anAppendItem(test.ledger)], [])), // prettier-ignore
      );
      const [first] = await Promise.all([rotate(), ...appending.slice(0, 12)]);
      const [second] = await Promise.all([rotate(other), ...appending.slice(12)]);
      await append(1);
      await append(1, other);
      expect([first.toEpoch, second.toEpoch]).toEqual([2, 3]);
      expect(await epochsBySeq()).toMatch(/^1+2+3+$/);
      expect(await verify()).toMatchObject({ verdict: 'intact', valid: 1 + 1 + 48 + 4 + 2, broken: [] });
    } finally {
      await other.close();
    }
  });

  it('reads a store older than check values, and gives it one when its key is used next', async () => {
    await db('epochs').update({ check_value: null });
    expect(await verify()).toMatchObject({ verdict: 'intact' });
    await rotate();
    expect(await db('epochs').whereNull('check_value')).toEqual([]);
    expect(await verify()).toMatchObject({ verdict: 'intact' });
  });

  describe('verify', () => {
    // Entries: 1 genesis, 2-4, 5 closed, 6 opened, 7-9.
    beforeEach(async () => {
      await append(3);
      await rotate();
      await append(3);
      await dropTriggers();
    });

    it('finds a rotation that the old key never signed: the thief has the new key', async () => {
      const stolen = await keyOf(2);
      // Epoch 2 begins two entries earlier, its entries hold what the thief likes.
      for (const seq of [4, 5])
        await editRecord(seq, (record) => ({ ...record, epoch: '2', via: 'api' }), { epoch: 2, via: 'api' });
      await resealFrom(4, () => stolen);
      expect(await found()).toEqual([[4, 'linkage']]);
    });

    it('finds an entry of the old epoch after its end', async () => {
      const old = await keyOf(1);
      const fresh = await keyOf(2);
      await editRecord(8, (record) => ({ ...record, epoch: '1' }), { epoch: 1 });
      await resealFrom(8, (seq) => (seq === 8 ? old : fresh));
      expect(await found()).toEqual([
        [8, 'linkage'],
        [9, 'linkage'],
      ]);
    });

    it('finds that the epoch goes on after its end, whoever sealed it', async () => {
      const old = await keyOf(1);
      await db('entries').where('seq', '>', 5).delete();
      await db('entry_values').where('seq', '>', 5).delete();
      await db('heads').update({ seq: 5, hash: (await db('entries').where({ seq: 5 }).first()).hash, epoch: 1 });
      await resealFrom(5, () => old);
      await append(1);
      expect(await found()).toEqual([[6, 'linkage']]);
    });

    it('finds another key put in the place of the one that was named', async () => {
      const forged = randomBytes(32);
      const master = deriveKey(readMasterKey(test.config.masterKeyFile), 'epoch-wrap');
      const wrapped = wrapKey(master, forged, 'default\x002', randomBytes(12));
      await db('epochs').where({ epoch: 2 }).update({ wrapped_key: wrapped });
      // The rows are not its work: nobody can tell.
      expect(await verify()).toMatchObject({ verdict: 'cannot_tell', valid: 5, unverifiable: 4, broken: [] });
      // Sealed anew with it, they are a forgery.
      await resealFrom(6, () => forged);
      expect(await found()).toEqual([[6, 'linkage']]);
    });

    it('tells a changed row from a wrong key', async () => {
      await db('entries').where({ seq: 8 }).update({ severity: 'critical' });
      expect(await found()).toEqual([[8, 'projection']]);
    });

    it('finds a record of a format that is none, and one of another format than its epoch', async () => {
      const key = await keyOf(2);
      await editRecord(8, (record) => ({ ...record, format: 'sealtrail/0' }));
      await resealFrom(8, () => key);
      expect(await found()).toEqual([[8, 'content']]);
      await editRecord(8, (record) => ({ ...record, format: 'sealtrail/1' }));
      await editRecord(6, (record) => {
        const source = record['source'] as JsonObject;
        return { ...record, source: { ...source, payload: { ...(source['payload'] as JsonObject), record_format: 'sealtrail/2' } } }; // prettier-ignore
      });
      await resealFrom(6, () => key);
      expect(await found()).toEqual([[6, 'content']]);
    });

    it.each([
      ['check_value', 1, 'f'.repeat(16)],
      ['check_value', 2, 'f'.repeat(16)],
      ['opened_seq', 1, 2],
      ['opened_seq', 2, 7],
      ['closed_seq', 1, 4],
      ['closed_seq', 1, null],
      ['closed_seq', 2, 8],
      ['retired_at', 1, 1],
      ['retired_at', 2, 1],
    ])('finds an edit of epochs.%s of epoch %i', async (column, epoch, value) => {
      await db('epochs')
        .where({ epoch })
        .update({ [column]: value });
      expect(await verify()).toMatchObject({
        verdict: 'broken',
        valid: 9,
        broken: [{ seq: epoch === 1 ? 1 : 6, kind: 'projection', detail: expect.stringContaining(column) }],
      });
    });

    it('cannot tell where the key of an epoch is gone and no entry says why', async () => {
      await db('epochs').where({ epoch: 1 }).delete();
      expect(await verify()).toMatchObject({ verdict: 'cannot_tell', valid: 4, unverifiable: 5, broken: [] });
    });

    it('finds a head that would go on in an older epoch', async () => {
      await db('heads').update({ epoch: 1 });
      expect(await found()).toEqual([[9, 'linkage']]);
    });
  });
});
