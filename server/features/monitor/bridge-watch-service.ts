import type { Knex } from 'knex';
import type { JsonObject } from '../../core/canonical-json';
import { storedTime } from '../../core/stored-time';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import type { BridgeRow, BridgeService } from '../access/bridge-service';
import type { OwnEvents } from '../capture/own-events-service';
import { parkedSeqs, settledBelow, type HeartbeatRow, type HeartbeatStore } from './heartbeat-store';
import type { SequenceConsumer } from './sequence-consumer';
import { findHoles, overlap, withoutRanges, type Hole } from './sequence-ranges';
import type { Gap, ReportCells, SequenceStore } from './sequence-store';

/** How a bridge stands, for people and for metrics. Times are milliseconds since 1970. */
export interface BridgeState {
  readonly id: string;
  readonly tenantId: number;
  readonly name: string;
  readonly lastSeenAt: number | null;
  readonly isSilent: boolean;
  readonly isPaused: boolean;
  readonly clockDriftMs: number | null;
  /** Of the last heartbeat; null where there never was one. */
  readonly outbox: {
    readonly at: number;
    readonly pending: number;
    readonly parked: number;
    readonly spooled: number;
    readonly oldestAt: number | null;
  } | null;
  /** Gaps that were reported and are not closed, and how many numbers they lack. */
  readonly gaps: number;
  readonly missing: number;
}

