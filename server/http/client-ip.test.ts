import { parseTrustedProxies, resolveClientIp } from './client-ip';

const TRUSTED = parseTrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8:f::/48', '::1', '127.0.0.1']);

const resolve = (peer: string | null, headers: Record<string, string> = {}) => resolveClientIp(peer, headers, TRUSTED);
const forwarded = (value: string, peer = '10.0.0.5') => resolve(peer, { 'x-forwarded-for': value });

describe('resolveClientIp', () => {
  it('takes a peer that is no trusted proxy for the client, whatever the headers say', () => {
    expect(resolve('203.0.113.9', { 'x-forwarded-for': '198.51.100.1', 'cf-connecting-ip': '198.51.100.2' })).toBe(
      '203.0.113.9',
    );
  });

  it('trusts nobody when the list is empty', () => {
    expect(
      resolveClientIp('10.0.0.5', { 'x-forwarded-for': '198.51.100.1', 'cf-connecting-ip': '198.51.100.2' }, []),
    ).toBe('10.0.0.5');
  });

  it('takes the peer when a trusted proxy says nothing', () => {
    expect(resolve('10.0.0.5')).toBe('10.0.0.5');
    expect(forwarded('')).toBe('10.0.0.5');
  });

  it.each([
    ['one hop', '198.51.100.1', '198.51.100.1'],
    ['a trusted hop to the right', '198.51.100.1, 10.1.2.3', '198.51.100.1'],
    ['several trusted hops', '198.51.100.1, 192.0.2.7, 10.1.2.3,10.9.9.9', '198.51.100.1'],
    ['a forged part to the left', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['a forged trusted address to the left', '10.0.0.1, 198.51.100.1, 10.1.2.3', '198.51.100.1'],
    ['a forged loopback to the left', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['a thousand forged parts', `${'6.6.6.6, '.repeat(1000)}198.51.100.1`, '198.51.100.1'],
    ['nothing but trusted hops', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['white space', '  198.51.100.1  ,  10.1.2.3  ', '198.51.100.1'],
    ['a port', '198.51.100.1:51234', '198.51.100.1'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 with a port', '[2001:db8::1]:443', '2001:db8::1'],
    ['IPv6 behind a trusted IPv6 hop', '2001:db8::1, 2001:db8:f::9', '2001:db8::1'],
    ['IPv6 written at length', '2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['IPv4-mapped IPv6', '::ffff:198.51.100.1', '198.51.100.1'],
    ['IPv4-mapped IPv6 in hex', '::ffff:c633:6401', '198.51.100.1'],
    ['a trusted hop as IPv4-mapped IPv6', '198.51.100.1, ::ffff:10.1.2.3', '198.51.100.1'],
  ])('walks X-Forwarded-For from right to left: %s', (_name, value, client) => {
    expect(forwarded(value)).toBe(client);
  });

  it.each([
    ['a word', '198.51.100.1, unknown', '10.0.0.5'],
    ['a word left of a trusted hop', '198.51.100.1, unknown, 10.1.2.3', '10.1.2.3'],
    ['an empty part', '198.51.100.1, , 10.1.2.3', '10.1.2.3'],
    ['an address with too large a number', '198.51.100.256', '10.0.0.5'],
    ['a short address', '1.2.3', '10.0.0.5'],
    ['a decimal address', '3325256705', '10.0.0.5'],
    ['an octal address', '0306.0063.0144.0001', '10.0.0.5'],
    ['a hexadecimal address', '0xc6.0x33.0x64.0x01', '10.0.0.5'],
    ['a zone', 'fe80::1%eth0', '10.0.0.5'],
    ['a script', '<script>alert(1)</script>', '10.0.0.5'],
    ['SQL', "1.2.3.4' OR '1'='1", '10.0.0.5'],
    ['a line end', '1.2.3.4\r\nx: y', '10.0.0.5'],
    ['digits of another script', '１.２.３.４', '10.0.0.5'],
    ['semicolons instead of commas', '198.51.100.1; 10.1.2.3', '10.0.0.5'],
    ['a CIDR', '198.51.100.0/24', '10.0.0.5'],
  ])('ends the walk at %s: what stands left of it could be forged', (_name, value, client) => {
    expect(forwarded(value)).toBe(client);
  });

  it('takes CF-Connecting-IP from a trusted peer before X-Forwarded-For', () => {
    expect(resolve('10.0.0.5', { 'cf-connecting-ip': '198.51.100.2', 'x-forwarded-for': '198.51.100.1' })).toBe(
      '198.51.100.2',
    );
  });

  it.each(['', 'unknown', '198.51.100.2, 198.51.100.3', '1.2.3'])('passes over a CF-Connecting-IP of %j', (value) => {
    expect(resolve('10.0.0.5', { 'cf-connecting-ip': value, 'x-forwarded-for': '198.51.100.1' })).toBe('198.51.100.1');
  });

  it.each([
    ['::ffff:10.0.0.5', '198.51.100.1'],
    ['192.0.2.7', '198.51.100.1'],
    ['192.0.2.8', '192.0.2.8'],
    ['2001:db8:f:1::1', '198.51.100.1'],
    ['2001:db8:e::1', '2001:db8:e::1'],
    ['::1', '198.51.100.1'],
    ['[::1]:4711', '198.51.100.1'],
    ['11.0.0.1', '11.0.0.1'],
  ])('with the peer %s says %s', (peer, client) => {
    expect(forwarded('198.51.100.1', peer)).toBe(client);
  });

  it.each([null, '', ' ', 'localhost', 'unix:', '/run/php.sock', '10.0.0.256'])(
    'says null for the peer %j, and believes no header of it',
    (peer) => {
      expect(resolve(peer, { 'x-forwarded-for': '198.51.100.1', 'cf-connecting-ip': '198.51.100.2' })).toBeNull();
    },
  );

  it('takes no header from what every object inherits', () => {
    expect(
      resolve('10.0.0.5', JSON.parse('{"__proto__":{"x-forwarded-for":"198.51.100.1"}}') as Record<string, string>),
    ).toBe('10.0.0.5');
  });
});

describe('parseTrustedProxies', () => {
  it.each(['10.0.0.0/33', '::/129', 'proxy.example.org', '10.0.0.0/', '', '10.0.0/8x'])('throws on %j', (item) => {
    expect(() => parseTrustedProxies([item])).toThrow();
  });

  it('takes the whole Internet only when told so', () => {
    expect(
      resolveClientIp('203.0.113.9', { 'x-forwarded-for': '198.51.100.1' }, parseTrustedProxies(['0.0.0.0/0'])),
    ).toBe('198.51.100.1');
    expect(
      resolveClientIp('2001:db8::9', { 'x-forwarded-for': '198.51.100.1' }, parseTrustedProxies(['0.0.0.0/0'])),
    ).toBe('2001:db8::9');
  });
});
