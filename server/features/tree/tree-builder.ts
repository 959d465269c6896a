import type { EntryStore } from '../../entries/entry-store';
import type { TreeService } from './tree-service';

/** Builds the trees behind the commits. The heads are its queue, the sizes of the trees say how far it is. */
export interface TreeBuilder {
  /** There may be new entries. */
  wake(): void;
  stop(): Promise<void>;
}

interface BuilderDeps {
  readonly store: EntryStore;
  readonly tree: TreeService;
  readonly onError: (error: unknown) => void;
}

/** Rarely enough that the right edge of a tree is not written anew for every batch. */
const REST_MS = 1_000;

export function createTreeBuilder({ store, tree, onError }: BuilderDeps): TreeBuilder {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let isWoken = false;

  async function buildAll(): Promise<void> {
    for (const ledger of await store.listLedgers()) if (!stopped) await tree.catchUp(ledger);
  }

  function schedule(): void {
    isWoken = false;
    timer = setTimeout(() => {
      timer = undefined;
      working = buildAll()
        .catch(onError)
        .finally(() => {
          working = undefined;
          if (isWoken && !stopped) schedule();
        });
    }, REST_MS).unref();
  }

  return {
    wake() {
      if (stopped || timer !== undefined) return;
      if (working === undefined) schedule();
      else isWoken = true;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
      await working;
    },
  };
}
