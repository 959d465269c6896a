import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../../db/connection';
import { isFree } from '../../db/free-lease';
import { dayNumber, daysBetween } from '../../entries/day-number';

/** Work done once a day. `run` may be called again for the same day when it failed, or when its process ended in the middle. */
export interface DailyTask {
  readonly name: string;
  /**
   * `days` since the last day that it was done for, by this machine's clock: below one where that clock was put back, NaN where
   * the row tells of no day.
   */
  run(signal: AbortSignal, days: number): Promise<void>;
}

/**
 * Runs each task once a day, after DAILY_HOUR (UTC), in one of the processes that share the database. A day that nobody was up
 * for is made up for once, at the next start. A task that was never seen before waits for its next day. What the row says of days
 * and times to come is not believed: it was written under a wrong clock, or so that the task does not run.
 */
export interface DailyTasks {
  /** Does what is due now. */
  run(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

interface DailyDeps {
  readonly tasks: readonly DailyTask[];
  readonly database: Database;
  readonly now: () => Date;
  readonly logger: Pick<Logger, 'error' | 'info'>;
}

interface TaskRow {
  name: string;
  done_day: number;
  holder: string | null;
  held_until: number;
  done_at: number | null;
}

export const DAILY_HOUR = 2;
const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;
const RENEW_MS = 15_000;
/** After a failure it is tried again then. */
const RETRY_MS = 15 * 60_000;
const POLL_MS = 60_000;

export function createDailyTasks({ tasks, database, now, logger }: DailyDeps): DailyTasks {
  const { knex: db, dialect } = database;
  const holder = randomUUID();
  const controller = new AbortController();
  let working: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    for (const task of tasks) {
      if (controller.signal.aborted) return;
      const day = dayNumber(now().getTime() - DAILY_HOUR * HOUR_MS);
      await dialect.insertRows(
        db,
        'daily_tasks',
        ['name', 'done_day', 'holder', 'held_until', 'done_at'],
        [[task.name, day, null, 0, null]],
        { onConflict: 'ignore' },
      );
      const row = await db<TaskRow>('daily_tasks').where({ name: task.name }).first();
      if (await take(task.name, day)) await runTask(task, day, daysBetween(row?.done_day ?? day, day));
    }
  }

  async function take(name: string, day: number): Promise<boolean> {
    const at = now().getTime();
    // Another process may have come to the next day already.
    const nextDay = dayNumber(at + (24 - DAILY_HOUR) * HOUR_MS);
    const due = db<TaskRow>('daily_tasks')
      .where({ name })
      .where((row) => void row.where('done_day', '<', day).orWhere('done_day', '>', nextDay))
      .where(isFree('held_until', at));
    return (await due.update({ holder, held_until: at + LEASE_MS })) === 1;
  }

  async function runTask(task: DailyTask, day: number, days: number): Promise<void> {
    const own = () => db<TaskRow>('daily_tasks').where({ name: task.name, holder });
    const renew = setInterval(() => {
      own()
        .update({ held_until: now().getTime() + LEASE_MS })
        .then(undefined, logError);
    }, RENEW_MS);
    try {
      await task.run(controller.signal, days);
      if (controller.signal.aborted) await own().update({ holder: null, held_until: 0 });
      else await own().update({ holder: null, held_until: 0, done_day: day, done_at: now().getTime() });
      logger.info({ task: task.name }, 'a daily task is done');
    } catch (error) {
      if (!controller.signal.aborted) logError(error);
      const waitMs = controller.signal.aborted ? 0 : RETRY_MS;
      await own().update({ holder: null, held_until: now().getTime() + waitMs });
    } finally {
      clearInterval(renew);
    }

    function logError(error: unknown): void {
      logger.error({ err: error, task: task.name }, 'a daily task failed; it is tried again');
    }
  }

  function run(): Promise<void> {
    working ??= look().finally(() => (working = undefined));
    return working;
  }

  function lookAndSchedule(): void {
    void run()
      .catch((error: unknown) => logger.error({ err: error }, 'the daily tasks could not be looked at'))
      .finally(() => {
        if (!controller.signal.aborted) timer = setTimeout(lookAndSchedule, POLL_MS).unref();
      });
  }

  return {
    run,
    start: lookAndSchedule,
    async stop() {
      controller.abort(new Error('the program stops'));
      clearTimeout(timer);
      await working?.catch(() => undefined);
    },
  };
}
