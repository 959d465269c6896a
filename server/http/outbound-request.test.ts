import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutbound, ForbiddenTargetError, isPublicAddress, type OutboundRequest } from './outbound-request';

const GET: OutboundRequest = { method: 'GET', timeoutMs: 2_000, maxAnswerBytes: 1_000, allowPrivate: true };
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('isPublicAddress', () => {
  it.each([
    ['192.0.32.10', true],
    ['2001:4860:4860::8888', true],
    ['127.0.0.1', false],
    ['127.8.9.1', false],
    ['::1', false],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.5', false],
    ['172.16.3.4', false],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['fe80::1', false],
    ['fc00::1', false],
    ['fd12::1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:10.0.0.5', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['not an address', false],
  ])('says of %s: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});

describe('an outbound request', () => {
  it('brings status, headers and body, and sends what it was given', async () => {
    const seen: unknown[] = [];
    const port = await serve((request, response) => {
      seen.push(request.method, request.headers['x-a'], request.headers['host']);
      request.on('data', (part: Buffer) => seen.push(part.toString()));
      request.on('end', () => response.writeHead(201, { 'x-b': 'c' }).end('answer'));
    });
    const answer = await createOutbound()(`http://127.0.0.1:${port}/x`, { ...GET, method: 'POST', headers: { 'x-a': '1' }, body: Buffer.from('body') }); // prettier-ignore
    expect([answer.status, answer.headers['x-b'], answer.body.toString()]).toEqual([201, 'c', 'answer']);
    expect(seen).toEqual(['POST', '1', `127.0.0.1:${port}`, 'body']);
  });

  it.each(['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://[::ffff:127.0.0.1]:1/', 'https://10.1.2.3/', 'http://0x7f.1/'])(
    'refuses %s unless it is allowed',
    async (url) => {
      await expect(createOutbound()(url, { ...GET, allowPrivate: false })).rejects.toThrow(ForbiddenTargetError);
    },
  ); // prettier-ignore

  it('refuses a name when one of its addresses is private', async () => {
    const send = createOutbound({ resolve: () => Promise.resolve(['192.0.32.10', '169.254.169.254']) });
    await expect(send('http://hooks.example/', { ...GET, allowPrivate: false })).rejects.toThrow('169.254.169.254');
  });

  it('refuses what is not http', async () => {
    await expect(createOutbound()('file:///etc/passwd', GET)).rejects.toThrow(ForbiddenTargetError);
  });

  it('connects to the address that was looked at, under the name that was asked for', async () => {
    const hosts: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    let asked = 0;
    const send = createOutbound({
      resolve: () => {
        asked += 1;
        return Promise.resolve(['127.0.0.1']);
      },
    });
    await send(`http://hooks.example:${port}/`, GET);
    expect([asked, hosts]).toEqual([1, [`hooks.example:${port}`]]);
  });

  it('does not follow a redirect', async () => {
    let visits = 0;
    const port = await serve((_request, response) => {
      visits += 1;
      response.writeHead(302, { location: '/again' }).end();
    });
    expect((await createOutbound()(`http://127.0.0.1:${port}/`, GET)).status).toBe(302);
    expect(visits).toBe(1);
  });

  it('gives up on an answer that is too long or never ends', async () => {
    const long = await serve((_request, response) => response.end('x'.repeat(1_001)));
    await expect(createOutbound()(`http://127.0.0.1:${long}/`, GET)).rejects.toThrow('longer than 1000 bytes');
    const slow = await serve((_request, response) => response.write('x'));
    await expect(createOutbound()(`http://127.0.0.1:${slow}/`, { ...GET, timeoutMs: 150 })).rejects.toThrow('within 150 ms'); // prettier-ignore
    const never = createOutbound({ resolve: () => new Promise(() => undefined) });
    await expect(never('http://hooks.example/', { ...GET, timeoutMs: 100 })).rejects.toThrow('within 100 ms');
  });
});
