import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { canonicalJson, type JsonObject } from '../../core/canonical-json';
import { commitTo, hashEntry } from '../../core/chain';
import type { BreakKind } from '../../core/verify';
import { ENTRY_COLUMNS, VALUE_COLUMNS } from '../../entries/entry-row';
import { ensureLedger } from '../../entries/ledger-setup';
import { createMasterKey } from '../../entries/master-key';
import { anAppendItem, type AppendItemOptions } from '../../testing/append-item';
import { runCommand } from '../../testing/run-command';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { VerifyReport } from './verify-service';

type Row = Record<string, string | number | null>;

const SIZE = 12;
/** An entry with a value in every column, and one with null wherever a column may be null. */
const [FULL, BARE] = [5, 6];
const RECEIVED_AT = '2026-11-21T01:02:05.000Z';

let test: TestStore;
let db: Knex;

/** What somebody with SQL, but without the keys, would begin with. */
async function dropTriggers(): Promise<void> {
  for (const verb of ['update', 'delete']) await db.raw(`DROP TRIGGER entries_no_${verb}`);
}

async function fill(store: TestStore): Promise<void> {
  const full = { client: '5', target: { type: 'client', id: '5', label: 'Jane' }, action: 'client.updated', payload: { userid: 5, email: 'jane@example.com' } } as const; // prettier-ignore
  const bare = {
    actor: { type: 'unknown', id: null, name: null, role: null, actingAs: null },
    target: { type: 'invoice', id: null, label: null },
    via: null,
    ip: null,
    peer: null,
    whmcsIp: null,
    userAgent: null,
    payload: {},
    source: { hook: null },
  } as const;
  for (let seq = 2; seq <= SIZE; seq += 1) {
    await append(store, { eventId: `event-${seq}`, ...(seq === FULL ? full : seq === BARE ? bare : {}) });
  }
  await noteHead(store);
}

/** As the running program appends: its commits are noted outside the database too. */
async function append(store: TestStore, options: AppendItemOptions = {}): Promise<void> {
  await store.deps.appender.append(store.ledger, [anAppendItem(store.ledger, options)], []);
}

/** Writes the note outside the database as the running program does after a commit. */
async function noteHead(store: TestStore): Promise<void> {
  await store.deps.headNotes.flush();
}

async function verify(
  ...flags: string[]
): Promise<{ code: number; report: VerifyReport; breaks: VerifyReport['ledgers'][number]['broken'] }> {
  const { code, stdout, stderr } = await runCommand(test.env, ['verify', '--json', ...flags]);
  if (code === 2) throw new Error(stderr);
  const report = JSON.parse(stdout) as VerifyReport;
  return { code, report, breaks: report.ledgers.flatMap((ledger) => ledger.broken) };
}

async function expectIntact(size = SIZE): Promise<void> {
  const { code, report } = await verify('--ledger', 'default');
  expect([code, report.verdict, report.ledgers[0]?.size, report.ledgers[0]?.valid, report.ledgers[0]?.broken]).toEqual([
    0,
    'intact',
    size,
    size,
    [],
  ]);
}

type Found = VerifyReport['ledgers'][number]['broken'][number];

/** Told besides, once the tree has been built behind the commits: its root or a checkpoint is not that of the entries any more. */
function isAboutTree({ id, kind, detail }: Found): boolean {
  return (
    id === null && ['certificate', 'rewritten', 'truncated'].includes(kind) && /Merkle tree|checkpoint/.test(detail)
  );
}

/** The kinds of break that stand at each sequence number, those of the tree left aside: tree-tamper.db.test.ts is about them. */
function kindsBySeq(breaks: readonly Found[]): Record<number, BreakKind[]> {
  const found: Record<number, BreakKind[]> = {};
  for (const one of breaks.filter((some) => !isAboutTree(some))) (found[one.seq] ??= []).push(one.kind as BreakKind);
  return found;
}

const TABLES = ['entries', 'entry_values', 'heads', 'ledgers', 'tenants'] as const;
type Kept = ReadonlyMap<(typeof TABLES)[number], readonly Row[]>;

