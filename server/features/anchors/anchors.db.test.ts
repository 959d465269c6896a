import { createPublicKey, verify } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import pino from 'pino';
import { formatCheckpoint, openCheckpoint } from '../../core/checkpoint';
import { leafHash, rootOfLeaves } from '../../core/merkle';
import { signNote } from '../../core/signed-note';
import { createDeps, type Deps } from '../../deps';
import { anAppendItem } from '../../testing/append-item';
import { signatureOf } from '../../testing/sender';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { consistencyProof } from '../../testing/consistency-proof';
import { startTimeStampAuthority } from '../../testing/time-stamp-authority';
import { until } from '../../testing/until';
import { TOLD_FROM_ATTEMPT } from './anchor-sender';
import { copyFiles } from './copy-files';
import { AnchorRequestError, type AnchorRequest } from './new-anchor';
import { formatAddCheckpoint } from './witness/add-checkpoint';
import { createWitnessRoutes } from './witness/witness-routes';
import type { WitnessService } from './witness/witness-service';

const HOUR = 3_600_000;

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

describe.each(ENGINES)('anchors on %s', (engine) => {
  let test: TestStore;
  let deps: Deps;
  let folder: string;
  let file: string;
  const servers: Server[] = [];
  const others: TestStore[] = [];

  beforeEach(async () => {
    test = await createTestStore(engine);
    deps = test.deps;
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-mount-'));
    file = path.join(folder, 'checkpoints.jsonl');
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    for (const other of others.splice(0)) await other.stop();
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function append(count = 1): Promise<void> {
    await deps.store.append(
      test.ledger,
      Array.from({ length: count }, () => anAppendItem(test.ledger)),
    );
  }
  /** New entries, a checkpoint over them, and what is due. */
  async function publish(count = 1) {
    await append(count);
    const checkpoint = await deps.checkpoints.sign(test.ledger, 'interval');
    await deps.anchors.run();
    return checkpoint;
  }
  const add = async (request: AnchorRequest) => (await deps.anchors.add(request)).anchor.id;
  const status = async (id: string) => {
    const found = (await deps.anchors.status(test.ledger)).find(({ anchor }) => anchor.id === id);
    if (!found) throw new Error(`no anchor ${id}`);
    return found;
  };
  const lines = () => readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { size: number; note: string }); // prettier-ignore
  async function entries(like: string): Promise<{ action: string; payload: Record<string, unknown> }[]> {
    const rows = await test.database.knex('entries').where('action', 'like', like).orderBy('seq').select<{ action: string; record: string }[]>('action', 'record'); // prettier-ignore
    return rows.map(({ action, record }) => ({ action, payload: (JSON.parse(record) as { source: { payload: Record<string, unknown> } }).source.payload })); // prettier-ignore
  }
  const faults = async () => (await deps.anchors.readCopies(test.ledger)).faults.map(({ detail }) => detail);

  async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  async function receiver(statusOf: () => number, headers: Record<string, string> = {}) {
    const received: Received[] = [];
    const url = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(parts) });
        response.writeHead(statusOf(), headers).end();
      });
    });
    return { url, received };
  }

  describe('a file', () => {
    it('gets each newest checkpoint as a line, and each is an entry', async () => {
      const id = await add({ kind: 'file', target: file });
      const first = await publish();
      const second = await publish(3);
      await deps.anchors.run();
      expect(lines()).toMatchObject([first, second].map(({ origin, size, root, note, signedAt }) => ({ ledger: 'default', origin, size, root, note, signed_at: signedAt }))); // prettier-ignore
      expect(await status(id)).toMatchObject({ behind: 0, waiting: undefined, taken: { size: second.size } });
      const told = await entries('audit.checkpoint_published');
      expect(told.map(({ payload }) => payload)).toEqual([first, second].map(({ origin, size, root }) => ({ anchor: id, kind: 'file', origin, size, root }))); // prettier-ignore
      expect(await deps.anchors.heldCheckpoints(test.ledger)).toEqual([
        { note: second.note, where: `file ${file}`, origin: second.origin, size: second.size, root: second.root },
      ]);
      expect(await faults()).toEqual([]);
    });

    it('refuses to go back, and that is critical and told once', async () => {
      await add({ kind: 'file', target: file });
      const { origin, note, root, size } = await publish();
      appendFileSync(
        file,
        `${JSON.stringify({ ledger: 'default', origin, size: size + 100, root, note, signed_at: 1 })}\n`,
      );
      await publish();
      await publish();
      expect(lines()).toHaveLength(2);
      const refused = await entries('audit.checkpoint_refused');
      expect(refused).toHaveLength(1);
      expect(refused[0]?.payload).toMatchObject({
        kind: 'file',
        detail: expect.stringContaining(`size ${size + 100}`) as string,
      });
    });

    it('refuses another history of the same size', async () => {
      await add({ kind: 'file', target: file });
      await append();
      const { origin, note, size } = await deps.checkpoints.sign(test.ledger, 'request');
      writeFileSync(
        file,
        `${JSON.stringify({ ledger: 'default', origin, size, root: 'ab'.repeat(32), note, signed_at: 1 })}\n`,
      );
      await deps.anchors.run();
      expect(await entries('audit.checkpoint_refused')).toHaveLength(1);
    });

    it('is not made anew when its mount is away', async () => {
      const id = await add({ kind: 'file', target: file });
      renameSync(folder, `${folder}.away`);
      await publish();
      expect((await status(id)).anchor).toMatchObject({ failingSince: expect.any(Number) as number, lastError: expect.stringContaining('ENOENT') as string }); // prettier-ignore
      expect(await faults()).toEqual([expect.stringContaining('it cannot be read')]);
      renameSync(`${folder}.away`, folder);
      test.clock.advance(HOUR);
      await deps.anchors.run();
      expect(lines()).toHaveLength(1);
      expect((await status(id)).anchor).toMatchObject({ failingSince: null, lastError: null });
    });

    it('gets no older one that was queued late, by a process that had not heard of the newer', async () => {
      const id = await add({ kind: 'file', target: file });
      const { origin, size, root, note, signedAt } = await deps.checkpoints.sign(test.ledger, 'request');
      await append();
      const later = await publish();
      await test.database.knex('anchor_copies').insert({ anchor_id: id, ledger_id: test.ledger.id, origin, size, root, note, signed_at: signedAt, state: 'waiting', attempts: 0, next_at: 0, created_at: 0 }); // prettier-ignore
      await deps.anchors.run();
      expect(lines().map((line) => line.size)).toEqual([later.size]);
      expect(await status(id)).toMatchObject({ waiting: undefined, refused: undefined, taken: { size: later.size } });
      expect(await entries('audit.checkpoint_refused')).toEqual([]);
    });

    it('goes on when the lease of a process that is gone has ended', async () => {
      await add({ kind: 'file', target: file });
      const [{ id } = { id: '' }] = await deps.anchors.list();
      await test.database.knex('leases').insert({ ledger_id: test.ledger.id, name: `anchor ${id}`, holder: 'dead', expires_at: test.clock.now().getTime() + 30_000 }); // prettier-ignore
      await publish();
      expect(readFileSync(file, 'utf8')).toBe('');
      test.clock.advance(30_000);
      await deps.anchors.run();
      expect(lines()).toHaveLength(1);
    });

    it('goes on behind half a line that a crash left', async () => {
      await add({ kind: 'file', target: file });
      const first = await publish();
      appendFileSync(file, '{"ledger":"default","ori');
      const second = await publish();
      expect(
        readFileSync(file, 'utf8')
          .split('\n')
          .map((line) => line.length > 30),
      ).toEqual([true, false, true, false]);
      expect((await deps.anchors.heldCheckpoints(test.ledger)).map(({ size }) => size)).toEqual([second.size]);
      expect(first.size).toBeLessThan(second.size);
    });

    it.each<[string, (text: string) => string, string]>([
      [
        'an edited root in the note',
        (text) =>
          text.replace(/(\\n\d+\\n.)(.)/, (_all, before: string, one: string) => `${before}${one === '/' ? '+' : '/'}`),
        'has not our signature',
      ],
      [
        'an edited signature',
        (text) => text.replace(/(.)=\\n"/, (_all, one: string) => `${one === 'A' ? 'B' : 'A'}=\\n"`),
        'has not our signature',
      ],
      ['a line that is none', (text) => text.replace('{"ledger"', '{"ledger'), 'cannot be read'],
      ['its end cut off', (text) => `${text.split('\n')[0] ?? ''}\n`, 'now holds size'],
      ['nothing left', () => '', 'now holds none'],
    ])('with %s is named and not believed', async (_name, edit, fault) => {
      await add({ kind: 'file', target: file });
      await publish();
      await publish();
      writeFileSync(file, edit(readFileSync(file, 'utf8')));
      const { held, faults: found } = await deps.anchors.readCopies(test.ledger);
      expect(found.map(({ detail }) => detail).join('; ')).toContain(fault);
      const vkeys = await deps.checkpoints.vkeys(test.ledger);
      expect(held.every(({ note }) => openCheckpoint(note, vkeys).ok)).toBe(true);
    });
  });

  describe('a webhook', () => {
    it('is signed as Standard Webhooks say, in both ways', async () => {
      const { url, received } = await receiver(() => 204);
      const { anchor, secret } = await deps.anchors.add({ kind: 'webhook', target: `${url}/hook`, allowPrivate: true });
      const { origin, size, root, note } = await publish();
      const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = received;
      expect(JSON.parse(body.toString())).toEqual({
        type: 'checkpoint.signed',
        timestamp: test.clock.now().toISOString(),
        data: { ledger: 'default', origin, size, root, note },
      });
      const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(headers[name])); // prettier-ignore
      const [v1, v1a = ''] = (signature ?? '').split(' ');
      expect(v1).toBe(signatureOf(secret ?? '', id ?? '', timestamp ?? '', body));
      const key = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from((anchor.settings.publicKey ?? '').replace('whpk_', ''), 'base64')]); // prettier-ignore
      const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
      expect(verify(null, signed, createPublicKey({ key, format: 'der', type: 'spki' }), Buffer.from(v1a.replace('v1a,', ''), 'base64'))).toBe(true); // prettier-ignore
      expect(Number(timestamp)).toBe(Math.floor(test.clock.now().getTime() / 1_000));
    });

    it('is tried again with the same id, later each time, and told as failing once', async () => {
      let answer = 503;
      const { url, received } = await receiver(() => answer);
      const id = await add({ kind: 'webhook', target: url, allowPrivate: true });
      await publish();
      await deps.anchors.run();
      expect(received).toHaveLength(1);
      for (let attempt = 2; attempt <= TOLD_FROM_ATTEMPT + 2; attempt += 1) {
        test.clock.advance(HOUR + HOUR / 2);
        await deps.anchors.run();
        expect(received).toHaveLength(attempt);
      }
      const failed = await entries('audit.anchor_failed');
      expect(failed.map(({ payload }) => payload['detail'])).toEqual(['the receiver answered 503']);
      answer = 200;
      test.clock.advance(2 * HOUR);
      await deps.anchors.run();
      expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      expect(new Set(received.map(({ headers }) => headers['webhook-signature'])).size).toBe(received.length);
      expect((await status(id)).anchor).toMatchObject({ failingSince: null });
      expect(await entries('audit.checkpoint_published')).toHaveLength(1);
      // The next outage is told again.
      answer = 500;
      await publish();
      for (let attempt = 1; attempt < TOLD_FROM_ATTEMPT; attempt += 1) {
        test.clock.advance(2 * HOUR);
        await deps.anchors.run();
      }
      expect(await entries('audit.anchor_failed')).toHaveLength(2);
    });

    it('waits as long as the receiver asks', async () => {
      const { url, received } = await receiver(() => 429, { 'retry-after': '7200' });
      const id = await add({ kind: 'webhook', target: url, allowPrivate: true });
      await publish();
      test.clock.advance(2 * HOUR - 1_000);
      await deps.anchors.run();
      expect(received).toHaveLength(1);
      expect((await status(id)).waiting?.attempts).toBe(1);
      test.clock.advance(2_000);
      await deps.anchors.run();
      expect(received).toHaveLength(2);
    });

    it('ends at a receiver that is gone, until somebody sends by hand', async () => {
      let answer = 410;
      const { url, received } = await receiver(() => answer);
      const id = await add({ kind: 'webhook', target: url, allowPrivate: true });
      await publish();
      test.clock.advance(24 * HOUR);
      await publish();
      expect(received).toHaveLength(1);
      expect((await status(id)).anchor.haltedAt).not.toBeNull();
      expect(await entries('audit.anchor_failed')).toHaveLength(1);
      answer = 200;
      expect(await deps.anchors.sendNow(test.ledger)).toMatchObject([{ outcome: { kind: 'taken' } }]);
      expect((await status(id)).anchor.haltedAt).toBeNull();
    });

    it('never goes to a private address that the operator did not allow, nor after a redirect', async () => {
      const { url, received } = await receiver(() => 200);
      const id = await add({ kind: 'webhook', target: url });
      await publish();
      expect(received).toEqual([]);
      expect((await status(id)).anchor.lastError).toContain('not a public address');
      const moved = await receiver(() => 302, { location: url });
      const second = await add({ kind: 'webhook', target: moved.url, allowPrivate: true });
      await deps.anchors.run();
      expect([moved.received.length, received.length]).toEqual([1, 0]);
      expect((await status(second)).anchor.lastError).toContain('redirect');
    });

    it('is gone on with by the next process, from where the last one was', async () => {
      let answer = 503;
      const { url, received } = await receiver(() => answer);
      await add({ kind: 'webhook', target: url, allowPrivate: true });
      await publish();
      const next = createDeps(test.config, { now: () => test.clock.now(), logger: pino({ level: 'silent' }) });
      try {
        await next.anchors.run();
        expect(received).toHaveLength(1);
        answer = 200;
        test.clock.advance(HOUR);
        await next.anchors.run();
        expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
        expect(received).toHaveLength(2);
      } finally {
        await next.close();
      }
    });

    it('brings the newest checkpoint alone after an outage', async () => {
      let answer = 503;
      const { url, received } = await receiver(() => answer);
      await add({ kind: 'webhook', target: url, allowPrivate: true });
      for (let times = 0; times < 4; times += 1) await publish();
      answer = 200;
      test.clock.advance(HOUR);
      const newest = await publish();
      const sizes = received.map(({ body }) => (JSON.parse(body.toString()) as { data: { size: number } }).data.size);
      expect(sizes.slice(1)).toEqual([newest.size]);
      expect(await test.database.knex('anchor_copies').where({ state: 'waiting' })).toEqual([]);
    });
  });

  it('keeps the pause between copies, but for a checkpoint that somebody asked for', async () => {
    await add({ kind: 'file', target: file, everyMs: HOUR });
    await publish();
    await publish();
    expect(lines()).toHaveLength(1);
    test.clock.advance(HOUR);
    await deps.anchors.run();
    expect(lines()).toHaveLength(2);
    await append();
    await deps.checkpoints.sign(test.ledger, 'request');
    await deps.anchors.run();
    expect(lines()).toHaveLength(3);
  });

  it('has checkpoints stamped by an authority, and keeps what openssl accepts', async () => {
    const authority = await startTimeStampAuthority();
    try {
      const id = await add({ kind: 'tsa', target: authority.url, rootsFile: authority.rootsFile, allowPrivate: true });
      const { note, size } = await publish();
      const [copy] = await deps.anchors.copies(id, test.ledger, 1);
      const [{ content: text } = { content: Buffer.alloc(0) }, stamp] = copy ? copyFiles({ kind: 'tsa' }, copy) : [];
      expect([text.toString(), stamp?.name]).toEqual([note, `${size}.checkpoint.tsr`]);
      expect(authority.verify(stamp?.content ?? Buffer.alloc(0), text)).toContain('Verification: OK');
      expect(await deps.anchors.heldCheckpoints(test.ledger)).toMatchObject([{ note, size }]);
      expect(await faults()).toEqual([]);
    } finally {
      await authority.stop();
    }
  });

  describe('a witness', () => {
    /** A second Sealtrail with a database of its own, behind a real port. */
    async function startWitness() {
      const other = await createTestStore(engine);
      others.push(other);
      const witness = await other.deps.witness.open('witness.example/w1');
      const [vkey = ''] = await deps.checkpoints.vkeys(test.ledger);
      const app = express().use(createWitnessRoutes({ witness }));
      const url = await serve(app);
      return { other, witness, url, vkey };
    }

    it('signs each checkpoint, and how many did is told', async () => {
      const { witness, url, vkey } = await startWitness();
      const id = await add({ kind: 'witness', target: `${url}/`, vkey: witness.vkey, allowPrivate: true });
      await publish();
      expect((await status(id)).anchor.lastError).toContain('does not know this log');
      expect(await deps.anchors.quorum(test.ledger)).toMatchObject({ witnesses: 1, signed: 0 });
      await witness.add(vkey);
      const { size, note } = await deps.checkpoints.sign(test.ledger, 'request');
      expect(await deps.anchors.sendNow(test.ledger)).toMatchObject([{ outcome: { kind: 'taken' } }]);
      const third = await publish(20);
      expect(third.size).toBeGreaterThan(size);
      expect(await deps.anchors.quorum(test.ledger)).toEqual({ witnesses: 1, signed: 1, size: third.size });
      expect((await entries('audit.checkpoint_cosigned')).map(({ payload }) => payload['size'])).toEqual([
        size,
        third.size,
      ]);
      const [held] = await deps.anchors.heldCheckpoints(test.ledger);
      expect(held).toMatchObject({ where: 'witness witness.example/w1', size: third.size });
      expect(note).not.toBe(held?.note);
      expect(await faults()).toEqual([]);
    });

    it('is brought one checkpoint at a time by several processes: an older one never comes behind a newer', async () => {
      const { witness, url, vkey } = await startWitness();
      await witness.add(vkey);
      let isHeld = true;
      let questions = 0;
      const slow = await serve((request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          questions += 1;
          void until('it may go on', () => !isHeld)
            .then(() => fetch(`${url}${request.url ?? ''}`, { method: 'POST', body: Buffer.concat(parts) }))
            .then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
        });
      });
      await add({ kind: 'witness', target: slow, vkey: witness.vkey, allowPrivate: true });
      const first = publish();
      await until('the witness was asked', () => questions === 1);
      await append();
      const { size } = await deps.checkpoints.sign(test.ledger, 'request');
      const next = createDeps(test.config, { now: () => test.clock.now(), logger: pino({ level: 'silent' }) });
      try {
        await next.anchors.run();
        const second = next.anchors.sendNow(test.ledger);
        await pause(500);
        expect(questions).toBe(1);
        isHeld = false;
        await first;
        expect(await second).toMatchObject([{ outcome: { kind: 'taken' }, copy: { size } }]);
      } finally {
        await next.close();
      }
      expect(await entries('audit.checkpoint_refused')).toEqual([]);
      expect(await deps.anchors.quorum(test.ledger)).toEqual({ witnesses: 1, signed: 1, size });
      expect((await status((await deps.anchors.list())[0]?.id ?? '')).anchor).toMatchObject({ failingSince: null });
    });

    it('is asked again from the size that it says it signed', async () => {
      const { witness, url, vkey } = await startWitness();
      await witness.add(vkey);
      await add({ kind: 'witness', target: url, vkey: witness.vkey, allowPrivate: true });
      await publish();
      await test.database.knex('anchor_copies').delete();
      await publish(5);
      expect(await deps.anchors.quorum(test.ledger)).toMatchObject({ witnesses: 1, signed: 1 });
    });

    /** What somebody with our key and database can show the witness: all that is there, and one entry that never was. */
    async function showForged(witness: WitnessService): Promise<number> {
      const records = (await test.database.knex('entries').orderBy('seq').pluck('record')) as string[];
      const { origin, size } = (await deps.checkpoints.latest(test.ledger)) ?? { origin: '', size: 0 };
      const leaves = [...records.slice(0, size).map(leafHash), leafHash('forged')];
      const checkpoint = formatCheckpoint({ origin, size: size + 1, root: rootOfLeaves(leaves) });
      const note = signNote(checkpoint, deps.keyRing.noteSigner(origin));
      const proof = consistencyProof(size, leaves);
      const { status: answer } = await witness.addCheckpoint(Buffer.from(formatAddCheckpoint({ oldSize: size, proof, note }))); // prettier-ignore
      expect(answer).toBe(200);
      return size + 1;
    }

    it.each([
      ['as many entries as the forgery', 1, 'signed before'],
      ['fewer than the witness has signed', 0, 'larger than'],
      ['more entries than the forgery', 3, 'signed before'],
    ])('refuses a history that does not continue what it signed, with %s', async (_name, count, detail) => {
      const { other, witness, url, vkey } = await startWitness();
      await witness.add(vkey);
      const id = await add({ kind: 'witness', target: url, vkey: witness.vkey, allowPrivate: true });
      const first = await publish(5);
      const forged = await showForged(witness);
      if (count === 0) await test.database.knex('anchor_copies').delete();
      // Told of the first signature, the ledger has one entry more already.
      if (count > 0) {
        await append(count - 1);
        await deps.checkpoints.sign(test.ledger, 'request');
      }
      await deps.anchors.run();
      expect((await status(id)).refused?.answer).toContain(detail);
      expect((await entries('audit.checkpoint_refused')).map(({ payload }) => payload['kind'])).toEqual(['witness']);
      expect(await witness.findLast(first.origin)).toContain(`\n${forged}\n`);
      const there = await other.database.knex('entries').where({ action: 'audit.checkpoint_refused' });
      expect(there).toHaveLength(count === 0 ? 0 : 1);
      // What it holds is our signature over what is not ours: verification hears of it.
      expect((await deps.anchors.heldCheckpoints(test.ledger)).map(({ size }) => size)).toContain(forged);
    });

    it('whose answer carries another signature is not believed', async () => {
      const { witness } = await startWitness();
      const url = await serve((_request, response) => response.end('— witness.example/w1 AAAA\n'));
      const id = await add({ kind: 'witness', target: url, vkey: witness.vkey, allowPrivate: true });
      await publish();
      expect((await status(id)).anchor.lastError).toBe('the witness answered with no signature of its key');
      expect(await entries('audit.checkpoint_cosigned')).toEqual([]);
    });
  });

  describe('in a verification', () => {
    const breaks = async () => {
      const { ledgers } = await deps.verifier.verify({});
      return ledgers.flatMap(({ broken }) => broken.map(({ kind, detail }) => `${kind}: ${detail}`));
    };
    /** What the anchor took while there was more, or other, than there is now. */
    function takeForged(origin: string, size: number): void {
      const note = signNote(formatCheckpoint({ origin, size, root: Buffer.alloc(32, 5) }), deps.keyRing.noteSigner(origin)); // prettier-ignore
      appendFileSync(
        file,
        `${JSON.stringify({ ledger: 'default', origin, size, root: '05'.repeat(32), note, signed_at: 1 })}\n`,
      );
    }

    it('a ledger that gives what is held is intact', async () => {
      await add({ kind: 'file', target: file });
      await publish(5);
      expect(await breaks()).toEqual([]);
    });

    it('a ledger that is shorter than what is held is truncated', async () => {
      await add({ kind: 'file', target: file });
      takeForged((await publish(5)).origin, 900);
      expect((await breaks()).join('; ')).toMatch(/truncated: .*900/);
    });

    it('a ledger with another history than what is held is rewritten', async () => {
      await add({ kind: 'file', target: file });
      const { origin, size } = await publish(5);
      writeFileSync(file, '');
      takeForged(origin, size);
      expect((await breaks()).join('; ')).toMatch(new RegExp(`rewritten: .*file ${file}`));
    });

    it('a copy that was edited is named, and a file that is away is no break', async () => {
      await add({ kind: 'file', target: file });
      await publish();
      renameSync(file, `${file}.away`);
      expect(await breaks()).toEqual([]);
      renameSync(`${file}.away`, file);
      // Another character of the root than the one that stands there.
      const edited = readFileSync(file, 'utf8').replace(/(\\n\d+\\n.)(.)/, (_, before: string, one: string) => `${before}${one === 'A' ? 'B' : 'A'}`); // prettier-ignore
      writeFileSync(file, edited);
      expect(await breaks()).toEqual([expect.stringMatching(/^certificate: .*line 1: .*not our signature/)]);
    });
  });

  describe('in the database', () => {
    it.each<[string, readonly string[]]>([
      [
        'anchors',
        [
          'ledger_id',
          'kind',
          'name',
          'target',
          'every_ms',
          'settings',
          'created_at',
          'halted_at',
          'failing_since',
          'last_error',
          'mac',
        ],
      ],
      [
        'anchor_copies',
        [
          'origin',
          'size',
          'root',
          'note',
          'signed_at',
          'attempts',
          'next_at',
          'created_at',
          'done_at',
          'answer',
          'mac',
        ],
      ],
    ])('an edited column of %s is named', async (table, columns) => {
      await add({ kind: 'file', target: file, ledger: test.ledger });
      await publish();
      const row = (await test.database.knex(table).first<Record<string, string | number | null>>()) ?? {};
      expect(await faults()).toEqual([]);
      for (const column of columns) {
        const value = row[column] ?? null;
        const edited = value === null ? 1 : typeof value === 'number' ? value + 1 : String(value).replace(/.$/s, (last) => (last === 'a' ? 'b' : 'a')); // prettier-ignore
        await test.database.knex(table).update({ [column]: column === 'ledger_id' ? null : edited });
        expect([column, (await faults()).join('; ')]).toEqual([
          column,
          expect.stringContaining('changed in the database'),
        ]);
        await test.database.knex(table).update(row);
      }
      expect(await faults()).toEqual([]);
    });

    it('a copy that was made to look refused is named', async () => {
      await add({ kind: 'file', target: file });
      await publish();
      await test.database.knex('anchor_copies').update({ state: 'refused' });
      expect((await faults()).join('; ')).toContain('changed in the database');
    });

    it.each<[string, string, Record<string, unknown>]>([
      ['a copy is put off for ever', 'anchor_copies', { next_at: 9e15, attempts: 1 }],
      ['somebody has the lease for ever', 'leases', { holder: 'nobody', expires_at: 9e15 }],
    ])('that %s keeps nothing back', async (_, table, written) => {
      const id = await add({ kind: 'file', target: file, everyMs: HOUR });
      await publish();
      await publish();
      expect(lines()).toHaveLength(1);
      await test.database
        .knex(table)
        .where(table === 'leases' ? {} : { state: 'waiting' })
        .update(written);
      test.clock.advance(HOUR);
      await deps.anchors.run();
      expect(lines()).toHaveLength(2);
      expect((await status(id)).behind).toBe(0);
      expect(await faults()).toEqual([]);
    });

    it('a changed anchor gets nothing any more', async () => {
      const { url, received } = await receiver(() => 200);
      await add({ kind: 'webhook', target: url, allowPrivate: true });
      await test.database.knex('anchors').update({ name: 'x' });
      await publish();
      await deps.anchors.sendNow(test.ledger);
      expect(received).toEqual([]);
    });

    it('a checkpoint that was changed on its way does not go out', async () => {
      let answer = 503;
      const { url, received } = await receiver(() => answer);
      const id = await add({ kind: 'webhook', target: url, allowPrivate: true });
      await publish();
      answer = 200;
      await test.database.knex('anchor_copies').update({ root: 'ab'.repeat(32) });
      test.clock.advance(HOUR);
      await deps.anchors.run();
      expect(received).toHaveLength(1);
      expect((await status(id)).anchor.lastError).toContain('changed in the database');
    });
  });

  it('are added and removed with an entry each, and what is removed stays outside', async () => {
    const id = await add({ kind: 'file', target: file });
    await publish();
    expect((await deps.anchors.remove(id))?.id).toBe(id);
    expect(await deps.anchors.remove(id)).toBeUndefined();
    await publish();
    expect(lines()).toHaveLength(1);
    expect((await entries('audit.destination_changed')).map(({ payload }) => payload['anchor'])).toEqual([
      'added',
      'removed',
    ]);
  });

  it.each<[string, AnchorRequest]>([
    ['a witness without its key', { kind: 'witness', target: 'https://w.example' }],
    ['a witness with the key of a log', { kind: 'witness', target: 'https://w.example', vkey: 'audit.example.com/t/1+33673399+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea' }],
    ['a mail address that is none', { kind: 'mail', target: 'a@b, c@d' }],
    ['an address that is not http', { kind: 'webhook', target: 'ftp://x' }],
    ['a password in an address', { kind: 'tsa', target: 'https://u:p@x.example' }],
    ['an option of another kind', { kind: 'mail', target: 'a@example.com', vkey: 'x' }],
    ['certificates that are none', { kind: 'tsa', target: 'https://x.example', rootsFile: __filename }],
  ])('refuse %s', async (_name, request) => {
    await expect(deps.anchors.add(request)).rejects.toThrow(AnchorRequestError);
    expect(await deps.anchors.list()).toEqual([]);
  }); // prettier-ignore
});
