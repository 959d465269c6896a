import { createHash, sign, verify, X509Certificate, type KeyObject } from 'node:crypto';
import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  CMSVersion,
  ContentInfo,
  DigestAlgorithmIdentifier,
  DigestAlgorithmIdentifiers,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  SignatureAlgorithmIdentifier,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { Certificate, Time } from '@peculiar/asn1-x509';
import { ECDSA_WITH_SHA256, toArrayBuffer } from './certificates';

const ID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  sha256: '2.16.840.1.101.3.4.2.1',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  /** RFC 5035: which certificate signed, so that no other one for the same key passes for it (`openssl cms -cades`). */
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;
const SET_OF = 0x31;

export interface CmsSigner {
  /** P-256. */
  readonly key: KeyObject;
  /** The signer's own certificate first, then those above it. */
  readonly certificates: readonly X509Certificate[];
}

/** A detached CMS signature (RFC 5652), DER: ECDSA P-256 with SHA-256 over signed attributes, the certificates inside. */
export function signDetached(content: Buffer, { key, certificates }: CmsSigner, at: Date): Buffer {
  const parsed = certificates.map((one) => AsnConvert.parse(one.raw, Certificate));
  const [signer, raw] = [parsed[0], certificates[0]?.raw];
  if (!signer || !raw) throw new Error('a signature needs the certificate of its signer');
  const digest = new DigestAlgorithmIdentifier({ algorithm: ID.sha256 });
  const attributes = inDerOrder([
    new Attribute({ attrType: ID.contentType, attrValues: [objectId(ID.data)] }),
    new Attribute({ attrType: ID.signingTime, attrValues: [AsnConvert.serialize(new Time(at))] }),
    new Attribute({ attrType: ID.messageDigest, attrValues: [AsnConvert.serialize(new OctetString(sha256(content)))] }),
    new Attribute({ attrType: ID.signingCertificateV2, attrValues: [toArrayBuffer(essCertificate(raw))] }),
  ]);
  // Signed as a SET OF, kept as [0] (RFC 5652, section 5.4).
  const signature = sign('sha256', derOf(SET_OF, attributes.map(({ der }) => der)), key); // prettier-ignore
  const signedData = new SignedData({
    version: CMSVersion.v1,
    digestAlgorithms: new DigestAlgorithmIdentifiers([digest]),
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: ID.data }),
    certificates: new CertificateSet(parsed.map((certificate) => new CertificateChoices({ certificate }))),
    signerInfos: new SignerInfos([
      new SignerInfo({
        version: CMSVersion.v1,
        sid: new SignerIdentifier({
          issuerAndSerialNumber: new IssuerAndSerialNumber({
            issuer: signer.tbsCertificate.issuer,
            serialNumber: signer.tbsCertificate.serialNumber,
          }),
        }),
        digestAlgorithm: digest,
        signedAttrs: attributes.map(({ attribute }) => attribute),
        signatureAlgorithm: new SignatureAlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
        signature: new OctetString(toArrayBuffer(signature)),
      }),
    ]),
  });
  return Buffer.from(
    AsnConvert.serialize(new ContentInfo({ contentType: ID.signedData, content: AsnConvert.serialize(signedData) })),
  );
}

export type SignatureCheck =
  | { readonly ok: true; readonly signer: X509Certificate; readonly certificates: readonly X509Certificate[]; readonly at: Date | null }
  | { readonly ok: false; readonly detail: string }; // prettier-ignore

/** Whether a detached signature is genuine and over this content. Whether its signer is to be believed is not asked. */
export function verifyDetached(content: Buffer, der: Buffer): SignatureCheck {
  try {
    return check(content, AsnConvert.parse(AsnConvert.parse(der, ContentInfo).content, SignedData));
  } catch (error) {
    return { ok: false, detail: `it cannot be read (${(error as Error).message})` };
  }
}

function check(content: Buffer, data: SignedData): SignatureCheck {
  const wrong = (detail: string): SignatureCheck => ({ ok: false, detail });
  const [info, ...others] = data.signerInfos;
  if (!info || others.length > 0) return wrong('it must have one signer');
  const certificates = (data.certificates ?? []).flatMap(({ certificate }) =>
    certificate ? [{ certificate, x509: new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))) }] : [],
  );
  const wanted = info.sid.issuerAndSerialNumber;
  const signer = certificates.find(
    ({ certificate: { tbsCertificate: own } }) =>
      wanted !== undefined &&
      isSame(own.serialNumber, wanted.serialNumber) &&
      isSame(AsnConvert.serialize(own.issuer), AsnConvert.serialize(wanted.issuer)),
  )?.x509;
  if (!signer) return wrong('the certificate of its signer is not in it');
  if (info.digestAlgorithm.algorithm !== ID.sha256 || info.signatureAlgorithm.algorithm !== ECDSA_WITH_SHA256)
    return wrong('it is not ECDSA with SHA-256');
  const attributes = info.signedAttrs ?? [];
  const only = (type: string) => {
    const found = attributes.filter((one) => one.attrType === type);
    return found.length === 1 && found[0]?.attrValues.length === 1 ? found[0].attrValues[0] : undefined;
  };
  const digest = only(ID.messageDigest);
  if (!digest || !isSame(AsnConvert.parse(digest, OctetString).buffer, sha256(content)))
    return wrong('it is over other bytes');
  const contentType = only(ID.contentType);
  if (!contentType || !isSame(contentType, objectId(ID.data))) return wrong('it is over another kind of content');
  const named = only(ID.signingCertificateV2);
  if (!named || !isSame(named, essCertificate(signer.raw))) return wrong('it names another certificate');
  const signed = derOf(
    SET_OF,
    inDerOrder(attributes).map((one) => one.der),
  );
  if (!verify('sha256', signed, signer.publicKey, Buffer.from(info.signature.buffer)))
    return wrong('it was not made with the key of its certificate');
  const time = only(ID.signingTime);
  return {
    ok: true,
    signer,
    certificates: certificates.map(({ x509 }) => x509),
    at: time ? AsnConvert.parse(time, Time).getTime() : null,
  };
}

/** SigningCertificateV2 with one ESSCertIDv2 whose hash is SHA-256, the default. */
function essCertificate(raw: Buffer): Buffer {
  const id = derOf(0x30, [derOf(0x04, [Buffer.from(sha256(raw))])]);
  return derOf(0x30, [derOf(0x30, [id])]);
}

function inDerOrder(attributes: readonly Attribute[]): { readonly attribute: Attribute; readonly der: Buffer }[] {
  return attributes
    .map((attribute) => ({ attribute, der: Buffer.from(AsnConvert.serialize(attribute)) }))
    .sort((a, b) => Buffer.compare(a.der, b.der));
}

function derOf(tag: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

/** Object identifiers below are short: every arc fits what this writes. */
function objectId(dotted: string): ArrayBuffer {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...arcs.flatMap(base128)];
  return toArrayBuffer(derOf(0x06, [Buffer.from(bytes)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

function sha256(bytes: Buffer): ArrayBuffer {
  return toArrayBuffer(createHash('sha256').update(bytes).digest());
}

function isSame(a: ArrayBuffer, b: ArrayBuffer | Buffer): boolean {
  return Buffer.from(a).equals(Buffer.from(b as ArrayBuffer));
}
