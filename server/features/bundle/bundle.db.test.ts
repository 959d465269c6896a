import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ZipFile } from 'yazl';
import { canonicalJson, type JsonValue } from '../../core/canonical-json';
import { createDeps } from '../../deps';
import { anAppendItem } from '../../testing/append-item';
import { runProgram } from '../../testing/built-server';
import { runCommand } from '../../testing/run-command';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { until } from '../../testing/until';
import { parseFilter, type RawFilter } from '../browse/browse-service';
import type { BundleRequest } from './bundle-service';
import { signDetached } from './detached-signature';
import { verifyBundle, type BundleReport, type Pins } from './verify-bundle';
import { openZip } from './zip-reader';

const run = promisify(execFile);
const UNPINNED: Pins = { vkeys: [] };

let test: TestStore;
let folder: string;
let made = 0;

async function make(options: Partial<BundleRequest> & { readonly raw?: RawFilter } = {}): Promise<string> {
  const { raw = {}, ...rest } = options;
  const file = path.join(folder, `bundle-${(made += 1)}.zip`);
  const request = { ledger: test.ledger, selection: { filter: parseFilter(raw) }, rawFilter: raw, withValues: true, requestedBy: 'jane', ...rest }; // prettier-ignore
  await pipeline(await test.deps.bundles.open(request), createWriteStream(file));
  return file;
}

async function readFiles(file: string): Promise<Map<string, Buffer>> {
  const zip = await openZip(file);
  const files = new Map<string, Buffer>();
  for (const name of zip.names) files.set(name, await zip.readAll(name, 1e9));
  zip.close();
  return files;
}

async function writeFiles(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const zip = new ZipFile();
  for (const [name, content] of files) zip.addBuffer(content, name);
  zip.end();
  const file = path.join(folder, `edited-${(made += 1)}.zip`);
  await pipeline(zip.outputStream, createWriteStream(file));
  return file;
}

/** A copy of a bundle in which somebody changed something. */
async function edited(file: string, edit: (files: Map<string, Buffer>) => void): Promise<string> {
  const files = await readFiles(file);
  edit(files);
  return writeFiles(files);
}

/** Lists the files in the manifest as they are now. */
function relist(files: Map<string, Buffer>): void {
  const manifest = JSON.parse(String(files.get('manifest.json'))) as { files: unknown[] };
  manifest.files = [...files]
    .filter(([name]) => !['manifest.json', 'manifest.p7s'].includes(name))
    .map(([name, content]) => ({ name, sha256: createHash('sha256').update(content).digest('hex'), size: content.length })); // prettier-ignore
  files.set('manifest.json', Buffer.from(canonicalJson(manifest as unknown as JsonValue)));
}

const text = (files: ReadonlyMap<string, Buffer>, name: string) => String(files.get(name));
const replaceIn = (name: string, from: string | RegExp, to: string) => (files: Map<string, Buffer>) => {
  const now = text(files, name);
  const next = now.replace(from, to);
  expect(next).not.toBe(now);
  files.set(name, Buffer.from(next));
};
const problemsOf = ({ problems }: BundleReport) => problems.map(({ file, seq }) => (seq === undefined ? file : `${file} #${seq}`)); // prettier-ignore

async function unpack(file: string): Promise<string> {
  const into = mkdtempSync(path.join(folder, 'unpacked-'));
  await run('unzip', ['-q', file, '-d', into]);
  return into;
}

