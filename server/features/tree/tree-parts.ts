import path from 'node:path';
import type { Logger } from 'pino';
import type { Database } from '../../db/connection';
import { createCheckpointFile } from '../../entries/checkpoint-file';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { OwnEvents } from '../capture/own-events-service';
import { createCheckpointClock, type CheckpointClock } from './checkpoint-clock';
import type { CheckpointService } from './checkpoint-service';
import { createCheckpointStore } from './checkpoint-store';
import { createFirstOrigin } from './first-origin';
import type { HandedLeaves } from './handed-leaves';
import { createCheckpointService } from './knex-checkpoint-service';
import { createTreeService } from './knex-tree-service';
import { createProofService, type ProofService } from './proof-service';
import { createSignedMemory } from './signed-memory';
import { createTreeBuilder, type TreeBuilder } from './tree-builder';
import type { TreeService } from './tree-service';
import { createTreeStore } from './tree-store';

interface TreePartsDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  /** Leaves of what was just committed, so that they need not be read again. */
  readonly handedLeaves: HandedLeaves;
  readonly ownEvents: OwnEvents;
  readonly dataDir: string;
  /** Tells this database from others that were used with the same data folder. */
  readonly storeName: string;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  readonly now: () => Date;
}

/** The Merkle tree, what signs it and what proves by it, joined. */
export interface TreeParts {
  readonly tree: TreeService;
  readonly treeBuilder: TreeBuilder;
  readonly checkpoints: CheckpointService;
  readonly checkpointClock: CheckpointClock;
  readonly proofs: ProofService;
  /** Of the checkpoints that this database signed, the newest that the data folder holds. */
  readonly readNoted: (ledger: Ledger) => Promise<readonly { readonly note: string; readonly size: number }[]>;
}

export function createTreeParts(deps: TreePartsDeps): TreeParts {
  const { database, store, keyRing, ownEvents, storeName, logger, now } = deps;
  const trees = createTreeStore(database);
  const firstOrigin = createFirstOrigin({ database, store, trees });
  const tree = createTreeService({ database, store, trees, handedLeaves: deps.handedLeaves, firstOrigin });
  const treeBuilder = createTreeBuilder({
    store,
    tree,
    onError: (error) => logger.warn({ err: error }, 'the tree fell behind; it tries again'),
  });
  const file = createCheckpointFile(path.join(deps.dataDir, 'checkpoints'));
  const signing = { storeName, file, checkpoints: createCheckpointStore(database) };
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
  return {
    tree,
    treeBuilder,
    checkpoints,
    checkpointClock,
    proofs: createProofService({ database, store, tree, checkpoints }),
    async readNoted(ledger) {
      const lines = await file.readNewest(ledger.name);
      return lines.filter((line) => line.store === undefined || line.store === storeName);
    },
  };
}
