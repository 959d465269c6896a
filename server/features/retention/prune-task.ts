import type { Logger } from 'pino';
import type { EntryStore } from '../../entries/entry-store';
import type { PruneService } from './prune-service';

interface PruneTaskDeps {
  readonly pruner: PruneService;
  readonly store: EntryStore;
  readonly logger: Pick<Logger, 'error' | 'info'>;
}

/** The prune of every day: each ledger by its own limit. What keeps one from it is for a person to look at, not to be tried again. */
export function createPruneTask({ pruner, store, logger }: PruneTaskDeps) {
  return {
    name: 'prune',
    async run(signal: AbortSignal): Promise<void> {
      for (const ledger of await store.listLedgers()) {
        if (signal.aborted) return;
        const { prunes, stopped } = await pruner.run(ledger, { requestedBy: 'daily task', via: 'cron', signal });
        const entries = prunes.reduce((sum, prune) => sum + prune.entries, 0);
        if (entries > 0) logger.info({ ledger: ledger.name, entries }, 'old entries were pruned');
        if (stopped !== null && !signal.aborted)
          logger.error({ ledger: ledger.name, why: stopped }, 'a ledger was not pruned to the end');
      }
    },
  };
}
