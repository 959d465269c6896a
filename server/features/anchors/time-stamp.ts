import { constants, createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { id_signedData, SignedData, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert } from '@peculiar/asn1-schema';
import { id_ct_tstInfo, PKIStatus, TimeStampResp, TSTInfo } from '@peculiar/asn1-tsp';
import { Certificate, ExtendedKeyUsage, id_ce_extKeyUsage, id_kp_timeStamping } from '@peculiar/asn1-x509';
import { Constructed, fromBER, ObjectIdentifier, Sequence, type BaseBlock } from 'asn1js';
import { leadsTo } from './certificate-path';

/** A time-stamp that was found genuine (RFC 3161). */
export interface TimeStamp {
  /** When the authority says that it saw the data. */
  readonly at: Date;
  readonly policy: string;
  /** The subject of the certificate that signed. */
  readonly signer: string;
}

export interface ExpectedStamp {
  /** What was stamped. */
  readonly data: Buffer;
  /** The nonce asked with; left out when a kept answer is looked at again. */
  readonly nonce?: Buffer;
  /** Certificates in PEM; the signer's must lead to one of them. Without them the signer is only shown. */
  readonly roots?: string | undefined;
  readonly policy?: string | undefined;
}

export type StampCheck = { readonly stamp: TimeStamp } | { readonly fault: string };

const SHA256 = '2.16.840.1.101.3.4.2.1';
const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  [SHA256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const RSA_PSS = '1.2.840.113549.1.1.10';
const SIGNATURE_DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Checks the DER of a TimeStampResp as RFC 3161, section 2.4.2 asks of whoever asked for it; `fault` says what is wrong. */
export function checkTimeStamp(answer: Buffer, expected: ExpectedStamp): StampCheck {
  try {
    return check(answer, expected);
  } catch (error) {
    return { fault: `the answer is no time-stamp response: ${(error as Error).message}` };
  }
}

function check(answer: Buffer, { data, nonce, roots, policy }: ExpectedStamp): StampCheck {
  const { status, timeStampToken: token } = AsnConvert.parse(answer, TimeStampResp);
  if (status.status !== PKIStatus.granted && status.status !== PKIStatus.grantedWithMods) {
    const words = status.statusString ? [...status.statusString].join(' ') : '';
    return { fault: `not granted: status ${status.status}${words === '' ? '' : ` (${words})`}` };
  }
  if (token?.contentType !== id_signedData) return { fault: 'there is no token in it' };

  const signed = AsnConvert.parse(token.content, SignedData);
  const content = signed.encapContentInfo.eContent?.single?.buffer;
  if (signed.encapContentInfo.eContentType !== id_ct_tstInfo || !content)
    return { fault: 'the token holds no time-stamp' };
  const info = AsnConvert.parse(content, TSTInfo);
  const digest = createHash('sha256').update(data).digest();
  if (
    info.messageImprint.hashAlgorithm.algorithm !== SHA256 ||
    !digest.equals(Buffer.from(info.messageImprint.hashedMessage.buffer))
  )
    return { fault: 'the time-stamp is over other data' };
  if (nonce && (!info.nonce || !nonce.equals(Buffer.from(info.nonce))))
    return { fault: 'the nonce is not the one that was sent' };
  if (policy !== undefined && info.policy !== policy) return { fault: `the policy is ${info.policy}, not ${policy}` };

  const [signer, ...more] = signed.signerInfos;
  if (!signer || more.length > 0) return { fault: 'the token has not exactly one signer' };
  const certificates = [...(signed.certificates ?? [])].flatMap((choice) =>
    choice.certificate ? [Buffer.from(AsnConvert.serialize(choice.certificate))] : [],
  );
  const der = certificates.find((one) => isNamedBy(one, signer));
  if (!der) return { fault: 'the certificate of the signer is not in it' };
  const fault = signerFault(signer, der, Buffer.from(content), signedAttributes(token.content));
  if (fault !== undefined) return { fault };

  const certificate = new X509Certificate(der);
  if (info.genTime < new Date(certificate.validFrom) || info.genTime > new Date(certificate.validTo))
    return { fault: 'the certificate of the signer was not valid at that time' };
  if (roots !== undefined && !leadsTo(certificate, { roots, between: certificates, at: info.genTime }))
    return { fault: 'the certificate of the signer does not lead to a root that was named' };
  return { stamp: { at: info.genTime, policy: info.policy, signer: certificate.subject.replace(/\n/g, ', ') } };
}

function signerFault(
  signer: SignerInfo,
  der: Buffer,
  content: Buffer,
  attributes: Buffer | undefined,
): string | undefined {
  if (!attributes) return 'the signer has signed no attributes';
  if (!isForTimeStampingAlone(der))
    return 'the certificate of the signer is not for time-stamping alone, marked critical';
  const digestName = DIGESTS[signer.digestAlgorithm.algorithm];
  if (digestName === undefined) return `the digest ${signer.digestAlgorithm.algorithm} is not known`;
  const valueOf = (type: string) => {
    const values = signer.signedAttrs?.find(({ attrType }) => attrType === type)?.attrValues ?? [];
    return values[0] && fromBER(values[0]).result;
  };
  const contentType = valueOf(CONTENT_TYPE);
  if (oidOf(contentType) !== id_ct_tstInfo) return 'the signed content type is not that of a time-stamp';
  const digest = createHash(digestName).update(content).digest();
  if (!digest.equals(octetsOf(valueOf(MESSAGE_DIGEST)))) return 'the signed digest is not that of the time-stamp';
  if (
    !isSigningCertificate(valueOf(SIGNING_CERTIFICATE_V2), der, 'sha256') &&
    !isSigningCertificate(valueOf(SIGNING_CERTIFICATE), der, 'sha1')
  )
    // prettier-ignore
    return 'the token was made for another certificate';
  const algorithm = signer.signatureAlgorithm.algorithm;
  const options: { key: KeyObject; padding?: number; saltLength?: number } = {
    key: new X509Certificate(der).publicKey,
  };
  if (algorithm === RSA_PSS) {
    options.padding = constants.RSA_PKCS1_PSS_PADDING;
    options.saltLength = constants.RSA_PSS_SALTLEN_AUTO;
  }
  const isEdwards = options.key.asymmetricKeyType === 'ed25519';
  const isGenuine = verify(
    isEdwards ? null : (SIGNATURE_DIGESTS[algorithm] ?? digestName),
    attributes,
    options,
    Buffer.from(signer.signature.buffer),
  );
  return isGenuine ? undefined : 'the signature is not genuine';
}

/** RFC 3161, section 2.3: the extension is there, critical, and has this one purpose. */
function isForTimeStampingAlone(der: Buffer): boolean {
  const extensions = AsnConvert.parse(der, Certificate).tbsCertificate.extensions ?? [];
  const usage = extensions.find(({ extnID }) => extnID === id_ce_extKeyUsage);
  if (!usage?.critical) return false;
  const purposes = AsnConvert.parse(usage.extnValue.buffer, ExtendedKeyUsage);
  return purposes.length === 1 && purposes[0] === id_kp_timeStamping;
}

function isNamedBy(der: Buffer, { sid }: SignerInfo): boolean {
  const { tbsCertificate: body } = AsnConvert.parse(der, Certificate);
  const named = sid.issuerAndSerialNumber;
  return (
    named !== undefined &&
    Buffer.from(named.serialNumber).equals(Buffer.from(body.serialNumber)) &&
    Buffer.from(AsnConvert.serialize(named.issuer)).equals(Buffer.from(AsnConvert.serialize(body.issuer)))
  );
}

/** ESSCertID and ESSCertIDv2 (RFC 5816): the first certificate named is the signer's, by its hash. */
function isSigningCertificate(value: BaseBlock | undefined, der: Buffer, usualDigest: string): boolean {
  const first = childrenOf(childrenOf(value)[0])[0];
  const parts = childrenOf(first);
  const [algorithm] = parts[0] instanceof Sequence ? childrenOf(parts[0]) : [];
  const digestName = algorithm === undefined ? usualDigest : DIGESTS[oidOf(algorithm)];
  if (digestName === undefined) return false;
  return createHash(digestName)
    .update(der)
    .digest()
    .equals(octetsOf(algorithm === undefined ? parts[0] : parts[1]));
}

/** The signed attributes as they are signed: with the tag of a SET OF, not the one that they stand there with (RFC 5652, section 5.4). */
function signedAttributes(signedData: ArrayBuffer): Buffer | undefined {
  const signerInfo = childrenOf(childrenOf(fromBER(signedData).result).at(-1))[0];
  const found = childrenOf(signerInfo).find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  if (!found) return undefined;
  const bytes = Buffer.from(found.valueBeforeDecodeView);
  bytes[0] = 0x31;
  return bytes;
}

function oidOf(block: BaseBlock | undefined): string {
  return block instanceof ObjectIdentifier ? block.getValue() : '';
}

function childrenOf(block: BaseBlock | undefined): readonly BaseBlock[] {
  return block instanceof Constructed ? block.valueBlock.value : [];
}

function octetsOf(block: BaseBlock | undefined): Buffer {
  const view = block && 'valueHexView' in block.valueBlock ? (block.valueBlock.valueHexView as Uint8Array) : undefined;
  return Buffer.from(view ?? []);
}
