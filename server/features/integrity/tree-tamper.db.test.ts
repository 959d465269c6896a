import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Knex } from 'knex';
import { hashEntry, macHead } from '../../core/chain';
import { anAppendItem } from '../../testing/append-item';
import { runCommand } from '../../testing/run-command';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { parseFilter } from '../browse/browse-service';
import type { LedgerReport, VerifyReport } from './verify-service';

/** More than one tile, and an end in the middle of one. */
const SIZE = 600;
const SIGNED = [100, 256, 520];

let test: TestStore;
let db: Knex;

async function append(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    const items = Array.from({ length: Math.min(100, left) }, () => anAppendItem(test.ledger));
    await test.deps.store.append(test.ledger, items);
  }
}

async function verify(options: Parameters<TestStore['deps']['verifier']['verify']>[0] = {}): Promise<LedgerReport> {
  const { ledgers } = await test.deps.verifier.verify({ ledger: 'default', ...options });
  return ledgers[0] as LedgerReport;
}
const found = (report: LedgerReport) => report.broken.map(({ seq, kind }) => [seq, kind] as const);
const details = (report: LedgerReport) => report.broken.map(({ detail }) => detail).join('\n');

const tile = (level: number, number: number) =>
  db('tree_tiles').where({ ledger_id: test.ledger.id, level, tile: number });

async function flip(level: number, number: number, at: number): Promise<void> {
  const row = await tile(level, number).first<{ hashes: Buffer }>('hashes');
  const hashes = Buffer.from(row.hashes);
  hashes[at] = (hashes[at] ?? 0) ^ 1;
  await tile(level, number).update({ hashes });
}

/** Seals everything from `from` again, as somebody with the chain key can. */
async function resealFrom(from: number, change: (record: string, seq: number) => string): Promise<void> {
  const key = await test.deps.keyRing.findEpochKey(db, test.ledger.id, 'default', 1);
  if (!key) throw new Error('no key');
  const rows = await db('entries')
    .where('seq', '>=', from - 1)
    .orderBy('seq')
    .select<Row[]>('seq', 'hash', 'record');
  let prevHash = rows[0]?.hash ?? '';
  for (const { seq, record } of rows.slice(1)) {
    const changed = change(record, seq);
    const hash = hashEntry(key, { ledger: 'default', seq, prevHash }, changed);
    await db('entries').where({ seq }).update({ record: changed, prev_hash: prevHash, hash });
    prevHash = hash;
  }
  const { headKey } = test.deps.keyRing;
  await db('heads').update({ hash: prevHash, mac: macHead(headKey, 'default', SIZE, prevHash) });
}

interface Row {
  readonly seq: number;
  readonly hash: string;
  readonly record: string;
}

/** The tree anew from the entries, as the program itself would have made it. */
async function rebuildTree(): Promise<void> {
  const { origin } = await db('trees').first<{ origin: string }>('origin');
  await db('tree_tiles').delete();
  await db('trees').delete();
  await test.deps.tree.catchUp(test.ledger);
  await db('trees').update({ origin });
}

