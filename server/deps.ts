import pino, { type Logger } from 'pino';
import { storeName, type Config } from './config/config';
import { deriveKey } from './core/keys';
import { openDatabase, type Database } from './db/connection';
import { createAppender, type Appender } from './entries/appender';
import { createEntryStore, type EntryStore, type Ledger } from './entries/entry-store';
import { createErasureReader, type ErasureReader } from './entries/erasure-reader';
import { createKeyRing, type KeyRing } from './entries/key-ring';
import { readMasterKey } from './entries/master-key';
import { createBridgeService, type BridgeService } from './features/access/bridge-service';
import { createBridgeStore } from './features/access/bridge-store';
import { createLoginLinkService, type LoginLinkService } from './features/access/login-link-service';
import { createApiTokenService, type ApiTokenService } from './features/access/token-service';
import type { BrowseService } from './features/browse/browse-service';
import { createBrowseService } from './features/browse/knex-browse-service';
import { createEntrySearch } from './features/browse/knex-entry-search';
import { createSearchIndexer, type SearchIndexer } from './features/browse/search-index-service';
import { createCaptureService, type CaptureService } from './features/capture/capture-service';
import { createPreparer } from './features/capture/preparer';
import { createOwnEvents, type OwnEvents } from './features/capture/own-events-service';
import { createSenderCheck, type SenderCheck } from './features/capture/sender-check-service';
import { createErasureService, type ErasureService } from './features/erasure/erasure-service';
import { createExportService, type ExportService } from './features/export/export-service';
import { createPageMarkStore, type PageMarkStore } from './features/embed/page-mark-store';
import { createSummaryService, type SummaryService } from './features/embed/summary-service';
import { createHeadNotes, type HeadNotes } from './features/integrity/head-notes';
import { createRangeScanner } from './features/integrity/range-scanner';
import { createVerificationStore, type VerificationStore } from './features/integrity/verification-store';
import { createVerifyService, type VerifyService } from './features/integrity/verify-service';
import { createDailyTasks, type DailyTasks } from './features/jobs/daily-task-service';
import { createJobService, type JobService } from './features/jobs/job-service';
import { createBridgeWatch, type BridgeWatch } from './features/monitor/bridge-watch-service';
import { createHeartbeatService, type ChainStatus, type HeartbeatService } from './features/monitor/heartbeat-service';
import { createHeartbeatStore } from './features/monitor/heartbeat-store';
import { createRefusalLog, type RefusalLog } from './features/monitor/refusal-service';
import { createSequenceConsumer } from './features/monitor/sequence-consumer';
import { createSequenceStore } from './features/monitor/sequence-store';
import { parseTrustedProxies, type TrustedProxies } from './http/client-ip';
import { createI18n, type I18n } from './http/i18n';

/** Everything that is made once, joined here and nowhere else. */
export interface Deps {
  readonly config: Config;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly sessionSecret: string;
  readonly trustedProxies: TrustedProxies;
  readonly store: EntryStore;
  readonly appender: Appender;
  readonly headNotes: HeadNotes;
  readonly bridges: BridgeService;
  readonly loginLinks: LoginLinkService;
  readonly tokens: ApiTokenService;
  readonly ownEvents: OwnEvents;
  readonly refusals: RefusalLog;
  readonly senderCheck: SenderCheck;
  readonly heartbeats: HeartbeatService;
  readonly bridgeWatch: BridgeWatch;
  readonly capture: CaptureService;
  readonly browse: BrowseService;
  readonly exports: ExportService;
  readonly verifier: VerifyService;
  readonly erasureReader: ErasureReader;
  readonly erasures: ErasureService;
  readonly verifications: VerificationStore;
  readonly jobs: JobService;
  readonly dailyTasks: DailyTasks;
  readonly indexer: SearchIndexer;
  readonly i18n: I18n;
  readonly pageMarks: PageMarkStore;
  readonly summaries: SummaryService;
  /** Finishes what is under way, then closes the database. */
  close(): Promise<void>;
}

