import { hashIp } from '../../core/ip-hash';
import { anActivityLine, aHookCall, anActor, aTableChange } from '../../testing/builders';
import { hideAddresses, hideAllIps, hideIp, type Addressing } from './hide-addresses';

const hashed: Addressing = { trustedProxies: [], ipMode: 'hashed', ipSalt: 'salt' };
const none: Addressing = { ...hashed, ipMode: 'none' };
const full: Addressing = { ...hashed, ipMode: 'full' };

const VISITOR = '203.0.113.42';
const SIX = '2001:db8::1';
const HASH = hashIp(VISITOR, 'salt');
const HASH_SIX = hashIp(SIX, 'salt');

const aRequest = {
  peer: '198.51.100.1',
  headers: { 'x-forwarded-for': `${VISITOR}, 198.51.100.2`, 'cf-connecting-ip': SIX, forwarded: `for="[2001:db8::2]:47"` }, // prettier-ignore
  whmcsIp: VISITOR,
  userAgent: `Probe/1.0 (from ${VISITOR})`,
  via: 'ui',
  script: 'login.php',
  session: null,
} as const;

describe('an address', () => {
  it('becomes the first 16 hex digits of SHA-256 over it and the salt', () => {
    // printf '203.0.113.42salt' | sha256sum
    expect(HASH).toBe('145fcdba486bb0be');
    expect(hideIp(VISITOR, hashed)).toBe(HASH);
  });

  it.each(['2001:DB8:0:0:0:0:0:1', '2001:db8::1', '[2001:db8::1]:443'])('is the same one written as %s', (written) => {
    expect(hideIp(written, hashed)).toBe(HASH_SIX);
  });

  it('differs with the salt of another installation', () => {
    expect(hideIp(VISITOR, { ...hashed, ipSalt: 'other' })).not.toBe(HASH);
  });

  it('is nothing in the mode none, and itself in the mode full', () => {
    expect(hideIp(VISITOR, none)).toBeNull();
    expect(hideIp(VISITOR, full)).toBe(VISITOR);
  });
});

describe('hideAddresses', () => {
  it('leaves an item alone in the mode full', () => {
    const item = aHookCall({ request: aRequest });
    expect(hideAddresses(item, full)).toBe(item);
  });

  it('hides what the request came with, and forgets its headers', () => {
    expect(hideAddresses(aHookCall({ request: aRequest }), hashed).request).toEqual({
      ...aRequest,
      peer: hashIp('198.51.100.1', 'salt'),
      headers: {},
      whmcsIp: HASH,
      userAgent: `Probe/1.0 (from ${HASH})`,
    });
    expect(hideAddresses(aHookCall({ request: aRequest }), none).request).toMatchObject({
      peer: null,
      whmcsIp: null,
      userAgent: 'Probe/1.0 (from [ip removed])',
    });
  });

  it('finds the same addresses wherever else they stand, in names and in depth', () => {
    const params = { note: `seen at ${VISITOR}.`, deep: [{ [VISITOR]: `a ${SIX}, b` }], other: '192.0.2.9', version: '1.2.3.4' }; // prettier-ignore
    const { params: hidden } = hideAddresses(
      aHookCall({ request: aRequest, params, before: { was: VISITOR } }),
      hashed,
    );
    expect(hidden).toEqual({
      note: `seen at ${HASH}.`,
      deep: [{ [HASH]: `a ${HASH_SIX}, b` }],
      other: '192.0.2.9',
      version: '1.2.3.4',
    });
  });

  it.each(['ip', 'IP', 'ipaddress', 'ip_address', 'ipaddr', 'lastip', 'last_login_ip', 'client.ip', 'remote_addr'])(
    'takes every address in a field called %s for a visitor’s',
    (name) => {
      const hidden = hideAddresses(
        aHookCall({ params: { [name]: '192.0.2.9', nested: { [name]: ['192.0.2.9'] } } }),
        none,
      );
      expect(JSON.stringify(hidden.params)).not.toContain('192.0.2.9');
    },
  );

  it('leaves the addresses of servers and name servers', () => {
    const server = aTableChange({ table: 'tblservers', before: { ipaddress: '192.0.2.1' }, after: { ipaddress: '192.0.2.2' } }); // prettier-ignore
    expect(hideAddresses(server, none)).toMatchObject({ before: { ipaddress: '192.0.2.1' }, after: { ipaddress: '192.0.2.2' } }); // prettier-ignore
    const params = { dedicatedip: '192.0.2.3', ns1: 'ns1.example.com (192.0.2.4)' };
    expect(hideAddresses(aHookCall({ params }), none).params).toEqual(params);
  });

  it('hides every address in a line of the activity log', () => {
    const text = 'Failed Admin Login Attempt - IP:2001:db8::9: blocked, before from 192.0.2.9 at 12:30:45';
    expect(hideAddresses(anActivityLine({ text }), none)).toMatchObject({
      text: 'Failed Admin Login Attempt - IP:[ip removed]: blocked, before from [ip removed] at 12:30:45',
    });
  });

  it('hides a gateway that is known by its address alone', () => {
    const actor = anActor({ type: 'gateway', id: '192.0.2.9', name: null, role: null });
    expect(hideAddresses(aHookCall({ actor }), hashed).actor.id).toBe(hashIp('192.0.2.9', 'salt'));
    expect(hideAddresses(aHookCall({ actor }), none).actor.id).toBeNull();
  });
});

describe('hideAllIps', () => {
  it.each([
    ['{"peer":"203.0.113.42","x":"::ffff:203.0.113.42"}', `{"peer":"${HASH}","x":"${HASH}"}`],
    [`http://[${SIX}]:8080/ and ${VISITOR}:443`, `http://[${HASH_SIX}]:8080/ and ${HASH}:443`],
    [
      '2026-11-21 12:30:45, 1.2.3.4.5, 999.1.1.1, a::b::c, ::',
      '2026-11-21 12:30:45, 1.2.3.4.5, 999.1.1.1, a::b::c, ::',
    ],
  ])('reads %s', (text, hidden) => {
    expect(hideAllIps(text, hashed)).toBe(hidden);
  });
});
