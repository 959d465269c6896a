import path from 'node:path';
import express, { Router, urlencoded, type Express, type Request } from 'express';
import type { Deps } from './deps';
import { createAccessRoutes } from './features/access/access-routes';
import { createPeopleRoutes } from './features/access/people-routes';
import { createDenialRecord, createReadingRecord } from './features/access/reading-record';
import { scopeOf } from './features/access/reading-scope';
import { createReaders } from './features/access/readers';
import type { Viewer } from './features/access/viewer';
import { anchorsPage } from './features/anchors/anchors-page';
import { createApiRoutes } from './features/api/api-routes';
import { createBrowseRoutes } from './features/browse/browse-routes';
import { createBundleRoutes } from './features/bundle/bundle-routes';
import { createCaptureRoutes } from './features/capture/capture-routes';
import { createQuarantineRoutes } from './features/capture/quarantine-routes';
import { createDangerNotice } from './features/danger/danger-notice';
import { createDangerRoutes } from './features/danger/danger-routes';
import { createDashboardRoutes } from './features/dashboard/dashboard-routes';
import { createEmbedRoutes } from './features/embed/embed-routes';
import { createErasureRoutes } from './features/erasure/erasure-routes';
import { createSubjectSearch } from './features/erasure/subject-search';
import { createExportRoutes } from './features/export/export-routes';
import { createHelpRoutes } from './features/help/help-routes';
import { createCheckpointsPart } from './features/integrity/checkpoints-part';
import { createIntegrityRoutes } from './features/integrity/integrity-routes';
import { createViewsRoutes } from './features/views/views-routes';
import { createHealthRoutes } from './features/monitor/health-routes';
import { createHeartbeatRoutes } from './features/monitor/heartbeat-routes';
import { createBridgeDoors } from './http/bridge-doors';
import { createRetentionRoutes } from './features/retention/retention-routes';
import { pairingCode } from './features/access/pairing-code';
import { createBridgesRoutes } from './features/settings/bridges-routes';
import { createKeysRoutes } from './features/settings/keys-routes';
import { createSettingsRoutes } from './features/settings/settings-routes';
import { createTokensRoutes } from './features/settings/tokens-routes';
import { isKeyBesideStore, isMasterKeyExposed } from './entries/master-key';
import { resolveClientIp } from './http/client-ip';
import { createCsrfGuards } from './http/csrf';
import { createErrorHandler, notFound } from './http/error-handler';
import { createLanguageChoice } from './http/i18n';
import { createPageLocals } from './http/page-locals';
import { createPreferences } from './http/preferences';
import { createRequestLog } from './http/request-log';
import { createSecurityHeaders } from './http/security-headers';
import { createSession } from './http/session';
import { createUrlBuilder } from './http/url-builder';
import { createTimelineRoutes } from './features/timeline/timeline-routes';
import { PROGRAM_ROOT } from './root';

const YEAR_MS = 365 * 86_400_000;

