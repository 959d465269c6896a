import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { anAppendItem } from '../testing/append-item';
import { readCsv } from '../testing/read-csv';
import { runCommand } from '../testing/run-command';
import { createTestStore, type TestStore } from '../testing/test-app';
import { ENGINES } from '../testing/test-database';

let test: TestStore;
let copies: string;
/** Older than any limit by whatever clock the commands have. */
const RECEIVED_AT = '2015-01-02T03:04:05.678Z';

async function run(...argv: string[]) {
  return runCommand({ ...test.env, SEALTRAIL_ARCHIVE_COPY_DIR: copies }, argv);
}

async function json<T = Record<string, unknown>>(...argv: string[]): Promise<T> {
  const result = await run(...argv, '--json');
  expect([argv, result.code, result.stderr]).toEqual([argv, 0, '']);
  expect(result.stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(result.stdout) as T;
}

interface PruneAnswer {
  readonly dry_run: boolean;
  readonly ledgers: readonly {
    readonly entries: number;
    readonly prunes: readonly { readonly archive: string; readonly certificate_seq: number }[];
  }[];
}

describe.each(ENGINES)('retention on the command line on %s', (engine) => {
  beforeAll(async () => {
    test = await createTestStore(engine);
    copies = mkdtempSync(path.join(tmpdir(), 'sealtrail-copies-'));
    const items = Array.from({ length: 600 }, (_, i) =>
      anAppendItem(test.ledger, { eventId: `event-${i + 2}`, receivedAt: RECEIVED_AT, ...(i === 400 ? { client: '5' } : {}) }),
    ); // prettier-ignore
    await test.deps.appender.append(test.ledger, items, []);
    await test.deps.indexer.catchUp();
    await test.deps.headNotes.flush();
  });
  afterAll(async () => {
    rmSync(copies, { recursive: true });
    await test.stop();
  });

  it('keeps entries for ever, until a limit is set', async () => {
    expect(await json('retention', 'show')).toEqual([
      { ledger: 'default', days: null, changed_at: null, changed_by: null },
    ]);
    expect(await json('prune')).toMatchObject({ dry_run: false, ledgers: [{ days: null, entries: 0, prunes: [] }] });
    expect((await run('prune')).stdout).toBe('default: entries are kept for ever; nothing to prune\n');
    expect(await json('retention', 'set', '--days', '365')).toMatchObject({ ledger: 'default', days: 365, changed_by: 'command line' }); // prettier-ignore
    expect((await run('retention', 'show')).stdout).toMatch(/^default: kept for 365 days, set 2\S+ by command line\n$/);
    const [changed] = JSON.parse((await run('export', '--format', 'json', '--action', 'audit.retention_changed')).stdout) as { changes: object[] }[]; // prettier-ignore
    expect(changed?.changes).toEqual([{ field: 'days', before: 'unlimited', after: '365' }]);
  });

  it.each([
    [['retention', 'set'], /--days N or --unlimited/],
    [['retention', 'set', '--days', '6'], /7 to 3650/],
    [['retention', 'set', '--days', '3651'], /7 to 3650/],
    [['retention', 'set', '--days', '30', '--unlimited'], /cannot be used with/],
    [['retention', 'set', '--days', '30', '--ledger', 'nowhere'], /no ledger named nowhere/],
    [['prune', '--days', '5'], /7 to 3650/],
    [['prune', '--ledger', 'nowhere'], /no ledger named nowhere/],
    [['hold', 'place', '--client', '5'], /--reason/],
    [['hold', 'place', '--reason', 'x'], /a hold names/],
    [['hold', 'place', '--reason', 'x', '--actor', '7'], /TYPE:ID/],
    [['hold', 'place', '--reason', 'x', '--after', 'soon'], /day or a time/],
    [['hold', 'release', 'nothing', '--reason', 'x'], /no hold nothing in force/],
    [['archive', 'read', 'nothing'], /--format/],
  ])('refuses %j', async (argv, says) => {
    const { code, stdout, stderr } = await run(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('shows what would go, what a hold keeps, and takes the rest', async () => {
    const hold = await json<{ id: string }>('hold', 'place', '--client', '5', '--reason', 'lawsuit 12');
    expect(await json('hold', 'list')).toMatchObject([{ id: hold.id, client: '5', reason: 'lawsuit 12', released_at: null }]);
    const preview = await json<PruneAnswer>('prune', '--dry-run');
    expect(preview).toMatchObject({
      dry_run: true,
      ledgers: [{ entries: 255, segments: 1, first_received_at: RECEIVED_AT, last_received_at: RECEIVED_AT, held: [{ hold: hold.id, segments: 1 }], prunes: [], stopped: null }],
    });
    expect((await run('prune', '--dry-run')).stdout).toContain('255 entries older than 365 days would go');
    expect(await json('hold', 'release', hold.id, '--reason', 'settled')).toMatchObject({ release_reason: 'settled' });
    const done = await json<PruneAnswer>('prune', '--days', '30');
    expect(done.ledgers).toMatchObject([{ entries: 511, segments: 2, stopped: null, prunes: [{ from_seq: 1, to_seq: 512 }] }]);
    expect(await json('prune')).toMatchObject({ ledgers: [{ entries: 0 }] });
    const seq = String(done.ledgers[0]?.prunes[0]?.certificate_seq);
    const [entry] = JSON.parse((await run('export', '--format', 'json', '--action', 'audit.pruned')).stdout) as { seq: number; via: string }[];
    expect(entry).toMatchObject({ seq: Number(seq), via: 'cli' });
    const verified = await run('verify');
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/^✅ default: verified, \d+ entries \(.* 0 unverifiable, 511 pruned\)\n$/)]);
  }); // prettier-ignore

  it('lists, checks and reads archives, at both places', async () => {
    const [listed] = await json<{ file: string; bytes: number; copy: string; copy_bytes: number; sha256: string }[]>('archive', 'list'); // prettier-ignore
    if (!listed) throw new Error('no archive');
    expect(listed).toMatchObject({ from_seq: 1, to_seq: 512, entries: 511, copy_bytes: listed.bytes });
    for (const file of [listed.file, listed.copy]) {
      expect(await json('archive', 'verify', file)).toMatchObject({ ledger: 'default', entries: 512, faults: [] });
      expect(readFileSync(`${file}.certificate`, 'utf8')).toMatch(/^sealtrail prune certificate v1\n/);
      // Encrypted: nothing of what it holds stands in it.
      expect(readFileSync(file).includes('203.0.113.42')).toBe(false);
    }
    const csv = readCsv((await run('archive', 'read', listed.file, '--format', 'csv')).stdout);
    expect(csv).toHaveLength(513);
    const lines = (await run('archive', 'read', listed.copy, '--format', 'ndjson')).stdout.trimEnd().split('\n');
    expect(JSON.parse(lines[299] ?? '')).toMatchObject({ seq: 300, ip: '203.0.113.42', source: { event_id: 'event-300' }, integrity: { status: 'valid' } }); // prettier-ignore
    const output = path.join(copies, 'read.json');
    expect(await json('archive', 'read', listed.file, '--format', 'json', '--output', output)).toEqual({ output });
    expect(JSON.parse(readFileSync(output, 'utf8'))).toHaveLength(512);
  });

  it('says so when an archive was changed or is gone', async () => {
    const [listed] = await json<{ file: string; copy: string }[]>('archive', 'list');
    const file = listed?.file ?? '';
    const bytes = readFileSync(file);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const { code, stdout } = await run('archive', 'verify', file);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^❌ .* is not what was pruned\n {3}it was changed/)]);
    expect(
      (await run('archive', 'read', file, '--format', 'csv', '--output', path.join(copies, 'half.csv'))).code,
    ).toBe(2);
    expect(existsSync(path.join(copies, 'half.csv'))).toBe(false);
    rmSync(file);
    expect((await run('archive', 'list')).stdout).toMatch(/NOT THERE, copy there/);
    expect((await run('archive', 'verify', file)).code).toBe(2);
  });

  it('exits with 2 and one line when a prune stops', async () => {
    await test.database.knex('retention_policies').update({ days: 7 });
    const { code, stderr } = await run('prune', '--json');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^Ledger default was not pruned to the end: .* 7 in the settings and 365 in the chain: set it again\.\n$/)]); // prettier-ignore
  });
});
