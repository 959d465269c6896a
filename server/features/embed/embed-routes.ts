import { createHmac, timingSafeEqual } from 'node:crypto';
import { parse as parseForm } from 'node:querystring';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { KnownError } from '../../errors';
import { LANGUAGE_COOKIE, TIME_ZONE_COOKIE } from '../../http/i18n';
import { createMountedUrlBuilder } from '../../http/url-builder';
import type { AccessService } from '../access/access-service';
import type { ActiveBridge } from '../access/bridge-service';
import { actorOf, type Viewer } from '../access/viewer';
import type { OwnEvents } from '../capture/own-events-service';
import type { SenderCheck } from '../capture/sender-check-service';
import { readSigned, signedBody } from '../capture/signed-request-service';
import type { PageMarkStore } from './page-mark-store';
import { parsePageRequest, parseSummaryRequest, type BillingViewer, type PageRequest } from './page-request';
import { signAnswer } from '../../http/sign-answer';
import type { SummaryService } from './summary-service';

interface EmbedDeps {
  readonly senderCheck: SenderCheck;
  readonly clientIp: (request: Request) => string | null;
  readonly now: () => Date;
  readonly marks: PageMarkStore;
  readonly access: AccessService;
  /** Does some work held to what a viewer may read. */
  readonly inScope: <T>(viewer: Viewer | undefined, work: () => T) => T;
  readonly ownEvents: OwnEvents;
  readonly summaries: SummaryService;
  /** Binds the tokens of our forms to an admin's session. */
  readonly formSecret: string;
  /** What every page needs before it, and the pages themselves: the same that are served at `/`, without a sign-in. */
  readonly frame: readonly RequestHandler[];
  readonly pages: RequestHandler;
}

const MAX_BYTES = 1024 * 1024;

/** Pages and figures for the billing system's admin area, asked for by its bridge and signed like deliveries. */
export function createEmbedRoutes(deps: EmbedDeps): Router {
  const router = Router();
  const pages = Router().use(...deps.frame, mountPage, deps.pages);

  router.post('/bridge/v1/page', ...signedBody, async (request, response, next) => {
    const signed = await open(request, response);
    const page = parsePageRequest(signed.body);
    // A signed form that somebody has recorded must not be worth anything a second time.
    if (page.method === 'POST' && !(await deps.marks.isFirst(signed.bridge.id, 'post', signed.webhookId, deps.now())))
      throw new KnownError('delivery_refused');
    const viewer = await deps.access.findBilling(toPlace(signed.bridge), page.viewer);
    if (viewer) await noteSession(signed, page.viewer, viewer);
    const token = formToken(signed.bridge, page.viewer);
    const form = parseForm(page.form);
    response.locals['embedded'] = { page, viewer, token } satisfies Embedded;
    becomePage(request, page, form);
    next();
  }, pages); // prettier-ignore

  router.post('/bridge/v1/summary', ...signedBody, async (request, response) => {
    const signed = await open(request, response);
    const asked = parseSummaryRequest(signed.body);
    const viewer = await deps.access.findBilling(toPlace(signed.bridge), asked.viewer);
    const read = () => deps.summaries.read(signed.bridge, asked, viewer ?? null, deps.now());
    response.json(await deps.inScope(viewer, read));
  });
  return router;

  async function open(request: Request, response: Response): Promise<Signed> {
    const delivery = readSigned(request, response, deps.clientIp(request));
    const { bridge, body } = await deps.senderCheck.check(delivery, deps.now());
    signAnswer(response, bridge, delivery.headers.id);
    if (body.length > MAX_BYTES) throw new KnownError('too_large', 'at most 1 MiB');
    return { bridge, body, webhookId: delivery.headers.id };
  }

  /** The first page of an admin's session is what signing in is elsewhere. */
  async function noteSession({ bridge }: Signed, billing: BillingViewer, viewer: Viewer): Promise<void> {
    const mark = `${billing.adminId} ${billing.session}`;
    if (!(await deps.marks.isFirst(bridge.id, 'session', mark, deps.now()))) return;
    await deps.ownEvents.record(viewer.tenant, {
      action: 'audit.login',
      actor: actorOf(viewer),
      targetId: viewer.name,
      payload: { bridge: bridge.id, role: billing.role },
      via: 'ui',
    });
  }

  function formToken(bridge: ActiveBridge, { adminId, session }: BillingViewer): string {
    return createHmac('sha256', deps.formSecret).update(JSON.stringify([bridge.id, adminId, session])).digest('base64url'); // prettier-ignore
  }
}

interface Signed {
  readonly bridge: ActiveBridge;
  readonly body: Buffer;
  readonly webhookId: string;
}

interface Embedded {
  readonly page: PageRequest;
  /** Undefined for somebody whose access was taken. */
  readonly viewer: Viewer | undefined;
  readonly token: string;
}

/** The request goes on as if the administrator had asked for the page itself; nothing of the bridge's request is left. */
function becomePage(request: Request, page: PageRequest, form: Readonly<Record<string, unknown>>): void {
  const { language, timeZone } = page.viewer;
  request.method = page.method;
  request.url = page.url;
  request.originalUrl = page.url;
  request.body = page.method === 'POST' ? form : undefined;
  request.headers = {
    accept: page.accept,
    cookie: `${LANGUAGE_COOKIE}=${language}; ${TIME_ZONE_COOKIE}=${encodeURIComponent(timeZone)}`,
    ...(page.ifNoneMatch === '' ? {} : { 'if-none-match': page.ifNoneMatch }),
  };
}

/** Addresses, form tokens and viewer of a page that is shown inside the billing system. */
function mountPage(request: Request, response: Response, next: (error?: unknown) => void): void {
  const { page, viewer, token } = response.locals['embedded'] as Embedded;
  response.locals['url'] = createMountedUrlBuilder(page.mount);
  response.locals['formTokens'] = () => [
    { name: '_csrf', value: token },
    { name: 'token', value: page.viewer.token },
  ];
  response.locals['viewer'] = viewer;
  // What reaches us comes from the billing system: its address is not that of who reads.
  response.locals['readerPlace'] = { ip: null, userAgent: null };
  response.locals['isFramed'] = page.isFramed;
  if (!viewer) return next(new KnownError('missing_scope', 'access was taken'));
  const given = (request.body as Readonly<Record<string, unknown>> | undefined)?.['_csrf'];
  const isOurs = page.method !== 'POST' || (typeof given === 'string' && isSame(given, token));
  next(isOurs ? undefined : new KnownError('bad_csrf', 'the form is too old or was not ours'));
}

/** A bridge speaks for its own tenant alone, whatever it says. */
function toPlace({ id, ledger }: ActiveBridge) {
  return { id, tenant: ledger.tenant };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
