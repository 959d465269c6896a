import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { formatCheckpoint } from '../../../core/checkpoint';
import { EMPTY_ROOT, leafHash, nodeHash, rootOfLeaves } from '../../../core/merkle';
import { COSIGNATURE, formatVkey, keyOf, type NoteSigner } from '../../../core/note-key';
import { createRowMac } from '../../../core/row-mac';
import { signNote, verifyNote } from '../../../core/signed-note';
import { consistencyProof } from '../../../testing/consistency-proof';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../../testing/test-database';
import { formatAddCheckpoint, type AddCheckpoint } from './add-checkpoint';
import { createWitnessLogStore } from './witness-log-store';
import { createWitnessMemory } from './witness-memory';
import { createWitnessRoutes } from './witness-routes';
import { createWitnessService, type WitnessService } from './witness-service';

const LOG: NoteSigner = { name: 'log.example/1', seed: Buffer.alloc(32, 1) };
const OTHER: NoteSigner = { name: 'other.example/1', seed: Buffer.alloc(32, 2) };
const WITNESS: NoteSigner = { name: 'witness.example/w1', seed: Buffer.alloc(32, 3) };
const LEAVES = Array.from({ length: 40 }, (_, at) => leafHash(`entry ${at}`));
const FORK = LEAVES.map((leaf, at) => (at === 2 ? leafHash('forged') : leaf));
const NOW = new Date('2026-11-21T12:00:00.000Z');

function note(
  size: number,
  { leaves = LEAVES, signer = LOG }: { leaves?: readonly Buffer[]; signer?: NoteSigner } = {},
): string {
  const root = size === 0 ? EMPTY_ROOT : rootOfLeaves(leaves.slice(0, size));
  return signNote(formatCheckpoint({ origin: signer.name, size, root }), signer);
}

/** A call as an honest log makes it. */
function call(oldSize: number, size: number, leaves: readonly Buffer[] = LEAVES): AddCheckpoint['note'] {
  const proof = oldSize === 0 ? [] : consistencyProof(oldSize, leaves.slice(0, size));
  return formatAddCheckpoint({ oldSize, proof, note: note(size, { leaves }) });
}