/** The commands of HOW-TO-VERIFY.txt, exactly as they stand there, in one shell. */
function commandsOf(howTo: string): string {
  return howTo.split('\n').filter((line) => line.startsWith('    ') && !/^ {4}[0-9a-f]{64}$|^ {4}sealtrail\//.test(line)).join('\n'); // prettier-ignore
}

async function runHowTo(into: string): Promise<{ readonly code: number; readonly output: string }> {
  const script = commandsOf(readFileSync(path.join(into, 'HOW-TO-VERIFY.txt'), 'utf8'));
  expect(script.split('\n').length).toBeGreaterThanOrEqual(9);
  try {
    const { stdout, stderr } = await run('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: into });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, output: failed.stdout + failed.stderr };
  }
}

describe.each(ENGINES)('a signed bundle on %s', (engine) => {
  let whole: string;
  let pins: Pins;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-bundle-'));
    test = await createTestStore(engine);
    const items = Array.from({ length: 30 }, (_, i) =>
      anAppendItem(test.ledger, i % 3 === 0
        ? { action: 'client.updated', client: '5', target: { type: 'client', id: '5', label: 'Jane "J" Døe\\u2028林' }, payload: { userid: 5, email: 'jane@example.com', notes: 'a\u2028b\r\n"c" \\ ，' } }
        : { target: { type: 'invoice', id: String(i), label: null } }),
    ); // prettier-ignore
    await test.deps.store.append(test.ledger, items);
    await test.deps.keys.rotate(test.ledger, { via: 'cli' });
    await test.deps.store.append(test.ledger, [anAppendItem(test.ledger)]);
    whole = await make();
    const { certificates } = await test.deps.signers.get();
    pins = {
      vkeys: (await test.deps.checkpoints.vkeys(test.ledger)).slice(0, 1),
      rootFingerprint: certificates.at(-1)?.fingerprint256,
    };
  });
  afterAll(async () => {
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds what CONTRACT section 6 names, and verifies without store and keys', async () => {
    const files = await readFiles(whole);
    const names = [...files.keys()];
    for (const name of [
      'entries.ndjson',
      'entries.csv',
      'openings.ndjson',
      'checkpoint',
      'vkeys',
      'verification.json',
      'manifest.json',
      'manifest.p7s',
      'certificate.pem',
      'HOW-TO-VERIFY.txt',
      'proofs/1.tlog-proof',
    ])
      // prettier-ignore
      expect(names).toContain(name);
    const records = await test.database.knex('entries').orderBy('seq').pluck<string[]>('record');
    expect(text(files, 'entries.ndjson')).toBe(records.map((record) => `${record}\n`).join(''));
    expect(names.filter((name) => name.endsWith('.tlog-proof'))).toHaveLength(records.length);
    for (const given of [UNPINNED, pins]) {
      const report = await verifyBundle(whole, given);
      expect(report).toMatchObject({ verdict: 'intact', problems: [], entries: 34, exporter_verdict: 'intact' });
      expect(report.openings).toBeGreaterThan(34);
      expect(report.notes).toHaveLength(given === pins ? 0 : 1);
    }
    expect(readdirSync(path.join(test.config.dataDir, 'exports'))).toEqual([]);
  });

  it('has a manifest in canonical form that lists every other file', async () => {
    const files = await readFiles(whole);
    const manifest = JSON.parse(text(files, 'manifest.json')) as Record<string, JsonValue>;
    expect(text(files, 'manifest.json')).toBe(canonicalJson(manifest));
    expect(manifest).toMatchObject({ format: 'sealtrail-bundle/1', ledger: 'default', counts: { entries: 34 }, sequence: { first: 1, last: 34 }, proofs: 'files', selection: { filter: {} }, requested_by: 'jane' }); // prettier-ignore
    const listed = (manifest['files'] as { name: string }[]).map((one) => one.name);
    expect([...listed, 'manifest.json', 'manifest.p7s'].sort()).toEqual([...files.keys()].sort());
  });

  it('is checked by the commands of its HOW-TO-VERIFY.txt with stock tools', async () => {
    const into = await unpack(whole);
    const { code, output } = await runHowTo(into);
    expect([code, output]).toEqual([0, expect.stringContaining('CMS Verification successful')]);
    expect(output).toContain('Signature Verified Successfully');
    expect(output).toContain('entry 1: OK');
    expect(output).toMatch(/values of the (actor|subject) of entry 1: OK/);
    expect(output.match(/: OK$/gm)?.length).toBeGreaterThan(40);
    const pin = String(pins.rootFingerprint);
    expect(output).toContain(pin);
    expect(readFileSync(path.join(into, 'HOW-TO-VERIFY.txt'), 'utf8')).toContain(pin.replaceAll(':', '').toLowerCase());
    // Every entry, also those with line separators and quotation marks in their values.
    const howTo = readFileSync(path.join(into, 'HOW-TO-VERIFY.txt'), 'utf8');
    for (const seq of [2, 5, 32, 34]) {
      writeFileSync(path.join(into, 'HOW-TO-VERIFY.txt'), howTo.replace(/seq=1$/m, `seq=${seq}`).replace('sed -n 1p openings', `sed -n ${seq}p openings`).replace('sha256sum -c sums', 'true')); // prettier-ignore
      expect([seq, await runHowTo(into)]).toEqual([seq, { code: 0, output: expect.stringMatching(new RegExp(`entry ${seq}: OK\\n.*: OK`)) }]); // prettier-ignore
    }
  });

  it('fails these commands when a file, the manifest, the checkpoint or a record was changed', async () => {
    const attacks: Record<string, (files: Map<string, Buffer>) => void> = {
      file: replaceIn('entries.csv', 'invoice', 'invoicE'),
      manifest: replaceIn('manifest.json', '"requested_by":"jane"', '"requested_by":"john"'),
      checkpoint: (files) => {
        replaceIn('checkpoint', '\n34\n', '\n35\n')(files);
        const listed = createHash('sha256').update(files.get('checkpoint') as Buffer).digest('hex'); // prettier-ignore
        replaceIn('manifest.json', /("name":"checkpoint","sha256":")[0-9a-f]+/, `$1${listed}`)(files);
      },
    };
    for (const [name, edit] of Object.entries(attacks)) {
      const { code } = await runHowTo(await unpack(await edited(whole, edit)));
      expect([name, code]).not.toEqual([name, 0]);
    }
  });

  it('is a bundle of a filter, of one target or of chosen entries', async () => {
    const target = await make({ raw: { target: 'client:5' } });
    const chosen = await make({ selection: { seqs: [33, 7, 3, 3, 999] } });
    const reports = [await verifyBundle(target, pins), await verifyBundle(chosen, pins)];
    expect(reports.map((one) => [one.verdict, one.entries])).toEqual([
      ['intact', 10],
      ['intact', 3],
    ]);
    const files = await readFiles(chosen);
    expect([...files.keys()].filter((name) => name.startsWith('proofs/'))).toEqual(['proofs/3.tlog-proof', 'proofs/7.tlog-proof', 'proofs/33.tlog-proof']); // prettier-ignore
    expect(JSON.parse(text(files, 'manifest.json'))).toMatchObject({ selection: { entries: [3, 7, 33, 999] }, sequence: { first: 3, last: 33 } }); // prettier-ignore
  });

  it('holds no value that can be erased when it is made without them, and proves the same entries', async () => {
    const file = await make({ withValues: false });
    const files = await readFiles(file);
    expect([...files.keys()]).not.toContain('openings.ndjson');
    for (const [name, content] of files) expect([name, content.includes('jane@example.com')]).toEqual([name, false]);
    expect(await verifyBundle(file, pins)).toMatchObject({ verdict: 'intact', entries: 34, openings: 0, exporter_verdict: 'intact' }); // prettier-ignore
    expect((await runHowTo(await unpack(file))).code).toBe(0);
  });

  it('says nothing about nothing', async () => {
    const file = await make({ raw: { hook: 'Nothing' } });
    expect(await verifyBundle(file, pins)).toMatchObject({ verdict: 'cannot_tell', problems: [], entries: 0 });
    expect((await runCommand(test.env, ['bundle', 'verify', file])).code).toBe(3);
  });

  describe('is found broken, and where,', () => {
    it.each<[string, (files: Map<string, Buffer>) => void, string[]]>([
      ['by an edited record', replaceIn('entries.ndjson', 'invoice.paid', 'invoice.void'), ['entries.ndjson']],
      ['by a record that was taken out', replaceIn('entries.ndjson', /^.*\n/, ''), ['entries.ndjson']],
      ['by an edited table', replaceIn('entries.csv', 'jane', 'john'), ['entries.csv']],
      ['by edited values', replaceIn('openings.ndjson', 'jane@', 'john@'), ['openings.ndjson']],
      ['by an edited manifest', replaceIn('manifest.json', '"entries":34', '"entries":33'), ['manifest.p7s', 'entries.ndjson']],
      ['by an edited proof', replaceIn('proofs/5.tlog-proof', 'index 4', 'index 5'), ['proofs/5.tlog-proof']],
      ['by a proof that is gone', (files) => files.delete('proofs/5.tlog-proof'), ['proofs/5.tlog-proof', 'proofs/5.tlog-proof #5']],
      ['by an edited checkpoint', replaceIn('checkpoint', '\n34\n', '\n35\n'), ['checkpoint']],
      ['by edited keys', replaceIn('vkeys', /^sealtrail/, 'sealtraiI'), ['vkeys']],
      ['by an edited verdict', replaceIn('verification.json', '"intact"', '"broken"'), ['verification.json']],
      ['by edited instructions', replaceIn('HOW-TO-VERIFY.txt', 'openssl', 'true'), ['HOW-TO-VERIFY.txt']],
      ['by a file that was added', (files) => files.set('more.txt', Buffer.from('x')), ['more.txt']],
      ['by a file that was taken out', (files) => files.delete('entries.csv'), ['entries.csv']],
      ['without its signature', (files) => files.delete('manifest.p7s'), ['manifest.p7s']],
      ['without its manifest', (files) => files.delete('manifest.json'), ['manifest.json']],
      ['by an edited signature', (files) => { const p7s = files.get('manifest.p7s') as Buffer; p7s[p7s.length - 1] = (p7s.at(-1) as number) ^ 1; }, ['manifest.p7s']],
    ])('%s', async (_name, edit, files) => {
      const report = await verifyBundle(await edited(whole, edit), UNPINNED);
      expect([report.verdict, problemsOf(report)]).toEqual(['broken', files]);
    }); // prettier-ignore

    it('by a swapped certificate, also where the thief signs everything again', async () => {
      const other = await createTestStore('sqlite');
      try {
        const thief = await other.deps.signers.get();
        const pem = Buffer.from(thief.certificates.map(String).join(''));
        const swapped = await edited(whole, (files) => files.set('certificate.pem', pem));
        expect(problemsOf(await verifyBundle(swapped, UNPINNED))).toEqual(['certificate.pem', 'certificate.pem']);
        const signed = await edited(whole, (files) => {
          replaceIn('entries.csv', 'jane', 'john')(files);
          files.set('certificate.pem', pem);
          relist(files);
          files.set('manifest.p7s', signDetached(files.get('manifest.json') as Buffer, thief, test.clock.now()));
        });
        // Consistent in itself, and said to be no more than that.
        const unpinned = await verifyBundle(signed, UNPINNED);
        expect([unpinned.verdict, unpinned.notes.length]).toEqual(['intact', 1]);
        expect(problemsOf(await verifyBundle(signed, { ...pins, vkeys: [] }))).toEqual(['certificate.pem']);
      } finally {
        await other.stop();
      }
    });

    it('by entries, proofs or a checkpoint that its own signer made up: the key of the checkpoints is not his', async () => {
      const signer = await test.deps.signers.get();
      const again = (edit: (files: Map<string, Buffer>) => void) =>
        edited(whole, (files) => {
          edit(files);
          relist(files);
          files.set('manifest.p7s', signDetached(files.get('manifest.json') as Buffer, signer, test.clock.now()));
        });
      const record = await again(replaceIn('entries.ndjson', '"invoiceid":123', '"invoiceid":124'));
      expect(problemsOf(await verifyBundle(record, pins))).toEqual(['proofs/3.tlog-proof #3']);
      const value = await again(replaceIn('openings.ndjson', 'jane@', 'john@'));
      expect(problemsOf(await verifyBundle(value, pins))).toEqual(['openings.ndjson #2']);
      const swapped = await again((files) => files.set('proofs/3.tlog-proof', files.get('proofs/4.tlog-proof') as Buffer)); // prettier-ignore
      expect(problemsOf(await verifyBundle(swapped, pins))).toEqual(['proofs/3.tlog-proof #3']);
      const shorter = await again(replaceIn('checkpoint', '\n34\n', '\n33\n'));
      expect(problemsOf(await verifyBundle(shorter, pins))).toEqual(['checkpoint']);
    });

    it('by every cut: a zip that was not written to its end is none', async () => {
      const bytes = readFileSync(whole);
      for (const part of [0, 0.1, 0.5, 0.9, 0.999]) {
        const file = path.join(folder, `cut-${part}.zip`);
        writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * part)));
        const report = await verifyBundle(file, UNPINNED);
        expect([part, report.verdict, problemsOf(report)]).toEqual([part, 'broken', ['zip']]);
      }
    });
  });

  it('is made and checked by the command line, and its making is an entry', async () => {
    const file = path.join(folder, 'cli.zip');
    const exported = await runCommand(test.env, ['export', '--format', 'bundle', '--target', 'client:5', '--output', file, '--json']); // prettier-ignore
    expect([exported.code, JSON.parse(exported.stdout)]).toEqual([0, { output: file }]);
    const verified = await runCommand({}, ['bundle', 'verify', file, '--json', '--root-fingerprint', String(pins.rootFingerprint), '--vkey', String(pins.vkeys[0])]); // prettier-ignore
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([
      0,
      { verdict: 'intact', entries: 10, notes: [] },
    ]);
    const last = await test.database.knex('entries').where({ action: 'audit.exported' }).orderBy('seq', 'desc').first();
    expect(JSON.parse(last.record).source.payload).toEqual({ format: 'bundle', filter: { target: 'client:5' } });

    expect((await runCommand({}, ['bundle', 'verify', path.join(folder, 'none.zip')])).code).toBe(2);
    expect((await runCommand({}, ['bundle', 'verify', file, '--root-fingerprint', 'ff'])).code).toBe(2);
    const wrong = await runCommand({}, ['bundle', 'verify', file, '--root-fingerprint', 'f'.repeat(64)]);
    expect([wrong.code, wrong.stdout]).toEqual([
      1,
      expect.stringContaining('certificate.pem: the signer does not lead'),
    ]);
    expect((await runCommand(test.env, ['export', '--format', 'csv', '--entries', '3'])).code).toBe(2);
  });

  it('shares its signer with another sidecar that begins at the same time, and takes no other certificate for it', async () => {
    const signers = () => test.database.knex('signers');
    const other = createDeps(test.config, { now: () => test.clock.now(), logger: test.deps.logger });
    try {
      await signers().delete();
      const got = await Promise.all([test.deps, other, test.deps, other].map((deps) => deps.signers.get()));
      expect(new Set(got.map((one) => one.certificates[0]?.fingerprint256)).size).toBe(1);
      const [signer, root] = [await signers().where({ name: 'signer' }).first(), await signers().where({ name: 'root' }).first()]; // prettier-ignore
      for (const change of [
        { certificates: root.certificates },
        { wrapped_key: root.wrapped_key },
        { certificates: '' },
      ]) {
        await signers().where({ name: 'signer' }).update(change);
        await expect(other.signers.get()).rejects.toMatchObject({ name: 'SignerError' });
        await signers().where({ name: 'signer' }).update(signer);
      }
      expect((await other.signers.get()).certificates).toHaveLength(2);
    } finally {
      await other.close();
    }
  });

  it('gets a new signer under the same root before the old one ends', async () => {
    const [first, root] = (await test.deps.signers.get()).certificates;
    test.clock.advance(4 * 365 * 86_400_000);
    const [second, same] = (await test.deps.signers.get()).certificates;
    expect([second?.fingerprint256 === first?.fingerprint256, same?.fingerprint256]).toEqual([false, root?.fingerprint256]); // prettier-ignore
    const file = await make({ selection: { seqs: [1] } });
    expect(await verifyBundle(file, { vkeys: [], rootFingerprint: root?.fingerprint256 })).toMatchObject({ verdict: 'intact' }); // prettier-ignore
  });

  it("is signed with the operator's certificate where there is one", async () => {
    const inFolder = (name: string) => path.join(folder, name);
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
    await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/O=Acme/CN=Acme root', '-days', '7300'); // prettier-ignore
    await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/O=Acme/CN=Acme evidence'); // prettier-ignore
    await openssl('x509', '-req', '-in', 'own.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'own.pem', '-days', '7300'); // prettier-ignore
    writeFileSync(inFolder('chain.pem'), readFileSync(inFolder('own.pem'), 'utf8') + readFileSync(inFolder('ca.pem'), 'utf8')); // prettier-ignore
    const env = (certificate: string, key: string) => ({ ...test.env, SEALTRAIL_SIGNER_CERT_FILE: inFolder(certificate), SEALTRAIL_SIGNER_KEY_FILE: inFolder(key) }); // prettier-ignore
    const file = inFolder('operator.zip');
    const make = (certificate: string, key: string) => runCommand(env(certificate, key), ['export', '--format', 'bundle', '--entries', '1,5', '--output', file]); // prettier-ignore
    for (const certificate of ['chain.pem', 'own.pem']) {
      expect(await make(certificate, 'own.key')).toMatchObject({ code: 0 });
      const report = await verifyBundle(file, UNPINNED);
      expect([report.verdict, report.signer?.subject]).toEqual(['intact', 'O=Acme, CN=Acme evidence']);
      expect((await runHowTo(await unpack(file))).code).toBe(0);
    }
    expect((await make('chain.pem', 'ca.key')).stderr).toContain('is not that of');
    expect((await make('own.csr', 'own.key')).stderr).toContain('holds no certificate');
    expect((await make('none.pem', 'own.key')).stderr).toContain('cannot be read');
  });
});

