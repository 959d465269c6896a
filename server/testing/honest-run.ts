import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { readConfig, type Config } from '../config/config';
import { createDeps, type Deps } from '../deps';
import { checkMasterKey, DEFAULT_TENANT, ensureLedger } from '../entries/ledger-setup';
import { createMasterKey } from '../entries/master-key';
import { SubjectHeldError } from '../features/erasure/erasure-service';
import type { VerifyReport } from '../features/integrity/verify-service';
import { anAppendItem } from './append-item';
import { createFixedClock, type FixedClock } from './fixed-clock';
import { createHonestChanges } from './honest-changes';
import { createRandom } from './random';
import { createTestDatabase, type Engine } from './test-database';

export interface HonestRun {
  readonly engine: Engine;
  /** Entries stored, checkpoints, rotations, prunes, erasures, changes of what entries tell of, restarts, wrong clocks put right and verifications, together. */
  readonly operations: number;
  readonly seed: number;
  /** Entries of a batch at most. */
  readonly maxBatch: number;
  readonly onProgress?: (line: string) => void;
}

export interface HonestResult {
  readonly counts: Readonly<Record<Operation, number>>;
  /** Entries that prunes took out. */
  readonly pruned: number;
  /** Verdicts that were not *intact*, with what was found. None is what is promised. */
  readonly alarms: readonly string[];
}

const OPERATIONS = [
  'append',
  'checkpoint',
  'rotate',
  'prune',
  'erase',
  'change',
  'restart',
  'clock',
  'verify',
] as const;
type Operation = (typeof OPERATIONS)[number];

/** How often each comes up against one batch; the rest are batches. */
const CHANCES: readonly (readonly [Exclude<Operation, 'append'>, number])[] = [
  ['checkpoint', 0.05],
  ['rotate', 0.01],
  ['prune', 0.01],
  ['erase', 0.02],
  ['change', 0.15],
  ['restart', 0.01],
  ['clock', 0.01],
  ['verify', 0.01],
];
const CLIENTS = 200;
/** Words that begin as the names of fields do are among them. */
const NOTES = [
  'invoice paid by card',
  'ip address changed',
  'id 17 merged',
  'name servers of a domain',
  '退款已处理',
  'north',
];
const MAX_PAUSE_MS = 6 * 3_600_000;
const PRUNE_DAYS = 7;
/** A clock that is wrong is ahead by less than that. */
const MAX_AHEAD_DAYS = 10;
const DAY_MS = 86_400_000;

/**
 * Two sidecars on one database do everything that honest people do, in an order that a seed gives, and verify in between and at
 * the end against all that was published: whatever is not intact is a false alarm.
 */
