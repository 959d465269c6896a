import type { Knex } from 'knex';
import { openCheckpoint, type Checkpoint } from '../../core/checkpoint';
import { formatVkey, keyOf } from '../../core/note-key';
import type { CheckpointFile, CheckpointLine } from '../../entries/checkpoint-file';
import type { Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { CheckpointStore } from './checkpoint-store';
import { parseOrigin } from './origin';
import type { Remembered } from './second-history';
import type { TreeRow } from './tree-store';

/** What was signed before, from the database and from the data folder. Only what our own key signed counts. */
export interface SignedMemory {
  recall(
    db: Knex,
    ledger: Ledger,
    tree: TreeRow,
  ): Promise<{ readonly remembered: readonly Remembered[]; readonly newestOutside: Checkpoint | undefined }>;
}

interface MemoryDeps {
  readonly keyRing: KeyRing;
  readonly checkpoints: CheckpointStore;
  readonly file: CheckpointFile;
  /** Tells this store from others that share the data folder. */
  readonly storeName: string;
}

export function createSignedMemory({ keyRing, checkpoints, file, storeName }: MemoryDeps): SignedMemory {
  function open(note: string, origin: string): Checkpoint | undefined {
    const opened = openCheckpoint(note, [formatVkey(keyOf(keyRing.noteSigner(origin)))]);
    return opened.ok ? opened.checkpoint : undefined;
  }

  return {
    async recall(db, ledger, tree) {
      const remembered: Remembered[] = [];
      if (tree.signedSize > 0) {
        const root = Buffer.from(tree.signedRoot, 'hex');
        remembered.push({ origin: tree.origin, size: tree.signedSize, root, where: 'database' });
      }
      const stored = await checkpoints.findLatest(db, ledger, tree.origin);
      const opened = stored && open(stored.note, stored.origin);
      if (opened) remembered.push({ ...opened, where: 'database' });

      // Of this log wherever its database lies now, or of this store whatever log it held.
      const base = parseOrigin(tree.origin)?.base;
      const lines = (await file.readNewest(ledger.name)).filter(
        ({ store, origin }) => store === storeName || parseOrigin(origin)?.base === base,
      );
      const ours = lines.filter(({ origin }) => origin === tree.origin).sort((a, b) => b.size - a.size);
      const largest = firstGenuine(ours);
      if (largest) remembered.push({ ...largest, where: 'data folder' });
      return { remembered, newestOutside: firstGenuine(lines.reverse()) };
    },
  };

  function firstGenuine(lines: readonly CheckpointLine[]): Checkpoint | undefined {
    for (const { note, origin } of lines) {
      const checkpoint = open(note, origin);
      if (checkpoint) return checkpoint;
    }
    return undefined;
  }
}