describe.each(ENGINES)('a bundle of more entries than get a proof each on %s', (engine) => {
  const COUNT = 20_000;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-bundle-'));
    test = await createTestStore(engine);
    for (let at = 0; at < COUNT; at += 1_000) {
      const items = Array.from({ length: 1_000 }, (_, i) => anAppendItem(test.ledger, { target: { type: i % 9 === 0 ? 'client' : 'invoice', id: '7', label: null }, payload: { invoiceid: at + i, notes: '审计'.repeat(300) } })); // prettier-ignore
      await test.deps.store.append(test.ledger, items);
    }
  });
  afterAll(async () => {
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('proves a part of the ledger by what lies between, and the whole by nothing else', async () => {
    const part = await make({ raw: { target: 'client:7' } });
    const files = await readFiles(part);
    expect([...files.keys()].filter((name) => name.startsWith('proofs/'))).toEqual(['proofs/cover.txt']);
    const entries = text(files, 'entries.ndjson').trimEnd().split('\n').length;
    expect(entries).toBe(2_240);
    expect(await verifyBundle(part, UNPINNED)).toMatchObject({ verdict: 'intact', problems: [], entries });
    const nodes = text(files, 'proofs/cover.txt').split('\n').length;
    expect(nodes).toBeLessThan(entries * 5);

    const all = await make();
    expect(text(await readFiles(all), 'proofs/cover.txt')).toBe(`sealtrail cover v1\nsize ${COUNT + 1}\n`);
    expect(await verifyBundle(all, UNPINNED)).toMatchObject({ verdict: 'intact', entries: COUNT + 1 });
    expect((await runHowTo(await unpack(part))).code).toBe(0);

    const signer = await test.deps.signers.get();
    const again = (edit: (files: Map<string, Buffer>) => void) =>
      edited(part, (files) => {
        edit(files);
        relist(files);
        files.set('manifest.p7s', signDetached(files.get('manifest.json') as Buffer, signer, test.clock.now()));
      });
    for (const edit of [
      replaceIn('entries.ndjson', '"invoiceid":9}', '"invoiceid":8}'),
      replaceIn('proofs/cover.txt', /^(\d+ 1 )./m, '$1/'),
      replaceIn('proofs/cover.txt', /^\d+ 4 .*\n/m, ''),
      replaceIn('proofs/cover.txt', /$/, '20000 1 AAAA\n'),
    ])
      expect(problemsOf(await verifyBundle(await again(edit), UNPINNED))).toEqual(['proofs/cover.txt']);
  });

  it('needs no more memory than a small heap, to be made and to be checked', async () => {
    const file = path.join(folder, 'all.zip');
    const nodeArgs = ['--max-old-space-size=64'];
    const exported = await runProgram(['export', '--format', 'bundle', '--output', file, '--json'], { env: test.env, nodeArgs }); // prettier-ignore
    expect(exported).toMatchObject({ code: 0, stdout: `${JSON.stringify({ output: file })}\n` });
    const verified = await runProgram(['bundle', 'verify', file, '--json'], { env: {}, nodeArgs });
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([0, { verdict: 'intact', problems: [] }]);
  });

  it('leaves nothing behind when its reader goes away', async () => {
    const request = { ledger: test.ledger, selection: { filter: parseFilter({}) }, rawFilter: {}, withValues: true, requestedBy: 'jane' }; // prettier-ignore
    const stream = await test.deps.bundles.open(request);
    for await (const chunk of stream) {
      expect((chunk as Buffer).length).toBeGreaterThan(0);
      break;
    }
    expect(stream.destroyed).toBe(true);
    await until('the spool is gone', () => readdirSync(path.join(test.config.dataDir, 'exports')).length === 0);
  });
});
