import { lookup } from 'node:dns/promises';
import { request as requestHttp, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  /** The operator said that this target may lie in a private network or on this machine. */
  readonly allowPrivate: boolean;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The address is one that we do not connect to. */
export class ForbiddenTargetError extends Error {
  override name = 'ForbiddenTargetError';
}

export type Resolve = (host: string) => Promise<readonly string[]>;

/** Sends one request to an address that somebody configured. Never follows a redirect: its answer comes back as it is. */
export type SendOutbound = (url: string, request: OutboundRequest) => Promise<OutboundAnswer>;

/**
 * A name is resolved once, every address it has must be allowed, and the connection goes to an address that was looked at:
 * who changes the name's answer in between (DNS rebinding) gains nothing. Throws ForbiddenTargetError, or what the network says.
 */
export function createOutbound({ resolve = resolveAll }: { readonly resolve?: Resolve } = {}): SendOutbound {
  return async (where, request) => {
    const url = new URL(where);
    const isTls = url.protocol === 'https:';
    if (!isTls && url.protocol !== 'http:') throw new ForbiddenTargetError(`${url.protocol} is neither http nor https`);
    const signal = AbortSignal.timeout(request.timeoutMs);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const address = await aborted(checkedAddress(host, request.allowPrivate, resolve), signal, request.timeoutMs);
    const options: RequestOptions = {
      method: request.method,
      headers: {
        'user-agent': 'sealtrail',
        ...(request.body ? { 'content-length': String(request.body.length) } : {}),
        ...request.headers,
      },
      lookup: always(address),
      agent: false,
      signal,
    };
    const send = isTls ? requestHttps : requestHttp;
    return new Promise((settle, reject) => {
      const fail = (error: Error) =>
        reject(signal.aborted ? new Error(`no whole answer within ${request.timeoutMs} ms`, { cause: error }) : error);
      const call = send(url, options, (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > request.maxAnswerBytes)
            response.destroy(new Error(`the answer is longer than ${request.maxAnswerBytes} bytes`));
          else parts.push(part);
        });
        response.on('error', fail);
        response.on('end', () =>
          settle({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      });
      call.on('error', fail);
      call.end(request.body);
    });
  };
}

async function checkedAddress(host: string, allowPrivate: boolean, resolve: Resolve): Promise<string> {
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const [first] = addresses;
  if (first === undefined) throw new Error(`${host} has no address`);
  const refused = allowPrivate ? undefined : addresses.find((address) => !isPublicAddress(address));
  if (refused !== undefined)
    throw new ForbiddenTargetError(
      `${host} is ${refused}, which is not a public address; if that is meant, add it with --allow-private`,
    );
  return first;
}

/** Whether an address is of the public Internet: loopback, link-local, private, unique-local, multicast and reserved are not. */
export function isPublicAddress(address: string): boolean {
  // An IPv6 form of an IPv4 address is that IPv4 address.
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function always(address: string): LookupFunction {
  const family = isIP(address);
  return (_host, options, done) => {
    if (options.all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}

function aborted<T>(work: Promise<T>, signal: AbortSignal, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no whole answer within ${timeoutMs} ms`)), { once: true });
    work.then(resolve, reject);
  });
}
