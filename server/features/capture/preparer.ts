import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { unpackDelivery, type PackedDelivery } from './packed-delivery';
import { prepareDelivery, type AuthenticDelivery, type PreparedDelivery } from './prepare-delivery';

/** Prepares deliveries beside the thread that talks to the network and the database. */
export interface Preparer {
  prepare(delivery: AuthenticDelivery): Promise<PreparedDelivery>;
  stop(): Promise<void>;
}

/** In a thread of its own where the program is built, in the caller's from source (a thread cannot load TypeScript). */
export function createPreparer(): Preparer {
  return __filename.endsWith('.ts') ? createInlinePreparer() : createThreadPreparer();
}

function createInlinePreparer(): Preparer {
  return {
    prepare: (delivery) => Promise.resolve(prepareDelivery(delivery)),
    stop: () => Promise.resolve(),
  };
}

interface Waiting {
  resolve(prepared: PreparedDelivery): void;
  reject(error: Error): void;
}

function createThreadPreparer(): Preparer {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;

  /** Started with the first delivery, and again after a crash: what was under way is refused, and the bridge sends it again. */
  function start(): Worker {
    const thread = new Worker(path.join(__dirname, 'prepare-worker.js'), {
      // `--max-semi-space-size` of the process goes before the second one.
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 24 },
    });
    thread.on('message', ({ id, packed }: { id: number; packed: PackedDelivery }) => {
      waiting.get(id)?.resolve(unpackDelivery(packed));
      waiting.delete(id);
      if (waiting.size === 0) thread.unref();
    });
    thread.on('error', (error) => fail(error));
    thread.on('exit', () => fail(new Error('the thread that prepares deliveries ended')));
    thread.unref();
    return thread;

    function fail(error: Error): void {
      if (worker !== thread) return;
      worker = undefined;
      for (const one of waiting.values()) one.reject(error);
      waiting.clear();
    }
  }

  return {
    prepare(delivery) {
      return new Promise((resolve, reject) => {
        worker ??= start();
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        worker.ref();
        worker.postMessage({ id: lastId, delivery });
      });
    },
    async stop() {
      const thread = worker;
      worker = undefined;
      await thread?.terminate();
    },
  };
}
