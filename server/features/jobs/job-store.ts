import { hash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { canonicalJson, type JsonObject } from '../../core/canonical-json';
import type { RowCell, RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import { isFree } from '../../db/free-lease';
import type { Job, JobRequest, JobState } from './job';

interface JobRow {
  id: string;
  kind: string;
  tenant_id: number;
  ledger: string | null;
  params: string;
  state: JobState;
  active_key: string | null;
  progress_done: number;
  progress_total: number;
  memo: string | null;
  result: string | null;
  problem: string | null;
  requested_by: string;
  cancel_asked: boolean | number;
  attempts: number;
  holder: string | null;
  held_until: number;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  /** Over what is to be done and for whom, what was noted of it, and how it ended: they change apart. */
  mac: string | null;
  memo_mac: string | null;
  result_mac: string | null;
}

/** A job that this process has taken, with what an earlier run of it left. */
export interface ClaimedJob {
  readonly job: Job;
  readonly memo: JsonObject | null;
  readonly isCancelled: boolean;
  /** Runs that began and neither ended nor got on, this one included. */
  readonly attempts: number;
}

interface Progress {
  readonly done: number;
  readonly total: number;
}

/**
 * The table behind JobService. Whoever changes a running job names itself as its holder; a change that says 0 was refused. What
 * somebody wrote past the program is not done: such a job fails, what it notes is not gone on from, and what it is said to have
 * found is not told.
 */
export interface JobStore {
  add(request: JobRequest): Promise<Job>;
  find(tenantId: number, id: string): Promise<Job | undefined>;
  listActive(tenantId: number, kind: string): Promise<Job[]>;
  /** Whether `claim` would find one. */
  isWaiting(kind: string): Promise<boolean>;
  claim(kind: string, holder: string, leaseMs: number): Promise<ClaimedJob | undefined>;
  /** Keeps the job for `leaseMs` more. `lost`: somebody else has it. */
  renew(id: string, holder: string, leaseMs: number, progress: Progress): Promise<'held' | 'cancelled' | 'lost'>;
  saveMemo(id: string, holder: string, leaseMs: number, progress: Progress, memo: JsonObject): Promise<boolean>;
  finish(
    id: string,
    holder: string,
    end: {
      readonly state: JobState;
      readonly progress: Progress;
      readonly result?: JsonObject;
      readonly problem?: string;
    },
  ): Promise<boolean>;
  /** Leaves it to whoever comes next. */
  release(id: string, holder: string): Promise<void>;
  /** Whether there was anything to cancel. */
  askCancel(tenantId: number, id: string): Promise<boolean>;
}

const CHANGED = 'the job was changed in the database';

interface StoreDeps {
  readonly database: Database;
  readonly rowMac: RowMac;
  readonly now: () => Date;
}

export function createJobStore({ database: { knex: db, dialect }, rowMac, now }: StoreDeps): JobStore {
  const jobs = () => db<JobRow>('jobs');
  const held = (id: string, holder: string) => jobs().where({ id, holder, state: 'running' });
  const unheld = (kind: string, at: number) =>
    jobs()
      .where({ kind })
      .where((one) => {
        void one.where({ state: 'queued' });
        void one.orWhere((other) => void other.where({ state: 'running' }).where(isFree('held_until', at)));
      });

  const memoMac = (id: string, memo: string) => rowMac.of('jobs.memo', [id, memo]);
  const isEnd = ({ state }: JobRow) => state === 'done' || state === 'failed';

  /** Of a row that ends: `result` and `problem` with their MAC. */
  function ended(
    id: string,
    state: JobState,
    { result, problem }: { readonly result?: string | undefined; readonly problem?: string | undefined },
  ) {
    const end = { state, result: result ?? null, problem: problem ?? null };
    return {
      ...end,
      result_mac: rowMac.of('jobs.result', resultCells({ id, ...end })),
      active_key: null,
      memo: null,
      memo_mac: null,
      holder: null,
      held_until: 0,
      finished_at: now().getTime(),
    };
  }

  function toJob(row: JobRow): Job {
    const isOrdered = rowMac.fits(row.mac, 'jobs', orderCells(row));
    if (!isOrdered) return fromRow({ ...row, params: '{}', state: 'failed', result: null, problem: CHANGED });
    if (!isEnd(row)) return fromRow({ ...row, result: null, problem: null });
    const isGenuine = rowMac.fits(row.result_mac, 'jobs.result', resultCells(row));
    return fromRow(isGenuine ? row : { ...row, state: 'failed', result: null, problem: CHANGED });
  }

  return {
    async add(request) {
      const activeKey = hash(
        'sha256',
        canonicalJson([request.kind, String(request.tenantId), request.ledger, request.sameAs ?? request.params]),
      );
      for (let attempt = 1; ; attempt += 1) {
        const made: Omit<JobRow, 'mac'> = {
          id: uuidv7(),
          kind: request.kind,
          tenant_id: request.tenantId,
          ledger: request.ledger,
          params: JSON.stringify(request.params),
          state: 'queued',
          active_key: activeKey,
          progress_done: 0,
          progress_total: 0,
          memo: null,
          result: null,
          problem: null,
          requested_by: request.requestedBy.slice(0, 191),
          cancel_asked: false,
          attempts: 0,
          holder: null,
          held_until: 0,
          created_at: now().getTime(),
          started_at: null,
          finished_at: null,
          memo_mac: null,
          result_mac: null,
        };
        const row = { ...made, mac: rowMac.of('jobs', orderCells(made)) };
        try {
          await jobs().insert(row);
          return fromRow(row);
        } catch (error) {
          if (!dialect.isDuplicate(error) || attempt === 5) throw error;
          const same = await jobs().where({ active_key: activeKey }).first();
          if (same) return toJob(same);
        }
      }
    },
    async find(tenantId, id) {
      const row = await jobs().where({ id, tenant_id: tenantId }).first();
      return row && toJob(row);
    },
    async listActive(tenantId, kind) {
      const rows = await jobs()
        .where({ tenant_id: tenantId, kind })
        .whereIn('state', ['queued', 'running'])
        .orderBy(['created_at', 'id']);
      // One that somebody wrote in is none: whoever claims it ends it.
      return rows.map(toJob).filter(({ state }) => state !== 'failed');
    },
    async isWaiting(kind) {
      return (await unheld(kind, now().getTime()).first('id')) !== undefined;
    },
    async claim(kind, holder, leaseMs) {
      for (;;) {
        const at = now().getTime();
        const row = await unheld(kind, at).orderBy(['created_at', 'id']).first();
        if (!row) return undefined;
        // Whoever finds it as it was read has it.
        const same = jobs().where({ id: row.id, state: row.state, held_until: row.held_until, attempts: row.attempts });
        if (!rowMac.fits(row.mac, 'jobs', orderCells(row))) {
          await same.update(ended(row.id, 'failed', { problem: CHANGED }));
          continue;
        }
        const taken = {
          state: 'running' as const,
          holder,
          held_until: at + leaseMs,
          attempts: row.attempts + 1,
          started_at: row.started_at ?? at,
        };
        if ((await same.update(taken)) !== 1) continue;
        const isNoted = row.memo !== null && rowMac.fits(row.memo_mac, 'jobs.memo', [row.id, row.memo]);
        return {
          job: toJob({ ...row, ...taken }),
          memo: isNoted ? (JSON.parse(row.memo ?? '') as JsonObject) : null,
          isCancelled: Boolean(row.cancel_asked),
          attempts: taken.attempts,
        };
      }
    },
    async renew(id, holder, leaseMs, { done, total }) {
      const changed = await held(id, holder).update({
        held_until: now().getTime() + leaseMs,
        progress_done: done,
        progress_total: total,
      });
      if (changed === 0) return 'lost';
      const row = await jobs().where({ id }).first('cancel_asked');
      return row?.cancel_asked ? 'cancelled' : 'held';
    },
    async saveMemo(id, holder, leaseMs, { done, total }, memo) {
      const text = JSON.stringify(memo);
      const changed = await held(id, holder).update({
        held_until: now().getTime() + leaseMs,
        progress_done: done,
        progress_total: total,
        memo: text,
        memo_mac: memoMac(id, text),
        attempts: 1,
      });
      return changed === 1;
    },
    async finish(id, holder, { state, progress, result, problem }) {
      const end = { result: result && JSON.stringify(result), problem: problem?.slice(0, 1000) };
      const changed = await held(id, holder).update({
        ...ended(id, state, end),
        progress_done: progress.done,
        progress_total: progress.total,
      });
      return changed === 1;
    },
    async release(id, holder) {
      await held(id, holder).update({ holder: null, held_until: 0 });
    },
    async askCancel(tenantId, id) {
      const own = () => jobs().where({ id, tenant_id: tenantId });
      const waiting = await own()
        .where({ state: 'queued' })
        .update({ state: 'cancelled', active_key: null, finished_at: now().getTime() });
      if (waiting === 1) return true;
      await own().where({ state: 'running' }).update({ cancel_asked: true });
      return (await own().where({ state: 'running' }).first('id')) !== undefined;
    },
  };
}

/** What is to be done, and for whom. */
function orderCells(row: Omit<JobRow, 'mac'>): RowCell[] {
  return [row.id, row.kind, row.tenant_id, row.ledger, row.params, row.requested_by, row.created_at];
}

function resultCells(row: Pick<JobRow, 'id' | 'state' | 'result' | 'problem'>): RowCell[] {
  return [row.id, row.state, row.result, row.problem];
}

function fromRow(row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    tenantId: row.tenant_id,
    ledger: row.ledger,
    params: JSON.parse(row.params) as JsonObject,
    state: row.state,
    progress: { done: row.progress_done, total: row.progress_total },
    result: row.result === null ? null : (JSON.parse(row.result) as JsonObject),
    problem: row.problem,
    requestedBy: row.requested_by,
    createdAt: new Date(row.created_at),
    startedAt: row.started_at === null ? null : new Date(row.started_at),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at),
  };
}
