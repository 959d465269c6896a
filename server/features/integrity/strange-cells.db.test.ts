import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { ENTRY_COLUMNS } from '../../entries/entry-row';
import { anAppendItem } from '../../testing/append-item';
import { runCommand } from '../../testing/run-command';
import { createTestStore, type TestStore } from '../../testing/test-app';
import type { VerifyReport } from './verify-service';

// A cell of SQLite holds any class of value, whatever its column was declared as: what stands there as bytes looks the same to who
// reads it, and no filter finds it any more.

let test: TestStore;
let file: string;

beforeAll(async () => {
  test = await createTestStore('sqlite');
  const full = { client: '5', target: { type: 'client', id: '5', label: 'Jane' }, action: 'client.updated', payload: { userid: 5, email: 'jane@example.com' } } as const; // prettier-ignore
  for (let at = 0; at < 3; at += 1)
    await test.deps.appender.append(test.ledger, [anAppendItem(test.ledger, { eventId: `event-${at}`, ...full })], []);
  await test.deps.keys.rotate(test.ledger, { via: 'cli' });
  await test.deps.checkpoints.sign(test.ledger, 'request');
  await test.deps.headNotes.flush();
  await test.deps.indexer.catchUp();
  await test.deps.activity.catchUp();
  await test.database.knex.raw('PRAGMA wal_checkpoint(TRUNCATE)');
  file = test.database.url.slice('sqlite:'.length);
  await test.database.knex.destroy();
  cpSync(test.config.dataDir, kept(), { recursive: true });
  cpSync(file, path.join(kept(), KEPT_STORE));
});
afterAll(async () => {
  rmSync(kept(), { recursive: true, force: true });
  await test.stop();
});

const KEPT_STORE = 'kept.db';
const kept = () => `${test.config.dataDir}.kept`;

/** Store and notes beside it: each verification adds to both. */
function restore(): void {
  rmSync(test.config.dataDir, { recursive: true });
  cpSync(kept(), test.config.dataDir, { recursive: true });
  cpSync(path.join(kept(), KEPT_STORE), file);
}

/** Does with the store what somebody does who has the file. */
function tamper<T>(work: (database: BetterSqlite3.Database) => T): T {
  restore();
  const database = new BetterSqlite3(file);
  try {
    for (const name of database.prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger'`).pluck().all())
      database.exec(`DROP TRIGGER ${String(name)}`);
    database.pragma('foreign_keys = OFF');
    return work(database);
  } finally {
    database.close();
  }
}

/** Writes one cell as bytes. Returns whether there was one. */
function writeAsBytes(table: string, column: string): boolean {
  const where = `rowid = (SELECT MAX(rowid) FROM ${table} WHERE ${column} IS NOT NULL)`;
  const sql = `UPDATE ${table} SET ${column} = CAST(${column} AS BLOB) WHERE ${where}`;
  return tamper((database) => database.prepare(sql).run().changes === 1);
}

async function verify(): Promise<{ code: number; broken: VerifyReport['ledgers'][number]['broken'] }> {
  const { code, stdout, stderr } = await runCommand(test.env, ['verify', '--json', '--derived']);
  if (code === 2) throw new Error(stderr);
  return { code, broken: (JSON.parse(stdout) as VerifyReport).ledgers.flatMap((ledger) => ledger.broken) };
}

const COLUMNS = {
  entries: ['seq', 'id', 'tenant_id', 'event_id', 'part', 'epoch', 'occurred_at', 'received_at', 'category', 'severity', 'action', 'outcome', 'actor_type', 'target_type', 'target_id', 'client_id', 'via', 'hook', 'prev_hash', 'hash', 'record'],
  entry_values: ['digest', 'actor_salt', 'actor_body', 'subject_salt', 'subject_body'],
  heads: ['seq', 'hash', 'mac', 'epoch'],
  epochs: ['opened_seq', 'closed_seq', 'check_value'],
  ledgers: ['name'],
  tenants: ['slug'],
  trees: ['origin', 'size', 'root', 'signed_size', 'signed_root'],
  tree_tiles: ['level', 'tile'],
  checkpoints: ['origin', 'size', 'root', 'note'],
  day_counters: ['day', 'category', 'severity', 'entries', 'min_seq', 'max_seq'],
} as const; // prettier-ignore

describe.each(Object.entries(COLUMNS))('bytes instead of what %s', (table, columns) => {
  it.each(columns)('.%s holds are found and named', async (column) => {
    expect(writeAsBytes(table, column)).toBe(true);
    const { code, broken } = await verify();
    expect([code, broken.length > 0]).toEqual([1, true]);
    for (const one of broken) {
      expect(one).toMatchObject({ seq: expect.any(Number), detail: expect.stringMatching(/\w{3}/) });
      expect(one.seq).toBeGreaterThanOrEqual(0);
    }
  });
});

it.each([`CAST('3' AS BLOB)`, `'three'`, '2.5'])('a row put in under the number %s is found', async (seq) => {
  const others = ENTRY_COLUMNS.filter((column) => !['seq', 'id', 'event_id'].includes(column)).join(', ');
  const sql = `INSERT INTO entries (seq, id, event_id, ${others}) SELECT ${seq}, 'forged', 'forged', ${others} FROM entries WHERE seq = 3`;
  tamper((database) => database.exec(sql));
  const { code, broken } = await verify();
  expect(code).toBe(1);
  expect(broken).toContainEqual(expect.objectContaining({ seq: 0, id: 'forged' }));
});

it('nothing is found where nothing was changed', async () => {
  restore();
  expect(await verify()).toEqual({ code: 0, broken: [] });
});