/** Finds what does not come: numbers of a sequence, a bridge that fell silent, a clock that went wrong. Each is recorded once. */
export interface BridgeWatch {
  /** Looks now: reads what arrived, compares, records. */
  run(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
  /** Bridges that are not revoked. */
  states(): Promise<BridgeState[]>;
}

interface WatchDeps {
  readonly database: Database;
  readonly bridges: BridgeService;
  readonly heartbeats: HeartbeatStore;
  readonly sequences: SequenceStore;
  readonly consumer: SequenceConsumer;
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

const POLL_MS = 15_000;
export const SILENT_MS = 20 * 60_000;
export const MAX_DRIFT_MS = 60_000;
/** An item on its way must not look lost: a hole is told only when it is still there after this, and in a later heartbeat. */
export const SETTLE_MS = 60_000;
/** More holes than this found at once are told as one. */
const MAX_TOLD = 20;

export function createBridgeWatch(deps: WatchDeps): BridgeWatch {
  const { database, bridges, heartbeats, sequences, consumer, ownEvents, now, onError } = deps;
  const { knex: db } = database;
  const startedAt = now().getTime();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let stopped = false;

  async function look(): Promise<void> {
    const beats = newestByBridge(await heartbeats.list());
    const rows = (await bridges.list()).filter((row) => row.revoked_at === null);
    // After the heartbeats: what has left an outbox by then is committed, and so among what is read now.
    await consumer.catchUp();
    for (const row of rows) {
      await retriedTransaction(database, (trx) => findGaps(trx, row, beats.get(row.id)));
      await findSilence(row);
      await findDrift(row);
    }
    await recordReports();
  }

  // ---- gaps

  async function findGaps(trx: Knex, { id }: BridgeRow, beat: HeartbeatRow | undefined): Promise<void> {
    const sequence = await sequences.lock(trx, id);
    if (!sequence) return;
    const at = now().getTime();
    // Before anything arrived, the first heartbeat says where the numbers begin.
    const base = sequence.base ?? (beat && settledBelow(beat));
    if (base === undefined) return;
    if (sequence.base === null) await sequences.save(trx, id, { ...sequence, base });
    const parked = beat ? parkedSeqs(beat) : [];
    const ranges = await sequences.rangesNear(trx, id, sequence.run);
    const state = { ranges, base, step: sequence.step, settledBelow: beat ? settledBelow(beat) : null };
    const holes = findHoles({ ...state, parked });

    const gaps = await sequences.openGaps(trx, id, sequence.run);
    const filled = gaps.filter((gap) => !holes.some((hole) => overlap(hole, gap)));
    await sequences.forgetGaps(trx, filled.filter((gap) => gap.detectedAt === null).map((gap) => gap.id)); // prettier-ignore
    for (const gap of filled.filter((one) => one.detectedAt !== null))
      await closeGap(trx, id, sequence.run, gap, findHoles({ ...state, parked: [] }));

    const told = gaps.filter((gap) => gap.detectedAt !== null && !filled.includes(gap));
    const noticed = gaps.filter((gap) => gap.detectedAt === null && !filled.includes(gap));
    const isHeard = beat !== undefined && at - beat.at < SILENT_MS;
    const untold = holes.flatMap((hole) =>
      withoutRanges(hole, told).map((part) => ({
        ...part,
        missing: Math.min(hole.missing, part.to - part.from + 1),
        settled: hole.settled,
        noticedAt: Math.min(at, ...noticed.filter((gap) => overlap(gap, part)).map((gap) => gap.noticedAt)),
      })),
    );
    const isDue = ({ settled, noticedAt }: Untold) =>
      isHeard ? settled && at - noticedAt >= SETTLE_MS && beat.at > noticedAt : at - noticedAt >= SILENT_MS;
    await sequences.forgetGaps(trx, noticed.map((gap) => gap.id)); // prettier-ignore
    for (const hole of untold.filter((one) => !isDue(one)))
      await sequences.insertGap(trx, id, sequence.run, { ...hole, detectedAt: null });
    for (const hole of together(untold.filter(isDue))) await tellGap(trx, id, sequence.run, hole, at);
  }

  async function tellGap(trx: Knex, id: string, run: number, hole: Omit<Gap, 'id' | 'detectedAt'>, at: number) {
    await sequences.insertGap(trx, id, run, { ...hole, detectedAt: at });
    await sequences.report(trx, {
      action: 'audit.gap_detected',
      bridgeId: id,
      once: `${id} ${run} ${hole.from}-${hole.to} ${hole.noticedAt}`,
      payload: { from: String(hole.from), to: String(hole.to), missing: String(hole.missing) },
    });
  }

  async function closeGap(trx: Knex, id: string, run: number, gap: Gap, withoutParked: readonly Hole[]) {
    const by = withoutParked.some((hole) => overlap(hole, gap)) ? 'parked' : 'arrived';
    await sequences.closeGap(trx, gap.id, now().getTime(), by);
    await sequences.report(trx, {
      action: 'audit.gap_closed',
      bridgeId: id,
      once: `${id} ${run} ${gap.from}-${gap.to} ${gap.noticedAt}`,
      payload: { from: String(gap.from), to: String(gap.to), missing: String(gap.missing), by },
    });
  }

  // ---- silence and clocks

  async function findSilence({ id, last_seen_at: lastSeen, silent_at: silentAt }: BridgeRow): Promise<void> {
    if (lastSeen === null) return;
    const isQuiet = now().getTime() - Math.max(lastSeen, startedAt) >= SILENT_MS;
    if (silentAt === null && isQuiet)
      // The same moment in every process, so that they agree on which silence this is.
      await changeAndReport(id, { silent_at: lastSeen + SILENT_MS }, 'audit.bridge_silent', `${id} ${lastSeen}`, {
        last_heard_at: storedTime(lastSeen),
      });
    else if (silentAt !== null && lastSeen > silentAt - SILENT_MS)
      await changeAndReport(id, { silent_at: null }, 'audit.bridge_recovered', `${id} ${silentAt}`, {
        silent_since: storedTime(silentAt - SILENT_MS),
      });
  }

  async function findDrift({ id, clock_drift_ms: drift, drift_at: driftAt }: BridgeRow): Promise<void> {
    if (drift === null) return;
    const isOff = Math.abs(drift) > MAX_DRIFT_MS;
    const at = now().getTime();
    if (isOff && driftAt === null)
      await changeAndReport(id, { drift_at: at }, 'audit.clock_drift', `${id} ${Math.floor(at / SILENT_MS)}`, {
        bridge_behind_ms: String(drift),
      });
    else if (!isOff && driftAt !== null) await db('bridges').where({ id }).update({ drift_at: null });
  }

  /** Whoever changes the row reports it; the report is in the same transaction. */
  async function changeAndReport(
    id: string,
    change: Partial<Pick<BridgeRow, 'silent_at' | 'drift_at'>>,
    action: string,
    once: string,
    payload: JsonObject,
  ): Promise<void> {
    await retriedTransaction(database, async (trx) => {
      const [column] = Object.keys(change) as [keyof typeof change];
      const rows = trx<BridgeRow>('bridges').where({ id });
      const waiting = change[column] === null ? rows.whereNotNull(column) : rows.whereNull(column);
      if ((await waiting.update(change)) === 1) await sequences.report(trx, { action, bridgeId: id, once, payload });
    });
  }

  // ---- entries

  /** An entry first, then the row that asked for it: stored twice it is one entry. */
  async function recordReports(): Promise<void> {
    // Those that somebody else wrote stay where they are, and hold nothing up.
    for (let after = 0; ;) {
      const rows = await db('watch_reports as r')
        .join('bridges as b', 'b.id', 'r.bridge_id')
        .join('tenants as t', 't.id', 'b.tenant_id')
        .where('r.id', '>', after)
        .orderBy('r.id')
        .limit(1_000)
        .select<ReportRow[]>('r.id', 'r.once', 'r.action', 'r.bridge_id', 'r.payload', 'r.mac', 'b.name', 't.slug');
      const last = rows.at(-1);
      if (!last) return;
      await recordEach(rows.filter((row) => sequences.isGenuineReport(row)));
      after = last.id;
    }
  }

  async function recordEach(rows: readonly ReportRow[]): Promise<void> {
    for (const row of rows) {
      await ownEvents.record(row.slug, {
        action: row.action,
        targetId: row.bridge_id,
        targetLabel: row.name,
        payload: JSON.parse(row.payload) as JsonObject,
        once: row.once,
      });
      await db('watch_reports').where({ id: row.id }).delete();
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      working = look()
        .catch(onError)
        .finally(() => {
          working = undefined;
          schedule();
        });
    }, POLL_MS).unref();
  }

