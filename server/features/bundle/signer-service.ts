import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import type { KeyRing } from '../../entries/key-ring';
import { makeRoot, makeSigner, readCertificates, topOfChain } from './certificates';
import type { CmsSigner } from './detached-signature';
import type { SignerRow, SignerStore } from './signer-store';

/** Who signs bundles: the operator's certificate where there is one, else one of ours under a root of our own. */
export interface SignerService {
  /** Makes root and signer at the first use. Throws SignerError where the operator's files cannot be used. */
  get(): Promise<CmsSigner>;
}

export class SignerError extends Error {
  override name = 'SignerError';
}

interface SignerDeps {
  readonly signers: SignerStore;
  readonly keyRing: Pick<KeyRing, 'wrapSecret' | 'unwrapSecret'>;
  /** The operator's PEM files: the certificate with those above it, and its key. */
  readonly files: { readonly certificate: string; readonly key: string } | undefined;
  readonly now: () => Date;
}

const DAY_MS = 86_400_000;
const ROOT_DAYS = 30 * 365;
const SIGNER_DAYS = 5 * 365;
/** A bundle that is signed today should be checked for years without telling openssl to look away from the date. */
const RENEW_DAYS = 2 * 365;

export function createSignerService({ signers, keyRing, files, now }: SignerDeps): SignerService {
  async function own(): Promise<CmsSigner> {
    if (!(await signers.find('signer'))) {
      const root = wrap('root', (key) => [makeRoot({ commonName: nameOf('root'), key }, span(ROOT_DAYS))]);
      await signers.add([root, issue(open(root))]);
    }
    const row = await getRow('signer');
    if (isFresh(open(row))) return open(row);
    await signers.replace(issue(open(await getRow('root'))), row);
    return open(await getRow('signer'));
  }

  function issue(root: CmsSigner): SignerRow {
    const [certificate] = root.certificates;
    if (!certificate) throw new SignerError('The root of the bundles has no certificate.');
    const to = new Date(Math.min(span(SIGNER_DAYS).to.getTime(), Date.parse(certificate.validTo)));
    return wrap('signer', (key) => [
      makeSigner({ commonName: nameOf('evidence'), key }, { key: root.key, certificate }, { ...span(SIGNER_DAYS), to }),
      certificate,
    ]);
  }

  function wrap(name: SignerRow['name'], certify: (key: KeyObject) => X509Certificate[]): SignerRow {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const secret = privateKey.export({ type: 'pkcs8', format: 'der' });
    return {
      name,
      wrapped_key: keyRing.wrapSecret(secret, `signer/${name}`),
      certificates: certify(privateKey).map(String).join(''),
      created_at: now().getTime(),
    };
  }

  function open(row: SignerRow): CmsSigner {
    const secret = keyRing.unwrapSecret(row.wrapped_key, `signer/${row.name}`);
    if (!secret) throw new SignerError('The key that signs bundles cannot be opened with this master key.');
    const key = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
    const certificates = readCertificates(row.certificates);
    if (!certificates[0]?.checkPrivateKey(key))
      throw new SignerError('The certificate that signs bundles was replaced: it is not that of its key.');
    const top = topOfChain(certificates, now());
    if (typeof top === 'string') throw new SignerError(`The certificate that signs bundles cannot be used: ${top}.`);
    return { key, certificates };
  }

  async function getRow(name: SignerRow['name']): Promise<SignerRow> {
    const row = await signers.find(name);
    if (!row) throw new SignerError(`The ${name} of the bundles is gone from the table signers.`);
    return row;
  }

  function isFresh({ certificates: [own, root] }: CmsSigner): boolean {
    const left = (one: X509Certificate | undefined) => Date.parse(one?.validTo ?? '') - now().getTime();
    return left(own) > RENEW_DAYS * DAY_MS || left(own) >= left(root);
  }

  function span(days: number) {
    // A reader's clock may be behind.
    return { from: new Date(now().getTime() - DAY_MS), to: new Date(now().getTime() + days * DAY_MS) };
  }

  return { get: async () => (files ? readFiles(files, now()) : own()) };
}

/** Two installations have two roots; the name tells them apart, the fingerprint proves it. */
function nameOf(role: string): string {
  return `Sealtrail ${role} ${randomBytes(4).toString('hex')}`;
}

function readFiles(files: { readonly certificate: string; readonly key: string }, at: Date): CmsSigner {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new SignerError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
    }
  };
  const key = parse(files.key, () => createPrivateKey(read(files.key)));
  const certificates = parse(files.certificate, () => readCertificates(read(files.certificate)));
  const [own] = certificates;
  if (!own) throw new SignerError(`${files.certificate} holds no certificate in PEM.`);
  if (createPublicKey(key).asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new SignerError(`${files.key} is no ECDSA key on the curve P-256.`);
  const top = topOfChain(certificates, at);
  if (typeof top === 'string') throw new SignerError(`${files.certificate} cannot be used: ${top}.`);
  if (!own.checkPrivateKey(key))
    throw new SignerError(`The first certificate of ${files.certificate} is not that of ${files.key}.`);
  for (const one of certificates)
    if (!Buffer.from(AsnConvert.serialize(AsnConvert.parse(one.raw, Certificate))).equals(one.raw))
      throw new SignerError(`${files.certificate} holds a certificate that is not written in DER.`);
  return { key, certificates };
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignerError) throw error;
    throw new SignerError(`${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
