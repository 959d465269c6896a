import path from 'node:path';
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
import { createCheckpointFile } from './entries/checkpoint-file';
import { createEntryReader } from './entries/entry-reader';
import { createEntryStore, type EntryStore, type Ledger } from './entries/entry-store';
import { createErasureReader, type ErasureReader } from './entries/erasure-reader';
import { createKeyRing, type KeyRing } from './entries/key-ring';
import { DEFAULT_TENANT } from './entries/ledger-setup';
import { readMasterKey } from './entries/master-key';
import { createRetiredProof } from './entries/retired-proof';
import { createTreeReader } from './entries/tree-reader';
import { createBridgeService, type BridgeService } from './features/access/bridge-service';
import { createBridgeStore } from './features/access/bridge-store';
import { createCredentialService, type CredentialService } from './features/access/credential-service';
import { accessTables, createAccessLedger } from './features/access/access-ledger';
import { createAccessLog, type AccessLog } from './features/access/access-log-service';
import { createAccessWindowStore } from './features/access/access-window-store';
import { createAccessService, type AccessService } from './features/access/access-service';
import { createPeopleService, type PeopleService } from './features/access/people-service';
import { createReadingScope, type ReadingScope } from './features/access/reading-scope';
import { createRoleService, type RoleService } from './features/access/role-service';
import { scopeBrowse } from './features/access/scoped-browse';
import { createLoginLinkService, type LoginLinkService } from './features/access/login-link-service';
import { can } from './features/access/rights';
import { createApiTokenService, type ApiTokenService } from './features/access/token-service';
import type { BrowseService } from './features/browse/browse-service';
import { findHashedIps } from './features/browse/hashed-ips';
import { createBrowseService } from './features/browse/knex-browse-service';
import { createEntrySearch } from './features/browse/knex-entry-search';
import { createRelatedService } from './features/browse/knex-related-service';
import type { RelatedService } from './features/browse/related-service';
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
import { createEntryCheck, type EntryCheckService } from './features/integrity/entry-check-service';
import { createHeadNotes, type HeadNotes } from './features/integrity/head-notes';
import { createRangeScanner } from './features/integrity/range-scanner';
import { createBridgeStateCheck } from './features/integrity/derived/bridge-state-check';
import { createDerivedChecks } from './features/integrity/derived/derived-checks';
import { createVerificationStore, type VerificationStore } from './features/integrity/verification-store';
import { createDailyVerification, createVerifyJob, VERIFY_KIND } from './features/integrity/verify-job-service';
import { createVerifyService, type VerifyService } from './features/integrity/verify-service';
import { createDailyTasks, type DailyTasks } from './features/jobs/daily-task-service';
import { createJobService, type JobsApart, type JobService, type ProcessEnd } from './features/jobs/job-service';
import { createKeyService, type KeyService } from './features/keys/key-service';
import { createBridgeWatch, type BridgeWatch } from './features/monitor/bridge-watch-service';
import { createHeartbeatService, type ChainStatus, type HeartbeatService } from './features/monitor/heartbeat-service';
import { createHeartbeatStore } from './features/monitor/heartbeat-store';
import { createRefusalLog, type RefusalLog } from './features/monitor/refusal-service';
import { createSequenceConsumer } from './features/monitor/sequence-consumer';
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
import { createSequenceStore } from './features/monitor/sequence-store';
import { createTimelineService, type TimelineService } from './features/timeline/timeline-service';
import { createCheckpointClock, type CheckpointClock } from './features/tree/checkpoint-clock';
import { StoppedLedgerError, type CheckpointService, type StoredCheckpoint } from './features/tree/checkpoint-service';
import { createCheckpointStore } from './features/tree/checkpoint-store';
import { createFirstOrigin } from './features/tree/first-origin';
import { createHandedLeaves } from './features/tree/handed-leaves';
import { createCheckpointService } from './features/tree/knex-checkpoint-service';
import { createTreeService } from './features/tree/knex-tree-service';
import { createProofService, type ProofService } from './features/tree/proof-service';
import { createSignedMemory } from './features/tree/signed-memory';
import { createTreeBuilder } from './features/tree/tree-builder';
import type { TreeService } from './features/tree/tree-service';
import { createTreeStore } from './features/tree/tree-store';
import { createOutbound } from './http/outbound-request';
import { createI18n, type I18n } from './http/i18n';
import { PROGRAM_MANIFEST, PROGRAM_VERSION } from './root';

