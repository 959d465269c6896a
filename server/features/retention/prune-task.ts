import type { Logger } from 'pino';
import { DAILY_TASK } from '../../core/own-names';
import type { EntryStore } from '../../entries/entry-store';
import type { DailyTask } from '../jobs/daily-task-service';
import type { PruneService } from './prune-service';

interface PruneTaskDeps {
  readonly pruner: PruneService;
  readonly store: EntryStore;
  /** What the database takes the time for, in milliseconds. */
  readonly databaseClock: () => Promise<number>;
  readonly now: () => Date;
  readonly logger: Pick<Logger, 'error' | 'info'>;
}

const DAY_MS = 86_400_000;
/** More days than that since the last one are a leap of the clock, or a server that was away. */
const MAX_DAYS = 3;

/**
 * The prune of every day: each ledger by its own limit. What keeps one from it is for a person to look at, not to be tried again.
 * Under a clock that is far ahead everything is old: after a leap it waits a day, in which somebody sees that deliveries are refused.
 */
export function createPruneTask({ pruner, store, databaseClock, now, logger }: PruneTaskDeps): DailyTask {
  /** What speaks against the time of this machine, in plain English. */
  async function findDoubt(days: number): Promise<string | undefined> {
    const apart = Math.abs(now().getTime() - (await databaseClock())) / DAY_MS;
    if (apart >= 1) return `the clocks of this machine and of the database are ${apart.toFixed(1)} days apart`;
    if (!(days <= MAX_DAYS))
      return `${Number.isNaN(days) ? 'nobody knows how many' : days} days went by since the last daily task; if the clock of this machine is right, the next one prunes`;
    return undefined;
  }

  return {
    name: 'prune',
    async run(signal, days) {
      const doubt = await findDoubt(days);
      if (doubt !== undefined) return logger.error({ why: doubt }, 'no ledger was pruned today');
      for (const ledger of await store.listLedgers()) {
        if (signal.aborted) return;
        const { prunes, stopped } = await pruner.run(ledger, { requestedBy: DAILY_TASK, via: 'cron', signal });
        const entries = prunes.reduce((sum, prune) => sum + prune.entries, 0);
        if (entries > 0) logger.info({ ledger: ledger.name, entries }, 'old entries were pruned');
        if (stopped !== null && !signal.aborted)
          logger.error({ ledger: ledger.name, why: stopped }, 'a ledger was not pruned to the end');
      }
    },
  };
}
