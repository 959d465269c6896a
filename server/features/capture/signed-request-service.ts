import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { MAX_BODY_BYTES, type SignedDelivery } from './sender-check-service';

/** Reads the body of a request that a bridge signed, as it came. */
export const signedBody: readonly RequestHandler[] = [
  sendAsIs,
  express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false }),
];

/** The request behind `signedBody`, ready for the sender check. */
export function readSigned(request: Request, response: Response, ip: string | null): SignedDelivery {
  return {
    bridgeId: request.get('sealtrail-bridge') ?? '',
    headers: {
      id: request.get('webhook-id') ?? '',
      timestamp: request.get('webhook-timestamp') ?? '',
      signature: request.get('webhook-signature') ?? '',
    },
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    encoding: String(response.locals['encoding'] ?? ''),
    ip,
  };
}

/** body-parser refuses an encoding it is told not to inflate; inflating is ours, because the limit and the signature are. */
function sendAsIs(request: Request, response: Response, next: NextFunction): void {
  const encoding = (request.get('content-encoding') ?? '').trim().toLowerCase();
  response.locals['encoding'] = encoding === 'x-gzip' ? 'gzip' : encoding;
  delete request.headers['content-encoding'];
  next();
}
