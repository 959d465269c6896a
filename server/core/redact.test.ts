import type { JsonObject } from './canonical-json';
import { redact, REDACTED } from './redact';

// Published test numbers of card schemes; none is a real card.
const CARDS = [
  '4111111111111111',
  '5555555555554444',
  '378282246310005',
  '6011000990139424',
  '3530111333300000',
  '4222222222222',
  '6304000000000000000',
];

describe('redact', () => {
  it.each([
    ...[
      'password',
      'Password',
      'PASSWORD',
      'password2',
      'oldpassword',
      'newpassword',
      'serverpassword',
      'passwordhash',
      'password_hash',
    ],
    ...['pass', 'passwd', 'pwd', 'passphrase', 'ftp_pass', 'db-passwd', 'smtp.pwd'],
    ...['secret', 'client_secret', 'clientSecret', 'secretKey', 'webhook-secret', 'totp_secret'],
    ...['token', 'access_token', 'refresh-token', 'csrf.token', 'remember_token'],
    ...['cvv', 'cvv2', 'cvc', 'cardcvv', 'cccvv', 'cardnum', 'cardnumber', 'ccnum', 'pan', 'card_cvv'],
    ...['epp', 'eppcode', 'EPPCode', 'authcode', 'transfercode', 'authdata', 'params.eppcode'],
    ...[
      'privatekey',
      'private_key',
      'privateKey',
      'ssl_private_key',
      'apikey',
      'api_key',
      'apiKey',
      'access_key',
      'accesskey',
    ],
    ...['serveraccesshash', 'credential', 'credentials', 'cookie', 'session.cookie', 'securityqans'],
  ])('takes away the value of %s', (name) => {
    expect(redact({ [name]: 'S3CRET-value' })).toEqual({ [name]: REDACTED });
  });

  // Names that the bridge's own list (SecretNames.php) has: the second net must not be wider-meshed than the first.
  it.each([
    ...['apiToken', 'authToken', 'accessToken', 'csrftoken', 'stripeApiKey', 'live_api_key2', 'authkey', 'accesskeyid'],
    ...['cardno', 'cardstart', 'cvc2', 'cardcvc', 'authinfo', 'securityanswer', 'bankacct', 'bankaccount'],
    ...['backupcode', 'recoverycode', 'resetkey', 'accesshash', 'identifierhash', 'encryptionhash', 'authorization'],
    ...[
      'PHPSESSID',
      'sessionid',
      'domainepp',
      'otp',
      'pin',
      'iban',
      'totp',
      'salt',
      'credentialsJson',
      'sessionCookies',
    ],
  ])('takes away the value of %s, as the bridge does', (name) => {
    expect(redact({ [name]: 'S3CRET-value' })).toEqual({ [name]: REDACTED });
  });

  it.each([
    'passport_country',
    'company',
    'panel',
    'password_changed',
    'passwordexpiry',
    'last_password_change',
    'keyboard',
    'username',
    'span',
  ])('leaves %s alone', (name) => {
    expect(redact({ [name]: 'value' })).toEqual({ [name]: 'value' });
  });

  it('takes away a secret of any type: text, number, list, object', () => {
    expect(redact({ password: 12345, token: ['a', 'b'], secret: { inner: 'x' } })).toEqual({
      password: REDACTED,
      token: REDACTED,
      secret: REDACTED,
    });
  });

  it('keeps what only tells whether there is a secret', () => {
    const flags = { password: '', token: null, secret: true, cvv: false };
    expect(redact(flags)).toEqual(flags);
  });

  it('keeps the two words by which a bridge shows that a secret changed', () => {
    expect(redact({ passwordhash: '[redacted]' })).toEqual({ passwordhash: '[redacted]' });
    expect(redact({ passwordhash: '[changed]' })).toEqual({ passwordhash: '[changed]' });
  });

  it('finds secrets at any depth, in lists too', () => {
    const deep = { a: [{ b: { c: [{ password: 'S3CRET', name: 'kept' }] } }] };
    expect(redact(deep)).toEqual({ a: [{ b: { c: [{ password: REDACTED, name: 'kept' }] } }] });
  });

  it('takes away listed paths, in any case, also inside lists, and nothing else of that name', () => {
    const payload = { Params: { ServerHost: 'x', list: [{ hidden: 'x' }] }, ServerHost: 'kept' };
    expect(redact(payload, ['params.serverhost', 'params.list.hidden'])).toEqual({
      Params: { ServerHost: REDACTED, list: [{ hidden: REDACTED }] },
      ServerHost: 'kept',
    });
  });

  it('does not change what it was given', () => {
    const payload = { password: 'S3CRET', note: `card ${CARDS[0]}` };
    const copy = structuredClone(payload);
    redact(payload);
    expect(payload).toEqual(copy);
  });

  it('keeps a member called __proto__ as a member, and looks into it', () => {
    const payload = JSON.parse(
      '{"__proto__":{"password":"S3CRET","isAdmin":true},"constructor":{"token":"S3CRET"}}',
    ) as JsonObject;
    const clean = redact(payload);
    expect(JSON.stringify(clean)).toBe(
      '{"__proto__":{"password":"[redacted]","isAdmin":true},"constructor":{"token":"[redacted]"}}',
    );
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('card numbers in text', () => {
  const clean = (text: string) => redact({ note: text })['note'];

  it.each(CARDS)('masks %s and keeps its last four digits', (card) => {
    expect(clean(`paid with ${card}, thanks`)).toBe(`paid with [card ending ${card.slice(-4)}], thanks`);
  });

  it.each(['4111 1111 1111 1111', '4111-1111-1111-1111', '3782 822463 10005'])(
    'masks %s, written in groups',
    (card) => {
      expect(clean(`card ${card} used`)).toBe(`card [card ending ${card.slice(-4)}] used`);
    },
  );

  it('masks every number of a text', () => {
    expect(clean(`${CARDS[0]} then ${CARDS[1]}`)).toBe('[card ending 1111] then [card ending 4444]');
  });

  it('masks numbers inside lists and objects', () => {
    expect(redact({ a: [{ b: `x ${CARDS[0]}` }] })).toEqual({ a: [{ b: 'x [card ending 1111]' }] });
  });

  // CardNumbers.php tries every group, so that a date or a counter in front hides nothing.
  it.each([
    ['a day in front', `21 ${CARDS[0]}`],
    ['a date in front', `2026-11-21 ${CARDS[0]}`],
    ['an expiry date behind', `${CARDS[0]} 12 28`],
    ['letters right before it', `card${CARDS[0]}`],
    ['letters right behind it', `${CARDS[0]}exp`],
    ['an underscore before it', `card_${CARDS[0]}`],
  ])('masks a number with %s', (_name, text) => {
    expect(clean(text)).not.toContain(CARDS[0]);
  });

  it('masks a number that came as a JSON number', () => {
    expect(JSON.stringify(redact({ note: Number(CARDS[0]) }))).not.toContain(CARDS[0]);
  });

  it.each([
    ['4111111111111112', 'fails the check digit'],
    ['411111111111', 'is too short'],
    ['41111111111111111111', 'is too long'],
    ['2026-11-21 08:15:30', 'is a date'],
  ])('leaves %s alone, which %s', (text) => {
    expect(clean(`no ${text} here`)).toBe(`no ${text} here`);
  });

  // Each holds digits that pass the Luhn check.
  it.each([
    'DE02 1203 0000 0000 2020 51',
    'DE75 5121 0800 1245 1261 99',
    'DE12 5001 0517 0648 4898 90',
    'DE02120300000000202051',
    'GB29 NWBK 6016 1331 9268 19',
    'LT12 1000 0111 0100 1000',
  ])('leaves the bank account %s alone, which is evidence', (iban) => {
    expect(clean(`IBAN ${iban} PLEASE, card ${CARDS[0]}`)).toBe(`IBAN ${iban} PLEASE, card [card ending 1111]`);
  });

  it('masks a card that only looks like the end of an IBAN', () => {
    expect(clean(`DE00 ${CARDS[0]}`)).not.toContain(CARDS[0]);
  });

  it('takes linear time for a long run of digits', () => {
    const started = Date.now();
    clean('1 '.repeat(50_000));
    clean('7'.repeat(100_000));
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});