describe.each(ENGINES)('a witness on %s', (engine) => {
  let database: TestDatabase;
  let folder: string;
  let witness: WitnessService;
  let contradictions: string[];
  let server: Server;
  let url: string;

  function start(): WitnessService {
    const onContradiction = ({ checkpoint }: AddCheckpoint) => {
      contradictions.push(`${checkpoint.origin} ${checkpoint.size}`);
      return Promise.resolve();
    };
    const rowMac = createRowMac(Buffer.alloc(32, 9));
    const logs = createWitnessLogStore(database, rowMac);
    const memory = createWitnessMemory(path.join(folder, 'witness.notes'));
    return createWitnessService({ signer: WITNESS, logs, memory, now: () => NOW, onContradiction });
  }

  async function post(body: string | Buffer) {
    const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  }

  beforeEach(async () => {
    database = await createTestDatabase(engine);
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-witness-'));
    contradictions = [];
    witness = start();
    await witness.add(formatVkey(keyOf(LOG)));
    server = createServer(
      express().use((request, response, next) => createWitnessRoutes({ witness })(request, response, next)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('signs a first checkpoint and what continues it, under its own key of type 0x04', async () => {
    expect(witness.vkey).toBe(formatVkey(keyOf(WITNESS, COSIGNATURE)));
    for (const [oldSize, size] of [
      [0, 3],
      [3, 3],
      [3, 8],
      [8, 21],
      [21, 40],
    ] as const) {
      // prettier-ignore
      const answer = await post(call(oldSize, size));
      expect([oldSize, size, answer.status, answer.type]).toEqual([oldSize, size, 200, 'text/plain; charset=utf-8']);
      const checked = verifyNote(`${note(size)}${answer.body}`, [witness.vkey]);
      expect(checked).toMatchObject({ ok: true, by: [{ name: WITNESS.name, time: NOW.getTime() / 1_000 }] });
    }
    expect(contradictions).toEqual([]);
  });

  it('takes the empty tree for a beginning', async () => {
    expect((await post(call(0, 0))).status).toBe(200);
    expect((await post(call(0, 5))).status).toBe(200);
  });

  it.each([
    ['nothing', ''],
    ['no old size', note(3)],
    ['a size with a leading zero', call(0, 3).replace('old 0', 'old 00')],
    ['a size that is none', call(0, 3).replace('old 0', 'old -1')],
    ['a proof line that is no hash', call(0, 3).replace('old 0\n', 'old 0\nYWJj\n')],
    [
      'more than 63 proof lines',
      call(0, 3).replace('old 0\n', `old 0\n${`${EMPTY_ROOT.toString('base64')}\n`.repeat(64)}`),
    ],
    ['a checkpoint without its line feed', call(0, 3).slice(0, -1)],
    ['carriage returns', call(0, 3).replace(/\n/g, '\r\n')],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(call(0, 3)), Buffer.of(0xff)])],
    ['an old size above the checkpoint', call(0, 3).replace('old 0', 'old 4')],
  ])('answers 400 to %s', async (_name, body) => {
    expect((await post(body)).status).toBe(400);
  });

  it('answers 404 to a log that it does not know, or no more', async () => {
    const unknown = formatAddCheckpoint({ oldSize: 0, proof: [], note: note(3, { signer: OTHER }) });
    expect((await post(unknown)).status).toBe(404);
    expect([await witness.remove(LOG.name), await witness.remove(LOG.name), await witness.remove('x')]).toEqual([
      true,
      false,
      false,
    ]);
    expect((await post(call(0, 3))).status).toBe(404);
  });

  it('answers 403 when no known key of the log has signed', async () => {
    const forged = signNote(formatCheckpoint({ origin: LOG.name, size: 3, root: rootOfLeaves(LEAVES.slice(0, 3)) }), { ...LOG, seed: Buffer.alloc(32, 7) }); // prettier-ignore
    expect((await post(formatAddCheckpoint({ oldSize: 0, proof: [], note: forged }))).status).toBe(403);
    expect((await post(call(0, 3).replace(/(.{20})\n$/, 'AAAAAAAAAAAAAAAAAAA=\n'))).status).toBe(403);
  });

  it('answers 409 with its size when the old size is not the one it signed last', async () => {
    await post(call(0, 8));
    for (const body of [call(0, 8), call(3, 20), call(0, 3)])
      expect(await post(body)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '8\n' });
  });

  it('answers 422 to a history that does not continue the one it signed', async () => {
    await post(call(0, 8));
    const noProof = formatAddCheckpoint({ oldSize: 8, proof: [], note: note(20) });
    const otherRoot = formatAddCheckpoint({ oldSize: 8, proof: [], note: note(8, { leaves: FORK }) });
    for (const body of [call(8, 20, FORK), otherRoot, noProof]) expect((await post(body)).status).toBe(422);
    expect(contradictions).toEqual([`${LOG.name} 20`, `${LOG.name} 8`, `${LOG.name} 20`]);
    expect((await post(call(8, 20))).status).toBe(200);
  });

  it('answers 422 to a proof that begins at nothing', async () => {
    const proof = [nodeHash(EMPTY_ROOT, EMPTY_ROOT)];
    expect((await post(formatAddCheckpoint({ oldSize: 0, proof, note: note(3) }))).status).toBe(422);
  });

  it('signs one of many histories that come at once, from one process or two', async () => {
    await post(call(0, 4));
    const second = start();
    const bodies = [8, 12, 20, 33].flatMap((size) => [
      call(4, size),
      call(4, size, FORK.with(2, LEAVES[2] as Buffer).with(6, leafHash('b'))),
    ]);
    const answers = await Promise.all(
      bodies.flatMap((body) => [witness, second].map((one) => one.addCheckpoint(Buffer.from(body)))),
    );
    const signed = answers.filter(({ status }) => status === 200);
    // The same checkpoint may be signed twice; it is one history.
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    const last = await second.findLast(LOG.name);
    expect(signed.every(({ body }) => last?.includes(body))).toBe(true);
    expect(signed).toHaveLength(1);
  });

  it('knows after a restart what it signed, and tells it', async () => {
    await post(call(0, 8));
    witness = start();
    expect((await post(call(0, 3))).body).toBe('8\n');
    const last = await (await fetch(`${url}/last-checkpoint?origin=${encodeURIComponent(LOG.name)}`)).text();
    expect(verifyNote(last, [formatVkey(keyOf(LOG)), witness.vkey])).toMatchObject({
      ok: true,
      by: [{ time: null }, { name: WITNESS.name }],
    });
    expect((await fetch(`${url}/last-checkpoint?origin=x`)).status).toBe(404);
    expect((await fetch(`${url}/last-checkpoint`)).status).toBe(404);
  });

  it('forgets nothing of a log that is removed and added again', async () => {
    await post(call(0, 8));
    await witness.remove(LOG.name);
    await witness.add(formatVkey(keyOf(LOG)));
    expect((await post(call(0, 8, FORK))).status).toBe(409);
    expect((await witness.list()).map(({ origin, size }) => [origin, size])).toEqual([[LOG.name, 8]]);
  });

  it('signs nothing over a database that was put back', async () => {
    await post(call(0, 4));
    const before = await database.knex('witness_logs').first<Record<string, unknown>>();
    await post(call(4, 8));
    await database.knex('witness_logs').update(before);
    expect((await post(call(4, 20, FORK))).status).toBe(500);
    witness = start();
    expect((await post(call(4, 20, FORK))).status).toBe(500);
    expect(existsSync(path.join(folder, 'witness.notes'))).toBe(true);
  });

  it.each(['vkeys', 'size', 'root', 'note', 'cosignature', 'signed_at', 'added_at', 'mac'])(
    'signs nothing over an edited %s',
    async (column) => {
      await post(call(0, 8));
      const row = await database.knex('witness_logs').first<Record<string, unknown>>();
      const value = row?.[column];
      await database.knex('witness_logs').update({
        [column]:
          typeof value === 'number' ? value - 1 : String(value).replace(/.$/s, (last) => (last === 'a' ? 'b' : 'a')),
      });
      expect([403, 500]).toContain((await post(call(8, 20))).status);
      await expect(witness.add(formatVkey(keyOf(LOG)))).rejects.toThrow('was changed in the database');
    },
  );

  it.each(['not a key', witnessKey()])('refuses %s as the key of a log', async (vkey) => {
    await expect(witness.add(vkey)).rejects.toThrow(RangeError);
  });
});

function witnessKey(): string {
  return formatVkey(keyOf(WITNESS, COSIGNATURE));
}
