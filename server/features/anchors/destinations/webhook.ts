import { createHmac, createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import type { SendOutbound } from '../../../http/outbound-request';
import type { Send } from '../anchor';

const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 65_536;
const SECRET_BYTES = 32;
// What DER puts in front of the seed of an Ed25519 key (RFC 8410, section 7).
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The two secrets of a webhook, one behind the other: of HMAC-SHA256 (`v1`) and the seed of Ed25519 (`v1a`). */
export const WEBHOOK_SECRET_BYTES = 2 * SECRET_BYTES;

/** As Standard Webhooks 1.0.0 shows them: what the receiver is given. */
export function webhookKeys(secret: Buffer): { readonly secret: string; readonly publicKey: string } {
  const publicKey = createPublicKey(signingKey(secret)).export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    secret: `whsec_${secret.subarray(0, SECRET_BYTES).toString('base64')}`,
    publicKey: `whpk_${publicKey.toString('base64')}`,
  };
}

/** Standard Webhooks 1.0.0, with both kinds of signature: libraries that know `v1` alone pass over the other. */
export function signWebhook(secret: Buffer, id: string, timestamp: string, body: Buffer): string {
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const mac = createHmac('sha256', secret.subarray(0, SECRET_BYTES)).update(signed).digest('base64');
  return `v1,${mac} v1a,${sign(null, signed, signingKey(secret)).toString('base64')}`;
}

/** The same for every attempt to bring this checkpoint there. */
export function webhookId(anchorId: string, origin: string, size: number): string {
  return `msg_${hash('sha256', `${anchorId}\0${origin}\0${size}`).slice(0, 32)}`;
}

/** Posts checkpoints as webhooks. */
export function createWebhookSend(deps: { readonly outbound: SendOutbound; readonly now: () => Date }): Send {
  return async (anchor, outgoing, secret) => {
    if (secret?.length !== WEBHOOK_SECRET_BYTES)
      return { kind: 'failed', detail: 'its secret cannot be opened with this master key' };
    const { ledger, origin, size, root, note } = outgoing;
    const at = deps.now();
    const body = Buffer.from(
      JSON.stringify({ type: 'checkpoint.signed', timestamp: at.toISOString(), data: { ledger, origin, size, root, note } }), // prettier-ignore
    );
    const id = webhookId(anchor.id, origin, size);
    const timestamp = String(Math.floor(at.getTime() / 1_000));
    const answer = await deps.outbound(anchor.target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signWebhook(secret, id, timestamp, body),
      },
      body,
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      allowPrivate: anchor.settings.allowPrivate ?? false,
    });
    if (answer.status >= 200 && answer.status < 300) return { kind: 'taken', answer: null };
    const isGone = answer.status === 410;
    const retryAfterMs = retryAfter(answer.headers['retry-after'], at);
    return {
      kind: 'failed',
      detail: `the receiver answered ${answer.status}${answer.status >= 300 && answer.status < 400 ? ', a redirect, which is not followed' : ''}`,
      isGone,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  };
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function signingKey(secret: Buffer) {
  const seed = secret.subarray(SECRET_BYTES);
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}
