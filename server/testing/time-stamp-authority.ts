import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SignedData } from '@peculiar/asn1-cms';
import { AsnConvert } from '@peculiar/asn1-schema';
import { TimeStampResp } from '@peculiar/asn1-tsp';
import { Certificate } from '@peculiar/asn1-x509';
import { findProgram } from './requirements';

/** A time-stamp authority of our own behind a real port: `openssl ts -reply` with certificates made for it. */
export interface TimeStampAuthority {
  readonly url: string;
  /** The root, in PEM. */
  readonly rootsFile: string;
  readonly roots: string;
  /** The signer's own certificate, in PEM. */
  readonly signerFile: string;
  /** The DER of an answer to a request. */
  answer(request: Buffer): Buffer;
  /** An answer with a certificate of the same key, name and number in the signer's place, made with these extension lines. */
  swapSigner(answer: Buffer, extensions: readonly string[]): Buffer;
  /** What `openssl ts -verify` prints about an answer. */
  verify(answer: Buffer, data: Buffer): string;
  stop(): Promise<void>;
}

export interface AuthorityOptions {
  /** Extension lines of the signer's certificate. */
  readonly extensions?: readonly string[];
  /** Arguments of `openssl req -newkey`. */
  readonly newKey?: readonly string[];
  readonly essCertIdAlg?: 'sha1' | 'sha256';
}

const OPENSSL = findProgram('openssl') ?? 'openssl';
const RSA = ['rsa:2048'];
const TIME_STAMPING = ['extendedKeyUsage=critical,timeStamping'];

export async function startTimeStampAuthority({
  extensions = TIME_STAMPING,
  newKey = RSA,
  essCertIdAlg = 'sha256',
}: AuthorityOptions = {}): Promise<TimeStampAuthority> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-tsa-'));
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync(OPENSSL, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
  const config = (name: string, lines: readonly string[]) => writeFileSync(file(name), `${lines.join('\n')}\n`);

  config('ca.cnf', ['[req]', 'distinguished_name=dn', 'prompt=no', '[dn]', 'CN=Test Root', '[ca]', 'basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']); // prettier-ignore
  openssl('req', '-x509', '-newkey', ...RSA, '-nodes', '-keyout', 'root.key', '-out', 'root.pem', '-days', '3650', '-config', 'ca.cnf', '-extensions', 'ca'); // prettier-ignore
  config('tsa-req.cnf', ['[req]', 'distinguished_name=dn', 'prompt=no', '[dn]', 'CN=Test Time Stamping']);
  openssl('req', '-newkey', ...newKey, '-nodes', '-keyout', 'tsa.key', '-out', 'tsa.csr', '-config', 'tsa-req.cnf');
  config('tsa-ext.cnf', ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', ...extensions]);
  const certify = (out: string) => openssl('x509', '-req', '-in', 'tsa.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', '2', '-days', '3650', '-extfile', 'tsa-ext.cnf', '-out', out); // prettier-ignore
  certify('tsa.pem');
  writeFileSync(file('serial'), '01\n');
  config('tsa.cnf', [
    '[tsa]',
    'default_tsa=tsa1',
    '[tsa1]',
    ...['serial=serial', 'signer_cert=tsa.pem', 'certs=root.pem', 'signer_key=tsa.key', 'signer_digest=sha256', 'default_policy=1.2.3.4.1', 'digests=sha256', 'accuracy=secs:1', 'ordering=yes', 'tsa_name=yes', 'ess_cert_id_chain=no', `ess_cert_id_alg=${essCertIdAlg}`], // prettier-ignore
  ]);

  function answer(request: Buffer): Buffer {
    writeFileSync(file('query.tsq'), request);
    openssl('ts', '-reply', '-queryfile', 'query.tsq', '-out', 'answer.tsr', '-config', 'tsa.cnf');
    return readFileSync(file('answer.tsr'));
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () =>
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(answer(Buffer.concat(parts))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`,
    rootsFile: file('root.pem'),
    roots: readFileSync(file('root.pem'), 'utf8'),
    signerFile: file('tsa.pem'),
    answer,
    swapSigner(given, others) {
      config('tsa-ext.cnf', ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', ...others]);
      certify('other.pem');
      const response = AsnConvert.parse(given, TimeStampResp);
      const token = response.timeStampToken;
      if (!token) throw new Error('there is no token in the answer');
      const signed = AsnConvert.parse(token.content, SignedData);
      const signer = new X509Certificate(readFileSync(file('tsa.pem')));
      for (const choice of signed.certificates ?? [])
        if (choice.certificate && Buffer.from(AsnConvert.serialize(choice.certificate)).equals(signer.raw))
          choice.certificate = AsnConvert.parse(new X509Certificate(readFileSync(file('other.pem'))).raw, Certificate);
      token.content = AsnConvert.serialize(signed);
      return Buffer.from(AsnConvert.serialize(response));
    },
    verify(given, data) {
      writeFileSync(file('kept.tsr'), given);
      writeFileSync(file('data'), data);
      const { stdout } = spawnSync(OPENSSL, ['ts', '-verify', '-data', 'data', '-in', 'kept.tsr', '-CAfile', 'root.pem'], { cwd: folder }); // prettier-ignore
      return stdout.toString();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
