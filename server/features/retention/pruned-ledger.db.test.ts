import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Knex } from 'knex';
import type { JsonObject } from '../../core/canonical-json';
import { GENESIS_PREV_HASH } from '../../core/chain';
import { ownEvent } from '../../core/own-event';
import { parseCertificate, SEGMENT } from '../../core/prune-certificate';
import { parseNote, signNote } from '../../core/signed-note';
import { sealOwnEvent } from '../../entries/seal-own-event';
import { createPrunableStore, SIZE, type PrunableStore } from '../../testing/prunable-store';
import { ENGINES } from '../../testing/test-database';

let test: PrunableStore;
let db: Knex;

describe.each(ENGINES)('a prune, on %s', (engine) => {
  beforeEach(async () => {
    test = await createPrunableStore(engine);
    db = test.database.knex;
  });
  afterEach(() => test.stop());

  describe('leaves a ledger in which verify finds', () => {
    beforeEach(async () => {
      await test.fill();
      test.grow(40);
    });
    const dropTriggers = async () => {
      for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER entries_no_${verb}`);
    };
    const where = (seq: number) => ({ ledger_id: test.ledger.id, seq });

    it('a prefix that was deleted without a certificate', async () => {
      await dropTriggers();
      await db('entries').where('ledger_id', test.ledger.id).whereBetween('seq', [2, 1024]).delete();
      expect(await test.kinds()).toEqual([[2, 'gap']]);
    });

    it('what was deleted beside the certified range', async () => {
      await test.prune();
      await dropTriggers();
      await db('entries').where('ledger_id', test.ledger.id).whereIn('seq', [1, 1025, 1030]).delete();
      expect(await test.kinds()).toEqual([[1, 'gap'], [1025, 'gap'], [1030, 'gap']]); // prettier-ignore
    });

    it('a certificate whose entry was deleted', async () => {
      await test.prune();
      await dropTriggers();
      await db('entries')
        .where(where(SIZE + 1))
        .delete();
      expect(new Set((await test.kinds()).map(String))).toEqual(
        new Set(['1,certificate', '2,gap', `${SIZE + 1},truncated`]),
      );
    });

    it('a certificate that was changed in its entry', async () => {
      await test.prune();
      await dropTriggers();
      const row = await db('entries')
        .where(where(SIZE + 1))
        .first<{ record: string }>();
      await db('entries').where(where(SIZE + 1)).update({ record: row.record.replaceAll('run 2 1024', 'run 2 1023').replaceAll('entries 1023', 'entries 1022') }); // prettier-ignore
      // The tree may have the leaf as it was, and then says so too.
      expect(new Set((await test.kinds()).map(([, kind]) => kind))).toEqual(new Set(['certificate', 'content', 'gap']));
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
      await test.prune();
      await db('prunes').update(change);
      const { broken } = await test.verify();
      expect(broken).toMatchObject([{ kind: 'certificate', detail: expect.stringContaining(column) }]);
    });

    it('a row of the table of prunes that was deleted, or that nothing proves', async () => {
      await test.prune();
      const [row] = await test.prunesOf();
      await db('prunes').delete();
      expect(await test.kinds()).toEqual([[SIZE + 1, 'certificate']]);
      await db('prunes').insert([
        row,
        { ...row, id: '0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f', from_seq: 1025, to_seq: 1280 },
      ]);
      expect(await test.kinds()).toEqual([[1025, 'certificate']]);
    });

    it('a forged certificate, signed with another key, whatever else is right about it', async () => {
      const { prunes } = await test.prune();
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
      const { broken } = await test.verify();
      expect(broken.map(({ seq, kind }) => [seq, kind])).toEqual([[1025, 'gap'], [SIZE + SEGMENT + 2, 'certificate']]); // prettier-ignore
      expect(broken[1]?.detail).toMatch(/not signed by the key of the checkpoints/);
    });

    async function append(action: string, payload: JsonObject): Promise<void> {
      const event = ownEvent({ id: randomUUID(), action, at: test.clock.now().toISOString(), targetId: null, payload });
      await test.deps.appender.append(test.ledger, [sealOwnEvent(event, test.ledger)], []);
    }

    it('entries before the pruned range that were put anew', async () => {
      await test.prune();
      await dropTriggers();
      await db('entries').where(where(1)).update({ hash: GENESIS_PREV_HASH });
      expect(await test.kinds()).toContainEqual([2, 'linkage']);
    });
  });

  describe('leaves an archive', () => {
    const archive = async () => (await test.deps.retention.archives.list(test.ledger))[0]?.file ?? '';
    beforeEach(async () => {
      await test.fill();
      test.grow(40);
      await test.prune();
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
