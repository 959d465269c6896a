import { randomBytes } from 'node:crypto';
import pino, { type Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { hidePassword, storeName, type Config } from './config/config';
import { deriveKey } from './core/keys';
import { matchesHold } from './core/legal-hold';
import { createRowMac, type RowMac } from './core/row-mac';
import { signNote } from './core/signed-note';
import { openDatabase, type Database } from './db/connection';
import { readDatabaseClock } from './db/database-clock';
import { createAppender, type Appender } from './entries/appender';
import { createEntryStore, type EntryStore, type Ledger } from './entries/entry-store';
import { createErasureReader, type ErasureReader } from './entries/erasure-reader';
import { createKeyRing, type KeyRing } from './entries/key-ring';
import type { LedgerFacts } from './entries/ledger-facts';
import { DEFAULT_TENANT } from './entries/ledger-setup';
import { readMasterKey } from './entries/master-key';
import { createRetiredProof } from './entries/retired-proof';
import { createTreeReader } from './entries/tree-reader';
import { createAccessParts, type AccessParts } from './features/access/access-parts';
import { scopeBrowse } from './features/access/scoped-browse';
import { can } from './features/access/rights';
import { createBrowseParts, type BrowseParts } from './features/browse/browse-parts';
import { createSearchIndexer, indexedEntries, type SearchIndexer } from './features/browse/search-index-service';
import { createCaptureService, type CaptureService } from './features/capture/capture-service';
import { createPreparer } from './features/capture/preparer';
import { createOwnEvents, type OwnEvents } from './features/capture/own-events-service';
import { createSenderCheck, type SenderCheck } from './features/capture/sender-check-service';
import { createStatedChanges } from './features/capture/stated-changes-service';
import { createBundleService, type BundleService } from './features/bundle/bundle-service';
import { createSignerService, type SignerService } from './features/bundle/signer-service';
import { createSignerStore } from './features/bundle/signer-store';
import { createEraseJob } from './features/erasure/erase-job-service';
import { createActivityReader } from './features/dashboard/activity-reader';
import { createActivityCounter, type ActivityCounter } from './features/dashboard/activity-service';
import { createDashboardService, type DashboardService } from './features/dashboard/dashboard-service';
import { createErasureService, type ErasureService } from './features/erasure/erasure-service';
import { createDangerParts, type DangerParts } from './features/danger/danger-parts';
import { createPurgeJob } from './features/danger/purge-job';
import { createExportService, type ExportService } from './features/export/export-service';
import { createHelpService, type HelpService } from './features/help/help-service';
import { createPageMarkStore, type PageMarkStore } from './features/embed/page-mark-store';
import { createSummaryService, type SummaryService } from './features/embed/summary-service';
import type { AnchorService } from './features/anchors/anchor-service';
import { createAnchors } from './features/anchors/create-anchors';
import { createWitness, type WitnessDoor } from './features/anchors/witness/create-witness';
import type { HeldNote } from './features/integrity/evidence';
import { createBrokenAlarm } from './features/integrity/broken-alarm';
import { createIntegrityParts, type IntegrityParts } from './features/integrity/integrity-parts';
import { createHeadNotes, type HeadNotes } from './features/integrity/head-notes';
import { createDailyVerification, createVerifyJob, VERIFY_KIND } from './features/integrity/verify-job-service';
import { createDailyTasks, type DailyTasks } from './features/jobs/daily-task-service';
import { createJobService, type JobsApart, type JobService, type ProcessEnd } from './features/jobs/job-service';
import { createKeyService, type KeyService } from './features/keys/key-service';
import { createMonitorParts, type MonitorParts } from './features/monitor/monitor-parts';
import { createRefusalLog, type RefusalLog } from './features/monitor/refusal-service';
import { PruneRefusedError } from './features/retention/prune-archiver';
import { createPruneTask } from './features/retention/prune-task';
import { createRetentionParts, type RetentionParts } from './features/retention/retention-parts';
import { createIpSalt } from './features/settings/ip-salt';
import { createLiveSettings, type LiveSettings } from './features/settings/live-settings-service';
import { createMailService, type MailService } from './features/settings/mail-service';
import { createSettingsService, type SettingsService } from './features/settings/settings-service';
import { createPreferenceStore } from './features/views/preference-store';
import { createViewStore } from './features/views/view-store';
import { createViewsService, type ViewsService } from './features/views/views-service';
import { createTimelineService, type TimelineService } from './features/timeline/timeline-service';
import { StoppedLedgerError, type StoredCheckpoint } from './features/tree/checkpoint-service';
import { createHandedLeaves } from './features/tree/handed-leaves';
import { createTreeParts, type TreeParts } from './features/tree/tree-parts';
import { createOutbound } from './http/outbound-request';
import { createI18n, type I18n } from './http/i18n';
import { PROGRAM_MANIFEST, PROGRAM_VERSION } from './root';

/** Everything that is made once, joined here and nowhere else. */
export interface Deps
  extends
    AccessParts,
    Omit<BrowseParts, 'browseOnce' | 'close'>,
    IntegrityParts,
    Omit<MonitorParts, 'catchUpSequences' | 'listChanged'>,
    Omit<TreeParts, 'treeBuilder' | 'readNoted'> {
  readonly config: Config;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly sessionSecret: string;
  readonly rowMac: RowMac;
  readonly store: EntryStore;
  readonly appender: Appender;
  readonly headNotes: HeadNotes;
  readonly ownEvents: OwnEvents;
  readonly refusals: RefusalLog;
  readonly senderCheck: SenderCheck;
  readonly capture: CaptureService;
  readonly views: ViewsService;
  readonly timelines: TimelineService;
  readonly exports: ExportService;
  readonly erasureReader: ErasureReader;
  readonly erasures: ErasureService;
  readonly jobs: JobService;
  readonly dailyTasks: DailyTasks;
  readonly indexer: SearchIndexer;
  readonly activity: ActivityCounter;
  readonly dashboard: DashboardService;
  readonly help: HelpService;
  readonly retention: RetentionParts;
  readonly danger: DangerParts;
  readonly settings: SettingsService;
  readonly liveSettings: LiveSettings;
  readonly mail: MailService;
  readonly i18n: I18n;
  readonly pageMarks: PageMarkStore;
  readonly summaries: SummaryService;
  readonly anchors: AnchorService;
  readonly witness: WitnessDoor;
  readonly keys: KeyService;
  readonly signers: SignerService;
  readonly bundles: BundleService;
  /** Finishes what is under way, then closes the database. */
  close(): Promise<void>;
}

export function createDeps(
  config: Config,
  options: {
    readonly now?: () => Date;
    readonly logger?: Logger;
    /** Told after each durable step of a prune; tests end a process there. */
    readonly onPruneStep?: (step: string) => void;
    /** Starts a process for verifications; without it they run here. */
    readonly startJobs?: JobsApart['start'] | undefined;
    /** Whether a tenant has its reading recorded. */
    readonly recordsReads?: (tenantId: number) => Promise<boolean>;
  } = {},
): Deps {
  const { now = () => new Date(), logger = pino({ level: config.logLevel, base: null }, pino.destination(2)) } =
    options;
  const masterKey = readMasterKey(config.masterKeyFile);
  const keyRing = createKeyRing(masterKey);
  const database = openDatabase(config.databaseUrl);
  const db = database.knex;
  const rowMac = createRowMac(deriveKey(masterKey, 'row-mac'));

  const handedLeaves = createHandedLeaves();
  const store = createEntryStore({ database, keyRing, onLeaves: (...batch) => handedLeaves.add(...batch) });
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
  const activity = createActivityCounter({
    database,
    store,
    now,
    isBusy: () => appender.waiting > 0,
    onError: (error) => logger.warn({ err: error }, 'the counters of the dashboard fell behind; they try again'),
  });
  const preparer = createPreparer();
  const readFacts: LedgerFacts['read'] = (...asked) => retention.facts.read(...asked);
  const settings = createSettingsService({
    database,
    store,
    keyRing,
    readFacts,
    onCommit(...tip) {
      noteCommit(...tip);
      liveSettings.forget();
    },
    now,
  });
  const ipSalt = createIpSalt({ database, keyRing });
  const liveSettings = createLiveSettings({
    settings,
    ipSalt,
    fixedProxies: config.trustedProxies,
    findTenant: async () => (await store.findLedger(DEFAULT_TENANT))?.tenant.id,
    onError: (error) => logger.warn({ err: error }, 'the settings were not read again; it is tried again'),
  });
  const mail = createMailService({ config, settings, readShared: () => liveSettings.readShared() });
  const addressingOf = (tenantId: number) => liveSettings.addressingOf(tenantId);
  const ownEvents = createOwnEvents({ appender, store, addressingOf, now });
  const refusals = createRefusalLog({
    ownEvents,
    now,
    onError: (error) => logger.warn({ err: error }, 'a refused delivery was not recorded'),
  });
  const treeReader = createTreeReader(database);
  const erasureReader = createErasureReader({ database, reader: store, keyRing, trees: treeReader });
  const stated = createStatedChanges({ store, addressingOf, onCommit: noteCommit, now });
  const access = createAccessParts({
    database,
    store,
    keyRing,
    rowMac,
    stated,
    ownEvents,
    readFacts,
    recordsReads: options.recordsReads ?? (async (tenantId) => (await settings.read(tenantId)).recordReads),
    logger,
    now,
  });
  const { bridges, tokens, credentials, roles, readingScope } = access;
  const senderCheck = createSenderCheck({ bridges, credentials, onRefusal: (refusal) => refusals.note(refusal) });
  const findChain = (ledger: Ledger) => integrity.findChain(ledger);
  const { catchUpSequences, listChanged, ...monitor } = createMonitorParts({
    database,
    store,
    rowMac,
    bridges,
    senderCheck,
    ownEvents,
    chainStatus: findChain,
    keepCheckpoint: (bridge, held) => anchors.keeper.exchange(bridge, held),
    logger,
    now,
  });
  const { bridgeWatch } = monitor;
  const proveRetired = createRetiredProof({
    database,
    store,
    keyRing,
    trees: treeReader,
    findVkeys: (ledger) => findVkeys(ledger),
    heldCheckpoints,
  });
  const {
    browseOnce,
    close: closeBrowse,
    ...browseParts
  } = createBrowseParts({
    databaseUrl: config.databaseUrl,
    database,
    store,
    keyRing,
    trees: treeReader,
    erasures: erasureReader,
    proveRetired,
    findIpSalt: () => ipSalt.find(),
    scope: (browse) => scopeBrowse(browse, readingScope),
  });
  const { browse } = browseParts;

  const i18n = createI18n();
  const summaries = createSummaryService({
    database,
    store,
    browse,
    i18n,
    findChain,
    bridgeStates: () => bridgeWatch.states(),
  });

  const { treeBuilder, readNoted, ...treeParts } = createTreeParts({
    database,
    store,
    keyRing,
    handedLeaves,
    ownEvents,
    dataDir: config.dataDir,
    storeName: storeName(config.databaseUrl),
    logger,
    now,
  });
  const { tree, checkpoints, checkpointClock } = treeParts;

  const outbound = createOutbound();
  const anchors = createAnchors({
    database,
    keyRing,
    rowMac,
    store,
    checkpoints,
    tree,
    ownEvents,
    outbound,
    transport: () => mail.transport,
    defaultTenant: DEFAULT_TENANT,
    dataDir: config.dataDir,
    randomBytes,
    random: Math.random,
    now,
    onError: (error) => logger.warn({ err: error }, 'a checkpoint was not brought to an anchor; it is tried again'),
  });
  const witness = createWitness({
    database,
    rowMac,
    seedOf: (name) => deriveKey(masterKey, 'witness', name),
    ownEvents,
    defaultTenant: DEFAULT_TENANT,
    dataDir: config.dataDir,
    newId: uuidv7,
    now,
  });
  const findVkeys = (ledger: Ledger) => checkpoints.vkeys(ledger);
  const retention = createRetentionParts({
    database,
    store,
    keyRing,
    erasures: erasureReader,
    appender,
    dataDir: config.dataDir,
    archiveCopyDir: config.archiveCopyDir,
    archiveKey: (salt) => deriveKey(masterKey, 'archive', salt),
    tree: {
      signCheckpoint,
      signNote: (text, origin) => signNote(text, keyRing.noteSigner(origin)),
      vkeysOf: (ledger) => checkpoints.vkeys(ledger),
      readLeaves: (ledger, tile) => tree.readTile(ledger, 0, tile),
    },
    index: { entriesOf: indexedEntries, lock: (...given) => indexer.lock(...given), forget: (...given) => indexer.forget(...given) }, // prettier-ignore
    holdCounters: (trx, ledger) => activity.hold(trx, ledger),
    catchUp: async () => {
      await indexer.catchUp();
      await activity.catchUp();
      await catchUpSequences();
    },
    now,
    ...(options.onPruneStep === undefined ? {} : { onStep: options.onPruneStep }),
  });

  const integrity = createIntegrityParts({
    databaseUrl: config.databaseUrl,
    isThreadWanted: options.startJobs !== undefined,
    database,
    store,
    keyRing,
    reportKey: deriveKey(masterKey, 'verification'),
    trees: treeReader,
    erasures: erasureReader,
    headNotes,
    proveRetired,
    certificates: retention.certificates,
    findVkeys,
    heldCheckpoints,
    bridges,
    listChanged,
  });
  const { verifier, verifications } = integrity;
  const danger = createDangerParts({
    config,
    logger,
    mail,
    database,
    store,
    keyRing,
    bridges,
    tokens,
    credentials,
    ownEvents,
    checkpoints,
    anchors,
    verifier,
    retention,
    async mayPurge(tenantId, role) {
      const key = await roles.findKey(tenantId, role);
      const meaning = key === undefined ? undefined : await roles.findMeaning(tenantId, key);
      return meaning !== undefined && can(meaning, 'data.purge');
    },
    delayMs: config.purgeDelayMs,
    storeName: hidePassword(config.databaseUrl),
    now,
  });
  const erasures = createErasureService({
    database,
    store,
    appender,
    erasures: erasureReader,
    indexer,
    async holdsOf(ledger) {
      const scopes = [...(await retention.holds.confirmActive(ledger)).values()];
      return (entry) => scopes.some((scope) => matchesHold(scope, entry));
    },
    now,
    onError: (error) =>
      logger.warn({ err: error }, 'an interrupted erasure was not carried out; the next start tries again'),
  });
  const onReport = createBrokenAlarm({ mail, publicUrl: config.publicUrl, logger });
  const jobs = createJobService({
    database,
    rowMac,
    kinds: [
      createVerifyJob({ verifier, verifications, store, ownEvents, onReport, now }),
      createPurgeJob({ runner: danger.runner, store }),
      createEraseJob({ erasures, reader: erasureReader, store }),
    ],
    now,
    onError: (error) => logger.warn({ err: error }, 'a job failed'),
    apart: options.startJobs && { kinds: [VERIFY_KIND], start: options.startJobs, onEnd: onJobsEnd },
  });
  const dailyTasks = createDailyTasks({
    tasks: [
      createDailyVerification({ jobs, store, verifications }),
      createPruneTask({
        pruner: retention.pruner,
        store,
        databaseClock: () => readDatabaseClock(database),
        now,
        logger,
      }),
    ],
    database,
    now,
    logger,
  });
  const keys = createKeyService({
    database,
    store,
    keyRing,
    tree,
    checkpoints,
    verifier,
    heldCheckpoints: (ledger) => anchors.heldCheckpoints(ledger),
    onCommit: noteCommit,
    now,
  });
  const signers = createSignerService({
    signers: createSignerStore(database),
    keyRing,
    files: config.signerFiles,
    now,
  });
  const bundles = createBundleService({
    browse: browseOnce,
    tree,
    checkpoints,
    signers,
    dataDir: config.dataDir,
    program: `sealtrail ${PROGRAM_VERSION}`,
    async findVerdict(ledger) {
      const state = await verifications.findState(ledger);
      return state ? { verdict: state.verdict, at: state.at } : null;
    },
    now,
  });

  function noteCommit(ledger: string, seq: number, hash: string): void {
    headNotes.note(ledger, seq, hash);
    indexer.wake();
    activity.wake();
    treeBuilder.wake();
  }

  function onJobsEnd(kind: string, { how, failures }: ProcessEnd): void {
    // It has appended what it found; those behind the commits have not heard of it.
    indexer.wake();
    activity.wake();
    treeBuilder.wake();
    if (how === undefined) return;
    const told = { kind, how, failures };
    if (failures < 3) logger.warn(told, 'the process that runs background jobs ended; another one goes on');
    else logger.error(told, 'the process that runs background jobs ends again and again: its jobs wait');
  }

  /** An export goes out all the same: what it lacks then is the checkpoint. */
  async function checkpointExport(ledger: Ledger): Promise<void> {
    await checkpoints.sign(ledger, 'export').catch((error: unknown) => {
      logger.warn({ err: error }, 'an export was not preceded by a checkpoint');
    });
  }

  /** Nothing is pruned that no checkpoint covers. */
  async function signCheckpoint(ledger: Ledger): Promise<StoredCheckpoint> {
    try {
      return await checkpoints.sign(ledger, 'prune');
    } catch (error) {
      throw error instanceof StoppedLedgerError ? new PruneRefusedError(error.message) : error;
    }
  }

  /** What is kept outside of the database; the newest checkpoints stand for all before them. */
  async function heldCheckpoints(ledger: Ledger): Promise<HeldNote[]> {
    const { held, faults } = await anchors.readCopies(ledger);
    return [
      ...(await readNoted(ledger)).map(({ note, size }) => ({ note, where: `the data folder (${size} entries)` })),
      ...held.map(({ note, where }) => ({ note, where })),
      ...faults.flatMap(({ where, detail, isEdited }) => (isEdited ? [{ note: '', where, fault: detail }] : [])),
    ];
  }

  return {
    config,
    logger,
    now,
    database,
    keyRing,
    sessionSecret: deriveKey(masterKey, 'session').toString('base64url'),
    rowMac,
    store,
    appender,
    headNotes,
    ...access,
    ...monitor,
    ...treeParts,
    ownEvents,
    refusals,
    senderCheck,
    capture: createCaptureService({ senderCheck, bridges, preparer, addressingOf, appender, now }),
    ...browseParts,
    views: createViewsService({ views: createViewStore(database), preferences: createPreferenceStore(db), now }),
    timelines: createTimelineService({ browse }),
    exports: createExportService({ browse: browseOnce, beforeExport: checkpointExport }),
    ...integrity,
    erasureReader,
    erasures,
    jobs,
    dailyTasks,
    indexer,
    activity,
    dashboard: createDashboardService({
      reader: createActivityReader(database),
      store,
      browse,
      findChain,
      bridgeStates: () => bridgeWatch.states(),
      waiting: () => appender.waiting,
    }),
    help: createHelpService({
      version: PROGRAM_VERSION,
      manifest: PROGRAM_MANIFEST,
      findSupportUrl: async (tenantId) => (await settings.read(tenantId)).supportUrl,
    }),
    retention,
    danger,
    settings,
    liveSettings,
    mail,
    i18n,
    pageMarks: createPageMarkStore(db),
    summaries,
    anchors,
    witness,
    keys,
    signers,
    bundles,
    async close() {
      await dailyTasks.stop();
      await jobs.stop();
      await erasures.stop();
      await bridgeWatch.stop();
      await access.accessLog.stop();
      await preparer.stop();
      await refusals.flush();
      await appender.drain();
      await checkpointClock.stop();
      await anchors.stop();
      await treeBuilder.stop();
      await appender.drain();
      await bridges.flush();
      await indexer.stop();
      await activity.stop();
      await headNotes.flush();
      await closeBrowse();
      await database.close();
    },
  };
}
