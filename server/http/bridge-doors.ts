import { Router } from 'express';
import { KnownError } from '../errors';

/** What no bridge route took: a program gets its answer as one, and is not sent to a sign-in page meant for people. */
export function createBridgeDoors(paths: readonly string[]): Router {
  const router = Router();
  router.all([...paths], (_request, response) => {
    response.setHeader('allow', 'POST');
    throw new KnownError('wrong_method');
  });
  router.use('/bridge', () => {
    throw new KnownError('not_found');
  });
  return router;
}