/** Everything that is made once, joined here and nowhere else. */
export interface Deps {
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
  readonly bridges: BridgeService;
  readonly loginLinks: LoginLinkService;
  readonly tokens: ApiTokenService;
  readonly credentials: CredentialService;
  readonly access: AccessService;
  readonly roles: RoleService;
  readonly people: PeopleService;
  readonly readingScope: ReadingScope;
  readonly accessLog: AccessLog;
  readonly ownEvents: OwnEvents;
  readonly refusals: RefusalLog;
  readonly senderCheck: SenderCheck;
  readonly heartbeats: HeartbeatService;
  readonly bridgeWatch: BridgeWatch;
  readonly capture: CaptureService;
  readonly browse: BrowseService;
  readonly views: ViewsService;
  readonly related: RelatedService;
  readonly timelines: TimelineService;
  readonly exports: ExportService;
  readonly verifier: VerifyService;
  readonly erasureReader: ErasureReader;
  readonly erasures: ErasureService;
  readonly entryCheck: EntryCheckService;
  /** What the latest verifications say of a ledger. */
  readonly findChain: (ledger: Ledger) => Promise<ChainStatus>;
  readonly verifications: VerificationStore;
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
  readonly tree: TreeService;
  readonly checkpoints: CheckpointService;
  readonly checkpointClock: CheckpointClock;
  readonly anchors: AnchorService;
  readonly witness: WitnessDoor;
  readonly keys: KeyService;
  readonly signers: SignerService;
  readonly bundles: BundleService;
  readonly proofs: ProofService;
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
  const bridgesIn = (knex: Database['knex']) =>
    createBridgeService({ bridges: createBridgeStore(knex, rowMac), keyRing, store, now });
  const bridges = bridgesIn(db);
  const settings = createSettingsService({
    database,
    store,
    keyRing,
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
  const verifications = createVerificationStore(database, deriveKey(masterKey, 'verification'));
  const heartbeats = createHeartbeatStore(database, rowMac);
  const sequences = createSequenceStore({ database, rowMac, now });
  const sequenceConsumer = createSequenceConsumer({ database, store, sequences, now });
  const bridgeWatch = createBridgeWatch({
    database,
    bridges,
    heartbeats,
    sequences,
    consumer: sequenceConsumer,
    ownEvents,
    now,
    onError: (error) => logger.warn({ err: error }, 'the bridges were not looked at; it is tried again'),
  });
  const tokensIn = (knex: Database['knex']) => createApiTokenService({ db: knex, rowMac, now });
  const tokens = tokensIn(db);
  const stated = createStatedChanges({ store, addressingOf, onCommit: noteCommit, now });
  const credentials = createCredentialService({ stated, bridgesIn, tokensIn });
  const senderCheck = createSenderCheck({ bridges, credentials, onRefusal: (refusal) => refusals.note(refusal) });
  const proveRetired = createRetiredProof({
    database,
    store,
    keyRing,
    trees: treeReader,
    findVkeys: (ledger) => findVkeys(ledger),
    heldCheckpoints,
  });
  const readingScope = createReadingScope();
  const browseOver = (over: Database) =>
    scopeBrowse(
      findHashedIps(
        createBrowseService({
          database: over,
          store: { ...store, ...createEntryReader(over) },
          search: createEntrySearch(over),
          keyRing,
          trees: treeReader,
          erasures: erasureReader,
          proveRetired,
        }),
        () => ipSalt.find(),
      ),
      readingScope,
    );
  const browse = browseOver(database);
  // Who reads everything once would fill the cache that pages have with what nobody needs again.
  const once = database.dialect.name === 'sqlite' ? openDatabase(config.databaseUrl, { cacheKib: 2_048 }) : undefined;
  const browseOnce = once ? browseOver(once) : browse;
  const tables = accessTables(db, database);
  const accessLedger = createAccessLedger({ database, stated });
  const roles = createRoleService({ ledger: accessLedger, roles: tables.roles, now });
  const accessLog = createAccessLog({
    windows: createAccessWindowStore(database),
    ownEvents,
    recordsReads: options.recordsReads ?? (async (tenantId) => (await settings.read(tenantId)).recordReads),
    findTenant: async (id) => (await store.listLedgers(id))[0]?.tenant,
    now,
    onError: (error) => logger.warn({ err: error }, 'what somebody read or was refused was not recorded'),
  });
  const findTenant = async (slug: string) => (await store.findLedger(slug))?.tenant;

  const i18n = createI18n();
  const summaries = createSummaryService({
    database,
    store,
    browse,
    i18n,
    findChain: chainStatus,
    bridgeStates: () => bridgeWatch.states(),
  });

  const trees = createTreeStore(database);
  const firstOrigin = createFirstOrigin({ database, store, trees });
  const tree = createTreeService({ database, store, trees, handedLeaves, firstOrigin });
  const treeBuilder = createTreeBuilder({
    store,
    tree,
    onError: (error) => logger.warn({ err: error }, 'the tree fell behind; it tries again'),
  });
  const checkpointStore = createCheckpointStore(database);
  const checkpointFile = createCheckpointFile(path.join(config.dataDir, 'checkpoints'));
  const signing = { storeName: storeName(config.databaseUrl), file: checkpointFile, checkpoints: checkpointStore };
  const checkpoints = createCheckpointService({
    ...signing,
    database,
    store,
    keyRing,
    tree,
    trees,
    memory: createSignedMemory({ ...signing, keyRing }),
    firstOrigin,
    ownEvents,
    now,
    onStopped: (error) => logger.error({ err: error }, 'a ledger signs no checkpoints any more: see sealtrail doctor'),
  });
  const checkpointClock = createCheckpointClock({
    database,
    store,
    checkpoints,
    now,
    onError: (error) => logger.error({ err: error }, 'no checkpoint could be signed'),
  });

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
      await sequenceConsumer.catchUp();
    },
    now,
    ...(options.onPruneStep === undefined ? {} : { onStep: options.onPruneStep }),
  });

  const checkBridgeState = createBridgeStateCheck({
    bridges,
    listsOfChanged: [
      (id) => bridges.listChanged(id),
      (id) => heartbeats.listChanged(id),
      (id) => sequences.listChanged(db, id),
    ],
  });
  const verifier = createVerifyService({
    database,
    store,
    trees: treeReader,
    keyRing,
    headNotes,
    scanner: createRangeScanner(config.databaseUrl, { ...store, ...treeReader }),
    evidence: { findVkeys, heldCheckpoints },
    derived: createDerivedChecks(config.databaseUrl, database, checkBridgeState),
    certificates: retention.certificates,
    findMark: (ledger) => verifications.findMark(ledger),
    erasures: erasureReader,
  });
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
    const lines = await checkpointFile.readNewest(ledger.name);
    const ours = lines.filter((line) => line.store === undefined || line.store === signing.storeName);
    const { held, faults } = await anchors.readCopies(ledger);
    return [
      ...ours.map(({ note, size }) => ({ note, where: `the data folder (${size} entries)` })),
      ...held.map(({ note, where }) => ({ note, where })),
      ...faults.flatMap(({ where, detail, isEdited }) => (isEdited ? [{ note: '', where, fault: detail }] : [])),
    ];
  }

  async function chainStatus(ledger: Ledger): Promise<ChainStatus> {
    const state = await verifications.findState(ledger);
    return state ? { status: state.verdict, at: state.at } : { status: 'never_verified', at: null };
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
    bridges,
    loginLinks: createLoginLinkService({ db, rowMac, now }),
    tokens,
    credentials,
    access: createAccessService({ people: tables.people, roles, findTenant, now }),
    roles,
    people: createPeopleService({ database, ledger: accessLedger, now }),
    readingScope,
    accessLog,
    ownEvents,
    refusals,
    senderCheck,
    heartbeats: createHeartbeatService({
      senderCheck,
      bridges,
      heartbeats,
      store,
      chainStatus,
      keepCheckpoint: (bridge, held) => anchors.keeper.exchange(bridge, held),
      now,
      onError: (error) =>
        logger.warn({ err: error }, 'a bridge was handed no checkpoint; the next heartbeat brings it'),
    }),
    bridgeWatch,
    capture: createCaptureService({ senderCheck, bridges, preparer, addressingOf, appender, now }),
    browse,
    views: createViewsService({ views: createViewStore(database), preferences: createPreferenceStore(db), now }),
    related: createRelatedService({ database, store, browse }),
    timelines: createTimelineService({ browse }),
    exports: createExportService({ browse: browseOnce, beforeExport: checkpointExport }),
    verifier,
    entryCheck: createEntryCheck({
      database,
      store,
      trees: treeReader,
      keyRing,
      findVkeys,
      erasures: erasureReader,
      proveRetired,
    }),
    findChain: chainStatus,
    verifications,
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
      findChain: chainStatus,
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
    tree,
    checkpoints,
    checkpointClock,
    anchors,
    witness,
    keys,
    signers,
    bundles,
    proofs: createProofService({ database, store, tree, checkpoints }),
    async close() {
      await dailyTasks.stop();
      await jobs.stop();
      await erasures.stop();
      await bridgeWatch.stop();
      await accessLog.stop();
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
      await once?.close();
      await database.close();
    },
  };
}
