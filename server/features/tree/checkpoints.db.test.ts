import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { openCheckpoint } from '../../core/checkpoint';
import { leafHash, rootOfLeaves, verifyConsistency } from '../../core/merkle';
import { createDeps, type Deps } from '../../deps';
import { createEntryStore } from '../../entries/entry-store';
import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { StoredCheckpoint } from './checkpoint-service';

const TABLES = ['entries', 'entry_values', 'heads', 'day_counters', 'entry_words', 'fresh_words', 'entry_blocks', 'entry_sets', 'consumers', 'trees', 'tree_tiles', 'checkpoints']; // prettier-ignore

describe.each(ENGINES)('checkpoints on %s', (engine) => {
  let test: TestStore;
  let deps: Deps;
  let file: string;

  beforeEach(async () => {
    test = await createTestStore(engine);
    deps = test.deps;
    file = path.join(test.config.dataDir, 'checkpoints', 'default.jsonl');
  });
  afterEach(() => test.stop());

  async function append(count = 1): Promise<void> {
    await deps.store.append(
      test.ledger,
      Array.from({ length: count }, () => anAppendItem(test.ledger)),
    );
  }
  const sign = (reason: StoredCheckpoint['reason'] = 'request') => deps.checkpoints.sign(test.ledger, reason);
  const lines = () =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  /** Everything that a backup of the database holds. */
  async function backUp(): Promise<() => Promise<void>> {
    const db = test.database.knex;
    const saved = await Promise.all(TABLES.map((table) => db(table).select()));
    return async () => {
      for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER IF EXISTS entries_no_${verb}`);
      for (const [at, table] of TABLES.entries()) {
        await db(table).delete();
        for (const row of saved[at] as object[]) await db(table).insert(row);
      }
    };
  }

  async function actions(): Promise<string[]> {
    return (await test.database.knex('entries').orderBy('seq').pluck('action')) as string[];
  }

  it('sign what the tree is, and anybody with the verifier key can check it', async () => {
    await append(3);
    const checkpoint = await sign();
    expect(checkpoint).toMatchObject({ ledger: 'default', size: 4, reason: 'request' });
    const opened = openCheckpoint(checkpoint.note, await deps.checkpoints.vkeys(test.ledger));
    expect(opened).toMatchObject({ ok: true, checkpoint: { origin: checkpoint.origin, size: 4 } });
    expect((await deps.tree.rootAt(test.ledger, 4)).toString('hex')).toBe(checkpoint.root);
  });

  it('are in the database and in the data folder before anybody has them', async () => {
    const seen: StoredCheckpoint[] = [];
    let written = 0;
    deps.checkpoints.onSigned((one) => {
      seen.push(one);
      written = lines().length;
    });
    const checkpoint = await sign('shutdown');
    expect(seen).toEqual([checkpoint]);
    expect(written).toBe(1);
    expect(lines()).toMatchObject([{ ledger: 'default', size: 1, root: checkpoint.root, note: checkpoint.note }]);
    expect(await deps.checkpoints.latest(test.ledger)).toEqual(checkpoint);
  });

  it('are not signed anew while nothing was added', async () => {
    const first = await sign();
    expect(await sign('export')).toEqual(first);
    expect(lines()).toHaveLength(1);
  });

  it('continue each other', async () => {
    await append(300);
    const before = await sign();
    await append(10);
    const after = await sign();
    const proof = await deps.tree.consistencyProof(test.ledger, before.size, after.size);
    const [oldRoot, newRoot] = [before, after].map(({ root }) => Buffer.from(root, 'hex')) as [Buffer, Buffer];
    expect(verifyConsistency({ oldSize: before.size, newSize: after.size, oldRoot, newRoot, proof })).toBe(true);
    expect(await deps.checkpoints.list(test.ledger, { limit: 10 })).toEqual([after, before]);
    expect(await deps.checkpoints.list(test.ledger, { limit: 1, beforeSize: after.size })).toEqual([before]);
  });

  it('are not given where the data folder cannot be written', async () => {
    writeFileSync(path.join(test.config.dataDir, 'checkpoints'), '');
    await expect(sign()).rejects.toMatchObject({ code: expect.any(String) });
    expect(await deps.checkpoints.latest(test.ledger)).toBeUndefined();
    rmSync(path.join(test.config.dataDir, 'checkpoints'));
    expect((await sign()).size).toBe(1);
  });

  it('are signed once by several processes at once', async () => {
    await append(5);
    // Two programs over one database; on SQLite one of them would only wait for the other's thread, which is this one.
    const other =
      engine === 'sqlite' ? deps : createDeps(test.config, { now: deps.now, logger: pino({ level: 'silent' }) });
    const all = await Promise.all([sign(), other.checkpoints.sign(test.ledger, 'export'), sign()]);
    if (other !== deps) await other.close();
    expect(new Set(all.map(({ note }) => note)).size).toBe(1);
    expect(await deps.checkpoints.list(test.ledger, { limit: 10 })).toHaveLength(1);
  });

  describe('after yesterday’s backup of the database was put back', () => {
    let later: StoredCheckpoint;

    beforeEach(async () => {
      await append(3);
      await sign();
      const restore = await backUp();
      await append(4);
      later = await sign();
      await restore();
    });

    it('stop, say why, and let ingest go on', async () => {
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError', ledger: 'default' });
      const status = await deps.checkpoints.status(test.ledger);
      expect(status).toMatchObject({ state: 'stopped', stoppedAt: deps.now().getTime() });
      expect(status.stoppedDetail).toMatch(/^data folder: .*8 entries was signed, and the tree has 4/);
      expect((await actions()).filter((action) => action === 'audit.chain_broken')).toHaveLength(1);
      await append(20);
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
      expect((await actions()).filter((action) => action === 'audit.chain_broken')).toHaveLength(1);
      expect(lines()).toHaveLength(2);
    });

    it('stop as well when it has grown beyond what was signed', async () => {
      await append(50);
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
      expect((await deps.checkpoints.status(test.ledger)).stoppedDetail).toMatch(/first 8 entries .* not those/);
    });

    it('stop in a data folder that was moved, too', async () => {
      const moved = lines().map((line) => JSON.stringify({ ...line, store: 'mysql://elsewhere/' }));
      writeFileSync(file, `${moved.join('\n')}\n`);
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
    });

    it('go on under a new origin, whose entry names the old one', async () => {
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
      const first = await deps.checkpoints.startOrigin(test.ledger, 'the disk failed');
      expect(first.origin).toBe(`${later.origin}/2`);
      expect(first.size).toBeGreaterThan(4);
      expect(await deps.checkpoints.status(test.ledger)).toMatchObject({ state: 'open', origin: first.origin });
      const records = (await test.database.knex('entries').orderBy('seq').pluck('record')) as string[];
      const entry = records.findLast((record) => record.includes('audit.chain_initialised')) ?? '{}';
      expect((JSON.parse(entry) as { source: { payload: unknown } }).source.payload).toMatchObject({
        origin: first.origin,
        previous_origin: later.origin,
        previous_size: '8',
        previous_root: later.root,
      });
      // What a person wrote can be erased.
      const values = (await test.database.knex('entry_values').pluck('subject_body')) as (string | null)[];
      expect(values.join()).toContain('the disk failed');
      const [newest, old] = await deps.checkpoints.vkeys(test.ledger);
      expect(openCheckpoint(first.note, [newest ?? '']).ok).toBe(true);
      expect(openCheckpoint(later.note, [old ?? '']).ok).toBe(true);
      await append();
      expect((await sign()).origin).toBe(first.origin);
    });

    it('stop again when that backup is put back a second time', async () => {
      const restore = await backUp();
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
      await deps.checkpoints.startOrigin(test.ledger, 'once');
      await restore();
      await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
      expect((await deps.checkpoints.status(test.ledger)).stoppedDetail).toContain(`${later.origin}/2 was begun after`);
      expect((await deps.checkpoints.startOrigin(test.ledger, 'twice')).origin).toBe(`${later.origin}/3`);
    });
  });

  it.each([
    ['a tile', { table: 'tree_tiles', change: { hashes: Buffer.alloc(32 * 3, 7) } }],
    ['what was signed last', { table: 'trees', change: { signed_root: '0'.repeat(64) } }],
  ])('stop when somebody edits %s in the database', async (_name, { table, change }) => {
    await append(2);
    await sign();
    await test.database.knex(table).update(change);
    await append(1);
    await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
  });

  it('are signed under a new origin over a tree that is built again, pruned entries among it', async () => {
    await append(600);
    await sign();
    const wanted = (await test.database.knex('entries').orderBy('seq').pluck('record')) as string[];
    for (const verb of ['update', 'delete']) await test.database.knex.raw(`DROP TRIGGER entries_no_${verb}`);
    await test.database.knex('entries').whereBetween('seq', [1, 256]).delete();
    await test.database
      .knex('tree_tiles')
      .where({ level: 0, tile: 1 })
      .update({ hashes: Buffer.alloc(8192, 7) });
    await test.database
      .knex('tree_tiles')
      .where({ level: 1 })
      .update({ hashes: Buffer.alloc(64, 7) });
    await append(1);
    await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
    const first = await deps.checkpoints.startOrigin(test.ledger, 'a tile was changed');
    const since = (await test.database
      .knex('entries')
      .where('seq', '>', 601)
      .orderBy('seq')
      .pluck('record')) as string[];
    expect(first.root).toBe(rootOfLeaves([...wanted, ...since].map(leafHash)).toString('hex'));
  });

  it('stop when tile and last signature are edited alike: the data folder knows better', async () => {
    await append(2);
    await sign();
    const root = '11'.repeat(32);
    await test.database.knex('tree_tiles').update({ hashes: Buffer.alloc(96, 0x11) });
    await test.database.knex('trees').update({ root, signed_root: root });
    await test.database.knex('checkpoints').delete();
    await append(1);
    await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
    expect((await deps.checkpoints.status(test.ledger)).stoppedDetail).toMatch(/not those|data folder/);
  });

  it('stop when an entry is gone that was not in the tree yet', async () => {
    await append(2);
    await sign();
    // Stored by another process, which told us no leaves.
    const { database, keyRing } = deps;
    const other = createEntryStore({ database, keyRing });
    for (let seq = 4; seq <= 6; seq += 1) await other.append(test.ledger, [anAppendItem(test.ledger)]);
    for (const verb of ['update', 'delete']) await test.database.knex.raw(`DROP TRIGGER entries_no_${verb}`);
    await test.database.knex('entries').where({ seq: 5 }).delete();
    await expect(sign()).rejects.toMatchObject({ name: 'StoppedLedgerError' });
    expect((await deps.checkpoints.status(test.ledger)).stoppedDetail).toMatch(/entry 5 is missing/);
  });

  it('do not stop for a line in the data folder that our key did not sign', async () => {
    const checkpoint = await sign();
    const forged = { ...lines()[0], size: 999, note: checkpoint.note.replace('\n1\n', '\n999\n') };
    appendFileSync(file, `${JSON.stringify(forged)}\n`);
    await append();
    expect((await sign()).size).toBe(2);
  });

  it('give a new origin to no ledger that is not stopped', async () => {
    await sign();
    await expect(deps.checkpoints.startOrigin(test.ledger, 'why not')).rejects.toMatchObject({ code: 'bad_request' });
  });

  describe('while the server runs', () => {
    const MINUTE_MS = 60_000;
    const count = async () => (await deps.checkpoints.list(test.ledger, { limit: 50 })).length;

    it('are signed at its start and at its end', async () => {
      deps.checkpointClock.start();
      await until(async () => (await count()) > 0);
      await append();
      await deps.checkpointClock.stop();
      const reasons = (await deps.checkpoints.list(test.ledger, { limit: 50 })).map(({ reason }) => reason);
      expect(reasons).toEqual(['shutdown', 'interval']);
    });

    it('are signed every 15 minutes in which something happened', async () => {
      await deps.checkpointClock.look();
      test.clock.advance(60 * MINUTE_MS);
      await deps.checkpointClock.look();
      expect(await count()).toBe(1);
      await append();
      await deps.checkpointClock.look();
      expect(await count()).toBe(2);
      await append();
      test.clock.advance(14 * MINUTE_MS);
      await deps.checkpointClock.look();
      expect(await count()).toBe(2);
      test.clock.advance(MINUTE_MS);
      await deps.checkpointClock.look();
      expect(await count()).toBe(3);
    });

    it('are signed although the last one is said to come from the future', async () => {
      await deps.checkpointClock.look();
      await test.database.knex('checkpoints').update({ signed_at: 9e15 });
      await append();
      await deps.checkpointClock.look();
      expect(await count()).toBe(2);
    });

    it('are signed every 1,000 entries', async () => {
      await deps.checkpointClock.look();
      await append(999);
      await deps.checkpointClock.look();
      expect(await count()).toBe(1);
      await append();
      await deps.checkpointClock.look();
      expect(await count()).toBe(2);
    });

    it('are not signed for what tells of checkpoints alone', async () => {
      await deps.checkpointClock.look();
      for (const action of ['checkpoint_published', 'checkpoint_cosigned', 'checkpoint_refused', 'anchor_failed'])
        await deps.ownEvents.record('default', { action: `audit.${action}`, targetId: 'default' });
      test.clock.advance(60 * MINUTE_MS);
      await deps.checkpointClock.look();
      expect(await count()).toBe(1);
      await append();
      await deps.checkpointClock.look();
      expect(await count()).toBe(2);
    });

    it('are no longer tried once the ledger is stopped', async () => {
      await deps.checkpointClock.look();
      await test.database.knex('trees').update({ signed_root: '0'.repeat(64) });
      await append(1_000);
      await deps.checkpointClock.look();
      await deps.checkpointClock.look();
      expect(await deps.checkpoints.status(test.ledger)).toMatchObject({ state: 'stopped' });
      expect(await count()).toBe(1);
    });
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let wait = 0; wait < 200 && !(await isSo()); wait += 1) await new Promise((resolve) => setTimeout(resolve, 25));
}
