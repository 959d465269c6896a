import { Router, type Request, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { KnownError } from '../../errors';
import type { UrlBuilder } from '../../http/url-builder';
import type { OwnEvents } from '../capture/own-events-service';
import type { AccessService } from './access-service';
import { hashToken, type LoginLinkService } from './login-link-service';
import { actorOf, UNKNOWN_ACTOR, type Viewer } from './viewer';

interface AccessDeps {
  readonly loginLinks: LoginLinkService;
  readonly access: AccessService;
  readonly ownEvents: OwnEvents;
  /** The client's address, resolved through the trusted proxies. */
  readonly clientIp: (request: Request) => string | null;
  readonly now: () => Date;
}

/** After this a session ends, however busy it is; without a request it ends with its cookie, after eight hours. */
export const SESSION_LIFE_MS = 24 * 3_600_000;

/** Sign-in by one-time link, sign-out; and the guard in front of every page after it. */
export function createAccessRoutes(deps: AccessDeps): Router {
  const router = Router();

  router.get('/sign-in', (request, response) => {
    if (request.session.viewer) return response.redirect(303, urlIn(response)('/'));
    response.render('access/sign-in');
  });

  const limit = (perMinute: number, keyOf: (request: Request) => string) =>
    rateLimit({
      windowMs: 60_000,
      limit: perMinute,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      keyGenerator: keyOf,
      handler: (_request, _response, next) => next(new KnownError('too_many_requests', 'try again in a minute')),
    });
  // Whoever guesses is slowed down by address, and a link that many addresses try at by itself.
  const guessLimit = [limit(30, (request) => deps.clientIp(request) ?? 'unknown'), limit(10, (request) => hashToken(tokenOf(request)))]; // prettier-ignore
  router.get('/sign-in/:token', ...guessLimit, async (request, response) => {
    if (!(await deps.loginLinks.isOpen(tokenOf(request)))) throw new KnownError('bad_login_link');
    response.render('access/use-link', { token: tokenOf(request) });
  });
  router.post('/sign-in/:token', ...guessLimit, async (request, response) => {
    const signedIn = await deps.loginLinks.use(tokenOf(request));
    const viewer = signedIn && (await deps.access.findSignedIn(signedIn));
    const origin = { ip: deps.clientIp(request), userAgent: request.get('user-agent') ?? null, via: 'ui' as const };
    if (!viewer) {
      await deps.ownEvents.record(signedIn?.tenant ?? 'default', {
        action: 'audit.login_failed',
        actor: UNKNOWN_ACTOR,
        targetId: null,
        ...origin,
      });
      throw new KnownError('bad_login_link');
    }
    await regenerate(request);
    request.session.viewer = signedIn;
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
    await endSession(request);
    response.clearCookie('sealtrail_session').redirect(303, urlIn(response)('/sign-in'));
  });

  router.use(async (request, response, next) => {
    const viewer = await findViewer(request);
    if (viewer) {
      response.locals['viewer'] = viewer;
      return next();
    }
    // A new one in its place: the page that says so has forms of its own.
    if (request.session.viewer) await regenerate(request);
    if (request.method === 'GET' && request.accepts(['html', 'json']) === 'html')
      return response.redirect(303, urlIn(response)('/sign-in'));
    next(new KnownError('not_signed_in'));
  });
  return router;

  /** Asked anew at each request: a role that was taken is gone now, not at the next sign-in. */
  async function findViewer({ session }: Request): Promise<Viewer | undefined> {
    const { viewer, signedInAt = 0 } = session;
    const isOver = deps.now().getTime() - signedInAt >= SESSION_LIFE_MS;
    return viewer && !isOver ? deps.access.findSignedIn(viewer) : undefined;
  }
}

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

function endSession(request: Request): Promise<void> {
  return new Promise((resolve, reject) =>
    request.session.destroy((error: unknown) => (error instanceof Error ? reject(error) : resolve())),
  );
}
