import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { createBridgeDoors } from './bridge-doors';
import { createErrorHandler } from './error-handler';

/** Behind the doors stands what would send a person to the sign-in page. */
async function ask(method: string, path: string) {
  const app = express();
  app.post('/bridge/v1/events', (_request, response) => void response.json({}));
  app.use(createBridgeDoors(['/bridge/v1/events']));
  app.use((_request, response) => response.redirect(303, '/sign-in'));
  app.use(createErrorHandler(pino({ level: 'silent' })));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const answer = await fetch(url, { method, redirect: 'manual' });
    const type = answer.headers.get('content-type')?.split(';')[0];
    return { status: answer.status, allow: answer.headers.get('allow'), type };
  } finally {
    server.close();
  }
}

const PROBLEM = 'application/problem+json';

describe('the addresses of bridges', () => {
  it.each(['GET', 'PUT', 'DELETE'])('tell a %s that they take POST only', async (method) => {
    expect(await ask(method, '/bridge/v1/events')).toEqual({ status: 405, allow: 'POST', type: PROBLEM });
  });

  it('let a POST through', async () => {
    expect(await ask('POST', '/bridge/v1/events')).toEqual({ status: 200, allow: null, type: 'application/json' });
  });

  it('say of another address that it is not there', async () => {
    expect(await ask('POST', '/bridge/v2/events')).toEqual({ status: 404, allow: null, type: PROBLEM });
  });

  it('leave the pages alone', async () => {
    expect((await ask('GET', '/entries')).status).toBe(303);
  });
});