async function readAll(): Promise<Kept> {
  return new Map(await Promise.all(TABLES.map(async (table) => [table, await db(table).select<Row[]>()] as const)));
}

/** Puts back whatever a test changed. Ledgers and tenants keep their ids: others point to them. */
async function restore(kept: Kept): Promise<void> {
  for (const table of ['ledgers', 'tenants'] as const)
    for (const row of kept.get(table) ?? []) await db(table).where({ id: row['id'] }).update(row);
  for (const table of ['entries', 'entry_values', 'heads'] as const) {
    await db(table).delete();
    await db(table).insert(kept.get(table) ?? []);
  }
}

const where = (seq: number) => ({ ledger_id: test.ledger.id, seq });
const entries = () => db('entries').where({ ledger_id: test.ledger.id });
const head = () => db('heads').where({ ledger_id: test.ledger.id });
const entryAt = (seq: number) => db('entries').where(where(seq));
const valuesAt = (seq: number) => db('entry_values').where(where(seq));
const rowAt = async (table: string, seq: number): Promise<Row> =>
  (await db(table).where(where(seq)).first<Row>()) ?? {};

describe.each(ENGINES)('verify on %s', (engine) => {
  describe('finds', () => {
    beforeAll(async () => {
      test = await createTestStore(engine);
      db = test.database.knex;
      await ensureLedger(test.deps, 'second');
      await fill(test);
      await dropTriggers();
    });
    afterAll(() => test.stop());
    beforeAll(async () => {
      kept = await readAll();
    });
    afterEach(async () => {
      await restore(kept);
      await expectIntact();
    });
    let kept: Kept;

    const flipped = (hash: unknown) => String(hash).replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const EDITS: Readonly<Record<string, { readonly at?: number; readonly to: (now: string | number | null) => string | number | null; readonly finds: Record<number, readonly BreakKind[]> }[]>> = {
      ledger_id: [{ to: () => 2, finds: { [FULL]: ['gap'] } }],
      seq: [
        { to: () => 999, finds: { [FULL]: ['gap'] } },
        { to: () => 0, finds: { [FULL]: ['gap'] } },
        { to: () => -5, finds: { [FULL]: ['gap'] } },
      ],
      id: [{ to: (now) => String(now).replace(/.$/, (c) => (c === '0' ? '1' : '0')), finds: { [FULL]: ['projection'] } }],
      tenant_id: [{ to: () => 2, finds: { [FULL]: ['projection'] } }],
      event_id: [{ to: () => 'event-5x', finds: { [FULL]: ['projection'] } }, { to: () => 'EVENT-5', finds: { [FULL]: ['projection'] } }],
      part: [{ to: () => 1, finds: { [FULL]: ['projection'] } }],
      epoch: [{ to: () => 2, finds: { [FULL]: ['projection'] } }],
      occurred_at: [{ to: (now) => Number(now) + 1, finds: { [FULL]: ['projection'] } }],
      received_at: [{ to: (now) => Number(now) - 1, finds: { [FULL]: ['projection'] } }, { to: () => 9e15, finds: { [FULL]: ['projection'] } }],
      category: [{ to: () => 'financial', finds: { [FULL]: ['projection'] } }],
      severity: [{ to: () => 'critical', finds: { [FULL]: ['projection'] } }],
      action: [{ to: () => 'client.deleted', finds: { [FULL]: ['projection'] } }],
      outcome: [{ to: () => 'denied', finds: { [FULL]: ['projection'] } }],
      actor_type: [{ to: () => 'system', finds: { [FULL]: ['projection'] } }],
      actor_id: [
        { to: () => '8', finds: { [FULL]: ['projection'] } },
        { to: () => '7 ', finds: { [FULL]: ['projection'] } },
        { to: () => null, finds: { [FULL]: ['projection'] } },
        { at: BARE, to: () => '', finds: { [BARE]: ['projection'] } },
      ],
      target_type: [{ to: () => 'invoice', finds: { [FULL]: ['projection'] } }],
      target_id: [{ to: () => '6', finds: { [FULL]: ['projection'] } }, { to: () => null, finds: { [FULL]: ['projection'] } }, { at: BARE, to: () => '1', finds: { [BARE]: ['projection'] } }],
      client_id: [{ to: () => '6', finds: { [FULL]: ['projection'] } }, { to: () => null, finds: { [FULL]: ['projection'] } }, { at: BARE, to: () => '1', finds: { [BARE]: ['projection'] } }],
      via: [{ to: () => 'api', finds: { [FULL]: ['projection'] } }, { to: () => null, finds: { [FULL]: ['projection'] } }, { at: BARE, to: () => 'ui', finds: { [BARE]: ['projection'] } }],
      hook: [{ to: () => 'InvoiceUnpaid', finds: { [FULL]: ['projection'] } }, { to: () => null, finds: { [FULL]: ['projection'] } }, { at: BARE, to: () => 'InvoicePaid', finds: { [BARE]: ['projection'] } }],
      prev_hash: [
        { to: flipped, finds: { [FULL]: ['linkage', 'content'] } },
        { to: () => '', finds: { [FULL]: ['linkage', 'content'] } },
        { to: (now) => String(now).toUpperCase().replace(/[0-9]+/, (digits) => `${digits}`), finds: { [FULL]: ['linkage', 'content'] } },
      ],
      hash: [{ to: flipped, finds: { [FULL]: ['content'], [FULL + 1]: ['linkage'] } }, { to: () => '', finds: { [FULL]: ['content'], [FULL + 1]: ['linkage'] } }],
      record: [
        { to: (now) => String(now).replace('"client.updated"', '"client.created"'), finds: { [FULL]: ['content', 'projection'] } },
        { to: (now) => String(now).replace('"userid":5', '"userid":6'), finds: { [FULL]: ['content'] } },
        { to: (now) => `${String(now)} `, finds: { [FULL]: ['content'] } },
        { to: () => '', finds: { [FULL]: ['content'] } },
        { to: () => 'null', finds: { [FULL]: ['content'] } },
        { to: () => '{"format":"sealtrail/1"}', finds: { [FULL]: ['content'] } },
      ],
    }; // prettier-ignore

    it('has an edit for every column', () => {
      expect(Object.keys(EDITS).sort()).toEqual([...ENTRY_COLUMNS].sort());
    });

    it.each(ENTRY_COLUMNS.flatMap((column) => (EDITS[column] ?? []).map((edit, i) => [column, i + 1, edit] as const)))(
      'an edit of entries.%s (%i), and names sequence, kind and time',
      async (column, _number, { at = FULL, to, finds }) => {
        const now = (await rowAt('entries', at))[column] ?? null;
        const value = to(now);
        expect(value).not.toBe(now);
        await entryAt(at).update({ [column]: value });
        const { code, report, breaks } = await verify();
        expect([code, report.verdict]).toEqual([1, 'broken']);
        const own = report.ledgers.find((one) => one.ledger === 'default')?.broken ?? [];
        expect(kindsBySeq(own.filter((one) => one.seq in finds))).toEqual(finds);
        // What left one ledger for another is wrong there too.
        expect(report.ledgers.find((one) => one.ledger === 'second')?.verdict).toBe(
          column === 'ledger_id' ? 'broken' : 'intact',
        );
        for (const one of breaks.filter((found) => found.kind !== 'gap' && !isAboutTree(found))) {
          expect([one.id, one.received_at, one.detail]).toEqual([
            expect.any(String),
            expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
            expect.stringMatching(/\w{3}/),
          ]);
        }
      },
    );

    const VALUE_EDITS: Readonly<Record<string, (now: string | number | null) => string | number | null>> = {
      ledger_id: () => 2,
      seq: () => 999,
      digest: (now) => flipped(now),
      actor_salt: (now) => flipped(now),
      actor_body: (now) => String(now).replace('jane', 'john'),
      subject_salt: (now) => flipped(now),
      subject_body: (now) => String(now).replace('jane@', 'john@'),
    };

    it.each(VALUE_COLUMNS)('an edit of entry_values.%s', async (column) => {
      const now = (await rowAt('entry_values', FULL))[column] ?? null;
      const value = VALUE_EDITS[column]?.(now) ?? null;
      expect(value).not.toBe(now);
      await valuesAt(FULL).update({ [column]: value });
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      expect(breaks).toContainEqual(expect.objectContaining({ seq: FULL, received_at: RECEIVED_AT }));
    });

    it.each(['actor_salt', 'subject_salt'])('that entry_values.%s is spelled in another way', async (column) => {
      const salt = String((await rowAt('entry_values', FULL))[column]);
      expect(salt.toUpperCase()).not.toBe(salt);
      await valuesAt(FULL).update({ [column]: salt.toUpperCase() });
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [FULL]: ['commitment'] }]);
    });

    it.each(['actor_salt', 'actor_body', 'subject_salt', 'subject_body'])(
      'that entry_values.%s is gone',
      async (column) => {
        await valuesAt(FULL).update({ [column]: null });
        const { code, breaks } = await verify();
        expect([code, kindsBySeq(breaks)]).toEqual([1, { [FULL]: ['commitment'] }]);
      },
    );

    it('that the values of an entry are gone and nothing in the ledger says they were erased', async () => {
      await valuesAt(FULL).delete();
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [FULL]: ['commitment'] }]);
    });

    it('values beside an entry that has none', async () => {
      await valuesAt(BARE).update({ actor_salt: 'a'.repeat(64), actor_body: '{"name":"Mallory"}' });
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [BARE]: ['commitment'] }]);
    });

    it('a record rewritten together with all its columns, values and commitments, and hashed with a key of the forger', async () => {
      const [row, values] = [await rowAt('entries', FULL), await rowAt('entry_values', FULL)];
      const body = canonicalJson({ ...(JSON.parse(String(values['actor_body'])) as JsonObject), name: 'mallory' });
      const record = JSON.parse(String(row['record'])) as JsonObject & {
        commitments: JsonObject;
        subjects: { actor: string };
      };
      const commitment = commitTo(Buffer.from(String(values['actor_salt']), 'hex'), record.subjects.actor, body);
      const forged = canonicalJson({
        ...record,
        action: 'client.viewed',
        commitments: { ...record.commitments, actor: commitment },
      });
      const hash = hashEntry(
        Buffer.alloc(32, 1),
        { ledger: 'default', seq: FULL, prevHash: String(row['prev_hash']) },
        forged,
      );
      await entryAt(FULL).update({ record: forged, action: 'client.viewed', hash });
      await valuesAt(FULL).update({ actor_body: body });
      await entryAt(FULL + 1).update({ prev_hash: hash });
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [FULL]: ['content'], [FULL + 1]: ['content'] }]);
    });

    it.each([1, FULL])('a deleted row (%i)', async (seq) => {
      await entryAt(seq).delete();
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [seq]: ['gap'] }]);
    });

    it('several deleted rows, each run of them', async () => {
      await entries().whereIn('seq', [3, 4, 9]).delete();
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { 3: ['gap'], 9: ['gap'] }]);
      expect(breaks[0]?.detail).toBe('entries 3 to 4 are missing (2)');
    });

    /** A copy of a row, which needs an id and an event of its own. */
    const copyOf = (row: Row): Row => ({ ...row, id: `${String(row['id']).slice(0, -1)}x`, event_id: 'copy' });

    it('a row copied behind the newest', async () => {
      await db('entries').insert({ ...copyOf(await rowAt('entries', FULL)), seq: SIZE + 1 });
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      expect(breaks).toContainEqual(expect.objectContaining({ seq: SIZE + 1, received_at: RECEIVED_AT }));
    });

    it.each([0, -1, -5])('a row put before the first, at %i', async (seq) => {
      await db('entries').insert({ ...copyOf(await rowAt('entries', FULL)), seq });
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      expect(breaks).toContainEqual(
        expect.objectContaining({ seq: 0, id: expect.any(String), received_at: RECEIVED_AT }),
      );
    });

    it('rows at both ends, more than are told of one of them', async () => {
      const copy = copyOf(await rowAt('entries', FULL));
      const rows = Array.from({ length: 1_005 }, (_none, at) => ({ ...copy, id: uuidv7(), event_id: `copy-${at}`, seq: SIZE + 1 + at })); // prettier-ignore
      await db.batchInsert('entries', [...rows, { ...copy, seq: -1 }], 30);
      const { code, breaks } = await verify();
      expect([code, breaks.length]).toEqual([1, 1_001]);
      expect(breaks[0]).toMatchObject({ seq: 0, id: copy['id'] });
    });

    it('a row behind the newest whose record cannot be read and whose time is none', async () => {
      await db('entries').insert({
        ...copyOf(await rowAt('entries', FULL)),
        seq: SIZE + 1,
        received_at: 9e15,
        record: '',
      });
      const { code, breaks } = await verify();
      expect([code, breaks.map((one) => one.seq)]).toEqual([1, [SIZE + 1]]);
    });

    it('a row inserted between two, the later ones moved up and the head with them', async () => {
      const copy = copyOf(await rowAt('entries', FULL));
      for (let seq = SIZE; seq >= FULL; seq -= 1) await entryAt(seq).update({ seq: seq + 1 });
      await db('entries').insert(copy);
      await head().update({ seq: SIZE + 1 });
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      const kinds = kindsBySeq(breaks);
      for (let seq = FULL; seq <= SIZE; seq += 1) expect(kinds[seq]).toContain('projection');
    });

    it('two rows that changed places', async () => {
      await entryAt(4).update({ seq: 100 });
      await entryAt(8).update({ seq: 4 });
      await entryAt(100).update({ seq: 8 });
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      const kinds = kindsBySeq(breaks);
      for (const seq of [4, 8])
        expect(kinds[seq]).toEqual(expect.arrayContaining(['linkage', 'content', 'projection']));
    });

    it('what two rows say, changed for each other', async () => {
      const [four, eight] = [await rowAt('entries', 4), await rowAt('entries', 8)];
      const put = async (place: Row, content: Row) => {
        const { seq, prev_hash, hash } = place;
        await entryAt(Number(seq)).update({ ...content, seq, prev_hash, hash, id: `x-${seq}`, event_id: `x-${seq}` });
      };
      await put(four, eight);
      await put(eight, four);
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      for (const seq of [4, 8]) expect(kindsBySeq(breaks)[seq]).toContain('content');
    });

    it('an entry of another ledger in the place of one', async () => {
      const other = (await db('entries').where({ ledger_id: 2, seq: 1 }).first<Row>()) ?? {};
      await db('entries').where({ ledger_id: 2, seq: 1 }).delete();
      await entryAt(1).update({ ...other, ledger_id: test.ledger.id });
      const { code, breaks } = await verify('--ledger', 'default');
      expect([code, kindsBySeq(breaks)[1]]).toEqual([1, expect.arrayContaining(['content', 'projection'])]);
    });

    it('the tail cut off', async () => {
      await entries().where('seq', '>', 9).delete();
      const { code, report, breaks } = await verify('--ledger', 'default');
      expect([code, report.ledgers[0]?.scanned, kindsBySeq(breaks)[10]]).toEqual([1, 9, ['truncated']]);
      expect(breaks.find((one) => one.seq === 10)?.detail).toBe('entries 10 to 12 are missing (3)');
    });

    it('the tail cut off and the head row edited to match', async () => {
      await entries().where('seq', '>', 9).delete();
      await head().update({ seq: 9, hash: (await rowAt('entries', 9))['hash'] ?? '' });
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { 9: ['truncated'], 10: ['truncated'] }]);
    });

    it.each<[string, (now: string | number | null) => string | number]>([
      ['seq', () => 999],
      ['seq', () => 9],
      ['hash', flipped],
      ['hash', () => ''],
      ['mac', flipped],
      ['mac', () => ''],
      ['epoch', () => 9],
    ])('an edit of heads.%s (%#)', async (column, to) => {
      const row = await head().first<Row>();
      await head().update({ [column]: to(row?.[column] ?? null) });
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      expect(breaks.length).toBeGreaterThan(0);
    });

    it('the head row deleted', async () => {
      await head().delete();
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)[0]]).toEqual([1, ['truncated']]);
    });

    it('the tenant renamed', async () => {
      await db('tenants').where({ id: test.ledger.tenant.id }).update({ slug: 'other' });
      const { code, breaks } = await verify('--ledger', 'default');
      expect([code, breaks.length, new Set(breaks.map((one) => one.kind))]).toEqual([1, SIZE, new Set(['projection'])]);
    });

    it('the ledger renamed', async () => {
      await db('ledgers').where({ id: test.ledger.id }).update({ name: 'other' });
      const { code, report } = await verify();
      expect(code).toBe(1);
      expect(report.ledgers).toContainEqual(expect.objectContaining({ ledger: 'default', verdict: 'broken' }));
    });

    it('every break, not only the first', async () => {
      await entryAt(3).update({ severity: 'critical' });
      await entryAt(7).update({ action: 'client.deleted' });
      await entryAt(10).delete();
      const { code, report, breaks } = await verify('--ledger', 'default');
      expect([code, kindsBySeq(breaks)]).toEqual([1, { 3: ['projection'], 7: ['projection'], 10: ['gap'] }]);
      expect(report.ledgers[0]).toMatchObject({ size: SIZE, scanned: SIZE - 1, valid: SIZE - 3, unverifiable: 0 });
    });

    it.each<[string[], number, number]>([
      [['--from', '8'], 0, SIZE - 7],
      [['--to', '6'], 0, 6],
      [['--from', '7', '--to', '7'], 1, 1],
      [['--actor', 'admin:7'], 1, SIZE - 2],
      // Nothing was checked, so nothing can be told.
      [['--actor', 'client:99'], 3, 0],
      [['--from', '500'], 3, 0],
    ])('a break only where it is asked to look: %j', async (flags, exit, scanned) => {
      await entryAt(7).update({ action: 'client.deleted' });
      const { code, report } = await verify('--ledger', 'default', ...flags);
      expect([code, report.ledgers[0]?.scanned]).toEqual([exit, scanned]);
    });

    it('a break of its own ledger only', async () => {
      await entryAt(7).update({ action: 'client.deleted' });
      expect((await verify('--ledger', 'second')).code).toBe(0);
    });

    it('nothing wrong behind a gap that its range leaves out, and the gap where its range ends there', async () => {
      await entryAt(4).delete();
      expect(await verify('--from', '5', '--ledger', 'default')).toMatchObject({
        code: 0,
        report: { ledgers: [{ scanned: SIZE - 4 }] },
      });
      const { code, breaks } = await verify('--to', '4', '--ledger', 'default');
      expect([code, kindsBySeq(breaks)]).toEqual([1, { 4: ['gap'] }]);
    });

    it('and prints what is broken for people too, and only that with --status broken', async () => {
      await entryAt(7).update({ action: 'client.deleted' });
      const all = await runCommand(test.env, ['verify']);
      const broken = await runCommand(test.env, ['verify', '--status', 'broken']);
      expect([all.code, broken.code]).toEqual([1, 1]);
      expect(all.stdout).toMatch(/default: break at #7/);
      expect(broken.stdout.trim()).toMatch(/^#7 {2}projection {2}2026-11-21T01:02:05.000Z {2}.*action$/);
    });
  });

  describe('of a store that was cut back', () => {
    beforeEach(async () => {
      test = await createTestStore(engine);
      db = test.database.knex;
      await fill(test);
      await dropTriggers();
    });
    afterEach(() => test.stop());

    const notes = () => path.join(test.config.dataDir, 'heads.json');

    async function checkpoint(): Promise<string> {
      const file = path.join(test.config.dataDir, 'kept-elsewhere.json');
      writeFileSync(file, (await runCommand(test.env, ['verify', '--json'])).stdout);
      return file;
    }

    /** The database as it was: entries, head and counters, all of them authentic. */
    async function restoreBackup(seq: number, head: Row): Promise<void> {
      await db('entries').where('seq', '>', seq).delete();
      await db('entry_values').where('seq', '>', seq).delete();
      await db('heads').where({ ledger_id: test.ledger.id }).update(head);
    }

    async function backupAndGoOn(): Promise<{ seq: number; head: Row }> {
      const head = (await db('heads').where({ ledger_id: test.ledger.id }).first<Row>()) ?? {};
      for (let i = 0; i < 3; i += 1) await append(test);
      await test.deps.ownEvents.record('default', { action: 'audit.exported', targetId: 'csv' });
      await noteHead(test);
      return { seq: SIZE, head };
    }

    it('finds an old backup by the note in the data folder', async () => {
      const { seq, head } = await backupAndGoOn();
      await restoreBackup(seq, head);
      const { code, breaks } = await verify();
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [SIZE + 1]: ['truncated'] }]);
    });

    it('finds it by a checkpoint kept elsewhere when the note is gone too', async () => {
      const { seq, head } = await backupAndGoOn();
      const file = await checkpoint();
      await restoreBackup(seq, head);
      rmSync(notes());
      const { code, breaks } = await verify('--expect-checkpoint', file);
      expect([code, kindsBySeq(breaks)]).toEqual([1, { [SIZE + 1]: ['truncated'] }]);
    });

    it('finds a history that was written anew since a checkpoint', async () => {
      const { seq, head } = await backupAndGoOn();
      await test.deps.tree.catchUp(test.ledger);
      const file = await checkpoint();
      await restoreBackup(seq, head);
      // Anew by the program itself, with the right keys.
      for (let i = 0; i < 8; i += 1) await append(test);
      rmSync(notes());
      const { code, breaks } = await verify('--expect-checkpoint', file);
      expect([code, kindsBySeq(breaks)]).toEqual([
        1,
        // By the tree, and the last of them by the checkpoint as well.
        { 13: ['rewritten'], 14: ['rewritten'], 15: ['rewritten'], [SIZE + 4]: ['rewritten', 'rewritten'] },
      ]);
      expect(breaks[0]?.received_at).toEqual(expect.stringContaining('2026-'));
    });

    it('is content with a checkpoint that still holds', async () => {
      const file = await checkpoint();
      await backupAndGoOn();
      expect((await verify('--expect-checkpoint', file)).code).toBe(0);
    });

    it.each(['not json', '{}', '{"ledgers":[{"ledger":"default","head":{"seq":"x","hash":"y"}}]}'])(
      'cannot run with the checkpoint %j',
      async (text) => {
        const file = path.join(test.config.dataDir, 'bad.json');
        writeFileSync(file, text);
        const { code, stdout, stderr } = await runCommand(test.env, ['verify', '--json', '--expect-checkpoint', file]);
        expect([code, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
      },
    );

    it('finds the table of entries emptied', async () => {
      await db('entries').delete();
      const { code, report, breaks } = await verify();
      expect([code, report.ledgers[0]?.scanned, breaks.map((one) => [one.seq, one.kind])]).toEqual([
        1,
        0,
        [[1, 'truncated']],
      ]);
    });

    it('finds entries and head emptied', async () => {
      await db('entries').delete();
      await db('heads').delete();
      const { code, breaks } = await verify();
      expect(code).toBe(1);
      expect(breaks.map((one) => one.kind)).toEqual(expect.arrayContaining(['truncated']));
    });

    async function emptyEverything(): Promise<void> {
      for (const table of ['entry_values', 'entries', 'heads', 'epochs', 'day_counters', 'consumers', 'entry_words', 'fresh_words', 'entry_blocks', 'entry_sets', 'ledgers', 'tenants', 'installation']) await db(table).delete(); // prettier-ignore
    }

    it('finds every table emptied by the note in the data folder', async () => {
      await emptyEverything();
      const { code, report } = await verify();
      expect([code, report.ledgers]).toEqual([
        1,
        [
          expect.objectContaining({
            ledger: 'default',
            verdict: 'broken',
            scanned: 0,
            broken: [expect.objectContaining({ kind: 'truncated' })],
          }),
        ],
      ]);
    });

    it('cannot tell when every table is emptied and the note is gone: nothing checked is never OK', async () => {
      await emptyEverything();
      rmSync(notes());
      const { code, report } = await verify();
      expect([code, report.verdict, report.ledgers]).toEqual([3, 'cannot_tell', []]);
    });

    it('finds every table emptied by a checkpoint kept elsewhere', async () => {
      const file = await checkpoint();
      await emptyEverything();
      rmSync(notes());
      const { code, report } = await verify('--expect-checkpoint', file);
      expect([code, report.ledgers[0]?.broken[0]?.kind]).toEqual([1, 'truncated']);
    });

    it('cannot tell without the chain keys, and still finds what needs none', async () => {
      await db('epochs').delete();
      const { code, report } = await verify();
      expect([code, report.ledgers[0]]).toEqual([
        3,
        expect.objectContaining({ verdict: 'cannot_tell', scanned: SIZE, valid: 0, unverifiable: SIZE, broken: [] }),
      ]);
      await db('entries').where({ seq: 5 }).update({ severity: 'critical' });
      const later = await verify();
      expect([later.code, kindsBySeq(later.breaks)]).toEqual([1, { 5: ['projection'] }]);
    });

    it.each<[string, Row | ((row: Row) => Row)]>([
      [
        'wrapped_key',
        (row) => ({ wrapped_key: String(row['wrapped_key']).replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) }),
      ],
      ['wrapped_key', { wrapped_key: '' }],
    ])('cannot tell after an edit of epochs.%s', async (_column, change) => {
      const row = (await db('epochs').first<Row>()) ?? {};
      await db('epochs').update(typeof change === 'function' ? change(row) : change);
      expect((await verify()).code).toBe(3);
    });

    it('finds an epoch under another number, whose entries have no key then', async () => {
      await db('epochs').update({ epoch: 7 });
      const { code, report } = await verify();
      expect([code, report.ledgers[0]]).toMatchObject([1, { unverifiable: SIZE, broken: [{ kind: 'projection', detail: 'the row of epoch 7 stands in epochs, and the ledger never entered it' }] }]); // prettier-ignore
    });

    it.each([0, -1, 2, 99])('finds a row put into epochs, of epoch %i', async (epoch) => {
      const [first] = await db('epochs').select<Row[]>();
      await db('epochs').insert({ ...first, epoch });
      const { code, breaks } = await verify();
      expect([code, breaks]).toMatchObject([1, [{ kind: 'projection', detail: `the row of epoch ${epoch} stands in epochs, and the ledger never entered it` }]]); // prettier-ignore
    });

    it('cannot tell with another master key', async () => {
      const file = path.join(test.config.dataDir, 'other.key');
      createMasterKey(file);
      const { code, stdout } = await runCommand({ ...test.env, SEALTRAIL_MASTER_KEY_FILE: file }, ['verify', '--json']);
      expect([code, JSON.parse(stdout)]).toMatchObject([
        3,
        {
          verdict: 'cannot_tell',
          ledgers: [{ ledger: 'default', scanned: SIZE, valid: 0, unverifiable: SIZE, broken: [] }],
        },
      ]);
    });

    it('changes nothing in the database, whatever it finds', async () => {
      const tables = ['entries', 'entry_values', 'heads', 'epochs', 'day_counters', 'ledgers', 'tenants', 'installation', 'quarantine', 'bridges', 'api_tokens', 'login_links', 'verifications', 'verification_breaks', 'sessions', 'knex_migrations']; // prettier-ignore
      const everything = () => Promise.all(tables.map((table) => db(table).select()));
      const before = await everything();
      await verify();
      expect(await everything()).toEqual(before);
      await db('entries').where({ seq: 5 }).update({ severity: 'critical' });
      const broken = await everything();
      await verify();
      await verify('--actor', 'admin:7');
      expect(await everything()).toEqual(broken);
    });

    it('leaves the note in the data folder as it is', async () => {
      const before = readFileSync(notes(), 'utf8');
      await db('entries').delete();
      await verify();
      expect(readFileSync(notes(), 'utf8')).toBe(before);
    });

    it('names a ledger that is not there as what it could not do', async () => {
      expect(await runCommand(test.env, ['verify', '--json', '--ledger', 'nowhere'])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('nowhere'),
      });
    });

    it('cannot run without a database', async () => {
      const url =
        engine === 'sqlite' ? `sqlite:${path.join(test.config.dataDir, 'empty.db')}` : 'mysql://st:pw@127.0.0.1:1/none';
      const { code, stdout, stderr } = await runCommand({ ...test.env, SEALTRAIL_DATABASE_URL: url }, [
        'verify',
        '--json',
      ]);
      expect([code, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    });
  });
});
