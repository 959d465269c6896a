import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { readConfig } from '../../config/config';
import { createDeps } from '../../deps';
import { runProgram, serveProgram, type ServedProgram } from '../../testing/built-server';
import { aHookItem } from '../../testing/builders';
import { createRandom } from '../../testing/random';
import { createSender, type BridgeCredentials, type SentReceipt } from '../../testing/sender';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../testing/test-database';

const KILLS = 25;
const SENDERS = 6;
const BATCH = 20;

/** A bridge's outbox: events leave it only with a receipt. */
interface Outbox {
  readonly waiting: Map<string, unknown>;
  readonly receipts: Map<string, SentReceipt>;
}

describe.each(ENGINES)('kill -9 during ingest on %s', (engine) => {
  let database: TestDatabase;
  let env: Readonly<Record<string, string>>;
  let dataDir: string;
  let bridge: BridgeCredentials;
  let server: ServedProgram | undefined;
  /** Events that were stored before a kill, although their sender did not hear of it. */
  let resent = 0;

  beforeAll(async () => {
    database = await createTestDatabase(engine);
    dataDir = mkdtempSync(path.join(tmpdir(), 'sealtrail-crash-'));
    env = {
      SEALTRAIL_DATABASE_URL: database.url,
      SEALTRAIL_DATA_DIR: dataDir,
      SEALTRAIL_PORT: '0',
      SEALTRAIL_LOG_LEVEL: 'error',
    };
    // On SQLite nobody else may hold the file open: to recover its log is the restarted server's own work.
    await database.close();
    expect((await runProgram(['init', '--json'], { env })).code).toBe(0);
    bridge = JSON.parse(
      (await runProgram(['bridge', 'add', '--name', 'billing', '--json'], { env })).stdout,
    ) as BridgeCredentials;
  });
  afterAll(async () => {
    await server?.end('SIGKILL');
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it(`loses nothing and stores nothing twice, ${KILLS} times`, async () => {
    const random = createRandom(77);
    const outbox: Outbox = { waiting: new Map(), receipts: new Map() };
    let everSent = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      while (outbox.waiting.size < 600) {
        everSent += 1;
        const id = uuidv7();
        outbox.waiting.set(
          id,
          aHookItem({ id, seq: everSent, params: { invoiceid: everSent, notes: 'x'.repeat(500) } }),
        );
      }
      server = await serveProgram({ env });
      // Killed with the answer to some delivery, while others are on their way to the disk.
      const killAfter = 2 + Math.floor(random() * 12);
      const before = outbox.receipts.size;
      await sendUntilKilled(server, outbox, killAfter);
      expect(outbox.receipts.size).toBeGreaterThanOrEqual(before + BATCH);
      if (kill % 5 === 0) await expectAllReceiptsStored(outbox);
    }

    server = await serveProgram({ env });
    const sender = createSender(server.url, bridge);
    for (const some of inBatches([...outbox.waiting.values()]))
      takeReceipts(outbox, (await sender.send(some)).body.receipts);
    expect(outbox.waiting.size).toBe(0);
    expect(outbox.receipts.size).toBe(everSent);
    await server.end('SIGTERM');
    server = undefined;
    await expectAllReceiptsStored(outbox);
    const rows = await readEntries();
    expect(rows.filter((row) => outbox.receipts.has(row.event_id))).toHaveLength(everSent);
    expect(resent).toBeGreaterThan(0);
  }, 900_000);

  async function sendUntilKilled(running: ServedProgram, outbox: Outbox, killAfter: number): Promise<void> {
    const sender = createSender(running.url, bridge);
    const batches = inBatches([...outbox.waiting.values()]);
    let answered = 0;
    let gone: Promise<void> | undefined;
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        for (let some = batches.shift(); some && gone === undefined; some = batches.shift()) {
          const answer = await sender.send(some, { gzip: answered % 2 === 0 }).catch(() => undefined);
          // Without an answer the bridge knows nothing, and sends again.
          if (answer === undefined) continue;
          if (answer.status !== 200) throw new Error(answer.text);
          answered += 1;
          // From here on no answer is heard: what it was given for is stored, and is sent again.
          if (answered >= killAfter) {
            gone ??= running.end('SIGKILL');
            continue;
          }
          takeReceipts(outbox, answer.body.receipts);
          resent += answer.body.duplicates;
        }
      }),
    );
    await (gone ?? running.end('SIGKILL'));
    server = undefined;
  }

  /** Every receipt ever given is in the store, with its place and its hash, once; and the chain verifies. */
  async function expectAllReceiptsStored(outbox: Outbox): Promise<void> {
    const stored = new Map<string, { seq: number; hash: string }[]>();
    for (const { event_id: id, seq, hash } of await readEntries())
      stored.set(id, [...(stored.get(id) ?? []), { seq, hash }]);
    const wrong = [...outbox.receipts.values()].filter(({ id, seq, hash }) => {
      const rows = stored.get(id) ?? [];
      return rows.length !== 1 || rows[0]?.seq !== seq || rows[0]?.hash !== hash;
    });
    expect(wrong).toEqual([]);
    expect([...stored].filter(([, rows]) => rows.length > 1)).toEqual([]);
    const verified = await runProgram(['verify', '--json'], { env });
    expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'intact', ledgers: [{ broken: [] }] });
    expect(verified.code).toBe(0);
  }

  async function readEntries(): Promise<{ event_id: string; seq: number; hash: string }[]> {
    const deps = createDeps(readConfig(env), { logger: pino({ level: 'silent' }) });
    try {
      return await deps.database
        .knex('entries')
        .orderBy('seq')
        .select<{ event_id: string; seq: number; hash: string }[]>('event_id', 'seq', 'hash');
    } finally {
      await deps.close();
    }
  }
});

/** An answer for an event that had one before must be the same. */
function takeReceipts(outbox: Outbox, receipts: readonly SentReceipt[]): void {
  for (const receipt of receipts) {
    const earlier = outbox.receipts.get(receipt.id);
    if (earlier) expect(receipt).toEqual(earlier);
    outbox.receipts.set(receipt.id, receipt);
    outbox.waiting.delete(receipt.id);
  }
}

function inBatches(events: readonly unknown[]): unknown[][] {
  return Array.from({ length: Math.ceil(events.length / BATCH) }, (_, i) => events.slice(i * BATCH, (i + 1) * BATCH));
}