  return {
    async run() {
      await working;
      await look();
    },
    start: schedule,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
    async states() {
      const beats = newestByBridge(await heartbeats.list());
      const gaps = await db('bridge_gaps').whereNotNull('detected_at').whereNull('closed_at').groupBy('bridge_id').select<GapCount[]>('bridge_id', db.raw('COUNT(*) AS gaps'), db.raw('SUM(missing) AS missing')); // prettier-ignore
      return (await bridges.list())
        .filter((row) => row.revoked_at === null)
        .map((row) => {
          const beat = beats.get(row.id);
          const open = gaps.find((one) => one.bridge_id === row.id);
          return {
            id: row.id,
            tenantId: row.tenant_id,
            name: row.name,
            lastSeenAt: row.last_seen_at,
            isSilent: row.silent_at !== null,
            isPaused: Boolean(beat?.paused),
            clockDriftMs: row.clock_drift_ms,
            outbox: beat ? { at: beat.at, pending: beat.pending, parked: beat.parked, spooled: beat.spooled, oldestAt: beat.oldest_at } : null, // prettier-ignore
            gaps: Number(open?.gaps ?? 0),
            missing: Number(open?.missing ?? 0),
          };
        });
    },
  };
}

interface ReportRow extends ReportCells {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
}

interface GapCount {
  readonly bridge_id: string;
  readonly gaps: number | string;
  readonly missing: number | string;
}

/** A bridge counts in one sequence; of several the one heard last. */
function newestByBridge(newestFirst: readonly HeartbeatRow[]): Map<string, HeartbeatRow> {
  const found = new Map<string, HeartbeatRow>();
  for (const row of newestFirst) if (!found.has(row.bridge_id)) found.set(row.bridge_id, row);
  return found;
}

type Untold = Hole & { readonly noticedAt: number };

/** One for each hole; but a sender whose numbers make no sense must not fill the ledger. */
function together(holes: readonly Untold[]): readonly Untold[] {
  const [first] = holes;
  const last = holes.at(-1);
  if (!first || !last || holes.length <= MAX_TOLD) return holes;
  const missing = holes.reduce((sum, hole) => sum + hole.missing, 0);
  const noticedAt = Math.min(...holes.map((hole) => hole.noticedAt));
  return [{ from: first.from, to: last.to, missing, settled: first.settled, noticedAt }];
}
