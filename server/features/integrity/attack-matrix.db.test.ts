import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import pino from 'pino';
import { readConfig } from '../../config/config';
import { hashEntry, macHead } from '../../core/chain';
import { createDeps, type Deps } from '../../deps';
import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { LedgerReport } from './verify-service';

/**
 * Somebody has everything: the database without its triggers, the master key, the data folder and the program. The auditor has the
 * public key and the last checkpoint that went outside, and nothing else. docs/threat-model.md has the whole matrix.
 */
const SIZE = 12;
const TABLES = ['entries', 'entry_values', 'day_counters', 'entry_words', 'fresh_words', 'trees', 'tree_tiles', 'checkpoints', 'heads', 'epochs'] as const; // prettier-ignore
type Copy = ReadonlyMap<string, readonly Record<string, unknown>[]>;

describe.each(ENGINES)('somebody with every key of ours, on %s', (engine) => {
  let test: TestStore;
  let db: Knex;
  /** The database as it was with so many entries; a checkpoint was signed at each size. */
  const copies = new Map<number, Copy>();
  let note: string;

  beforeAll(async () => {
    test = await createTestStore(engine);
    db = test.database.knex;
    for (const trigger of ['entries_no_update', 'entries_no_delete']) await db.raw(`DROP TRIGGER ${trigger}`);
    for (let size = 1; size <= SIZE; size += 1) {
      if (size > 1) await test.deps.store.append(test.ledger, [anAppendItem(test.ledger)]);
      ({ note } = await test.deps.checkpoints.sign(test.ledger, 'request'));
      await test.deps.indexer.catchUp();
      copies.set(size, await copyAll());
    }
  });
  afterAll(() => test.stop());
  beforeEach(() => putBack(SIZE));

  async function copyAll(): Promise<Copy> {
    const rows = await Promise.all(TABLES.map((table) => db(table).select<Record<string, unknown>[]>()));
    return new Map(TABLES.map((table, at) => [table, rows[at] ?? []]));
  }

  async function putBack(size: number): Promise<void> {
    for (const table of [...TABLES].reverse()) await db(table).delete();
    for (const table of TABLES) {
      const rows = copies.get(size)?.get(table) ?? [];
      if (rows.length > 0) await db.batchInsert(table, [...rows], 50);
    }
  }

  /** A machine of the auditor's: no note of ours, no earlier checkpoint but the one that was kept. */
  async function audit(kept: string | null = note): Promise<LedgerReport> {
    return onFreshMachine(async (deps) => {
      const expectedNotes = kept === null ? [] : [{ ledger: 'default', note: kept, where: 'the safe' }];
      const { ledgers } = await deps.verifier.verify({ ledger: 'default', expectedNotes });
      return ledgers[0] as LedgerReport;
    });
  }

  async function onFreshMachine<T>(work: (deps: Deps) => Promise<T>): Promise<T> {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'sealtrail-auditor-'));
    const env = { ...test.env, SEALTRAIL_DATA_DIR: dataDir, SEALTRAIL_MASTER_KEY_FILE: test.config.masterKeyFile };
    const deps = createDeps(readConfig(env), { now: () => test.clock.now(), logger: pino({ level: 'silent' }) });
    try {
      return await work(deps);
    } finally {
      await deps.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }

  /** Seals everything from an entry on anew, with the genuine key, and has the program make a new tree and a new checkpoint. */
  async function rewriteFrom(seq: number): Promise<void> {
    const key = await test.deps.keyRing.findEpochKey(db, test.ledger.id, 'default', 1);
    const rows = await db('entries').orderBy('seq').select<{ seq: number; hash: string; record: string }[]>();
    let prevHash = rows[seq - 2]?.hash ?? '0'.repeat(64);
    for (const row of rows.slice(seq - 1)) {
      const record = row.seq === seq ? row.record.replace(/"occurred_at":"\d{4}/, '"occurred_at":"2001') : row.record;
      expect(row.seq === seq && record === row.record).toBe(false);
      const hash = hashEntry(key as Buffer, { ledger: 'default', seq: row.seq, prevHash }, record);
      const occurredAt = Date.parse((JSON.parse(record) as { occurred_at: string }).occurred_at);
      await db('entries')
        .where({ seq: row.seq })
        .update({ record, hash, prev_hash: prevHash, occurred_at: occurredAt });
      prevHash = hash;
    }
    await db('heads').update({ hash: prevHash, mac: macHead(test.deps.keyRing.headKey, 'default', SIZE, prevHash) });
    for (const table of ['tree_tiles', 'checkpoints', 'trees']) await db(table).delete();
    await onFreshMachine((deps) => deps.checkpoints.sign(test.ledger, 'request'));
  }

  const kinds = (report: LedgerReport) => [report.verdict, [...new Set(report.broken.map(({ kind }) => kind))]];
  const sizes = Array.from({ length: SIZE }, (_, at) => at + 1);

  it('is not suspected while nothing was changed', async () => {
    expect(kinds(await audit())).toEqual(['intact', []]);
  });

  it.each(sizes)('cannot cut off the last %i entries', async (k) => {
    if (k === SIZE) {
      for (const table of [...TABLES].reverse()) await db(table).delete();
      expect((await audit()).verdict).toBe('broken');
    } else {
      await putBack(SIZE - k);
      expect(kinds(await audit())).toEqual(['broken', ['truncated']]);
    }
  });

  it.each(sizes.slice(0, -1))('cannot put back the copy with %i entries and go on from it', async (size) => {
    await putBack(size);
    await onFreshMachine(async (deps) => {
      for (let at = size; at <= SIZE + 2; at += 1) await deps.store.append(test.ledger, [anAppendItem(test.ledger)]);
      await deps.checkpoints.sign(test.ledger, 'request');
    });
    expect(kinds(await audit())).toEqual(['broken', ['rewritten']]);
  });

  it.each(sizes)('cannot write entry %i anew and seal what follows with the stolen key', async (seq) => {
    await rewriteFrom(seq);
    const { verdict } = await audit(null);
    // The genesis entry names the log: another one is another log, whose checkpoints have other keys.
    const expected = seq === 1 ? ['broken', expect.any(Array)] : ['broken', ['rewritten']];
    expect(kinds(await audit())).toEqual(expected);
    // This is what the checkpoint is for: nobody else would see it.
    expect(verdict).toBe('intact');
  });

  it('cannot empty the database', async () => {
    for (const table of [...TABLES].reverse()) await db(table).delete();
    const report = await audit();
    expect(report.verdict).toBe('broken');
    expect(report.broken.map(({ kind }) => kind)).toContain('truncated');
  });

  it('cannot show two people two histories: each has the checkpoint of one', async () => {
    const fork = async () => {
      await putBack(SIZE);
      return onFreshMachine(async (deps) => {
        await deps.store.append(test.ledger, [anAppendItem(test.ledger)]);
        return (await deps.checkpoints.sign(test.ledger, 'request')).note;
      });
    };
    const [ours, theirs] = [await fork(), await fork()];
    expect(kinds(await audit(theirs))).toEqual(['intact', []]);
    expect(kinds(await audit(ours))).toEqual(['broken', ['rewritten']]);
  });
});