export async function runHonestly({
  engine,
  operations,
  seed,
  maxBatch,
  onProgress = () => undefined,
}: HonestRun): Promise<HonestResult> {
  const random = createRandom(seed);
  const database = await createTestDatabase(engine);
  const folders = [0, 1].map(() => mkdtempSync(path.join(tmpdir(), 'sealtrail-honest-')));
  const clock = createFixedClock();
  const sidecars: Deps[] = [];
  const counts = Object.fromEntries(OPERATIONS.map((name) => [name, 0])) as Record<Operation, number>;
  const alarms: string[] = [];
  let pruned = 0;
  const published: { readonly ledger: string; readonly note: string; readonly where: string }[] = [];

  const configs = folders.map((dataDir) => configOf(database.url, dataDir, path.join(folders[0] ?? '', 'master.key')));
  createMasterKey(configs[0]?.masterKeyFile ?? '');
  // SQLite's driver waits for a lock without giving the holder a turn: in one process they take turns instead.
  const running = engine === 'sqlite' ? configs.slice(0, 1) : configs;
  for (const config of running) sidecars.push(await startSidecar(config, clock));
  const pick = (): number => Math.floor(random() * sidecars.length);
  const sidecar = (at = pick()): Deps => sidecars[at] as Deps;
  const ledger = await ensureLedger(sidecar(0), DEFAULT_TENANT);

  const changes = createHonestChanges({ ledger, folder: folders[0] ?? '', random, now: () => clock.now() });

  async function appendBatch(): Promise<void> {
    // Both at once, so that they meet at the head.
    const sizes = sidecars.map(() => 1 + Math.floor(random() * maxBatch));
    await Promise.all(
      sidecars.map(({ appender }, at) => {
        const items = Array.from({ length: sizes[at] ?? 1 }, () => {
          const client = String(1 + Math.floor(random() * CLIENTS));
          return anAppendItem(ledger, {
            eventId: randomUUID(),
            client,
            target: { type: 'client', id: client, label: `Client ${client}` },
            ip: `203.0.113.${client}`,
            payload: { note: NOTES[Math.floor(random() * NOTES.length)] ?? '' },
            occurredAt: clock.now().toISOString(),
            receivedAt: clock.now().toISOString(),
          });
        });
        return appender.append(ledger, items, []);
      }),
    );
    counts.append += sizes.reduce((sum, size) => sum + size, 0);
    clock.advance(Math.floor(random() * MAX_PAUSE_MS));
  }

  async function publish(deps: Deps): Promise<void> {
    const { note, size } = await deps.checkpoints.sign(ledger, 'request');
    published.push({ ledger: ledger.name, note, where: `the checkpoint of ${size} that was published` });
  }

  async function verify(deps: Deps, isOnlyNew: boolean): Promise<void> {
    await deps.indexer.catchUp();
    await deps.activity.catchUp();
    const report = await deps.verifier.verify({ isOnlyNew, derived: !isOnlyNew, expectedNotes: published });
    if (report.verdict !== 'intact') alarms.push(describe(report));
  }

  const acts: Readonly<Record<Exclude<Operation, 'append'>, () => Promise<unknown>>> = {
    checkpoint: () => publish(sidecar()),
    rotate: () => sidecar().keys.rotate(ledger, { via: 'cli' }),
    async prune() {
      const { prunes, stopped } = await sidecar().retention.pruner.run(ledger, { days: PRUNE_DAYS, requestedBy: 'honest run', via: 'cli' }); // prettier-ignore
      if (stopped !== null) alarms.push(`a prune stopped: ${stopped}`);
      pruned += prunes.reduce((sum, { entries }) => sum + entries, 0);
    },
    async erase() {
      const ref = `client:${1 + Math.floor(random() * CLIENTS)}`;
      try {
        await sidecar().erasures.erase(ledger, { ref, basis: 'request', ground: 'asked to' });
      } catch (error) {
        // A hold in force.
        if (!(error instanceof SubjectHeldError)) throw error;
      }
    },
    change: () => changes.make(sidecar()),
    async restart() {
      const at = pick();
      await sidecar(at).close();
      const next = sidecars.length === 1 ? Math.floor(random() * configs.length) : at;
      sidecars[at] = await startSidecar(configs[next] as Config, clock);
    },
    async clock() {
      const ahead = Math.floor(random() * MAX_AHEAD_DAYS * DAY_MS);
      clock.advance(ahead);
      await appendBatch();
      await acts[random() < 0.5 ? 'checkpoint' : 'rotate']();
      await verify(sidecar(), false);
      for (const { activity } of sidecars) await activity.catchUp();
      clock.advance(-ahead);
    },
    verify: () => verify(sidecar(), random() < 0.7),
  };

  try {
    let reported = 0;
    for (let done = 0; done < operations; done = OPERATIONS.reduce((sum, name) => sum + counts[name], 0)) {
      const drawn = draw(random());
      if (drawn === undefined) await appendBatch();
      else {
        await acts[drawn]();
        counts[drawn] += 1;
      }
      if (done - reported < operations / 20) continue;
      reported = done;
      onProgress(`${done} of ${operations}; ${alarms.length} alarms`);
    }
    await publish(sidecar());
    for (const deps of sidecars) await verify(deps, false);
    counts.verify += sidecars.length;
    return { counts, pruned, alarms };
  } finally {
    for (const deps of sidecars) await deps.close();
    await database.drop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

function configOf(databaseUrl: string, dataDir: string, masterKeyFile: string): Config {
  return readConfig({
    SEALTRAIL_DATABASE_URL: databaseUrl,
    SEALTRAIL_DATA_DIR: dataDir,
    SEALTRAIL_MASTER_KEY_FILE: masterKeyFile,
    SEALTRAIL_PORT: '0',
    SEALTRAIL_LOG_LEVEL: 'silent',
  });
}

async function startSidecar(config: Config, clock: FixedClock): Promise<Deps> {
  const deps = createDeps(config, { now: () => clock.now(), logger: pino({ level: 'silent' }) });
  await checkMasterKey(deps);
  return deps;
}

function draw(value: number): Exclude<Operation, 'append'> | undefined {
  let from = 0;
  for (const [name, chance] of CHANCES) {
    from += chance;
    if (value < from) return name;
  }
  return undefined;
}

function describe(report: VerifyReport): string {
  const found = report.ledgers.flatMap(({ ledger, broken }) =>
    broken.slice(0, 5).map((one) => `${ledger} ${one.seq} ${one.kind}: ${one.detail}`),
  );
  return `${report.verdict}: ${found.join('; ')}`;
}