/** Every middleware in its order. */
export function createApp(deps: Deps): { readonly app: Express; readonly stop: () => void } {
  const { config, store, ownEvents, now } = deps;
  const https = config.publicUrl.startsWith('https:');
  const clientIp = (request: Request) =>
    resolveClientIp(
      request.socket.remoteAddress ?? null,
      singleHeaders(request),
      deps.liveSettings.shared.trustedProxies,
    );
  const session = createSession({
    db: deps.database.knex,
    secret: deps.sessionSecret,
    rowMac: deps.rowMac,
    https,
    onCleanupError: (error) => deps.logger.warn({ err: error }, 'old sessions could not be removed'),
  });

  const assets = Router().use(
    '/assets',
    express.static(path.join(PROGRAM_ROOT, 'public'), {
      index: false,
      redirect: false,
      immutable: true,
      maxAge: YEAR_MS,
    }),
  );
  const locals = [
    createLanguageChoice(deps.i18n, () => deps.liveSettings.shared),
    createPageLocals({ url: createUrlBuilder('/') }),
  ];
  const preferences = createPreferences({ https });
  const whose: express.RequestHandler = async (_request, response, next) => {
    const ledger = await store.findLedger((response.locals['viewer'] as Viewer).tenant);
    const settings = ledger && (await deps.liveSettings.of(ledger.tenant.id));
    response.locals['organisation'] = settings?.organisation ?? '';
    response.locals['supportUrl'] = settings?.supportUrl ?? null;
    next();
  };
  const readers = createReaders({ database: deps.database, store, clientIp });
  const onError = (error: unknown) => deps.logger.warn({ err: error }, 'what somebody read was not recorded');
  const recording = { ...readers, log: deps.accessLog, onError };
  const noteReading = createReadingRecord(recording);
  const inScope = <T>(viewer: Viewer | undefined, work: () => T) => deps.readingScope.run(scopeOf(viewer), work);
  const findPruned: typeof deps.retention.pruner.findPruned = async (ledger, seq) =>
    deps.readingScope.current() === null ? deps.retention.pruner.findPruned(ledger, seq) : undefined;
  const pages = Router().use(
    (_request, response, next) => inScope(response.locals['viewer'] as Viewer, next),
    whose,
    createDangerNotice({ purges: deps.danger.purges, store, now }),
    noteReading,
    createDashboardRoutes({ ...deps, findLedger: (name) => store.findLedger(name), now }),
    createHelpRoutes({ help: deps.help, now }),
    createBrowseRoutes({
      browse: deps.browse,
      views: deps.views,
      findLedger: (name) => store.findLedger(name),
      findPruned,
      related: deps.related,
      findCover: (ledger, seq) => deps.checkpoints.findCovering(ledger, seq),
      proveEntry: (ledger, seq) => deps.proofs.proveEntry(ledger, seq),
      now,
    }),
    createViewsRoutes({ views: deps.views, store, now }),
    createTimelineRoutes({ timelines: deps.timelines, store, now }),
    createExportRoutes({ exports: deps.exports, store, ownEvents, now }),
    createBundleRoutes({ bundles: deps.bundles, store, ownEvents, now }),
    createIntegrityRoutes({
      ...deps,
      findEntrySeq: async (ledger, id) => (await deps.browse.findEntry(ledger, id))?.seq,
      parts: [
        createCheckpointsPart(deps.checkpoints),
        async (ledger, ctx) => {
          const [statuses, quorum] = [await deps.anchors.status(ledger), await deps.anchors.quorum(ledger)];
          return { view: 'anchors', page: anchorsPage(statuses, quorum, ctx) };
        },
      ],
    }),
    createRetentionRoutes({ retention: deps.retention, store, now }),
    createPeopleRoutes({ ...deps, store, clientIp, now }),
    createQuarantineRoutes({ db: deps.database.knex, store, now }),
    createErasureRoutes({
      erasures: deps.erasures,
      findSubjects: createSubjectSearch(deps.browse),
      jobs: deps.jobs,
      store,
      now,
    }),
    createDangerRoutes({
      danger: deps.danger,
      jobs: deps.jobs,
      store,
      countEntries: async (ledger) => (await deps.browse.readStats(ledger, { now: now(), timeZone: 'UTC' })).total,
      countAnchors: async (ledger) => (await deps.anchors.status(ledger)).length,
      publicUrl: config.publicUrl,
      now,
    }),
    createSettingsRoutes({ ...deps, fixedProxies: config.trustedProxies, publicUrl: config.publicUrl }),
    createBridgesRoutes({ ...deps, pairingCode, publicUrl: config.publicUrl }),
    createTokensRoutes(deps),
    createKeysRoutes({
      ...deps,
      fingerprint: deps.keyRing.fingerprint,
      lookAtKeyFile: () => ({
        isBesideStore: isKeyBesideStore(config.masterKeyFile, config.databaseUrl),
        isExposed: isMasterKeyExposed(config.masterKeyFile),
      }),
    }),
  );

  const app = express();
  app.disable('x-powered-by');
  app.set('views', path.join(PROGRAM_ROOT, 'views'));
  app.set('view engine', 'ejs');
  app.set('view cache', true);
  app.set('query parser', 'simple');

  app.use(createRequestLog(deps.logger));
  app.use(createSecurityHeaders({ https }));

  app.use(
    createHealthRoutes({
      database: deps.database,
      appender: deps.appender,
      indexer: deps.indexer,
      activity: deps.activity,
      bridgeWatch: deps.bridgeWatch,
      tree: deps.tree,
      findChain: deps.findChain,
      store,
      now,
    }),
  );
  app.use(async (_request, _response, next) => {
    await deps.liveSettings.refresh();
    next();
  });
  app.use(createCaptureRoutes({ capture: deps.capture, clientIp }));
  app.use(createHeartbeatRoutes({ heartbeats: deps.heartbeats, clientIp }));
  app.use(
    createEmbedRoutes({
      senderCheck: deps.senderCheck,
      clientIp,
      now,
      marks: deps.pageMarks,
      access: deps.access,
      inScope,
      ownEvents,
      summaries: deps.summaries,
      formSecret: deps.sessionSecret,
      frame: [assets, ...locals, noStore],
      pages: Router().use(preferences, pages, notFound),
    }),
  );
  app.use(createBridgeDoors(['events', 'heartbeat', 'page', 'summary'].map((door) => `/bridge/v1/${door}`)));
  app.use(
    '/api/v1',
    createApiRoutes({
      ...deps,
      findPruned,
      store,
      now,
      noteReading,
      recordExport: readers.recordExport(ownEvents),
    }),
  );

  app.use(assets);
  app.use(...locals);
  app.use(session.middleware);
  app.use(noStore);
  app.use(urlencoded({ extended: false, limit: '64kb' }));
  app.use(...createCsrfGuards({ publicOrigin: new URL(config.publicUrl).origin }));
  app.use(preferences);
  app.use(createAccessRoutes({ loginLinks: deps.loginLinks, access: deps.access, ownEvents, clientIp, now }));
  app.use(pages);

  app.use(notFound);
  app.use(createDenialRecord(recording));
  app.use(createErrorHandler(deps.logger));
  return { app, stop: () => session.stop() };
}

/** Pages hold personal data: no cache between us and the reader keeps them. */
const noStore: express.RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};

function singleHeaders(request: Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
