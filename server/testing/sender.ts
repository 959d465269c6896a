import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { v7 as uuidv7 } from 'uuid';

export interface BridgeCredentials {
  readonly id: string;
  /** `whsec_...` */
  readonly secret: string;
}

export interface SentReceipt {
  readonly id: string;
  readonly part: number;
  readonly ledger: string;
  readonly seq: number;
  readonly hash: string;
}

export interface SenderAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed answer of a delivery that was taken; see `text` for any other. */
  readonly body: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly quarantined: number;
    readonly receipts: readonly SentReceipt[];
  };
}

export interface SendOptions {
  readonly gzip?: boolean;
  /** The time that is signed; the sender's clock by default. */
  readonly at?: Date;
  /** Where it goes; deliveries by default. */
  readonly path?: string;
  /** Headers to add or replace; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** A bridge as CONTRACT section 4 describes it, written without the program's own signing code. */
export interface Sender {
  readonly bridge: BridgeCredentials;
  send(events: readonly unknown[], options?: SendOptions): Promise<SenderAnswer>;
  sendBody(body: string | Buffer, options?: SendOptions): Promise<SenderAnswer>;
}

export function createSender(url: string, bridge: BridgeCredentials, now: () => Date = () => new Date()): Sender {
  async function sendBody(content: string | Buffer, options: SendOptions = {}): Promise<SenderAnswer> {
    const plain = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    const body = options.gzip ? gzipSync(plain) : plain;
    const id = `msg_${uuidv7()}`;
    const timestamp = String(Math.floor((options.at ?? now()).getTime() / 1000));
    const headers: Record<string, string | undefined> = {
      'content-type': 'application/json',
      'content-encoding': options.gzip ? 'gzip' : undefined,
      'sealtrail-bridge': bridge.id,
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatureOf(bridge.secret, id, timestamp, body),
      ...options.headers,
    };
    const response = await fetch(`${url}${options.path ?? '/bridge/v1/events'}`, {
      method: 'POST',
      redirect: 'manual',
      headers: Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined),
      body,
    });
    const text = await response.text();
    const isTaken = response.status === 200 && /^application\/json\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isTaken ? JSON.parse(text) : {}) as SenderAnswer['body'],
    };
  }
  return { bridge, send: (events, options) => sendBody(JSON.stringify({ events }), options), sendBody };
}

/** Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body` with the bytes behind `whsec_`. */
export function signatureOf(secret: string, id: string, timestamp: string, body: Buffer): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}
