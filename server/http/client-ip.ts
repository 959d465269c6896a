import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type TrustedProxies = readonly [Address, number][];

/** The trusted-proxy list from addresses and CIDRs. Throws on anything else. */
export function parseTrustedProxies(list: readonly string[]): TrustedProxies {
  return list.map((item) => {
    if (item.includes('/')) return ipaddr.parseCIDR(item);
    const address = ipaddr.parse(item);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
}

/**
 * The client's address from the direct peer and the forwarding headers (lower-case names).
 *
 * Headers count only when the peer is a trusted proxy. CF-Connecting-IP wins, being a single address that the proxy sets;
 * otherwise X-Forwarded-For is walked from right to left and the first address that is no trusted proxy is the client. An
 * unreadable part ends the walk: what is left of it could be forged. IPv4-mapped IPv6 addresses count as IPv4.
 */
export function resolveClientIp(
  peer: string | null,
  headers: Readonly<Record<string, string>>,
  trusted: TrustedProxies,
): string | null {
  const direct = parseAddress(peer);
  if (!direct) return null;
  if (!isTrusted(direct, trusted)) return direct.toString();

  const single = parseAddress(headers['cf-connecting-ip'] ?? null);
  if (single) return single.toString();

  let client = direct;
  const hops = (headers['x-forwarded-for'] ?? '').split(',').reverse();
  for (const hop of hops) {
    const address = parseAddress(hop);
    if (!address) break;
    client = address;
    if (!isTrusted(address, trusted)) break;
  }
  return client.toString();
}

/** The usual form of an address: IPv6 shortened, IPv4 in IPv6 as IPv4, no port; undefined for what is none. */
export function canonicalIp(text: string): string | undefined {
  return parseAnew(text)?.toString();
}

const parsed = new Map<string, Address | undefined>();

/** The same few addresses come again and again: a proxy, an office, a gateway. */
function parseAddress(text: string | null): Address | undefined {
  if (text === null || parsed.has(text)) return parsed.get(text ?? '');
  const address = parseAnew(text);
  if (parsed.size < 1_000) parsed.set(text, address);
  return address;
}

function parseAnew(text: string): Address | undefined {
  // Some proxies append a port: 203.0.113.4:1234 or [2001:db8::1]:1234.
  const bare = text.trim().replace(/^\[([^\]]+)\](?::\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'); // prettier-ignore
  if (bare.includes('%')) return undefined;
  // isValid alone would take "1" or "0x7f.1" for IPv4.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare)) return ipaddr.process(bare);
  return undefined;
}

function isTrusted(address: Address, trusted: TrustedProxies): boolean {
  return trusted.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}
