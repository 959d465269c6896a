import { hash } from 'node:crypto';

const DIGITS = 16;

/**
 * What is stored for an address in the mode `hashed`: SHA-256 over the address and the salt of the installation, cut to 16 hex
 * digits. The same address gives the same digits, and without the salt nobody can try all addresses. `ip` is in its usual
 * form (no leading zeros, IPv6 shortened).
 */
export function hashIp(ip: string, salt: string): string {
  return hash('sha256', ip + salt).slice(0, DIGITS);
}
