import { Router, type Request } from 'express';
import type { CaptureService } from './capture-service';
import { readSigned, signedBody } from './signed-request-service';

/** `POST /bridge/v1/events` (CONTRACT section 4). Mounted before any body parser: the signature covers the exact bytes. */
export function createCaptureRoutes(deps: {
  readonly capture: CaptureService;
  readonly clientIp: (request: Request) => string | null;
}): Router {
  const router = Router();
  router.post('/bridge/v1/events', ...signedBody, async (request, response) => {
    response.json(await deps.capture.receive(readSigned(request, response, deps.clientIp(request))));
  });
  return router;
}
