import { raw, Router } from 'express';
import type { WitnessService } from './witness-service';

/**
 * `POST /add-checkpoint` as C2SP tlog-witness says; `GET /last-checkpoint?origin=...`, ours, so that a log can compare what is
 * held here with what it has. Whoever is not known learns nothing that a checkpoint does not say.
 */
export function createWitnessRoutes({ witness }: { readonly witness: WitnessService }): Router {
  const router = Router();
  router.post(
    '/add-checkpoint',
    raw({ type: () => true, limit: '64kb', inflate: false }),
    async (request, response) => {
      const body: unknown = request.body;
      const answer = await witness.addCheckpoint(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
      // Written as bytes: Express would add a charset to the type, and clients compare it.
      response.setHeader('content-type', answer.status === 409 ? 'text/x.tlog.size' : 'text/plain; charset=utf-8');
      response.status(answer.status).end(Buffer.from(answer.body, 'utf8'));
    },
  );
  router.get('/last-checkpoint', async (request, response) => {
    const { origin } = request.query;
    const note = typeof origin === 'string' ? await witness.findLast(origin) : undefined;
    response
      .status(note === undefined ? 404 : 200)
      .type('text/plain')
      .send(note ?? 'nothing was signed here\n');
  });
  return router;
}
