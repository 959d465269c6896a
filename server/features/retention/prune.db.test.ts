import type { Knex } from 'knex';
import { KEPT_ACTIONS } from '../../core/kept-entries';
import { leafHash, verifyConsistency, verifyInclusion } from '../../core/merkle';
import { parseCertificate, SEGMENT } from '../../core/prune-certificate';
import { parseNote } from '../../core/signed-note';
import { ensureLedger } from '../../entries/ledger-setup';
import { anAppendItem } from '../../testing/append-item';
import { anActor } from '../../testing/builders';
import { BY, createPrunableStore, SIZE, type PrunableStore } from '../../testing/prunable-store';
import { ENGINES } from '../../testing/test-database';

let test: PrunableStore;
let db: Knex;
/** Errors of better-sqlite3 come from the first test file that loaded it: to `toThrow` of a later one they are no errors. */
const REFUSED = { message: expect.stringContaining('append-only') };

describe.each(ENGINES)('a prune on %s', (engine) => {
  beforeEach(async () => {
    test = await createPrunableStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  it('takes whole old segments and leaves the genesis entry, the newest segment and an intact ledger', async () => {
    await test.fill();
    test.grow(40);
    const result = await test.prune();
    expect(result.stopped).toBeNull();
    expect(result.prunes.map(({ state, fromSeq, toSeq, entries, deleted }) => ({ state, fromSeq, toSeq, entries, deleted }))).toEqual([
      { state: 'done', fromSeq: 1, toSeq: 4 * SEGMENT, entries: 4 * SEGMENT - 1, deleted: 4 * SEGMENT - 1 },
    ]); // prettier-ignore
    const left = [1, ...Array.from({ length: 40 }, (_, i) => 4 * SEGMENT + 1 + i), SIZE + 1];
    expect(await test.seqsOf('entries')).toEqual(left);
    expect(await test.seqsOf('entry_values')).toEqual(left);
    for (const table of ['entry_words', 'fresh_words'])
      expect([...new Set(await test.seqsOf(table))].filter((seq) => !left.includes(seq))).toEqual([]);
    const report = await test.verify();
    expect(report).toMatchObject({ verdict: 'intact', size: SIZE + 1, scanned: left.length, valid: left.length, pruned: 4 * SEGMENT - 1, broken: [] }); // prettier-ignore
  });

  it('counts in the dashboard what is there to be shown', async () => {
    await test.fill();
    test.grow(40);
    await test.prune();
    const counted = await db('day_counters').where({ ledger_id: test.ledger.id }).sum<{ sum: number }[]>({ sum: 'entries' }); // prettier-ignore
    expect(Number(counted[0]?.sum)).toBe(await test.numberOf('entries'));
    expect(await db('day_counters').where('entries', '<=', 0)).toEqual([]);
    const { total } = await test.deps.browse.readStats(test.ledger, { now: test.clock.now(), timeZone: 'UTC' });
    expect(total).toBe(await test.numberOf('entries'));
  });

  it('says in the chain what it took, signed, with the hashes that the chain goes on from', async () => {
    await test.fill();
    const before = await test.deps.store.readRange(test.ledger, { fromSeq: 1, toSeq: SIZE, limit: SIZE });
    test.grow(40);
    const { prunes } = await test.prune();
    const entry = await test.deps.browse.findEntry(test.ledger, String(SIZE + 1));
    expect(entry).toMatchObject({ action: 'audit.pruned', via: 'cli', source: { payload: { entries: 1023, from_seq: 1, to_seq: 1024, days: 30, requested_by: 'jane' } } }); // prettier-ignore
    const note = entry?.source.payload['certificate'] as string;
    expect(note).toBe(prunes[0]?.certificate);
    const certificate = parseCertificate(parseNote(note)?.text ?? '');
    expect(certificate?.runs).toEqual([
      { fromSeq: 2, toSeq: 1024, prevHash: before[0]?.hash, lastHash: before[1023]?.hash },
    ]);
    expect(certificate).toMatchObject({
      treeSize: SIZE,
      ledger: 'default',
      firstReceivedAt: '2026-11-21T01:02:03.456Z',
    });
  });

  it('prunes again behind what is pruned, and leaves the entries that prove the first one', async () => {
    await test.fill(2 * SEGMENT + 10);
    test.grow(40);
    await test.prune();
    await fillMore(3 * SEGMENT);
    test.grow(40);
    const second = await test.prune();
    expect(second.stopped).toBeNull();
    expect(second.prunes.map(({ fromSeq, toSeq, entries }) => [fromSeq, toSeq, entries])).toEqual([[513, 1280, 767]]);
    // The certificate of the first prune stands within the second.
    expect((await test.seqsOf('entries')).slice(0, 3)).toEqual([1, 2 * SEGMENT + 11, 1281]);
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 511 + 767 });
    const third = await test.prune();
    expect([third.prunes, third.stopped]).toEqual([[], null]);
  });

  async function fillMore(count: number): Promise<void> {
    const receivedAt = test.clock.now().toISOString();
    const items = Array.from({ length: count }, () => anAppendItem(test.ledger, { receivedAt }));
    await test.deps.appender.append(test.ledger, items, []);
  }

  it('keeps every earlier proof valid, also of what it took', async () => {
    await test.fill();
    const { tree, checkpoints } = test.deps;
    const before = await checkpoints.sign(test.ledger, 'request');
    const [leaf, proof] = [
      await tree.leafAt(test.ledger, 300),
      await tree.inclusionProof(test.ledger, 300, before.size),
    ];
    test.grow(40);
    await test.prune();
    const after = await checkpoints.sign(test.ledger, 'request');
    const [oldRoot, newRoot] = [Buffer.from(before.root, 'hex'), Buffer.from(after.root, 'hex')];
    expect(await tree.leafAt(test.ledger, 300)).toEqual(leaf);
    expect(await tree.inclusionProof(test.ledger, 300, before.size)).toEqual(proof);
    const claim = { index: 299, leaf: leaf as Buffer };
    expect(verifyInclusion({ ...claim, size: before.size, proof, root: oldRoot })).toBe(true);
    const now = await tree.inclusionProof(test.ledger, 300, after.size);
    expect(verifyInclusion({ ...claim, size: after.size, proof: now, root: newRoot })).toBe(true);
    const consistency = await tree.consistencyProof(test.ledger, before.size, after.size);
    expect(verifyConsistency({ oldSize: before.size, newSize: after.size, oldRoot, newRoot, proof: consistency })).toBe(
      true,
    );
    // The archive alone gives the leaf: its holder proves the entry under either checkpoint.
    const [archive] = await test.deps.retention.archives.list(test.ledger);
    const { entries } = await test.deps.retention.archives.open(archive?.file ?? '');
    const read = [];
    for await (const some of entries) read.push(...some);
    expect(leafHash(read[299]?.record ?? '')).toEqual(leaf);
  });

  it('verifies parts of a pruned ledger', async () => {
    await test.fill();
    test.grow(40);
    await test.prune();
    for (const [fromSeq, toSeq, scanned, pruned] of [
      [1, 500, 1, 499],
      [600, 700, 0, 101],
      [900, 1030, 6, 125],
      [1025, 1030, 6, 0],
    ] as const) {
      // prettier-ignore
      const { ledgers } = await test.deps.verifier.verify({ ledger: 'default', fromSeq, toSeq });
      expect(ledgers[0]).toMatchObject({
        scanned,
        pruned,
        broken: [],
        verdict: scanned === 0 ? 'cannot_tell' : 'intact',
      });
    }
  });

  it('takes nothing that is not old enough, and no part of a segment', async () => {
    await test.fill(SEGMENT + 100);
    test.grow(20);
    await fillMore(2 * SEGMENT);
    test.grow(15);
    const { plan } = await test.deps.retention.pruner.preview(test.ledger, { days: 30 });
    expect(plan?.ranges).toMatchObject([{ fromSeq: 1, toSeq: SEGMENT, entries: SEGMENT - 1 }]);
    expect((await test.prune(36)).prunes).toEqual([]);
    expect((await test.prune()).prunes).toHaveLength(1);
  });

  // Days since 1970: after 20,000 entries it was the least of what stands there, and nothing more was ever pruned.
  it('goes as far as the readers have come, whatever the day that the dashboard has come to', async () => {
    await test.fill();
    test.grow(40);
    expect(
      await db('consumers')
        .where({ ledger_id: test.ledger.id, name: 'activity_day' })
        .update({ seq: SEGMENT + 1 }),
    ).toBe(1);
    expect((await test.deps.retention.pruner.preview(test.ledger, { days: 30 })).plan?.ranges).toMatchObject([
      { fromSeq: 1, toSeq: 1024 },
    ]);
  });

  it('leaves the entries that tables rest upon, and keeps a certificate short where many stay', async () => {
    const stays = (seq: number) => seq % SEGMENT !== 0;
    await test.fill(6 * SEGMENT + 40, (seq) => (stays(seq) ? { action: 'audit.gap_closed' } : {}));
    test.grow(40);
    const { prunes, stopped } = await test.prune();
    expect(stopped).toBeNull();
    expect(prunes.map(({ fromSeq, toSeq, entries }) => [fromSeq, toSeq, entries])).toEqual([
      [1, 4 * SEGMENT, 4],
      [4 * SEGMENT + 1, 6 * SEGMENT, 2],
    ]);
    expect(await test.numberOf('entries')).toBe(6 * SEGMENT + 40 - 6 + 2);
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [] });
  });

  it('deletes what its certificate says, made by a build that kept less', async () => {
    await test.fill(SIZE, (seq) => (seq % 100 === 0 ? { action: 'audit.token_created' } : {}));
    test.grow(40);
    const kept = KEPT_ACTIONS as Set<string>;
    kept.delete('audit.token_created');
    try {
      await test.killedAt('certified');
    } finally {
      kept.add('audit.token_created');
    }
    expect((await test.prune()).prunes).toMatchObject([{ state: 'done', entries: 1023, deleted: 1023 }]);
    expect(await db('entries').where({ action: 'audit.token_created' }).pluck('seq')).toEqual([]);
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [] });
  });

  it('previews without changing anything', async () => {
    await test.fill();
    test.grow(40);
    const { plan } = await test.deps.retention.pruner.preview(test.ledger, { days: 30 });
    expect(plan?.ranges).toMatchObject([{ fromSeq: 1, toSeq: 1024, entries: 1023 }]);
    expect([await test.numberOf('entries'), await test.prunesOf(), test.archiveFiles()]).toEqual([SIZE, [], []]);
  });

  it('does nothing where entries are kept for ever', async () => {
    await test.fill();
    test.grow(4000);
    const result = await test.deps.retention.pruner.run(test.ledger, { requestedBy: 'jane', via: 'cron' });
    expect(result).toEqual({ days: null, plan: null, prunes: [], stopped: null });
  });

  it('follows the limit that was set, as the chain has it', async () => {
    await test.fill();
    await test.deps.retention.retention.set(test.ledger, 30, BY);
    test.grow(40);
    const run = () => test.deps.retention.pruner.run(test.ledger, { requestedBy: 'Sealtrail', via: 'cron' });
    await db('retention_policies').update({ days: 7 });
    expect((await run()).stopped).toMatch(/7 in the settings and 30 in the chain/);
    await db('retention_policies').update({ days: 30 });
    expect(await run()).toMatchObject({ days: 30, stopped: null, prunes: [{ requestedBy: 'Sealtrail' }] });
  });

  it('ends between two segments when it is asked to stop, and goes on there', async () => {
    await test.fill();
    test.grow(40);
    const controller = new AbortController();
    const stopping = test.another((step) => step === 'deleted' && controller.abort());
    const first = await stopping.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'x', via: 'cron', signal: controller.signal }); // prettier-ignore
    await stopping.close();
    expect(first.stopped).toMatch(/asked to stop/);
    expect(await test.prunesOf()).toMatchObject([
      { state: 'deleting', deleted_to: 2 * SEGMENT, deleted: 2 * SEGMENT - 1 },
    ]);
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [] });
    expect((await test.prune()).prunes).toMatchObject([{ state: 'done', deleted: 1023 }]);
  });

  describe('killed at any point', () => {
    it.each(['planned', 'checkpoint', 'archive', 'archived', 'entry', 'certified', 'deleted'])('%s: goes on', async (step) => {
      await test.fill();
      test.grow(40);
      await test.killedAt(step);
      expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [] });
      const result = await test.prune();
      expect(result.stopped).toBeNull();
      expect(await test.prunesOf()).toMatchObject([{ state: 'done', from_seq: 1, to_seq: 1024, deleted: 1023 }]);
      expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023 });
      // One certificate in the chain, and no file that belongs to none.
      expect(await db('entries').where({ action: 'audit.pruned' })).toHaveLength(1);
      const [archive] = await test.deps.retention.archives.list(test.ledger);
      expect(test.archiveFiles().sort()).toEqual([String(archive?.prune.archive), `${String(archive?.prune.archive)}.certificate`]); // prettier-ignore
      expect(await test.deps.retention.archives.verify(archive?.file ?? '')).toMatchObject({ entries: 1024, faults: [] });
    }); // prettier-ignore
  });

  it('takes the words out that an entry has then, not those it had when it was read', async () => {
    // There is room for so many words only: with a name erased, the id behind it is one of them.
    const at = 2 * SEGMENT + 88;
    const name = Array.from({ length: 120 }, (_none, i) => `name${i}`).join(' ');
    const customer = { type: 'client', id: '7777777', name } as const;
    await test.fill(SIZE, (seq) => (seq === at ? { actor: anActor(customer) } : {}));
    // The entry of the erasure has the id too.
    const found = () => db('entry_words').where({ word: '7777777' }).where('seq', '<=', 4 * SEGMENT).pluck<number[]>('seq'); // prettier-ignore
    expect(await found()).toEqual([]);
    test.grow(40);
    let left = 1;
    const sidecar = test.another((step) => {
      if (step === 'deleted' && (left -= 1) === 0) throw new Error('the connection broke');
    });
    const run = () => sidecar.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    await expect(run()).rejects.toThrow('the connection broke');
    await test.deps.erasures.erase(test.ledger, { ref: 'client:7777777', basis: 'request', ground: 'case 1' });
    expect(await found()).toEqual([at]);
    expect(await run()).toMatchObject({ stopped: null });
    await sidecar.close();
    expect(await found()).toEqual([]);
    expect(await test.seqsOf('entries')).not.toContain(at);
  });

  it('by two processes at once is done once', async () => {
    await test.fill();
    test.grow(40);
    const other = test.another();
    const both = await Promise.all([test.prune(), other.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'joe', via: 'cron' })]); // prettier-ignore
    await other.close();
    expect(both.map(({ stopped }) => stopped).sort()).toEqual(['another process prunes this ledger', null]);
    expect(await test.prunesOf()).toHaveLength(1);
    expect(await test.verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023 });
  });

  it('lets events in all the while', async () => {
    await test.fill();
    test.grow(40);
    let running = true;
    let appended = 0;
    const ingest = async () => {
      while (running) {
        const receivedAt = test.clock.now().toISOString();
        await test.deps.appender.append(test.ledger, [anAppendItem(test.ledger, { receivedAt })], []);
        appended += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const [result] = await Promise.all([test.prune().finally(() => (running = false)), ingest(), ingest()]);
    expect(result.stopped).toBeNull();
    expect(appended).toBeGreaterThan(5);
    expect(await test.verify()).toMatchObject({
      verdict: 'intact',
      broken: [],
      pruned: 1023,
      size: SIZE + 1 + appended,
    });
  });

  it('is refused for a ledger in which something is broken', async () => {
    await test.fill();
    test.grow(40);
    await db.raw('DROP TRIGGER entries_no_update');
    await db('entries').where({ ledger_id: test.ledger.id, seq: 300 }).update({ action: 'invoice.refunded' });
    const result = await test.prune();
    expect(result).toMatchObject({ stopped: expect.stringMatching(/entry 300: differs .* action/), prunes: [] });
    expect([await test.numberOf('entries'), await test.prunesOf(), test.archiveFiles()]).toEqual([SIZE, [], []]);
  });

  it('leaves a segment in which an entry is missing', async () => {
    await test.fill();
    test.grow(40);
    await db.raw('DROP TRIGGER entries_no_delete');
    await db('entries').where({ ledger_id: test.ledger.id, seq: 300 }).delete();
    expect((await test.deps.retention.pruner.preview(test.ledger, { days: 30 })).plan).toMatchObject({ incomplete: 1 });
  });

  it('lets nothing but itself delete', async () => {
    await test.fill();
    test.grow(40);
    const byHand = (seq: number) => db('entries').where({ ledger_id: test.ledger.id, seq }).delete();
    await expect(byHand(2)).rejects.toMatchObject(REFUSED);
    await test.killedAt('deleted');
    await expect(byHand(4 * SEGMENT + 1)).rejects.toMatchObject(REFUSED);
    await test.prune();
    await expect(byHand(1)).rejects.toMatchObject(REFUSED);
    await expect(byHand(SIZE + 1)).rejects.toMatchObject(REFUSED);
  });

  it('stays within its ledger', async () => {
    const other = await ensureLedger(test.deps, 'second');
    await test.deps.appender.append(
      other,
      Array.from({ length: 600 }, () => anAppendItem(other)),
      [],
    );
    await test.fill();
    test.grow(40);
    await test.prune();
    expect(await test.numberOf('entries', other)).toBe(601);
  });
});
