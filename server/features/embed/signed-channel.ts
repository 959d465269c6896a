import { createHash, createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { KnownError } from '../../errors';
import type { ActiveBridge } from '../access/bridge-service';

/** A request of a paired bridge whose signature and time are right. */
export interface SignedRequest {
  readonly bridge: ActiveBridge;
  /** The secret that the bridge signed with; answers are signed with the same. */
  readonly secret: Buffer;
  readonly webhookId: string;
  readonly body: Buffer;
}

export interface ChannelDeps {
  findBridge(id: string): Promise<ActiveBridge | undefined>;
  /** Of the bridge's secrets the one that signed this body at this time; undefined for none. */
  findSecret(
    bridge: ActiveBridge,
    headers: { readonly id: string; readonly timestamp: string; readonly signature: string },
    body: Buffer,
    now: Date,
  ): Buffer | undefined;
  now(): Date;
}

/** Every refusal is the same `delivery_refused`, as for events: it never says what was wrong. */
export async function openSigned(request: Request, deps: ChannelDeps): Promise<SignedRequest> {
  const headers = {
    id: request.get('webhook-id') ?? '',
    timestamp: request.get('webhook-timestamp') ?? '',
    signature: request.get('webhook-signature') ?? '',
  };
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const bridge = await deps.findBridge(request.get('sealtrail-bridge') ?? '').catch((error: unknown) => {
    throw new KnownError('cannot_commit', 'the database does not answer', { cause: error });
  });
  const secret = bridge && deps.findSecret(bridge, headers, body, deps.now());
  if (!bridge || !secret) throw new KnownError('delivery_refused');
  return { bridge, secret, webhookId: headers.id, body };
}

const ANSWER_HEADER = 'sealtrail-answer';
const STREAMED = 'streamed';

/**
 * Signs an answer, because the billing system shows it under its own origin: who has taken our port must not be able to put a
 * script there. `v1,` + base64 of HMAC-SHA256 over the lines "answer", webhook-id, status, Content-Type, Content-Disposition,
 * Location and SHA-256 of the body. A download is not held back for that: its last line is "streamed", and it is never shown.
 */
export function signAnswer(response: Response, { secret, webhookId }: SignedRequest): void {
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => Response;
  const held: Buffer[] = [];

  const sign = (digest: string) => {
    const header = (name: string) => String(response.getHeader(name) ?? '');
    const lines = [
      'answer',
      webhookId,
      String(response.statusCode),
      header('content-type'),
      header('content-disposition'),
      header('location'),
      digest,
    ];
    const mac = createHmac('sha256', secret).update(lines.join('\n')).digest('base64');
    response.setHeader(ANSWER_HEADER, `v1,${mac}`);
  };
  const isDownload = () => {
    if (response.headersSent) return true;
    if (!/^attachment\b/.test(String(response.getHeader('content-disposition') ?? ''))) return false;
    sign(STREAMED);
    return true;
  };
  const hold = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk === 'string')
      held.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')); // prettier-ignore
    else if (chunk instanceof Uint8Array) held.push(Buffer.from(chunk));
  };

  response.write = ((...args: unknown[]) => {
    if (isDownload()) return write(...args);
    hold(args[0], args[1]);
    const done = args.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  }) as typeof response.write;

  response.end = ((...args: unknown[]) => {
    if (isDownload()) return end(...args);
    hold(args[0], args[1]);
    const body = Buffer.concat(held);
    sign(createHash('sha256').update(body).digest('hex'));
    const done = args.at(-1);
    return typeof done === 'function' ? end(body, done) : end(body);
  }) as typeof response.end;
}
