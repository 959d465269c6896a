import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { macHead } from '../core/chain';
import { checkEngine, EngineError, openDatabase } from '../db/connection';
import { openStore } from '../main';
import { anAppendItem } from '../testing/append-item';
import { createTestStore, type TestStore } from '../testing/test-app';
import type { Engine } from '../testing/test-database';
import type { EntryRow } from './entry-row';
import type { AppendItem, Ledger } from './entry-store';
import { ensureLedger } from './ledger-setup';

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..', '..');
const DAY_MS = 86_400_000;
/** Errors of better-sqlite3 come from the first test file that loaded it: to `toThrow` of a later one they are no errors. */
const AN_ERROR = { code: expect.any(String), message: expect.any(String) };

const EMOJI = '😀👨‍👩‍👧‍👦🇨🇳';
const FOUR_BYTE_CHINESE = '𠮷𠀀𪚥龘';
const NOT_NORMALISED = 'e\u0301 \u212b \ufeff \u200e';

/** What EntryStore promises, on one engine. */
export function describeEntryStore(engine: Engine): void {
  let test: TestStore;
  let ledger: Ledger;

  beforeEach(async () => {
    test = await createTestStore(engine);
    ledger = test.ledger;
  });
  afterEach(() => test.stop());

  const append = (...items: AppendItem[]) => test.deps.store.append(ledger, items);
  const countRows = async (table: string) => Number((await test.database.knex(table).count({ n: '*' }))[0]?.['n']);
  const entryRows = () => test.database.knex('entries').where({ ledger_id: ledger.id }).orderBy('seq').select<Row[]>();

  async function everything() {
    const tables = ['entries', 'entry_values', 'heads', 'day_counters', 'quarantine', 'epochs', 'ledgers'];
    return Promise.all(tables.map((table) => test.database.knex(table).select()));
  }

  describe('append', () => {
    it('gives a receipt for each entry, in the order given', async () => {
      const items = [anAppendItem(ledger), anAppendItem(ledger), anAppendItem(ledger)];
      const results = await append(...items);
      expect(results.map((result) => result.outcome)).toEqual(['appended', 'appended', 'appended']);
      expect(results.flatMap((result) => result.receipts)).toEqual(
        items.map((item, i) => ({
          id: item.eventId,
          part: 0,
          ledger: 'default',
          seq: i + 2,
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        })),
      );
      const rows = await entryRows();
      expect(rows.slice(1).map((row) => row.hash)).toEqual(
        results.flatMap((result) => result.receipts.map((one) => one.hash)),
      );
    });

    it('stores what it was given', async () => {
      const item = anAppendItem(ledger, {
        action: 'client.updated',
        client: '5',
        target: { type: 'client', id: '5', label: 'Jane' },
        payload: { userid: 5, email: 'jane@example.com' },
      });
      await append(item);
      const [entry] = item.entries;
      const stored = await test.deps.store.findBySeq(ledger, 2);
      expect(stored).toMatchObject({
        ledgerId: ledger.id,
        seq: 2,
        id: entry?.id,
        tenantId: ledger.tenant.id,
        eventId: item.eventId,
        part: 0,
        epoch: 1,
        occurredAt: entry?.occurredAt,
        receivedAt: entry?.receivedAt,
        category: 'clients',
        action: 'client.updated',
        actorType: 'admin',
        actorId: '7',
        targetType: 'client',
        targetId: '5',
        clientId: '5',
        via: 'ui',
        hook: 'InvoicePaid',
        actorSalt: entry?.actorValues?.salt,
        actorBody: entry?.actorValues?.body,
        subjectSalt: entry?.subjectValues?.salt,
        subjectBody: entry?.subjectValues?.body,
      });
    });

    it('gives the first receipts for the same items again and stores nothing', async () => {
      const items = [anAppendItem(ledger, { parts: [{}, { action: 'invoice.refunded' }] }), anAppendItem(ledger)];
      const first = await append(...items);
      const before = await everything();
      const again = await append(...items);
      expect(again.map((result) => result.outcome)).toEqual(['duplicate', 'duplicate']);
      expect(again.map((result) => result.receipts)).toEqual(first.map((result) => result.receipts));
      expect(await everything()).toEqual(before);
    });

    it('takes new items between known ones, each with its own answer', async () => {
      const [one, two, three] = [anAppendItem(ledger), anAppendItem(ledger), anAppendItem(ledger)];
      const [first] = await append(two);
      const results = await append(one, two, three);
      expect(results.map((result) => result.outcome)).toEqual(['appended', 'duplicate', 'appended']);
      expect(results.map((result) => result.receipts[0]?.seq)).toEqual([3, 2, 4]);
      expect(results[1]?.receipts).toEqual(first?.receipts);
    });

    it('stores an item that comes twice in one call once', async () => {
      const item = anAppendItem(ledger);
      const [first, second] = await append(item, item);
      expect([first?.outcome, second?.outcome]).toEqual(['appended', 'duplicate']);
      expect(second?.receipts).toEqual(first?.receipts);
      expect(await countRows('entries')).toBe(2);
    });

    it('calls an id that was used for something else a conflict, and stores nothing of it', async () => {
      await append(anAppendItem(ledger, { eventId: 'event-1' }));
      const before = await everything();
      const other = anAppendItem(ledger, { eventId: 'event-1', digest: 'e'.repeat(64), action: 'invoice.refunded' });
      expect(await append(other)).toEqual([{ outcome: 'conflict', receipts: [] }]);
      expect(await everything()).toEqual(before);
    });

    it('finds such a conflict inside one call too', async () => {
      const results = await append(
        anAppendItem(ledger, { eventId: 'event-1' }),
        anAppendItem(ledger, { eventId: 'event-1', digest: 'e'.repeat(64) }),
      );
      expect(results.map((result) => result.outcome)).toEqual(['appended', 'conflict']);
      expect(await countRows('entries')).toBe(2);
    });

    it('tells ids apart that differ in case only', async () => {
      const results = await append(
        anAppendItem(ledger, { eventId: 'event-a' }),
        anAppendItem(ledger, { eventId: 'EVENT-A' }),
      );
      expect(results.map((result) => result.outcome)).toEqual(['appended', 'appended']);
    });

    it('stores all parts of an item under one id', async () => {
      const parts = [{ action: 'client.updated' }, { action: 'client.closed' }, { action: 'client.email_verified' }];
      const [result] = await append(anAppendItem(ledger, { eventId: 'event-1', parts }));
      expect(result?.receipts.map(({ id, part, seq }) => ({ id, part, seq }))).toEqual([
        { id: 'event-1', part: 0, seq: 2 },
        { id: 'event-1', part: 1, seq: 3 },
        { id: 'event-1', part: 2, seq: 4 },
      ]);
      expect((await entryRows()).slice(1).map((row) => row.action)).toEqual(parts.map((part) => part.action));
    });

    it('takes more items at once than one query may name', async () => {
      const items = Array.from({ length: 1_200 }, () => anAppendItem(ledger));
      const first = await append(...items);
      const again = await append(...items);
      expect(again.map((result) => result.receipts)).toEqual(first.map((result) => result.receipts));
      expect(await countRows('entries')).toBe(1_201);
    });

    it('keeps what was set aside once, however often it comes', async () => {
      const aside = {
        bridgeId: 'b',
        eventId: null,
        reason: 'unknown_hook',
        detail: 'x',
        item: '{"a": 1}',
        digest: 'a'.repeat(64),
        receivedAt: 1,
      };
      await test.deps.store.append(ledger, [], [aside]);
      await test.deps.store.append(ledger, [anAppendItem(ledger)], [aside, { ...aside, receivedAt: 2 }]);
      const rows = await test.database.knex('quarantine').select('item', 'received_at', 'tenant_id');
      expect(rows).toEqual([{ item: '{"a": 1}', received_at: 1, tenant_id: ledger.tenant.id }]);
    });
  });

  describe('the chain', () => {
    it('links every entry to the one before it with the HMAC that docs/format.md gives', async () => {
      await append(anAppendItem(ledger), anAppendItem(ledger));
      await append(anAppendItem(ledger));
      const key = await test.deps.keyRing.findEpochKey(test.database.knex, ledger.id, 'default', 1);
      const rows = await entryRows();
      expect(rows.map((row) => row.seq)).toEqual([1, 2, 3, 4]);
      let prevHash = '0'.repeat(64);
      for (const row of rows) {
        const place = Buffer.alloc(12);
        place.writeUInt32BE('default'.length, 0);
        place.writeBigUInt64BE(BigInt(row.seq), 4);
        const parts = [
          'sealtrail.entry.v1\0',
          place.subarray(0, 4),
          'default',
          place.subarray(4),
          Buffer.from(prevHash, 'hex'),
          row.record,
        ];
        const hmac = createHmac('sha256', key ?? '');
        for (const part of parts) hmac.update(part);
        expect([row.prev_hash, row.hash]).toEqual([prevHash, hmac.digest('hex')]);
        prevHash = row.hash;
      }
    });

    it('has a head that names the newest entry and is sealed itself', async () => {
      const results = await append(anAppendItem(ledger), anAppendItem(ledger));
      const newest = results.at(-1)?.receipts.at(-1);
      const mac = macHead(test.deps.keyRing.headKey, 'default', 3, newest?.hash ?? '');
      expect(await test.deps.store.findHead(ledger)).toEqual({ seq: 3, hash: newest?.hash, mac, epoch: 1 });
      expect(await test.deps.store.findLastSeq(ledger)).toBe(3);
    });

    it('is one for each ledger', async () => {
      const other = await ensureLedger(test.deps, 'second');
      await append(anAppendItem(ledger, { eventId: 'same' }));
      const [result] = await test.deps.store.append(other, [anAppendItem(other, { eventId: 'same' })]);
      expect(result).toMatchObject({ outcome: 'appended', receipts: [{ ledger: 'second', seq: 2 }] });
      expect(
        (await test.deps.verifier.verify({})).ledgers.map((one) => [one.ledger, one.verdict, one.scanned]),
      ).toEqual([
        ['default', 'intact', 2],
        ['second', 'intact', 2],
      ]);
    });

    it('begins with one entry, however many processes start at once', async () => {
      const ledgers = await Promise.all([1, 2, 3, 4].map(() => ensureLedger(test.deps, 'second')));
      expect(new Set(ledgers.map((one) => one.id)).size).toBe(1);
      expect(await test.deps.store.findHead(ledgers[0] as Ledger)).toMatchObject({ seq: 1 });
    });

    it('stays without a gap when several processes append at once, and what all have is stored once', async () => {
      const env = { PATH: process.execPath, ...test.env };
      const batches = 40;
      await Promise.all(
        ['a', 'b', 'c', 'd'].map((name) =>
          run(process.execPath, ['--import', 'tsx', 'server/testing/append-many.ts', name, String(batches), '4'], {
            cwd: ROOT,
            env,
          }),
        ),
      );
      const rows = await entryRows();
      const wanted = 1 + 4 * batches * 4 + batches;
      expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: wanted }, (_, i) => i + 1));
      expect(new Set(rows.map((row) => row.event_id)).size).toBe(wanted);
      expect(await test.deps.verifier.verify({})).toMatchObject({
        verdict: 'intact',
        ledgers: [{ valid: wanted, broken: [] }],
      });
    });
  });

  describe('counters', () => {
    it('equal what can be counted, also over several days and calls', async () => {
      const day = Date.parse('2026-11-20T23:59:59.999Z');
      const actions = ['invoice.paid', 'admin.login_failed', 'client.deleted', 'ticket.opened'];
      for (let call = 0; call < 4; call += 1) {
        const items = Array.from({ length: 12 }, (_, i) =>
          anAppendItem(ledger, {
            action: actions[(i + call) % actions.length] ?? '',
            occurredAt: new Date(day + (i % 3) * DAY_MS + (i % 2)).toISOString(),
          }),
        );
        await append(...items);
      }
      const counted = new Map<string, { entries: number; min_seq: number; max_seq: number }>();
      for (const row of await entryRows()) {
        const key = [
          new Date(row.occurred_at).toISOString().slice(0, 10).replaceAll('-', ''),
          row.category,
          row.severity,
        ].join(' ');
        const before = counted.get(key);
        counted.set(key, {
          entries: (before?.entries ?? 0) + 1,
          min_seq: before?.min_seq ?? row.seq,
          max_seq: row.seq,
        });
      }
      const kept = await test.database.knex('day_counters').select<CounterRow[]>();
      expect(counted.size).toBeGreaterThan(8);
      expect(
        new Map(
          kept.map(({ day: on, category, severity, entries, min_seq, max_seq }) => [
            [on, category, severity].join(' '),
            { entries, min_seq, max_seq },
          ]),
        ),
      ).toEqual(counted);
    });
  });

  describe('a transaction that fails', () => {
    const broken = (item: AppendItem): AppendItem => ({
      ...item,
      entries: item.entries.map((entry) => ({ ...entry, category: null as unknown as string })),
    });

    it('stores nothing, and the next one goes on where the last good one ended', async () => {
      await append(anAppendItem(ledger));
      const before = await everything();
      await expect(append(anAppendItem(ledger), broken(anAppendItem(ledger)))).rejects.toMatchObject(AN_ERROR);
      expect(await everything()).toEqual(before);
      expect((await append(anAppendItem(ledger)))[0]?.receipts[0]?.seq).toBe(3);
      expect(await test.deps.verifier.verify({})).toMatchObject({ verdict: 'intact' });
    });

    it('stores nothing when it fails in its very last step', async () => {
      const before = await everything();
      const aside = {
        bridgeId: null as unknown as string,
        eventId: null,
        reason: 'x',
        detail: 'x',
        item: '{}',
        digest: 'a'.repeat(64),
        receivedAt: 1,
      };
      const items = [anAppendItem(ledger)];
      // SQLite and MySQL leave out a row that an INSERT IGNORE cannot take; a column that is not there fails in both.
      await test.database.knex.raw('ALTER TABLE quarantine RENAME TO quarantine_gone');
      await expect(test.deps.store.append(ledger, items, [aside])).rejects.toMatchObject(AN_ERROR);
      await test.database.knex.raw('ALTER TABLE quarantine_gone RENAME TO quarantine');
      expect(await everything()).toEqual(before);
    });

    it('is what a ledger without its head, or with a key of another master key, gives', async () => {
      await test.database.knex('heads').where({ ledger_id: ledger.id }).update({ epoch: 9 });
      await expect(append(anAppendItem(ledger))).rejects.toThrow('cannot be opened');
      await test.database.knex('heads').where({ ledger_id: ledger.id }).delete();
      await expect(append(anAppendItem(ledger))).rejects.toThrow('has no head');
      expect(await countRows('entries')).toBe(1);
    });
  });

  describe('entries', () => {
    it.each([
      "UPDATE entries SET severity = 'info' WHERE seq = 1",
      'UPDATE entries SET seq = seq',
      'DELETE FROM entries WHERE seq = 1',
      'DELETE FROM entries',
    ])('cannot be changed by accident: %s', async (sql) => {
      const before = await entryRows();
      await expect(test.database.knex.raw(sql)).rejects.toMatchObject({
        message: expect.stringContaining('append-only'),
      });
      expect(await entryRows()).toEqual(before);
    });

    it('are read in ranges, both ends included, no more than asked for', async () => {
      await append(...Array.from({ length: 9 }, () => anAppendItem(ledger)));
      const { store } = test.deps;
      const seqs = async (fromSeq: number, toSeq: number, limit: number) =>
        (await store.readRange(ledger, { fromSeq, toSeq, limit })).map((row) => row.seq);
      expect(await seqs(3, 5, 100)).toEqual([3, 4, 5]);
      expect(await seqs(3, 100, 2)).toEqual([3, 4]);
      expect(await seqs(11, 100, 10)).toEqual([]);
      const visited = async (fromSeq: number, toSeq: number) => {
        const rows: EntryRow[] = [];
        await store.eachInRange(ledger, { fromSeq, toSeq }, (row) => rows.push(row));
        return rows;
      };
      expect(await visited(3, 600)).toEqual(await store.readRange(ledger, { fromSeq: 3, toSeq: 600, limit: 600 }));
      expect((await visited(3, 5)).map((row) => row.seq)).toEqual([3, 4, 5]);
      expect(await visited(11, 9_000)).toEqual([]);
      expect((await store.readMany(ledger, [7, 2, 99])).map((row) => row.seq).sort()).toEqual([2, 7]);
      expect(await store.readMany(ledger, [])).toEqual([]);
      expect(await store.findBySeq(ledger, 99)).toBeUndefined();
    });

    it('hold every character as it came, byte for byte', async () => {
      const text = `${EMOJI} ${FOUR_BYTE_CHINESE} ${NOT_NORMALISED} \u0000 ' " \\ % _ ; --`;
      const item = anAppendItem(ledger, {
        actor: { type: 'admin', id: FOUR_BYTE_CHINESE, name: text, role: EMOJI, actingAs: null },
        target: { type: 'invoice', id: EMOJI, label: text },
        payload: { [text]: text },
        reason: text,
      });
      await append(item);
      const row = await test.deps.store.findBySeq(ledger, 2);
      const [entry] = item.entries;
      const [start, middle, end] = entry?.recordParts ?? [];
      expect(row).toMatchObject({
        actorId: FOUR_BYTE_CHINESE,
        targetId: EMOJI,
        actorBody: entry?.actorValues?.body,
        subjectBody: entry?.subjectValues?.body,
      });
      expect(row?.record).toBe(`${start}1${middle}2${end}`);
      expect(JSON.parse(row?.actorBody ?? '')).toMatchObject({ name: text });
      const [bytes] = await test.deps.database.dialect.selectArrays(
        test.database.knex,
        'SELECT HEX(record) FROM entries WHERE seq = 2',
        [],
      );
      expect(String(bytes?.[0]).toLowerCase()).toBe(Buffer.from(`${start}1${middle}2${end}`, 'utf8').toString('hex'));
      expect(await test.deps.verifier.verify({})).toMatchObject({ verdict: 'intact' });
    });

    it('keep values of several megabytes', async () => {
      await append(anAppendItem(ledger, { payload: { text: '审'.repeat(1_500_000) } }), anAppendItem(ledger));
      expect((await test.deps.store.findBySeq(ledger, 2))?.subjectBody).toContain('审'.repeat(1_500_000));
      expect(await test.deps.verifier.verify({})).toMatchObject({ verdict: 'intact', ledgers: [{ size: 3 }] });
    });
  });

  describe('the engine', () => {
    if (engine === 'sqlite') {
      it('commits to the disk, waits for a writer and holds references', async () => {
        const pragma = async (name: string) =>
          (await test.deps.database.dialect.selectArrays(test.deps.database.knex, `PRAGMA ${name}`, []))[0]?.[0];
        expect(await pragma('journal_mode')).toBe('wal');
        expect(await pragma('synchronous')).toBe(1);
        expect(await pragma('foreign_keys')).toBe(1);
        expect(await pragma('busy_timeout')).toBeGreaterThanOrEqual(1_000);
      });

      it('is refused when it does not commit to the disk', async () => {
        const database = openDatabase(test.database.url);
        await database.knex.raw('PRAGMA synchronous = OFF');
        await expect(checkEngine(database)).rejects.toThrow(EngineError);
        await database.close();
      });

      it('is refused when it holds another encoding', async () => {
        const url = `sqlite:${path.join(test.config.dataDir, 'utf16.db')}`;
        const database = openDatabase(url);
        await database.knex.raw(`PRAGMA encoding = 'UTF-16le'`);
        await database.knex.raw('CREATE TABLE t (a TEXT)');
        await expect(checkEngine(database)).rejects.toThrow('UTF-8');
        await database.close();
      });
      return;
    }

    it('refuses a value that does not fit, and does not cut it', async () => {
      const [entry] = anAppendItem(ledger).entries;
      const item: AppendItem = {
        eventId: 'long',
        digest: 'd'.repeat(64),
        entries: [{ ...(entry as NonNullable<typeof entry>), actorId: 'x'.repeat(192) }],
      };
      await expect(append(item)).rejects.toMatchObject({ code: 'ER_DATA_TOO_LONG' });
      expect(await countRows('entries')).toBe(1);
    });

    it('has strict mode, UTC, utf8mb4 and READ COMMITTED on every connection', async () => {
      const connections = await Promise.all(
        Array.from({ length: 6 }, () =>
          test.deps.database.knex.raw(
            `SELECT CONNECTION_ID() AS id, @@sql_mode AS mode, @@session.time_zone AS zone, @@character_set_client AS client, @@character_set_results AS results,
               @@collation_connection AS collation, NOW() = UTC_TIMESTAMP() AS isUtc, SLEEP(0.05) AS waited`,
          ),
        ),
      );
      const rows = connections.map((one) => (one as [{ id: number; mode: string }[]])[0][0]);
      expect(new Set(rows.map((row) => row?.id)).size).toBeGreaterThan(1);
      for (const row of rows) {
        expect(row?.mode).toContain('STRICT_ALL_TABLES');
        expect(row).toMatchObject({
          zone: '+00:00',
          client: 'utf8mb4',
          results: 'utf8mb4',
          collation: 'utf8mb4_bin',
          isUtc: 1,
        });
      }
    });

    it('sees what others commit while its own transaction runs', async () => {
      await test.deps.database.knex.transaction(async (trx) => {
        await trx('entries').count();
        await append(anAppendItem(ledger));
        expect(await trx('entries').count({ n: '*' })).toEqual([{ n: 2 }]);
      });
    });

    it.each([
      ['is not strict', `SET SESSION sql_mode = ''`, 'sql_mode lacks STRICT_ALL_TABLES'],
      ['lives in another time zone', `SET SESSION time_zone = '+02:00'`, 'time_zone is +02:00'],
      ['talks latin1', `SET NAMES latin1`, 'a character set is latin1'],
      ['cuts characters of four bytes', `SET NAMES utf8mb3`, 'not utf8mb4'],
      [
        'repeats its reads',
        `SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ`,
        'the isolation level is REPEATABLE-READ',
      ],
    ])('is refused when it %s', async (_name, sql, message) => {
      const database = openDatabase(test.database.url);
      await database.knex.raw(sql);
      await expect(checkEngine(database)).rejects.toThrow(message);
      await expect(checkEngine(database)).rejects.toThrow(EngineError);
      await database.close();
    });
  });

  describe('a schema of a later version', () => {
    it.each([true, false])('is refused (migrate: %s)', async (migrate) => {
      const before = await everything();
      await test.database
        .knex('knex_migrations')
        .insert({ name: '20991231000000_add_future', batch: 99, migration_time: new Date() });
      await expect(openStore(test.config, { migrate })).rejects.toThrow(
        'newer than this program (20991231000000_add_future)',
      );
      expect(await everything()).toEqual(before);
    });
  });
}

interface Row {
  seq: number;
  event_id: string;
  action: string;
  category: string;
  severity: string;
  occurred_at: number;
  prev_hash: string;
  hash: string;
  record: string;
}
interface CounterRow {
  day: number;
  category: string;
  severity: string;
  entries: number;
  min_seq: number;
  max_seq: number;
}