describe.each(ENGINES)('the tree on %s', (engine) => {
  beforeEach(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
    let size = 1;
    for (const next of [...SIGNED, SIZE]) {
      await append(next - size);
      size = next;
      if (next !== SIZE) await test.deps.checkpoints.sign(test.ledger, 'request');
    }
    await test.deps.tree.catchUp(test.ledger);
    for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER entries_no_${verb}`);
  });
  afterEach(() => test.stop());

  it('fits honest entries, and the report tells its root', async () => {
    const report = await verify();
    expect(report).toMatchObject({ verdict: 'intact', scope: 'whole', size: SIZE, valid: SIZE, broken: [] });
    expect(report.tree?.root).toBe((await test.deps.tree.rootAt(test.ledger, SIZE)).toString('hex'));
  });

  it('is no break while it is behind', async () => {
    await append(300);
    expect(await verify()).toMatchObject({ verdict: 'intact', valid: SIZE + 300 });
  });

  it('names one changed entry once, and does not call the tree wrong', async () => {
    await db('entries')
      .where({ seq: 42 })
      .update({ record: db.raw(`replace(record, '"admin"', '"admin "')`) });
    expect(found(await verify())).toEqual([
      [42, 'content'],
      [42, 'projection'],
    ]);
  });

  it('finds everything sealed anew with the stolen chain key', async () => {
    await resealFrom(300, (record, seq) => (seq === 300 ? record.replace('"success"', '"failure"') : record));
    await db('entries').where({ seq: 300 }).update({ outcome: 'failure' });
    const report = await verify();
    expect(found(report)).toEqual([[300, 'rewritten']]);
    expect(report.broken[0]?.id).toEqual(expect.any(String));
  });

  it('finds it by the signed checkpoints when the tree was made anew as well', async () => {
    await resealFrom(300, (record, seq) => (seq === 300 ? record.replace('"success"', '"failure"') : record));
    await db('entries').where({ seq: 300 }).update({ outcome: 'failure' });
    await rebuildTree();
    const report = await verify();
    // By the stored checkpoint and by the copy in the data folder.
    expect(found(report)).toEqual([
      [520, 'rewritten'],
      [520, 'rewritten'],
    ]);
  });

  it('finds it by the copy outside when the stored checkpoints are gone too', async () => {
    await resealFrom(300, (record, seq) => (seq === 300 ? record.replace('"success"', '"failure"') : record));
    await db('entries').where({ seq: 300 }).update({ outcome: 'failure' });
    await db('checkpoints').delete();
    await rebuildTree();
    const report = await verify();
    expect(report.verdict).toBe('broken');
    expect(details(report)).toContain('the data folder (520 entries)');
  });

  describe.each([
    ['a leaf', 0, 0, 32 * 41],
    ['a leaf of a whole tile', 0, 1, 5],
    ['a leaf of the last tile', 0, 2, 5],
    ['a hash above', 1, 0, 33],
  ] as const)('when %s is edited', (_name, level, number, at) => {
    it('names it, and not the entries', async () => {
      await flip(level, number, at);
      const report = await verify();
      expect(report.verdict).toBe('broken');
      expect(report.valid).toBe(SIZE);
      expect(new Set(found(report).map(([, kind]) => kind)).has('content')).toBe(false);
      expect(details(report)).toMatch(/Merkle tree/);
    });
  });

  it('notices a tile that was removed', async () => {
    await tile(0, 1).delete();
    expect(details(await verify())).toContain('tile 1 of level 0');
  });

  it.each([
    ['root', 'a'.repeat(64)],
    ['size', 500],
    ['size', SIZE + 9],
    ['size', 0],
    ['size', -3],
    ['origin', 'sealtrail/x/default'],
    ['origin', 'no name of a key'],
    ['signed_size', 300],
    ['signed_root', 'a'.repeat(64)],
  ])('notices that %s of the tree was edited', async (column, value) => {
    await db('trees').update({ [column]: value });
    expect(await verify()).toMatchObject({ verdict: 'broken', valid: SIZE });
  });

  it.each([
    ['root', 'a'.repeat(64)],
    ['size', 101],
    ['origin', 'sealtrail/x/default'],
  ])('notices that %s of a stored checkpoint was edited', async (column, value) => {
    await db('checkpoints')
      .where({ size: 100 })
      .update({ [column]: value });
    const report = await verify();
    expect(found(report).map(([, kind]) => kind)).toContain('certificate');
  });

  it.each([0, -4])('notices a checkpoint put in with %i entries', async (size) => {
    const [row] = await db('checkpoints').where({ size: 100 });
    await db('checkpoints').insert({ ...row, id: 900, size });
    expect(details(await verify())).toContain(
      `the checkpoint of ${size} entries, as it is stored, is not what was signed`,
    );
  });

  it('notices a stored checkpoint with another text', async () => {
    await db('checkpoints')
      .where({ size: 256 })
      .update({ note: db.raw(`replace(note, '256', '255')`) });
    expect(found(await verify())).toEqual([[256, 'certificate']]);
  });

  it('finds a tail that was cut off cleanly by what the data folder knows', async () => {
    const last = await db('entries').where({ seq: 400 }).first<Row>();
    await db('entries').where('seq', '>', 400).delete();
    await db('entry_values').where('seq', '>', 400).delete();
    await db('checkpoints').where('size', '>', 400).delete();
    const mac = macHead(test.deps.keyRing.headKey, 'default', 400, last.hash);
    await db('heads').update({ seq: 400, hash: last.hash, mac });
    await db('trees').update({ signed_size: 0 });
    await rebuildTree();
    expect(details(await verify())).toContain('the data folder (520 entries) knows 520 entries, here are 400');
  });

  describe('a range', () => {
    it('is checked against its leaves and the newest checkpoint', async () => {
      expect(await verify({ fromSeq: 200, toSeq: 300 })).toMatchObject({
        verdict: 'intact',
        scope: 'range',
        from: 200,
        to: 300,
        valid: 101,
        tree: null,
      });
      await resealFrom(250, (record, seq) => (seq === 250 ? record.replace('"success"', '"failure"') : record));
      await db('entries').where({ seq: 250 }).update({ outcome: 'failure' });
      expect(found(await verify({ fromSeq: 200, toSeq: 300 }))).toEqual([[250, 'rewritten']]);
      expect(found(await verify({ fromSeq: 251, toSeq: 300 }))).toEqual([]);
      expect(found(await verify({ actor: 'admin:7' }))).toEqual([[250, 'rewritten']]);
    });
  });

  describe('what is new', () => {
    const save = async (report: LedgerReport) => {
      const now = test.clock.now();
      await test.deps.verifications.save(test.ledger, report, { startedAt: now, finishedAt: now, requestedBy: 'test' });
    };

    it('is everything until something was verified', async () => {
      expect(await verify({ isOnlyNew: true })).toMatchObject({ scope: 'whole', scanned: SIZE });
    });

    it('is checked from the last place that an authentic report found intact', async () => {
      await save(await verify());
      await append(150);
      await test.deps.checkpoints.sign(test.ledger, 'request');
      const report = await verify({ isOnlyNew: true });
      expect(report).toMatchObject({
        verdict: 'intact',
        scope: 'new',
        from: SIZE,
        to: SIZE + 150,
        scanned: 151,
        broken: [],
      });
      expect(report.tree?.root).toBe((await test.deps.tree.rootAt(test.ledger, SIZE + 150)).toString('hex'));
      await save(report);
      expect(await verify({ isOnlyNew: true })).toMatchObject({ verdict: 'intact', scope: 'new', scanned: 1 });
    });

    it('does not believe a report that was edited', async () => {
      await save(await verify());
      await db('verifications').update({ head_seq: SIZE - 1 });
      expect(await verify({ isOnlyNew: true })).toMatchObject({ scope: 'whole', scanned: SIZE });
    });

    it('finds what was changed since, and that the place itself was', async () => {
      await save(await verify());
      await append(50);
      await db('entries')
        .where({ seq: SIZE + 7 })
        .update({ outcome: 'failure' });
      expect(found(await verify({ isOnlyNew: true }))).toEqual([[SIZE + 7, 'projection']]);
    });

    it('notices that the stored tree before it is another one', async () => {
      await save(await verify());
      await append(50);
      await test.deps.tree.catchUp(test.ledger);
      await flip(1, 0, 3);
      const report = await verify({ isOnlyNew: true });
      expect(report.verdict).toBe('broken');
      expect(details(report)).toContain('the verification of');
    });
  });

  describe('a checkpoint that somebody kept', () => {
    const file = () => path.join(test.config.dataDir, 'kept.note');
    afterEach(() => rmSync(file(), { force: true }));
    const verifyWith = async (note: string) => {
      writeFileSync(file(), note);
      const { code, stdout, stderr } = await runCommand(test.env, ['verify', '--json', '--expect-checkpoint', file()]);
      if (code === 2) throw new Error(stderr);
      return (JSON.parse(stdout) as VerifyReport).ledgers.find((one) => one.ledger === 'default') as LedgerReport;
    };

    it('is compared as a signed note', async () => {
      const { note } = (await test.deps.checkpoints.latest(test.ledger)) ?? { note: '' };
      expect(await verifyWith(note)).toMatchObject({ verdict: 'intact', broken: [] });
      const changed = await verifyWith(note.replace(/\n520\n/, '\n519\n'));
      expect(found(changed)).toEqual([[0, 'certificate']]);
      expect(details(changed)).toContain('its signature does not fit');
      await expect(verifyWith('no checkpoint at all')).rejects.toThrow(/neither/);
    });

    it('tells of a tail that nobody else knows of', async () => {
      const { note } = await test.deps.checkpoints.sign(test.ledger, 'request');
      rmSync(path.join(test.config.dataDir, 'checkpoints'), { recursive: true });
      const last = await db('entries').where({ seq: 90 }).first<Row>();
      for (const table of ['entries', 'entry_values']) await db(table).where('seq', '>', 90).delete();
      for (const table of ['checkpoints', 'tree_tiles', 'trees']) await db(table).delete();
      const mac = macHead(test.deps.keyRing.headKey, 'default', 90, last.hash);
      await db('heads').update({ seq: 90, hash: last.hash, mac });
      expect(await verify()).toMatchObject({ verdict: 'intact', valid: 90 });
      expect(found(await verifyWith(note))).toEqual([[91, 'truncated']]);
    });
  });

  it('proves one entry to the newest checkpoint', async () => {
    const check = (seq: number) => test.deps.entryCheck.check(test.ledger, seq);
    const ok = { seal: 'ok', columns: 'ok', values: 'ok', previous: 'ok', next: 'ok', leaf: 'ok', checkpoint: 'ok' };
    expect(await check(42)).toMatchObject({ verdict: 'intact', checks: ok, checkpoint: { size: 520 }, breaks: [] });
    expect(await check(1)).toMatchObject({ verdict: 'intact', checks: ok });
    expect(await check(SIZE)).toMatchObject({ verdict: 'intact', checks: { ...ok, checkpoint: 'cannot_tell' } });
    expect(await check(SIZE + 1)).toBeUndefined();

    await db('entries')
      .where({ seq: 43 })
      .update({ prev_hash: 'a'.repeat(64) });
    expect(await check(42)).toMatchObject({ verdict: 'broken', checks: { ...ok, next: 'broken' } });
    expect(await check(43)).toMatchObject({
      verdict: 'broken',
      checks: { seal: 'broken', previous: 'broken', leaf: 'ok' },
    });
    await db('entries').where({ seq: 43 }).delete();
    expect(await check(42)).toMatchObject({ verdict: 'cannot_tell', checks: { ...ok, next: 'cannot_tell' } });
  });

  it('marks what a list shows', async () => {
    await resealFrom(590, (record, seq) => (seq === 595 ? record.replace('"success"', '"failure"') : record));
    const { entries } = await test.deps.browse.findPage(test.ledger, {
      filter: parseFilter({}),
      sort: '-seq',
      perPage: 20,
    });
    expect(entries.filter((one) => one.integrity.status !== 'valid').map((one) => one.seq)).toEqual([595]);
    expect((await test.deps.browse.findEntry(test.ledger, '594'))?.integrity.status).toBe('valid');
  });
});
