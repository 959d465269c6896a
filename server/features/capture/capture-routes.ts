import express, { Router } from 'express';
import type { CaptureService } from './capture-service';
import { MAX_BODY_BYTES } from './capture-service';

/** `POST /bridge/v1/events` (CONTRACT section 4). Mounted before any body parser: the signature covers the exact bytes. */
export function createCaptureRoutes(deps: { readonly capture: CaptureService }): Router {
  const router = Router();
  const raw = express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false });
  router.post('/bridge/v1/events', sendAsIs, raw, async (request, response) => {
    const answer = await deps.capture.receive({
      bridgeId: request.get('sealtrail-bridge') ?? '',
      headers: {
        id: request.get('webhook-id') ?? '',
        timestamp: request.get('webhook-timestamp') ?? '',
        signature: request.get('webhook-signature') ?? '',
      },
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      encoding: String(response.locals['encoding'] ?? ''),
    });
    response.json(answer);
  });
  return router;
}

/** body-parser refuses an encoding it is told not to inflate; inflating is ours, because the limit and the signature are. */
function sendAsIs(request: express.Request, response: express.Response, next: express.NextFunction): void {
  const encoding = (request.get('content-encoding') ?? '').trim().toLowerCase();
  response.locals['encoding'] = encoding === 'x-gzip' ? 'gzip' : encoding;
  delete request.headers['content-encoding'];
  next();
}
