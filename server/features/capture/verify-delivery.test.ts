import { createFixedClock } from '../../testing/fixed-clock';
import { readVectors } from '../../testing/vectors';
import { findDeliveryProblem, parseSecret, signDelivery, type DeliveryHeaders } from './verify-delivery';

interface SignatureInput {
  readonly secret: string;
  readonly id: string;
  readonly timestamp: string;
  readonly body: string;
}
const VECTORS = readVectors<SignatureInput, { signature: string }>('delivery-signature');

const SECRET = Buffer.alloc(32, 5);
const OTHER_SECRET = Buffer.alloc(32, 6);
const BODY = Buffer.from('{"events":[{"subject":"退款 😀"}]}');
const TIMESTAMP = '1795219323';
const SIGNED_AT = new Date(1_795_219_323_000).toISOString();

const signatureOf = (secret: Buffer, id = 'msg-1', timestamp = TIMESTAMP, body = BODY) =>
  `v1,${signDelivery(secret, id, timestamp, body).toString('base64')}`;

function check(headers: Partial<DeliveryHeaders> = {}, options: { body?: Buffer; now?: Date; secret?: Buffer } = {}) {
  const whole = { id: 'msg-1', timestamp: TIMESTAMP, signature: signatureOf(SECRET), ...headers };
  return findDeliveryProblem(
    options.secret ?? SECRET,
    whole,
    options.body ?? BODY,
    options.now ?? createFixedClock(SIGNED_AT).now(),
  );
}

function secondsLater(seconds: number): Date {
  const clock = createFixedClock(SIGNED_AT);
  clock.advance(seconds * 1000);
  return clock.now();
}

describe('findDeliveryProblem', () => {
  it.each(VECTORS)('accepts the golden signature of $name: $description', ({ input, result }) => {
    const secret = parseSecret(input.secret) as Buffer;
    const headers = { id: input.id, timestamp: input.timestamp, signature: result.signature };
    const now = new Date(Number(input.timestamp) * 1000);
    expect(`v1,${signDelivery(secret, input.id, input.timestamp, Buffer.from(input.body)).toString('base64')}`).toBe(
      result.signature,
    );
    expect(findDeliveryProblem(secret, headers, Buffer.from(input.body), now)).toBeUndefined();
  });

  it.each([0, 299, 300, -299, -300])('accepts a delivery whose time differs by %i seconds', (seconds) => {
    expect(check({}, { now: secondsLater(seconds) })).toBeUndefined();
  });

  it.each([301, 3600, 86_400 * 365])('refuses a delivery %i seconds old', (seconds) => {
    expect(check({}, { now: secondsLater(seconds) })).toBe('stale');
  });

  it.each([-301, -3600])('refuses a delivery from the future (%i seconds)', (seconds) => {
    expect(check({}, { now: secondsLater(seconds) })).toBe('stale');
  });

  it('accepts one right signature among several, as during a rotation', () => {
    expect(check({ signature: `${signatureOf(OTHER_SECRET)} ${signatureOf(SECRET)}` })).toBeUndefined();
    expect(check({ signature: `v1a,AAAA v2,AAAA ${signatureOf(SECRET)} v1,` })).toBeUndefined();
  });

  it.each([
    ['none', ''],
    ['only a space', ' '],
    ['an empty one', 'v1,'],
    ['the version alone', 'v1'],
    ['of another key', signatureOf(OTHER_SECRET)],
    ['of another id', signatureOf(SECRET, 'msg-2')],
    ['of another time', signatureOf(SECRET, 'msg-1', '1795219324')],
    ['of another body', signatureOf(SECRET, 'msg-1', TIMESTAMP, Buffer.from('{}'))],
    ['cut', signatureOf(SECRET).slice(0, -8)],
    ['with something behind it', `${signatureOf(SECRET)}AAAA`],
    ['of another version', signatureOf(SECRET).replace('v1,', 'v1a,')],
    ['without its version', signatureOf(SECRET).slice(3)],
    ['with the version in capitals', signatureOf(SECRET).replace('v1,', 'V1,')],
    ['in hex', `v1,${signDelivery(SECRET, 'msg-1', TIMESTAMP, BODY).toString('hex')}`],
    ['with commas instead of spaces', `${signatureOf(OTHER_SECRET)},${signatureOf(SECRET)}`],
  ])('refuses a signature that is %s', (_name, signature) => {
    expect(check({ signature })).toBe('signature');
  });

  it('refuses a body with one bit changed', () => {
    const body = Buffer.from(BODY);
    body[10] = (body[10] as number) ^ 1;
    expect(check({}, { body })).toBe('signature');
  });

  it.each(['a.b', '.', `${TIMESTAMP}.x`, '', 'x'.repeat(257)])(
    'refuses the id %j, though it is signed rightly',
    (id) => {
      expect(check({ id, signature: signatureOf(SECRET, id) })).toBe('headers');
    },
  );

  it('does not take a part of the id for the time', () => {
    const body = Buffer.from(`5.${BODY.toString()}`);
    const signature = signatureOf(SECRET, 'msg-1', TIMESTAMP, body);
    expect(check({ id: `msg-1.${TIMESTAMP}`, timestamp: '5', signature }, { now: new Date(5000) })).toBe('headers');
  });

  it.each([
    '',
    ' ',
    '1795219323.0',
    '1795219323 ',
    ' 1795219323',
    '+1795219323',
    '-1',
    '1e9',
    '0x6b0',
    'NaN',
    '17952193230000',
    '１７９５２１９３２３',
    '1795219323\n',
  ])('refuses the time %j, though it is signed rightly', (timestamp) => {
    expect(check({ timestamp, signature: signatureOf(SECRET, 'msg-1', timestamp) })).toBe('headers');
  });
});

describe('parseSecret', () => {
  const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 3).toString('base64')}`;

  it.each([24, 32, 64])('gives the %i bytes behind the prefix', (bytes) => {
    expect(parseSecret(secretOf(bytes))).toEqual(Buffer.alloc(bytes, 3));
  });

  it.each([
    '',
    'whsec_',
    secretOf(23),
    secretOf(65),
    secretOf(32).slice(6),
    secretOf(32).replace('whsec_', 'whpk_'),
    ` ${secretOf(32)}`,
  ])('refuses %j', (text) => {
    expect(parseSecret(text)).toBeUndefined();
  });
});
