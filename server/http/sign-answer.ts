import { createHash, createHmac } from 'node:crypto';
import type { Response } from 'express';

const ANSWER_HEADER = 'sealtrail-answer';
const STREAMED = 'streamed';

/**
 * Signs an answer, because the billing system shows it under its own origin: who has taken our port must not be able to put a
 * script there. `v1,` + base64 of HMAC-SHA256 over the lines "answer", webhook-id, status, Content-Type, Content-Disposition,
 * Location and SHA-256 of the body; two signatures while the bridge's secret is being replaced. A download is not held back for that: its last line is "streamed", and it is never shown.
 */
export function signAnswer(
  response: Response,
  bridge: { readonly secrets: readonly Buffer[] },
  webhookId: string,
): void {
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
    const macs = bridge.secrets.map((key) => createHmac('sha256', key).update(lines.join('\n')).digest('base64'));
    response.setHeader(ANSWER_HEADER, macs.map((mac) => `v1,${mac}`).join(' '));
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
