import { createHash, createPublicKey, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** RFC 5758, section 3.2. */
export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const [COMMON_NAME, ORGANISATION] = ['2.5.4.3', '2.5.4.10'];

interface Subject {
  readonly commonName: string;
  readonly key: KeyObject;
}

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** A self-signed root that may sign certificates and nothing else, and whose children may not. */
export function makeRoot(subject: Subject, span: Span): X509Certificate {
  return makeCertificate(subject, { ...subject, certificate: undefined }, span, [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
  ]);
}

/** A certificate that signs files. Without an extended key usage `openssl cms -verify` takes it for its default purpose too. */
export function makeSigner(
  subject: Subject,
  issuer: { readonly key: KeyObject; readonly certificate: X509Certificate },
  span: Span,
): X509Certificate {
  const commonName = /^CN=(.+)$/m.exec(issuer.certificate.subject)?.[1] ?? '';
  return makeCertificate(subject, { commonName, ...issuer }, span, [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: false })),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature)),
  ]);
}

/** The certificates of a PEM text, in its order. Throws when one of them cannot be read. */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** SHA-256 of the certificate, lower-case hex without colons. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** The last certificate of a chain in which each was signed by the next one, an issuer, valid at that time; or what is wrong. */
export function topOfChain(chain: readonly X509Certificate[], at: Date): X509Certificate | string {
  const [first] = chain;
  if (!first) return 'it holds no certificate';
  for (const [i, one] of chain.entries()) {
    if (at < new Date(one.validFrom) || at > new Date(one.validTo))
      return `certificate ${i + 1} was not valid when the bundle was signed`;
    const next = chain[i + 1];
    if (next && !(next.ca && one.checkIssued(next) && one.verify(next.publicKey)))
      return `certificate ${i + 1} was not issued by the one after it`;
  }
  return chain.at(-1) ?? first;
}

function makeCertificate(
  subject: Subject,
  issuer: Subject & { readonly certificate: X509Certificate | undefined },
  span: Span,
  extensions: readonly Extension[],
): X509Certificate {
  const publicKey = publicKeyInfo(subject.key);
  const issuerKey = publicKeyInfo(issuer.key);
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: nameOf(issuer.commonName),
    subject: nameOf(subject.commonName),
    validity: new Validity({ notBefore: span.from, notAfter: span.to }),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKey)), { critical: false }),
      ...(issuer.certificate === undefined
        ? []
        : [
            extension(
              id_ce_authorityKeyIdentifier,
              new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId(issuerKey)) }),
              { critical: false },
            ),
          ]),
    ]),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), issuer.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: toArrayBuffer(signature),
  });
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate)));
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return AsnConvert.parse(der, SubjectPublicKeyInfo);
}

/** RFC 5280, section 4.2.1.2, method (1). */
function keyId(info: SubjectPublicKeyInfo): ArrayBuffer {
  return toArrayBuffer(createHash('sha1').update(Buffer.from(info.subjectPublicKey)).digest());
}

/** Positive, 16 bytes (RFC 5280, section 4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return toArrayBuffer(bytes);
}

function nameOf(commonName: string): Name {
  const part = (type: string, utf8String: string) =>
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })]);
  return new Name([part(ORGANISATION, 'Sealtrail'), part(COMMON_NAME, commonName)]);
}

function extension(extnID: string, value: unknown, { critical = true } = {}): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** The libraries take buffers of their own, not views into another. */
export function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
