import { X509Certificate } from 'node:crypto';

const MAX_STEPS = 8;

/** The certificates of a PEM text. Throws when one of them cannot be read. */
export function readPem(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * Whether a certificate was issued, by way of those that came with it (DER), under one of the roots (PEM). Each must be valid at
 * that time and each issuer be one. Revocation is not asked for: `openssl ts -verify -crl_check` can.
 */
export function leadsTo(
  certificate: X509Certificate,
  { roots, between, at }: { readonly roots: string; readonly between: readonly Buffer[]; readonly at: Date },
): boolean {
  const trusted = readPem(roots);
  const others = between.map((der) => new X509Certificate(der));
  const isValid = (one: X509Certificate) => at >= new Date(one.validFrom) && at <= new Date(one.validTo);
  const issued = (issuer: X509Certificate, one: X509Certificate) =>
    issuer.ca && isValid(issuer) && one.checkIssued(issuer) && one.verify(issuer.publicKey);
  let current: X509Certificate | undefined = certificate;
  for (let step = 0; current !== undefined && step < MAX_STEPS; step += 1) {
    const one: X509Certificate = current;
    if (trusted.some((root) => root.fingerprint256 === one.fingerprint256 || issued(root, one))) return true;
    current = others.find((other) => other.fingerprint256 !== one.fingerprint256 && issued(other, one));
  }
  return false;
}
