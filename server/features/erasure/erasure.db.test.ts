import type { Knex } from 'knex';
import type { EntryView } from '../browse/browse-service';
import { parseFilter } from '../browse/browse-service';
import type { EntryRow } from '../../entries/entry-row';
import type { ErasureBasis } from '../../core/erasure-cover';
import { parseRecord } from '../../core/sealed-record';
import { anActor } from '../../testing/builders';
import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { readCsv } from '../../testing/read-csv';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { createErasureService, SubjectHeldError } from './erasure-service';

const BASIS: ErasureBasis = 'request';
const GROUND = 'case 4711';

describe.each(ENGINES)('erasing the values of a data subject on %s', (engine) => {
  let test: TestStore;
  let db: Knex;

  beforeEach(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  const append = (...items: AppendItemOptions[]) =>
    test.deps.appender.append(test.ledger, items.map((item) => anAppendItem(test.ledger, item)), []); // prettier-ignore
  const erase = (ref = 'client:5') => test.deps.erasures.erase(test.ledger, { ref, basis: BASIS, ground: GROUND });
  const valuesAt = (seq: number) => db('entry_values').where({ ledger_id: test.ledger.id, seq });
  const valueRow = async (seq: number) => (await valuesAt(seq).first<Record<string, string | null>>()) ?? {};
  const breaks = async () => {
    const report = await test.deps.verifier.verify({});
    return report.ledgers.flatMap((one) => one.broken).map(({ seq, kind }) => [seq, kind]);
  };
  const expectIntact = async () =>
    expect(await test.deps.verifier.verify({})).toMatchObject({ verdict: 'intact', ledgers: [{ broken: [] }] });
  const find = (filter: Record<string, string>) =>
    test.deps.browse.findPage(test.ledger, { filter: parseFilter(filter), sort: 'seq', perPage: 50 });
  const seqsOf = async (filter: Record<string, string>) => (await find(filter)).entries.map(({ seq }) => seq);

  /** About client 5, by admin 7. */
  const about = (over: AppendItemOptions = {}): AppendItemOptions => ({
    action: 'client.updated',
    client: '5',
    target: { type: 'client', id: '5', label: 'Erika Mustermann' },
    payload: { userid: 5, email: 'erika@example.com' },
    ...over,
  });
  /** By client 5, about an invoice of theirs. */
  const by = (over: AppendItemOptions = {}): AppendItemOptions => ({
    actor: anActor({ type: 'client', id: '5', name: 'Erika', role: null }),
    client: '5',
    ip: '198.51.100.7',
    ...over,
  });

  it('takes their values on both sides, says so in an entry, and leaves the chain intact', async () => {
    await append(about(), by(), {}, about({ client: '6', target: { type: 'client', id: '6', label: 'Max' } }), about());
    const before = await db('entries').orderBy('seq');
    const counters = await db('day_counters').where('category', '!=', 'configuration');
    const outcome = await erase();

    expect(outcome).toMatchObject({ entries: [7], erased: { actor: 1, subject: 2 }, finished: 0 });
    expect(outcome.plan).toMatchObject({ entries: 3, sides: { actor: 1, subject: 2 }, altered: 0, missing: 0 });
    expect(await valueRow(2)).toMatchObject({ digest: null, subject_salt: null, subject_body: null, actor_salt: expect.any(String) }); // prettier-ignore
    expect(await valueRow(3)).toMatchObject({ digest: null, actor_salt: null, actor_body: null });
    expect(await valueRow(5)).toMatchObject({
      digest: expect.any(String),
      subject_body: expect.stringContaining('Max'),
    });
    await expectIntact();
    expect(await test.deps.verifier.verify({ fromSeq: 2, toSeq: 3 })).toMatchObject({ verdict: 'intact' });
    expect(await test.deps.verifier.verify({ actor: 'client:5' })).toMatchObject({ verdict: 'intact' });
    expect((await db('entries').orderBy('seq')).slice(0, before.length)).toEqual(before);
    expect(await db('day_counters').where('category', '!=', 'configuration')).toEqual(counters);

    const [row] = await test.deps.store.readMany(test.ledger, [7]);
    const record = parseRecord(row?.record ?? '');
    expect(record).toMatchObject({
      action: 'audit.erasure_applied',
      client: '5',
      target: { type: 'client', id: '5' },
      source: {
        kind: 'own',
        payload: { ref: 'client:5', basis: BASIS, ground: GROUND, actor_ranges: '3', subject_ranges: '2-6' },
      },
    });
    expect(`${row?.record}${row?.actorBody}${row?.subjectBody}`).not.toMatch(/Erika|198\.51/);
  });

  it('takes their words out of the search, and leaves those of others', async () => {
    await append(about(), by(), about({ client: '6', target: { type: 'client', id: '6', label: 'Erika Musterfrau' } }));
    await test.deps.indexer.catchUp();
    expect(await seqsOf({ q: 'erika' })).toEqual([2, 3, 4]);
    await erase();
    await test.deps.indexer.catchUp();
    expect(await seqsOf({ q: 'erika' })).toEqual([4]);
    expect(await seqsOf({ q: 'mustermann' })).toEqual([]);
    expect(await seqsOf({ ip: '198.51.100.7' })).toEqual([]);
    expect(await seqsOf({ actor_name: 'jane' })).toEqual([2, 4]);
    expect(await seqsOf({ client: '5' })).toEqual([2, 3, 5]);
    // Verification compares the index with the words of the entries.
    await expectIntact();
  });

  it('leaves no word behind when the index comes later', async () => {
    await append(about(), by());
    await erase();
    await test.deps.indexer.catchUp();
    expect(await seqsOf({ q: 'erika' })).toEqual([]);
  });

  it('shows on pages and in exports what is gone, since when and by which entry', async () => {
    await append(about({ changes: [{ field: 'email', before: 'a@example.com', after: 'b@example.com' }] }));
    await erase();
    const view = (await test.deps.browse.findEntry(test.ledger, '2')) as EntryView;
    expect(view).toMatchObject({ target: { label: null }, changes: [], integrity: { status: 'valid' } });
    expect(view.erased).toEqual(['target.label', 'reason', 'changes', 'source.payload']);
    expect(view.erasures).toEqual([{ seq: 3, at: test.clock.now().toISOString(), fields: view.erased }]);

    const chunks: string[] = [];
    for await (const chunk of test.deps.exports.open({ ledger: test.ledger, filter: parseFilter({}), sort: 'seq', format: 'csv' })) chunks.push(String(chunk)); // prettier-ignore
    const [header = [], , row = []] = readCsv(chunks.join(''));
    const cell = (name: string) => row[header.indexOf(name)];
    expect([cell('erased'), cell('erased_by'), cell('chain_status')]).toEqual(['target.label reason changes source.payload', '3', 'valid']); // prettier-ignore
    expect(chunks.join('')).not.toMatch(/Erika|b@example/);
  });

  it('says before what it would take, and changes nothing', async () => {
    await append(about(), by());
    const before = await db('entry_values').orderBy('seq');
    expect(await test.deps.erasures.plan(test.ledger, 'client:5')).toMatchObject({ entries: 2, sides: { actor: 1, subject: 1 } }); // prettier-ignore
    expect(await db('entry_values').orderBy('seq')).toEqual(before);
    expect(await db('entries').count({ n: '*' })).toEqual([{ n: 3 }]);
  });

  it('writes no entry where there is nothing to erase', async () => {
    await append({});
    expect(await erase('client:99')).toMatchObject({ entries: [], plan: { entries: 0 } });
    await append(about());
    await erase();
    expect(await erase()).toMatchObject({ entries: [], plan: { entries: 0, missing: 0 } });
    expect(await test.deps.store.findLastSeq(test.ledger)).toBe(4);
  });

  it('does not cover what arrives later, and takes it the next time', async () => {
    await append(about());
    await erase();
    await append(about());
    expect(await valueRow(4)).toMatchObject({ subject_body: expect.stringContaining('Erika') });
    await valuesAt(4).update({ subject_salt: null, subject_body: null });
    expect(await breaks()).toEqual([[4, 'commitment']]);
    await append(about());
    expect(await erase()).toMatchObject({ plan: { entries: 1, missing: 1 }, entries: [6] });
    expect(await breaks()).toEqual([[4, 'commitment']]);
  });

  it('takes the digest of every part of an item, since it is made from the same values', async () => {
    await append({
      ...about(),
      parts: [{}, { action: 'client.status_changed', payload: { status: 'Closed' }, target: { type: 'client', id: '5', label: null } }, { client: null, action: 'invoice.paid', payload: {} }],
    }); // prettier-ignore
    await erase();
    expect([await valueRow(2), await valueRow(3), await valueRow(4)].map((row) => row['digest'])).toEqual([null, null, null]); // prettier-ignore
    await expectIntact();
  });

  it('knows a resend of an erased event, and tells a second one that is none apart no more', async () => {
    const item = anAppendItem(test.ledger, about({ eventId: 'event-1' }));
    const [first] = await test.deps.appender.append(test.ledger, [item], []);
    await erase();
    const again = await test.deps.appender.append(test.ledger, [anAppendItem(test.ledger, about({ eventId: 'event-1' }))], []); // prettier-ignore
    expect(again).toEqual([{ outcome: 'duplicate', receipts: first?.receipts }]);
    expect((await valueRow(2))['subject_body']).toBeNull();
  });

  it('erases an admin as an actor', async () => {
    await append({}, about());
    expect(await erase('admin:7')).toMatchObject({ erased: { actor: 2, subject: 0 } });
    await expectIntact();
    const [row] = await test.deps.store.readMany(test.ledger, [4]);
    expect(parseRecord(row?.record ?? '')).toMatchObject({ client: null, target: { type: 'admin', id: '7' } });
    expect((await test.deps.browse.findEntry(test.ledger, '3'))?.target.label).toBe('Erika Mustermann');
  });

  it('can erase who asked for an erasure, without losing what it explains', async () => {
    await append(about());
    const actor = anActor({ id: '9', name: 'Officer' });
    await test.deps.erasures.erase(test.ledger, { ref: 'client:5', basis: BASIS, ground: GROUND, by: { actor, ip: '192.0.2.1' } }); // prettier-ignore
    await erase('admin:9');
    expect(await valueRow(3)).toMatchObject({ actor_body: null });
    await expectIntact();
    expect((await test.deps.browse.findEntry(test.ledger, '2'))?.integrity.status).toBe('valid');
  });

  describe('under a legal hold', () => {
    const serviceWith = (isHeld: (entry: EntryRow) => boolean) =>
      createErasureService({
        database: test.deps.database,
        store: test.deps.store,
        appender: test.deps.appender,
        erasures: test.deps.erasureReader,
        indexer: test.deps.indexer,
        now: test.deps.now,
        holdsOf: () => Promise.resolve(isHeld),
        onError: () => undefined,
      });
    const request = { ref: 'client:5', basis: BASIS, ground: GROUND };

    it('is refused where it would take values of an entry that is held', async () => {
      await append(about(), about(), {});
      const erasures = serviceWith((entry) => entry.seq >= 3);
      expect(await erasures.plan(test.ledger, 'client:5')).toMatchObject({ entries: 2, held: 1 });
      await expect(erasures.erase(test.ledger, request)).rejects.toThrow(SubjectHeldError);
      expect(await test.deps.store.findLastSeq(test.ledger)).toBe(4);
      expect((await valueRow(2))['subject_body']).toContain('Erika');
      expect(await serviceWith((entry) => entry.seq === 4).erase(test.ledger, request)).toMatchObject({ erased: { subject: 2 } }); // prettier-ignore
    });

    it('leaves what is held since it was told, for the next time', async () => {
      await append(about(), about());
      let told = false;
      const erasures = serviceWith((entry) => {
        const isHeld = told && entry.seq === 3;
        told ||= entry.seq === 3;
        return isHeld;
      });
      expect(await erasures.erase(test.ledger, request)).toMatchObject({ erased: { subject: 1 } });
      expect((await valueRow(3))['subject_body']).toContain('Erika');
      await expectIntact();
      expect(await erase()).toMatchObject({ erased: { subject: 1 } });
      expect((await valueRow(3))['subject_body']).toBeNull();
      await expectIntact();
    });
  });

  describe('does not hide', () => {
    it.each(['actor_salt', 'subject_salt', 'subject_body'])('that %s alone was deleted', async (column) => {
      await append(by(about()), about());
      await erase();
      await append(about());
      await valuesAt(5).update({ [column]: null });
      expect(await breaks()).toEqual([[5, 'commitment']]);
    });

    it('values that somebody deleted before, in the middle of what it covers', async () => {
      await append(about(), about(), about());
      await valuesAt(3).update({ subject_salt: null, subject_body: null, digest: null });
      expect(await erase()).toMatchObject({ plan: { entries: 2, missing: 1 } });
      expect(await breaks()).toEqual([[3, 'commitment']]);
      expect((await test.deps.browse.findEntry(test.ledger, '3'))?.erased).toEqual([]);
    });

    it('a digest that somebody deleted before', async () => {
      await append(about(), about({ payload: {}, target: { type: 'client', id: '5', label: null } }), about());
      await valuesAt(3).update({ digest: null });
      await erase();
      expect(await breaks()).toEqual([[3, 'commitment']]);
    });

    it('that values were changed before they were erased', async () => {
      await append(about(), about(), about());
      await valuesAt(3).update({ subject_body: '{"label":"Mallory"}' });
      expect(await erase()).toMatchObject({ plan: { entries: 3, altered: 1 } });
      expect((await valueRow(3))['subject_body']).toBeNull();
      expect(await breaks()).toEqual([[3, 'commitment']]);
      await append(about());
      await erase();
      expect(await breaks()).toEqual([[3, 'commitment']]);
    });

    it('values of somebody else in between', async () => {
      await append(about(), about({ client: '6' }), about());
      await erase();
      await valuesAt(3).update({ subject_salt: null, subject_body: null });
      expect(await breaks()).toEqual([[3, 'commitment']]);
    });

    it('values put back', async () => {
      await append(about());
      const before = await valueRow(2);
      await erase();
      await valuesAt(2).update({ subject_salt: before['subject_salt'], subject_body: '{"label":"Mallory"}' });
      expect(await breaks()).toEqual([[2, 'commitment']]);
    });
  });

  describe('cannot be feigned', () => {
    const dropTriggers = async () => {
      for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER entries_no_${verb}`);
    };

    beforeEach(async () => {
      await append(about(), about({ client: '6' }));
      await erase();
      await dropTriggers();
      // What somebody who can write the database would want to have erased as well.
      await valuesAt(3).update({ subject_salt: null, subject_body: null, digest: null });
    });

    it('by an entry that was changed', async () => {
      const [row] = await test.deps.store.readMany(test.ledger, [4]);
      const record = (row?.record ?? '').replace('"ref":"client:5"', '"ref":"client:6"').replace('"subject_ranges":"2"', '"subject_ranges":"2-3"'); // prettier-ignore
      await db('entries').where({ seq: 4 }).update({ record });
      const found = await breaks();
      expect(found).toContainEqual([3, 'commitment']);
      expect(found).toContainEqual([4, 'content']);
      // Whoever changes the entry loses what it explained.
      expect(found).toContainEqual([2, 'commitment']);
      expect((await test.deps.browse.findEntry(test.ledger, '3'))?.integrity.status).toBe('broken');
    });

    it('by an entry put behind the head', async () => {
      const row = (await db('entries').where({ seq: 4 }).first<Record<string, unknown>>()) ?? {};
      const record = String(row['record']).replaceAll('client:5', 'client:6').replace('"subject_ranges":"2"', '"subject_ranges":"2-3"').replace('"seq":"4"', '"seq":"5"'); // prettier-ignore
      await db('entries').insert({ ...row, seq: 5, id: 'forged', event_id: 'forged', record });
      const found = await breaks();
      expect(found).toContainEqual([3, 'commitment']);
      expect(found.map(([seq]) => seq)).toContain(5);
    });

    it('by an entry that a bridge sends', async () => {
      await append({ action: 'audit.erasure_applied', payload: { ref: 'client:6', actor_ranges: '', actor_altered: '', subject_ranges: '2-3', subject_altered: '', digest_ranges: '3' } }); // prettier-ignore
      expect(await breaks()).toEqual([[3, 'commitment']]);
    });

    it('by a row of the table that says how far erasures are', async () => {
      await append(about({ client: '6' }));
      await db('erasures').insert({ id: 'forged', ledger_id: test.ledger.id, subject_ref: 'client:6', entry_seq: 4, done_seq: 0, actor_entries: 0, subject_entries: 0, started_at: 0 }); // prettier-ignore
      expect(await test.deps.erasures.resume()).toBe(0);
      expect((await valueRow(5))['subject_body']).not.toBeNull();
      expect(await breaks()).toEqual([[3, 'commitment']]);
    });

    it('by taking the entry away', async () => {
      await db('entries').where({ seq: 4 }).delete();
      const found = await breaks();
      expect(found).toContainEqual([2, 'commitment']);
    });
  });

  describe('interrupted', () => {
    const many = 450;

    beforeEach(() => append(...Array.from({ length: many }, () => about())));

    /** An erasure whose transaction number `at` of those that take values fails, as if the program had ended there. */
    async function eraseUntil(at: number): Promise<void> {
      let batch = 0;
      const erasures = createErasureService({
        database: test.deps.database,
        store: test.deps.store,
        appender: test.deps.appender,
        erasures: test.deps.erasureReader,
        indexer: {
          hold: (trx, ledger) => {
            if ((batch += 1) === at) throw new Error('the power went');
            return test.deps.indexer.hold(trx, ledger);
          },
        },
        holdsOf: () => Promise.resolve(() => false),
        now: test.deps.now,
        onError: () => undefined,
      });
      await expect(erasures.erase(test.ledger, { ref: 'client:5', basis: BASIS, ground: GROUND })).rejects.toThrow('the power went'); // prettier-ignore
    }

    it.each([1, 2, 3])('before its transaction %i, is intact in between and goes on where it was', async (at) => {
      await eraseUntil(at);
      const left = await db('entry_values').whereNotNull('subject_body').count({ n: '*' });
      expect(left).toEqual([{ n: many - (at - 1) * 200 }]);
      await expectIntact();
      expect(await test.deps.erasures.resume()).toBe(1);
      expect(await db('entry_values').whereNotNull('subject_body').count({ n: '*' })).toEqual([{ n: 0 }]);
      await expectIntact();
      expect(await test.deps.erasures.resume()).toBe(0);
      expect(await db('entries').where({ action: 'audit.erasure_applied' }).count({ n: '*' })).toEqual([{ n: 1 }]);
    });

    it('is carried out by the next erasure of the same data subject', async () => {
      await eraseUntil(2);
      await append(about());
      expect(await erase()).toMatchObject({ finished: 1, erased: { subject: 1 } });
      expect(await db('entry_values').whereNotNull('subject_body').count({ n: '*' })).toEqual([{ n: 0 }]);
      await expectIntact();
    });

    it('after its entry, leaves in place what was changed since', async () => {
      await eraseUntil(1);
      await valuesAt(100).update({ subject_body: '{"label":"Mallory"}' });
      await test.deps.erasures.resume();
      expect((await valueRow(100))['subject_body']).toBe('{"label":"Mallory"}');
      expect(await breaks()).toEqual([[100, 'commitment']]);
    });
  });
});
