import { Router, type Request, type RequestHandler, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { KnownError } from '../../errors';
import type { UrlBuilder } from '../../http/url-builder';
import type { OwnEvents } from '../capture/own-events-service';
import type { LoginLinkService } from './login-link-service';
import { actorOf, UNKNOWN_ACTOR } from './viewer';

interface AccessDeps {
  readonly loginLinks: LoginLinkService;
  readonly ownEvents: OwnEvents;
  /** The client's address, resolved through the trusted proxies. */
  readonly clientIp: (request: Request) => string | null;
  readonly now: () => Date;
}

/** Sign-in by one-time link, sign-out; and the guard in front of every page after it. */
export function createAccessRoutes(deps: AccessDeps): Router {
  const router = Router();

  router.get('/sign-in', (request, response) => {
    if (request.session.viewer) return response.redirect(303, urlIn(response)('/'));
    response.render('access/sign-in');
  });

  const guessLimit = rateLimit({
    windowMs: 60_000,
    limit: 30,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => deps.clientIp(request) ?? 'unknown',
    handler: (_request, _response, next) => next(new KnownError('too_many_requests', 'try again in a minute')),
  });
  router.get('/sign-in/:token', guessLimit, async (request, response) => {
    if (!(await deps.loginLinks.isOpen(tokenOf(request)))) throw new KnownError('bad_login_link');
    response.render('access/use-link', { token: tokenOf(request) });
  });
  router.post('/sign-in/:token', guessLimit, async (request, response) => {
    const viewer = await deps.loginLinks.use(tokenOf(request));
    const origin = { ip: deps.clientIp(request), userAgent: request.get('user-agent') ?? null, via: 'ui' as const };
    if (!viewer) {
      await deps.ownEvents.record('default', {
        action: 'audit.login_failed',
        actor: UNKNOWN_ACTOR,
        targetId: null,
        ...origin,
      });
      throw new KnownError('bad_login_link');
    }
    await regenerate(request);
    request.session.viewer = viewer;
    request.session.signedInAt = deps.now().getTime();
    await deps.ownEvents.record(viewer.tenant, {
      action: 'audit.login',
      actor: actorOf(viewer),
      targetId: viewer.name,
      ...origin,
    });
    response.redirect(303, urlIn(response)('/'));
  });

  router.post('/sign-out', async (request, response) => {
    await new Promise<void>((resolve, reject) =>
      request.session.destroy((error: unknown) => (error instanceof Error ? reject(error) : resolve())),
    );
    response.clearCookie('sealtrail_session').redirect(303, urlIn(response)('/sign-in'));
  });

  router.use(requireViewer);
  return router;
}

const requireViewer: RequestHandler = (request, response, next) => {
  const { viewer } = request.session;
  if (viewer) {
    response.locals['viewer'] = viewer;
    return next();
  }
  if (request.method === 'GET' && request.accepts(['html', 'json']) === 'html')
    return response.redirect(303, urlIn(response)('/sign-in'));
  next(new KnownError('not_signed_in'));
};

function tokenOf(request: Request): string {
  return String(request.params['token'] ?? '');
}

function urlIn(response: Response): UrlBuilder {
  return response.locals['url'] as UrlBuilder;
}

/** A new session id at sign-in, so that one planted before is worth nothing. */
function regenerate(request: Request): Promise<void> {
  return new Promise((resolve, reject) =>
    request.session.regenerate((error: unknown) => (error instanceof Error ? reject(error) : resolve())),
  );
}
