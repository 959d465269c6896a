import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findProgram } from '../../testing/requirements';
import { startTimeStampAuthority, type TimeStampAuthority } from '../../testing/time-stamp-authority';
import { checkTimeStamp } from './time-stamp';
import { timeStampNonce, timeStampRequest } from './time-stamp-request';

const DATA = Buffer.from('audit.example.com/t/1\n3\nNUzS1tFDvmEXSA9PyGQO02UTQBztGhC3Ibe+2DeVOOQ=\n\n— x y\n');
const NONCE = Buffer.from('0102030405060708', 'hex');

let authority: TimeStampAuthority;
let answer: Buffer;

beforeAll(async () => {
  authority = await startTimeStampAuthority();
  answer = authority.answer(timeStampRequest(DATA, NONCE));
});

afterAll(() => authority.stop());

describe('timeStampRequest', () => {
  it('gives 69 bytes: those that openssl makes, with the nonce in them', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-tsq-'));
    try {
      writeFileSync(path.join(folder, 'data'), DATA);
      const openssl = (...args: readonly string[]) => execFileSync(findProgram('openssl') ?? 'openssl', ['ts', '-query', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
      const ours = timeStampRequest(DATA, NONCE);
      const withoutNonce = Buffer.concat([Buffer.of(0x30, ours.length - 12), ours.subarray(2, 56), ours.subarray(66)]);
      expect(ours).toHaveLength(69);
      expect(withoutNonce).toEqual(openssl('-data', 'data', '-sha256', '-cert', '-no_nonce'));
      writeFileSync(path.join(folder, 'ours'), ours);
      expect(openssl('-in', 'ours', '-text').toString()).toMatch(
        /Nonce: 0x0102030405060708\nCertificate required: yes/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(['00', 'ff', '80'])('never sends a nonce that DER would write otherwise (%s...)', (first) => {
    const random = Buffer.from(`${first}02030405060708`, 'hex');
    expect(() => timeStampRequest(DATA, random)).toThrow(RangeError);
    expect(timeStampRequest(DATA, timeStampNonce(random))).toHaveLength(69);
  });
});

describe('checkTimeStamp', () => {
  it('accepts an answer to its request, and the same again without the nonce', () => {
    const found = checkTimeStamp(answer, { data: DATA, nonce: NONCE, roots: authority.roots, policy: '1.2.3.4.1' });
    expect(found).toMatchObject({ stamp: { policy: '1.2.3.4.1', signer: 'CN=Test Time Stamping' } });
    const at = 'stamp' in found ? found.stamp.at.getTime() : 0;
    expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
    expect(checkTimeStamp(answer, { data: DATA })).toEqual(found);
  });

  it.each([
    ['other data', { data: Buffer.from('x') }, 'over other data'],
    ['another nonce', { data: DATA, nonce: Buffer.from('0102030405060709', 'hex') }, 'nonce'],
    ['another policy', { data: DATA, policy: '1.2.3.4.2' }, 'policy is 1.2.3.4.1'],
  ])('finds %s', (_name, expected, fault) => {
    expect(checkTimeStamp(answer, expected)).toEqual({ fault: expect.stringContaining(fault) as string });
  });

  it('finds a changed digest, time, signed attribute and signature', () => {
    const digest = answer.indexOf(createHash('sha256').update(DATA).digest());
    const time = answer.indexOf(Buffer.from('180f', 'hex')) + 2;
    const attributes = answer.lastIndexOf(Buffer.from('06092a864886f70d010903', 'hex'));
    const places = [digest, digest + 31, time + 3, time + 13, attributes + 4, attributes + 25, answer.length - 1, answer.length - 256]; // prettier-ignore
    const accepted = places.filter((at) => {
      const changed = Buffer.from(answer);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      return 'stamp' in checkTimeStamp(changed, { data: DATA });
    });
    expect(accepted).toEqual([]);
  });

  it('finds an answer that is none', () => {
    expect(checkTimeStamp(Buffer.from('<html>'), { data: DATA })).toMatchObject({
      fault: expect.any(String) as string,
    });
    expect(checkTimeStamp(Buffer.alloc(0), { data: DATA })).toMatchObject({ fault: expect.any(String) as string });
    expect(checkTimeStamp(answer.subarray(0, 200), { data: DATA })).toMatchObject({ fault: expect.any(String) as string }); // prettier-ignore
  });

  it('says why an authority refused', () => {
    const request = timeStampRequest(DATA, NONCE);
    request[4] = 2;
    const refusal = checkTimeStamp(authority.answer(request), { data: DATA });
    expect(refusal).toEqual({ fault: 'not granted: status 2 (Bad request version.)' });
  });

  it('finds a signer that does not lead to the root that was named', async () => {
    const other = await startTimeStampAuthority();
    const found = checkTimeStamp(answer, { data: DATA, roots: other.roots });
    await other.stop();
    expect(found).toEqual({ fault: expect.stringContaining('does not lead to a root') as string });
  });

  it.each([
    ['a purpose that is not critical', ['extendedKeyUsage=timeStamping']],
    ['a second purpose', ['extendedKeyUsage=critical,timeStamping,codeSigning']],
    ['no purpose', []],
  ])('refuses a signer with %s', async (_name, extensions) => {
    // openssl itself will not sign with such a certificate, so one is put in the place of a good one of the same key.
    const good = await startTimeStampAuthority();
    const stamped = good.answer(timeStampRequest(DATA, NONCE));
    const swapped = good.swapSigner(stamped, extensions);
    const found = checkTimeStamp(swapped, { data: DATA, roots: good.roots });
    await good.stop();
    expect(found).toEqual({ fault: expect.stringContaining('for time-stamping alone') as string });
  });

  it.each([
    ['ECDSA on P-256', { newKey: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] }],
    ['ECDSA on P-384', { newKey: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] }],
    ['a certificate named by SHA-1', { essCertIdAlg: 'sha1' as const }],
  ])('accepts %s', async (_name, options) => {
    const other = await startTimeStampAuthority(options);
    const found = checkTimeStamp(other.answer(timeStampRequest(DATA, NONCE)), { data: DATA, nonce: NONCE, roots: other.roots }); // prettier-ignore
    await other.stop();
    expect(found).toMatchObject({ stamp: { policy: '1.2.3.4.1' } });
  });

  it('is what `openssl ts -verify` accepts', () => {
    expect(authority.verify(answer, DATA)).toContain('Verification: OK');
    expect(authority.verify(answer, Buffer.from('x'))).toContain('FAILED');
  });
});