export function createDeps(
  config: Config,
  options: { readonly now?: () => Date; readonly logger?: Logger } = {},
): Deps {
  const { now = () => new Date(), logger = pino({ level: config.logLevel, base: null }, pino.destination(2)) } =
    options;
  const masterKey = readMasterKey(config.masterKeyFile);
  const keyRing = createKeyRing(masterKey);
  const database = openDatabase(config.databaseUrl);
  const db = database.knex;
  const trustedProxies = parseTrustedProxies(config.trustedProxies);

  const store = createEntryStore({ database, keyRing });
  const erasureReader = createErasureReader({ database, reader: store, keyRing });
  const headNotes = createHeadNotes({
    dataDir: config.dataDir,
    store: storeName(config.databaseUrl),
    async findHash(name, seq) {
      const ledger = await store.findLedger(name);
      return ledger && (await store.findBySeq(ledger, seq))?.hash;
    },
    onError: (error) => logger.error({ err: error }, 'the newest head was not noted in the data folder'),
  });
  const appender = createAppender(store, { onCommit: noteCommit });
  const indexer = createSearchIndexer({
    database,
    store,
    isBusy: () => appender.waiting > 0,
    onError: (error) => logger.warn({ err: error }, 'the search index fell behind; it tries again'),
  });
  const preparer = createPreparer(config.trustedProxies);
  const bridges = createBridgeService({ bridges: createBridgeStore(db), keyRing, store, now });
  const ownEvents = createOwnEvents({ appender, store, now });
  const refusals = createRefusalLog({
    ownEvents,
    now,
    onError: (error) => logger.warn({ err: error }, 'a refused delivery was not recorded'),
  });
  const verifications = createVerificationStore(database);
  const heartbeats = createHeartbeatStore(database);
  const sequences = createSequenceStore(database, now);
  const bridgeWatch = createBridgeWatch({
    database,
    bridges,
    heartbeats,
    sequences,
    consumer: createSequenceConsumer({ database, store, sequences, now }),
    ownEvents,
    now,
    onError: (error) => logger.warn({ err: error }, 'the bridges were not looked at; it is tried again'),
  });
  const senderCheck = createSenderCheck({ bridges, ownEvents, onRefusal: (refusal) => refusals.note(refusal) });
  const browse = createBrowseService({
    database,
    store,
    search: createEntrySearch(database),
    keyRing,
    erasures: erasureReader,
  });

  const erasures = createErasureService({
    database,
    store,
    appender,
    erasures: erasureReader,
    indexer,
    now,
    onError: (error) =>
      logger.warn({ err: error }, 'an interrupted erasure was not carried out; the next start tries again'),
  });

  const jobs = createJobService({
    database,
    kinds: [],
    now,
    onError: (error) => logger.warn({ err: error }, 'a job failed'),
  });
  const dailyTasks = createDailyTasks({ tasks: [], database, now, logger });

  const i18n = createI18n();
  const summaries = createSummaryService({
    database,
    store,
    browse,
    i18n,
    findChain: chainStatus,
    bridgeStates: () => bridgeWatch.states(),
  });

  function noteCommit(ledger: string, seq: number, hash: string): void {
    headNotes.note(ledger, seq, hash);
    indexer.wake();
  }

  async function chainStatus(ledger: Ledger): Promise<ChainStatus> {
    const last = await verifications.findLatest(ledger);
    return last ? { status: last.verdict, at: last.finishedAt } : { status: 'never_verified', at: null };
  }

  return {
    config,
    logger,
    now,
    database,
    keyRing,
    sessionSecret: deriveKey(masterKey, 'session').toString('base64url'),
    trustedProxies,
    store,
    appender,
    headNotes,
    bridges,
    loginLinks: createLoginLinkService({ db, now }),
    tokens: createApiTokenService({ db, now }),
    ownEvents,
    refusals,
    senderCheck,
    heartbeats: createHeartbeatService({ senderCheck, bridges, heartbeats, store, chainStatus, now }),
    bridgeWatch,
    capture: createCaptureService({ senderCheck, bridges, preparer, appender, now }),
    browse,
    exports: createExportService({ browse }),
    verifier: createVerifyService({
      database,
      store,
      keyRing,
      headNotes,
      scanner: createRangeScanner(config.databaseUrl, store),
      erasures: erasureReader,
    }),
    verifications,
    erasureReader,
    erasures,
    jobs,
    dailyTasks,
    indexer,
    i18n,
    pageMarks: createPageMarkStore(db),
    summaries,
    async close() {
      await dailyTasks.stop();
      await jobs.stop();
      await erasures.stop();
      await bridgeWatch.stop();
      await preparer.stop();
      await refusals.flush();
      await appender.drain();
      await bridges.flush();
      await indexer.stop();
      await headNotes.flush();
      await database.close();
    },
  };
}
