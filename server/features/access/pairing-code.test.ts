import { pairingCode } from './pairing-code';

it('holds address, id and secret, without a character that a form or a mail would change', () => {
  const code = pairingCode({ url: 'https://audit.example.org/日本', id: '0193b2e4', secret: 'whsec_a+/b==' });
  expect(code).toMatch(/^stp1\.[\w-]+$/);
  expect(JSON.parse(Buffer.from(code.slice(5), 'base64url').toString('utf8'))).toEqual({
    u: 'https://audit.example.org/日本',
    i: '0193b2e4',
    s: 'whsec_a+/b==',
  });
});
