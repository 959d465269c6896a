import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Knex } from 'knex';
import pino, { type Logger } from 'pino';
import type { JsonObject } from '../../core/canonical-json';
import { GENESIS_PREV_HASH } from '../../core/chain';
import { ownEvent } from '../../core/own-event';
import { KEPT_ACTIONS } from '../../core/kept-entries';
import { leafHash, verifyConsistency, verifyInclusion } from '../../core/merkle';
import { parseCertificate, SEGMENT } from '../../core/prune-certificate';
import { parseNote, signNote } from '../../core/signed-note';
import { createDeps, type Deps } from '../../deps';
import { ensureLedger } from '../../entries/ledger-setup';
import type { Ledger } from '../../entries/entry-store';
import { sealOwnEvent } from '../../entries/seal-own-event';
import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { anActor } from '../../testing/builders';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { createPruneTask } from './prune-task';

const DAY_MS = 86_400_000;
/** Four whole segments and some more. */
const SIZE = 4 * SEGMENT + 40;

let test: TestStore;
let db: Knex;

const numberOf = async (table: string, ledger: Ledger = test.ledger) =>
  Number((await db(table).where({ ledger_id: ledger.id }).count<{ count: number }[]>({ count: '*' }))[0]?.count);
const seqsOf = (table: string) => db(table).where({ ledger_id: test.ledger.id }).orderBy('seq').pluck<number[]>('seq');
const prunesOf = () => db('prunes').where({ ledger_id: test.ledger.id }).orderBy('from_seq');
const archives = () => path.join(test.config.dataDir, 'archives');
const filesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) => one.includes('.')) : []; // prettier-ignore
/** Errors of better-sqlite3 come from the first test file that loaded it: to `toThrow` of a later one they are no errors. */
const REFUSED = { message: expect.stringContaining('append-only') };
const BY = { name: 'jane', via: 'cli' } as const;
const prune = (days = 30) => test.deps.retention.pruner.run(test.ledger, { days, requestedBy: 'jane', via: 'cli' });

async function fill(size = SIZE, options: (seq: number) => AppendItemOptions = () => ({})): Promise<void> {
  const items = [];
  for (let seq = 2; seq <= size; seq += 1) {
    const receivedAt = test.clock.now().toISOString();
    items.push(anAppendItem(test.ledger, { eventId: `event-${seq}`, receivedAt, ...options(seq) }));
  }
  await test.deps.appender.append(test.ledger, items, []);
  // A prune takes what every reader has passed.
  await test.deps.indexer.catchUp();
  await test.deps.activity.catchUp();
}

const grow = (days: number) => test.clock.advance(days * DAY_MS);

async function verify() {
  const { ledgers } = await test.deps.verifier.verify({ ledger: test.ledger.name });
  const [report] = ledgers;
  if (!report) throw new Error('no report');
  return report;
}

/** The task of every day, over a database whose clock is so far ahead of this machine's. */
function dailyPrune(logger: Logger, databaseIsAheadMs = 0) {
  const now = () => test.clock.now();
  const databaseClock = () => Promise.resolve(now().getTime() + databaseIsAheadMs);
  return createPruneTask({
    pruner: test.deps.retention.pruner,
    store: test.deps.store,
    databaseClock,
    now,
    logger,
  });
}

const kinds = async () => (await verify()).broken.map((one) => [one.seq, one.kind]);

/** Another sidecar over the same store. */
function another(onPruneStep?: (step: string) => void): Deps {
  const options = { now: () => test.clock.now(), logger: pino({ level: 'silent' }) };
  return createDeps(test.config, onPruneStep === undefined ? options : { ...options, onPruneStep });
}

/** A process that is killed at a step: what it did until then is there, what it would have done is not. */
async function killedAt(step: string, times = 1): Promise<void> {
  let left = times;
  const dying = another((at) => {
    if (at === step && (left -= 1) === 0) throw new Error(`killed at ${step}`);
  });
  const run = dying.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
  await expect(run).rejects.toThrow(`killed at ${step}`);
  await dying.close();
  // A dead process gives nothing back.
  await db('leases')
    .where({ name: 'prune' })
    .update({ holder: 'dead', expires_at: test.clock.now().getTime() + 60_000 });
  test.clock.advance(600_000);
}

