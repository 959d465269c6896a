import { Router, type Request } from 'express';
import { signAnswer } from '../../http/sign-answer';
import { readSigned, signedBody } from '../capture/signed-request-service';
import type { HeartbeatService } from './heartbeat-service';

/** `POST /bridge/v1/heartbeat`: signed as a delivery is. Mounted before any body parser. */
export function createHeartbeatRoutes(deps: {
  readonly heartbeats: HeartbeatService;
  readonly clientIp: (request: Request) => string | null;
}): Router {
  const router = Router();
  router.post('/bridge/v1/heartbeat', ...signedBody, async (request, response) => {
    const signed = readSigned(request, response, deps.clientIp(request));
    const { bridge, answer } = await deps.heartbeats.receive(signed);
    // The bridge keeps the checkpoint in it, and must not take one from whoever has our port.
    signAnswer(response, bridge, signed.headers.id);
    response.json(answer);
  });
  return router;
}
