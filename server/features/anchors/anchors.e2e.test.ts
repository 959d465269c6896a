import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatCheckpoint } from '../../core/checkpoint';
import { leafHash, rootOfLeaves } from '../../core/merkle';
import { formatVkey, keyOf, type NoteSigner } from '../../core/note-key';
import { signNote, verifyNote } from '../../core/signed-note';
import { runProgram, startProgram, type StartedProgram } from '../../testing/built-server';
import { consistencyProof } from '../../testing/consistency-proof';
import { freePort } from '../../testing/free-port';
import { createRandom } from '../../testing/random';
import { startMailBox, type MailBox } from '../../testing/mail-box';
import { startTestSite, type TestSite } from '../../testing/test-site';
import { startTimeStampAuthority, type TimeStampAuthority } from '../../testing/time-stamp-authority';
import { startWhmcs } from '../../testing/whmcs';
import { formatAddCheckpoint } from './witness/add-checkpoint';

interface Sent {
  readonly kind: string;
  readonly outcome: string;
  readonly size: number;
  readonly detail: string | null;
}

/** A second Sealtrail, with its own database, key and folder, that is a witness. */
async function startWitnessPlace() {
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-witness-'));
  const port = await freePort();
  const env = { SEALTRAIL_DATA_DIR: folder, SEALTRAIL_LOG_LEVEL: 'warn' };
  const start = () => startProgram(['witness', '--port', String(port), '--name', 'witness.example/w1'], { env });
  let running: StartedProgram | undefined = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    vkey: running.line['vkey'] ?? '',
    run: async (...argv: readonly string[]) => runProgram([...argv, '--json'], { env }),
    async restart() {
      running ??= await start();
    },
    async kill() {
      await running?.end('SIGKILL');
      running = undefined;
    },
    async stop() {
      await running?.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type WitnessPlace = Awaited<ReturnType<typeof startWitnessPlace>>;

describe('checkpoints out of reach, with the built program', () => {
  let witness: WitnessPlace;
  beforeAll(async () => {
    witness = await startWitnessPlace();
  });
  afterAll(() => witness.stop());

  describe('from one site to everywhere', () => {
    let mailBox: MailBox;
    let authority: TimeStampAuthority;
    let site: TestSite;
    let mount: string;

    beforeAll(async () => {
      mailBox = await startMailBox();
      authority = await startTimeStampAuthority();
      mount = mkdtempSync(path.join(tmpdir(), 'sealtrail-mount-'));
      site = await startTestSite('sqlite', { env: { SEALTRAIL_SMTP_URL: mailBox.url } });
    });
    afterAll(async () => {
      await site.stop();
      await authority.stop();
      await mailBox.stop();
      rmSync(mount, { recursive: true, force: true });
    });

    const list = () => site.ask<{ id: string; kind: string; taken: { size: number } | null; failing_since: string | null }[]>('anchor', 'list'); // prettier-ignore

    it('goes by file, mail, time-stamp and witness, and doctor tells when it goes nowhere', async () => {
      const doctor = async () => {
        const { checks } = JSON.parse((await site.run('doctor')).stdout) as { checks: { check: string; status: string; detail: string }[] }; // prettier-ignore
        return checks.find(({ check }) => check === 'anchors');
      };
      expect(await doctor()).toMatchObject({ status: 'warn', detail: expect.stringContaining('no checkpoint goes outside') as string }); // prettier-ignore
      await site.ask('anchor', 'add', 'file', path.join(mount, 'checkpoints.jsonl'));
      await site.ask('anchor', 'add', 'mail', 'auditor@example.com');
      const { id: tsa } = await site.ask<{ id: string }>('anchor', 'add', 'tsa', authority.url, '--ca', authority.rootsFile, '--allow-private'); // prettier-ignore
      const added = await site.ask<{ vkeys: string[] }>('anchor', 'add', 'witness', witness.url, '--vkey', witness.vkey, '--allow-private'); // prettier-ignore
      expect((await witness.run('witness', 'add', '--vkey', added.vkeys[0] ?? '')).code).toBe(0);

      const sent = await site.ask<Sent[]>('anchor', 'send');
      expect(sent.map(({ kind, outcome, detail }) => [kind, outcome, detail])).toEqual(
        ['file', 'mail', 'tsa', 'witness'].map((kind) => [kind, 'taken', null]),
      );
      const size = sent[0]?.size ?? 0;
      const folder = path.join(mount, 'out');
      await site.ask('anchor', 'copies', tsa, '--limit', '1', '--output', folder);
      const note = readFileSync(path.join(folder, `${size}.checkpoint.txt`));
      const stamp = readFileSync(path.join(folder, `${size}.checkpoint.tsr`));
      expect(authority.verify(stamp, note)).toContain('Verification: OK');
      expect(verifyNote(note.toString(), added.vkeys)).toMatchObject({ ok: true });

      const mail = mailBox.mails.find((one) => one.includes(`at ${size} entries`)) ?? '';
      expect(mail).toMatch(/^To: auditor@example\.com/m);
      expect(mail).toMatch(/^Message-ID: <msg_[0-9a-f]{32}@sealtrail>/m);
      const [, attached = ''] = /filename=checkpoint\.txt[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(mail) ?? [];
      expect(Buffer.from(attached, 'base64').equals(note)).toBe(true);

      const { logs } = JSON.parse((await witness.run('witness', 'list')).stdout) as { logs: { size: number }[] };
      expect(logs).toMatchObject([{ size }]);
      expect(await doctor()).toEqual({ check: 'anchors', status: 'ok', detail: 'default: 4 of 4 hold a checkpoint' });
    });

    it('says what could not be brought, and brings it when the witness is back after kill -9', async () => {
      await witness.kill();
      const failed = await site.run('anchor', 'send');
      expect(failed.code).toBe(2);
      expect((JSON.parse(failed.stdout) as Sent[]).filter(({ outcome }) => outcome === 'failed').map(({ kind }) => kind)).toEqual(['witness']); // prettier-ignore
      expect((await list()).filter((one) => one.failing_since !== null).map(({ kind }) => kind)).toEqual(['witness']);
      await witness.restart();
      const sent = await site.ask<Sent[]>('anchor', 'send');
      expect(sent.every(({ outcome }) => outcome === 'taken')).toBe(true);
    });

    it('lies in the billing database of a real PHP, which says so', async () => {
      const { bridge } = await site.pair();
      const whmcs = await startWhmcs(site.url, bridge);
      try {
        await whmcs.cron();
        await whmcs.cron();
        const [rows] = await whmcs.db.query('SELECT size, CAST(note AS CHAR CHARACTER SET utf8mb4) AS note FROM mod_sealtrail_checkpoints ORDER BY id'); // prettier-ignore
        const kept = rows as { size: number; note: string }[];
        expect(kept.length).toBeGreaterThan(0);
        const row = (await list()).find(({ kind }) => kind === 'bridge');
        expect(kept.map(({ size }) => size)).toContain(row?.taken?.size);
        const published = await site.db('entries').where({ action: 'audit.checkpoint_published' }).pluck<string[]>('record'); // prettier-ignore
        expect(published.filter((record) => record.includes('"kind":"bridge"'))).not.toEqual([]);
      } finally {
        await whmcs.stop();
      }
    });

    it('refuses bad arguments with one line', async () => {
      for (const argv of [
        ['add', 'pigeon', 'x'],
        ['add', 'witness', witness.url],
        ['add', 'file', '/no/such/folder/x'],
        ['remove', 'x'],
        ['copies', 'x'],
      ]) {
        const { code, stdout, stderr } = await site.run('anchor', ...argv);
        expect([code, stdout, stderr.trim().split('\n')]).toEqual([2, '', [expect.any(String)]]);
      }
    });
  });

  it('signs one history however often it is killed while two compete', async () => {
    const log: NoteSigner = { name: 'log.example/kill', seed: Buffer.alloc(32, 4) };
    expect((await witness.run('witness', 'add', '--vkey', formatVkey(keyOf(log)))).code).toBe(0);
    const honest = Array.from({ length: 200 }, (_, at) => leafHash(`entry ${at}`));
    const fork = honest.map((leaf, at) => (at < 3 ? leaf : leafHash(`forged ${at}`)));
    const random = createRandom(7);
    const signed = new Map<number, Set<string>>();
    let size = 0;

    const call = async (leaves: readonly Buffer[], oldSize: number, newSize: number) => {
      const some = leaves.slice(0, newSize);
      const root = rootOfLeaves(some);
      const note = signNote(formatCheckpoint({ origin: log.name, size: newSize, root }), log);
      const body = formatAddCheckpoint({ oldSize, proof: consistencyProof(oldSize, some), note });
      const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body }).catch(() => undefined);
      const text = await answer?.text().catch(() => '');
      if (answer?.status === 200 && text && verifyNote(`${note}${text}`, [witness.vkey]).ok)
        signed.set(newSize, (signed.get(newSize) ?? new Set()).add(root.toString('hex')));
      return answer?.status === 409 ? Number(text) : undefined;
    };

    for (let round = 0; round < 6; round += 1) {
      const calls = [1, 2, 3, 4].flatMap((step) => [honest, fork].map((leaves) => call(leaves, size, size + step * 2)));
      await new Promise((resolve) => setTimeout(resolve, random() * 60));
      await witness.kill();
      await Promise.all(calls);
      await witness.restart();
      const known = (await call(honest, 199, 200)) ?? 0;
      // What somebody has a signature for is never forgotten.
      expect(known).toBeGreaterThanOrEqual(Math.max(0, ...signed.keys()));
      size = known;
    }
    // And one call that nobody kills, over leaves in which the two differ: on which of them it is then does not matter.
    await Promise.all([call(honest, size, size + 4), call(fork, size, size + 4)]);
    expect([...signed.values()].every((roots) => roots.size === 1)).toBe(true);
    const histories = [honest, fork].filter((leaves) => [...signed].every(([at, roots]) => roots.has(rootOfLeaves(leaves.slice(0, at)).toString('hex')))); // prettier-ignore
    expect(histories).toHaveLength(1);
    expect(Math.max(...signed.keys())).toBeGreaterThan(3);
  });
});