describe.each(ENGINES)('a prune on %s', (engine) => {
  beforeEach(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  it('takes whole old segments and leaves the genesis entry, the newest segment and an intact ledger', async () => {
    await fill();
    grow(40);
    const result = await prune();
    expect(result.stopped).toBeNull();
    expect(result.prunes.map(({ state, fromSeq, toSeq, entries, deleted }) => ({ state, fromSeq, toSeq, entries, deleted }))).toEqual([
      { state: 'done', fromSeq: 1, toSeq: 4 * SEGMENT, entries: 4 * SEGMENT - 1, deleted: 4 * SEGMENT - 1 },
    ]); // prettier-ignore
    const left = [1, ...Array.from({ length: 40 }, (_, i) => 4 * SEGMENT + 1 + i), SIZE + 1];
    expect(await seqsOf('entries')).toEqual(left);
    expect(await seqsOf('entry_values')).toEqual(left);
    for (const table of ['entry_words', 'fresh_words'])
      expect([...new Set(await seqsOf(table))].filter((seq) => !left.includes(seq))).toEqual([]);
    const report = await verify();
    expect(report).toMatchObject({ verdict: 'intact', size: SIZE + 1, scanned: left.length, valid: left.length, pruned: 4 * SEGMENT - 1, broken: [] }); // prettier-ignore
  });

  it('counts in the dashboard what is there to be shown', async () => {
    await fill();
    grow(40);
    await prune();
    const counted = await db('day_counters').where({ ledger_id: test.ledger.id }).sum<{ sum: number }[]>({ sum: 'entries' }); // prettier-ignore
    expect(Number(counted[0]?.sum)).toBe(await numberOf('entries'));
    expect(await db('day_counters').where('entries', '<=', 0)).toEqual([]);
    const { total } = await test.deps.browse.readStats(test.ledger, { now: test.clock.now(), timeZone: 'UTC' });
    expect(total).toBe(await numberOf('entries'));
  });

  it('says in the chain what it took, signed, with the hashes that the chain goes on from', async () => {
    await fill();
    const before = await test.deps.store.readRange(test.ledger, { fromSeq: 1, toSeq: SIZE, limit: SIZE });
    grow(40);
    const { prunes } = await prune();
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
    await fill(2 * SEGMENT + 10);
    grow(40);
    await prune();
    await fillMore(3 * SEGMENT);
    grow(40);
    const second = await prune();
    expect(second.stopped).toBeNull();
    expect(second.prunes.map(({ fromSeq, toSeq, entries }) => [fromSeq, toSeq, entries])).toEqual([[513, 1280, 767]]);
    // The certificate of the first prune stands within the second.
    expect((await seqsOf('entries')).slice(0, 3)).toEqual([1, 2 * SEGMENT + 11, 1281]);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 511 + 767 });
    const third = await prune();
    expect([third.prunes, third.stopped]).toEqual([[], null]);
  });

  async function fillMore(count: number): Promise<void> {
    const receivedAt = test.clock.now().toISOString();
    const items = Array.from({ length: count }, () => anAppendItem(test.ledger, { receivedAt }));
    await test.deps.appender.append(test.ledger, items, []);
  }

  it('keeps every earlier proof valid, also of what it took', async () => {
    await fill();
    const { tree, checkpoints } = test.deps;
    const before = await checkpoints.sign(test.ledger, 'request');
    const [leaf, proof] = [
      await tree.leafAt(test.ledger, 300),
      await tree.inclusionProof(test.ledger, 300, before.size),
    ];
    grow(40);
    await prune();
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
    await fill();
    grow(40);
    await prune();
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
    await fill(SEGMENT + 100);
    grow(20);
    await fillMore(2 * SEGMENT);
    grow(15);
    const { plan } = await test.deps.retention.pruner.preview(test.ledger, { days: 30 });
    expect(plan?.ranges).toMatchObject([{ fromSeq: 1, toSeq: SEGMENT, entries: SEGMENT - 1 }]);
    expect((await prune(36)).prunes).toEqual([]);
    expect((await prune()).prunes).toHaveLength(1);
  });

  // Days since 1970: after 20,000 entries it was the least of what stands there, and nothing more was ever pruned.
  it('goes as far as the readers have come, whatever the day that the dashboard has come to', async () => {
    await fill();
    grow(40);
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
    await fill(6 * SEGMENT + 40, (seq) => (stays(seq) ? { action: 'audit.gap_closed' } : {}));
    grow(40);
    const { prunes, stopped } = await prune();
    expect(stopped).toBeNull();
    expect(prunes.map(({ fromSeq, toSeq, entries }) => [fromSeq, toSeq, entries])).toEqual([
      [1, 4 * SEGMENT, 4],
      [4 * SEGMENT + 1, 6 * SEGMENT, 2],
    ]);
    expect(await numberOf('entries')).toBe(6 * SEGMENT + 40 - 6 + 2);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [] });
  });

  it('deletes what its certificate says, made by a build that kept less', async () => {
    await fill(SIZE, (seq) => (seq % 100 === 0 ? { action: 'audit.token_created' } : {}));
    grow(40);
    const kept = KEPT_ACTIONS as Set<string>;
    kept.delete('audit.token_created');
    try {
      await killedAt('certified');
    } finally {
      kept.add('audit.token_created');
    }
    expect((await prune()).prunes).toMatchObject([{ state: 'done', entries: 1023, deleted: 1023 }]);
    expect(await db('entries').where({ action: 'audit.token_created' }).pluck('seq')).toEqual([]);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [] });
  });

  it('previews without changing anything', async () => {
    await fill();
    grow(40);
    const { plan } = await test.deps.retention.pruner.preview(test.ledger, { days: 30 });
    expect(plan?.ranges).toMatchObject([{ fromSeq: 1, toSeq: 1024, entries: 1023 }]);
    expect([await numberOf('entries'), await prunesOf(), filesIn(archives())]).toEqual([SIZE, [], []]);
  });

  it('does nothing where entries are kept for ever', async () => {
    await fill();
    grow(4000);
    const result = await test.deps.retention.pruner.run(test.ledger, { requestedBy: 'jane', via: 'cron' });
    expect(result).toEqual({ days: null, plan: null, prunes: [], stopped: null });
  });

  it('follows the limit that was set, as the chain has it', async () => {
    await fill();
    await test.deps.retention.retention.set(test.ledger, 30, BY);
    grow(40);
    const run = () => test.deps.retention.pruner.run(test.ledger, { requestedBy: 'Sealtrail', via: 'cron' });
    await db('retention_policies').update({ days: 7 });
    expect((await run()).stopped).toMatch(/7 in the settings and 30 in the chain/);
    await db('retention_policies').update({ days: 30 });
    expect(await run()).toMatchObject({ days: 30, stopped: null, prunes: [{ requestedBy: 'Sealtrail' }] });
  });

  it('runs every day, and tells a person what keeps it from going on', async () => {
    await fill();
    const logged: object[] = [];
    const logger = { info: (said: object) => logged.push(said), error: (said: object) => logged.push(said) } as unknown as Logger; // prettier-ignore
    const task = dailyPrune(logger);
    grow(40);
    await task.run(new AbortController().signal, 1);
    expect(logged).toEqual([]);
    await test.deps.retention.retention.set(test.ledger, 30, BY);
    await task.run(AbortSignal.abort(), 1);
    expect(await prunesOf()).toEqual([]);
    await task.run(new AbortController().signal, 1);
    expect(logged).toEqual([{ ledger: 'default', entries: 1023 }]);
    await db('retention_policies').update({ days: 7 });
    await task.run(new AbortController().signal, 1);
    expect(logged[1]).toMatchObject({ ledger: 'default', why: expect.stringContaining('set it again') as string });
  });

  it.each([
    { days: 4, databaseIsAheadMs: 0, why: /^4 days went by/ },
    { days: 3_650, databaseIsAheadMs: 0, why: /^3650 days went by/ },
    { days: NaN, databaseIsAheadMs: 0, why: /^nobody knows how many days/ },
    { days: 1, databaseIsAheadMs: -40 * DAY_MS, why: /40\.0 days apart/ },
    { days: 1, databaseIsAheadMs: 2 * DAY_MS, why: /2\.0 days apart/ },
  ])('waits where the clock may have leapt: $days days, the database $databaseIsAheadMs ms ahead', async (leap) => {
    await fill();
    await test.deps.retention.retention.set(test.ledger, 30, BY);
    grow(40);
    const logged: object[] = [];
    const logger = { info: (said: object) => logged.push(said), error: (said: object) => logged.push(said) } as unknown as Logger; // prettier-ignore
    await dailyPrune(logger, leap.databaseIsAheadMs).run(new AbortController().signal, leap.days);
    expect(logged).toEqual([{ why: expect.stringMatching(leap.why) as string }]);
    expect(await prunesOf()).toEqual([]);
    // The next day it is not a leap any more, and the clocks agree; so it is where the clock was put back.
    for (const days of [1, -9]) await dailyPrune(logger).run(new AbortController().signal, days);
    expect(logged[1]).toEqual({ ledger: 'default', entries: 1023 });
  });

  it('ends between two segments when it is asked to stop, and goes on there', async () => {
    await fill();
    grow(40);
    const controller = new AbortController();
    const stopping = another((step) => step === 'deleted' && controller.abort());
    const first = await stopping.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'x', via: 'cron', signal: controller.signal }); // prettier-ignore
    await stopping.close();
    expect(first.stopped).toMatch(/asked to stop/);
    expect(await prunesOf()).toMatchObject([{ state: 'deleting', deleted_to: 2 * SEGMENT, deleted: 2 * SEGMENT - 1 }]);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [] });
    expect((await prune()).prunes).toMatchObject([{ state: 'done', deleted: 1023 }]);
  });

  describe('killed at any point', () => {
    it.each(['planned', 'checkpoint', 'archive', 'archived', 'entry', 'certified', 'deleted'])('%s: goes on', async (step) => {
      await fill();
      grow(40);
      await killedAt(step);
      expect(await verify()).toMatchObject({ verdict: 'intact', broken: [] });
      const result = await prune();
      expect(result.stopped).toBeNull();
      expect(await prunesOf()).toMatchObject([{ state: 'done', from_seq: 1, to_seq: 1024, deleted: 1023 }]);
      expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023 });
      // One certificate in the chain, and no file that belongs to none.
      expect(await db('entries').where({ action: 'audit.pruned' })).toHaveLength(1);
      const [archive] = await test.deps.retention.archives.list(test.ledger);
      expect(filesIn(archives()).sort()).toEqual([String(archive?.prune.archive), `${String(archive?.prune.archive)}.certificate`]); // prettier-ignore
      expect(await test.deps.retention.archives.verify(archive?.file ?? '')).toMatchObject({ entries: 1024, faults: [] });
    }); // prettier-ignore
  });

  it('takes the words out that an entry has then, not those it had when it was read', async () => {
    // There is room for so many words only: with a name erased, the id behind it is one of them.
    const at = 2 * SEGMENT + 88;
    const name = Array.from({ length: 120 }, (_none, i) => `name${i}`).join(' ');
    const customer = { type: 'client', id: '7777777', name } as const;
    await fill(SIZE, (seq) => (seq === at ? { actor: anActor(customer) } : {}));
    // The entry of the erasure has the id too.
    const found = () => db('entry_words').where({ word: '7777777' }).where('seq', '<=', 4 * SEGMENT).pluck<number[]>('seq'); // prettier-ignore
    expect(await found()).toEqual([]);
    grow(40);
    let left = 1;
    const sidecar = another((step) => {
      if (step === 'deleted' && (left -= 1) === 0) throw new Error('the connection broke');
    });
    const run = () => sidecar.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
    await expect(run()).rejects.toThrow('the connection broke');
    await test.deps.erasures.erase(test.ledger, { ref: 'client:7777777', basis: 'request', ground: 'case 1' });
    expect(await found()).toEqual([at]);
    expect(await run()).toMatchObject({ stopped: null });
    await sidecar.close();
    expect(await found()).toEqual([]);
    expect(await seqsOf('entries')).not.toContain(at);
  });

  it('by two processes at once is done once', async () => {
    await fill();
    grow(40);
    const other = another();
    const both = await Promise.all([prune(), other.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'joe', via: 'cron' })]); // prettier-ignore
    await other.close();
    expect(both.map(({ stopped }) => stopped).sort()).toEqual(['another process prunes this ledger', null]);
    expect(await prunesOf()).toHaveLength(1);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023 });
  });

  it('lets events in all the while', async () => {
    await fill();
    grow(40);
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
    const [result] = await Promise.all([prune().finally(() => (running = false)), ingest(), ingest()]);
    expect(result.stopped).toBeNull();
    expect(appended).toBeGreaterThan(5);
    expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023, size: SIZE + 1 + appended });
  });

  it('is refused for a ledger in which something is broken', async () => {
    await fill();
    grow(40);
    await db.raw('DROP TRIGGER entries_no_update');
    await db('entries').where({ ledger_id: test.ledger.id, seq: 300 }).update({ action: 'invoice.refunded' });
    const result = await prune();
    expect(result).toMatchObject({ stopped: expect.stringMatching(/entry 300: differs .* action/), prunes: [] });
    expect([await numberOf('entries'), await prunesOf(), filesIn(archives())]).toEqual([SIZE, [], []]);
  });

  it('leaves a segment in which an entry is missing', async () => {
    await fill();
    grow(40);
    await db.raw('DROP TRIGGER entries_no_delete');
    await db('entries').where({ ledger_id: test.ledger.id, seq: 300 }).delete();
    expect((await test.deps.retention.pruner.preview(test.ledger, { days: 30 })).plan).toMatchObject({ incomplete: 1 });
  });

  it('lets nothing but itself delete', async () => {
    await fill();
    grow(40);
    const byHand = (seq: number) => db('entries').where({ ledger_id: test.ledger.id, seq }).delete();
    await expect(byHand(2)).rejects.toMatchObject(REFUSED);
    await killedAt('deleted');
    await expect(byHand(4 * SEGMENT + 1)).rejects.toMatchObject(REFUSED);
    await prune();
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
    await fill();
    grow(40);
    await prune();
    expect(await numberOf('entries', other)).toBe(601);
  });

  describe('under a hold', () => {
    const hold = (scope: object, reason = 'lawsuit 12') => {
      const nothing = { client: null, target: null, actor: null, after: null, before: null };
      return test.deps.retention.holds.place(test.ledger, { ...nothing, ...scope }, reason, BY);
    };

    it.each<[string, object]>([
      ['a client', { client: '5' }],
      ['a target', { target: 'client:5' }],
      ['an actor', { actor: 'admin:9' }],
      ['a time', { after: Date.parse('2026-11-22T00:00:00.000Z'), before: Date.parse('2026-11-23T00:00:00.000Z') }],
      ['all of it', { client: '5', target: 'client:5', actor: 'admin:9' }],
    ])('by %s leaves the segments with such entries', async (_what, scope) => {
      const held = { client: '5', target: { type: 'client', id: '5', label: null }, actor: { type: 'admin', id: '9', name: 'joe', role: null, actingAs: null }, occurredAt: '2026-11-22T10:00:00.000Z' } as const; // prettier-ignore
      await fill(SIZE, (seq) => (seq === 400 ? held : {}));
      const placed = await hold(scope);
      grow(40);
      const result = await prune();
      expect(result.plan?.held).toEqual([{ hold: placed.id, segments: 1 }]);
      expect(result.prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[1, 256], [513, 1024]]); // prettier-ignore
      expect(await verify()).toMatchObject({ verdict: 'intact', broken: [] });
      await test.deps.retention.holds.release(test.ledger, placed.id, 'settled', BY);
      expect((await prune()).prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[257, 512]]);
      expect(await verify()).toMatchObject({ verdict: 'intact', broken: [], pruned: 1023 });
    });

    it('placed while the archive is written stops the prune', async () => {
      await fill(SIZE, (seq) => (seq === 400 ? { client: '5' } : {}));
      grow(40);
      let placing: Promise<unknown> = Promise.resolve();
      const slow = another((step) => {
        // Right before, so that it is there when the archive is, however slow the engine is.
        if (step === 'checkpoint') placing = hold({ client: '5' });
      });
      const result = await slow.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
      await placing;
      await slow.close();
      // Whoever sees it first says so: the archive, the certificate, or who finds it in the table and not yet in the chain.
      expect(result.stopped).toMatch(
        /the hold \S+ (was placed meanwhile|is not the same in the table and in the chain)|entry 400 is held/,
      );
      // Where it stands in the table alone, the next prune clears away what this one had planned.
      expect(await prunesOf().whereNot({ state: 'planned' })).toEqual([]);
      expect(filesIn(archives())).toEqual([]);
      expect((await prune()).prunes.map(({ fromSeq }) => fromSeq)).toEqual([1, 513]);
      expect(await prunesOf().pluck<string[]>('state')).toEqual(['done', 'done']);
    });

    it('that stands in the table alone when the archive is written stops the prune, and the next one begins anew', async () => {
      await fill(SIZE);
      grow(40);
      const id = randomUUID();
      let placing: Promise<unknown> = Promise.resolve();
      const slow = another((step) => {
        if (step === 'checkpoint') placing = Promise.resolve(db('holds').insert({ id, ledger_id: test.ledger.id, scope: '{"actor":null,"after":null,"before":null,"client":"5","target":null}', reason: 'lawsuit', placed_at: 1, placed_by: 'jane' })); // prettier-ignore
      });
      const result = await slow.retention.pruner.run(test.ledger, { days: 30, requestedBy: 'jane', via: 'cli' });
      await placing;
      await slow.close();
      expect(result.stopped).toBe(`the hold ${id} is not the same in the table and in the chain`);
      await db('holds').delete();
      expect((await prune()).prunes.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[1, 1024]]);
      expect(await prunesOf().pluck<string[]>('state')).toEqual(['done']);
    });

    it.each<[string, () => Promise<unknown>]>([
      ['deleted', () => db('holds').delete()],
      ['released', () => db('holds').update({ released_at: 1 })],
      ['narrowed', () => db('holds').update({ scope: '{"actor":null,"after":null,"before":null,"client":"6","target":null}' })],
    ])('that was %s in the table stops every prune until it is put back', async (_how, change) => {
      await fill(SIZE, (seq) => (seq === 400 ? { client: '5' } : {}));
      const placed = await hold({ client: '5' });
      grow(40);
      await change();
      expect((await prune()).stopped).toBe(`the hold ${placed.id} is not the same in the table and in the chain`);
      expect(await test.deps.retention.holds.restore(test.ledger)).toEqual([placed.id]);
      expect((await prune()).prunes).toHaveLength(2);
    }); // prettier-ignore

    it('that only the table knows stops every prune until it is released', async () => {
      await fill();
      const placed = await hold({ client: '5' });
      await test.deps.retention.holds.release(test.ledger, placed.id, 'settled', BY);
      await db('holds').update({ released_at: null });
      grow(40);
      expect((await prune()).stopped).toMatch(/is not the same/);
      await test.deps.retention.holds.release(test.ledger, placed.id, 'settled', BY);
      expect((await prune()).stopped).toBeNull();
    });
  });

  describe('leaves a ledger in which verify finds', () => {
    beforeEach(async () => {
      await fill();
      grow(40);
    });
    const dropTriggers = async () => {
      for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER entries_no_${verb}`);
    };
    const where = (seq: number) => ({ ledger_id: test.ledger.id, seq });

    it('a prefix that was deleted without a certificate', async () => {
      await dropTriggers();
      await db('entries').where('ledger_id', test.ledger.id).whereBetween('seq', [2, 1024]).delete();
      expect(await kinds()).toEqual([[2, 'gap']]);
    });

    it('what was deleted beside the certified range', async () => {
      await prune();
      await dropTriggers();
      await db('entries').where('ledger_id', test.ledger.id).whereIn('seq', [1, 1025, 1030]).delete();
      expect(await kinds()).toEqual([[1, 'gap'], [1025, 'gap'], [1030, 'gap']]); // prettier-ignore
    });

    it('a certificate whose entry was deleted', async () => {
      await prune();
      await dropTriggers();
      await db('entries')
        .where(where(SIZE + 1))
        .delete();
      expect(new Set((await kinds()).map(String))).toEqual(
        new Set(['1,certificate', '2,gap', `${SIZE + 1},truncated`]),
      );
    });

    it('a certificate that was changed in its entry', async () => {
      await prune();
      await dropTriggers();
      const row = await db('entries')
        .where(where(SIZE + 1))
        .first<{ record: string }>();
      await db('entries').where(where(SIZE + 1)).update({ record: row.record.replaceAll('run 2 1024', 'run 2 1023').replaceAll('entries 1023', 'entries 1022') }); // prettier-ignore
      // The tree may have the leaf as it was, and then says so too.
      expect(new Set((await kinds()).map(([, kind]) => kind))).toEqual(new Set(['certificate', 'content', 'gap']));
    });

    it.each<[string, Record<string, string | number>]>([
      ['state', { state: 'planned' }],
      ['from_seq', { from_seq: 257 }],
      ['to_seq', { to_seq: 1280 }],
      ['entries', { entries: 5 }],
      ['days', { days: 7 }],
      ['archive', { archive: 'default/else.archive' }],
      ['archive_digest', { archive_digest: '0'.repeat(64) }],
      ['certificate', { certificate: 'x' }],
      ['certificate_seq', { certificate_seq: 3 }],
      ['requested_by', { requested_by: 'joe' }],
      ['deleted', { deleted: 3 }],
    ])('a changed %s in the table of prunes', async (column, change) => {
      await prune();
      await db('prunes').update(change);
      const { broken } = await verify();
      expect(broken).toMatchObject([{ kind: 'certificate', detail: expect.stringContaining(column) }]);
    });

    it('a row of the table of prunes that was deleted, or that nothing proves', async () => {
      await prune();
      const [row] = await prunesOf();
      await db('prunes').delete();
      expect(await kinds()).toEqual([[SIZE + 1, 'certificate']]);
      await db('prunes').insert([
        row,
        { ...row, id: '0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f', from_seq: 1025, to_seq: 1280 },
      ]);
      expect(await kinds()).toEqual([[1025, 'certificate']]);
    });

    it('a forged certificate, signed with another key, whatever else is right about it', async () => {
      const { prunes } = await prune();
      const text = (parseNote(prunes[0]?.certificate ?? '')?.text ?? '')
        .replace(/^id .*$/m, 'id 0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f')
        .replace(/^range .*$/m, 'range 1025 1280')
        .replace(/^entries .*$/m, 'entries 3')
        .replace(/^tree \d+/m, 'tree 1280')
        .replace(/^run .*$/m, `run 1025 1027 ${GENESIS_PREV_HASH} ${GENESIS_PREV_HASH}`);
      expect(parseCertificate(text)).toBeDefined();
      // Who has the chain key can make entries, and so can who may write through the program.
      for (let i = 0; i < SEGMENT; i += 1) await append('invoice.paid', {});
      const name = parseNote(prunes[0]?.certificate ?? '')?.signatures[0]?.name ?? '';
      const note = signNote(text, { name, seed: Buffer.alloc(32, 7) });
      await append('audit.pruned', { certificate: note });
      await dropTriggers();
      await db('entries').where('ledger_id', test.ledger.id).whereBetween('seq', [1025, 1027]).delete();
      const { broken } = await verify();
      expect(broken.map(({ seq, kind }) => [seq, kind])).toEqual([[1025, 'gap'], [SIZE + SEGMENT + 2, 'certificate']]); // prettier-ignore
      expect(broken[1]?.detail).toMatch(/not signed by the key of the checkpoints/);
    });

    async function append(action: string, payload: JsonObject): Promise<void> {
      const event = ownEvent({ id: randomUUID(), action, at: test.clock.now().toISOString(), targetId: null, payload });
      await test.deps.appender.append(test.ledger, [sealOwnEvent(event, test.ledger)], []);
    }

    it('entries before the pruned range that were put anew', async () => {
      await prune();
      await dropTriggers();
      await db('entries').where(where(1)).update({ hash: GENESIS_PREV_HASH });
      expect(await kinds()).toContainEqual([2, 'linkage']);
    });
  });

  describe('leaves an archive', () => {
    const archive = async () => (await test.deps.retention.archives.list(test.ledger))[0]?.file ?? '';
    beforeEach(async () => {
      await fill();
      grow(40);
      await prune();
    });

    it('that holds every entry as it was, and tells who changed it', async () => {
      const file = await archive();
      const { entries } = await test.deps.retention.archives.open(file);
      const read = [];
      for await (const some of entries) read.push(...some);
      expect(read).toHaveLength(1024);
      expect(read[299]).toMatchObject({ seq: 300, eventId: 'event-300', actorBody: expect.stringContaining('203.0.113.42') }); // prettier-ignore
      expect(await test.deps.retention.archives.verify(file)).toMatchObject({
        entries: 1024,
        unverifiable: 0,
        faults: [],
      });
    });

    it.each<[string, (bytes: Buffer) => Buffer]>([
      ['a byte changed', (bytes) => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 200 ? byte ^ 1 : byte)))],
      ['its end cut off', (bytes) => bytes.subarray(0, -70)],
      ['bytes put behind', (bytes) => Buffer.concat([bytes, Buffer.alloc(30)])],
      ['another header', (bytes) => Buffer.from(bytes.toString('latin1').replace('"from_seq":"1"', '"from_seq":"2"'), 'latin1')],
      ['nothing in it', () => Buffer.alloc(0)],
    ])('that is refused with %s', async (_what, change) => {
      const file = await archive();
      writeFileSync(file, change(readFileSync(file)));
      await expect(test.deps.retention.archives.verify(file)).rejects.toThrow(/changed|cut off|no archive/);
    }); // prettier-ignore
  });
});
