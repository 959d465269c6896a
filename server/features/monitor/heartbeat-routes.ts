import { Router, type Request } from 'express';
import { readSigned, signedBody } from '../capture/signed-request-service';
import type { HeartbeatService } from './heartbeat-service';

/** `POST /bridge/v1/heartbeat`: signed as a delivery is. Mounted before any body parser. */
export function createHeartbeatRoutes(deps: {
  readonly heartbeats: HeartbeatService;
  readonly clientIp: (request: Request) => string | null;
}): Router {
  const router = Router();
  router.post('/bridge/v1/heartbeat', ...signedBody, async (request, response) => {
    response.json(await deps.heartbeats.receive(readSigned(request, response, deps.clientIp(request))));
  });
  return router;
}
