import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { KnownHead } from '../../core/verify';

/**
 * The newest head of each ledger, noted in a file outside the database: a cut tail, an emptied table or a restored old backup
 * is shorter than what stands here. It is a memory, not a proof: who can write the data folder can change it.
 */
export interface HeadNotes {
  note(ledger: string, seq: number, hash: string): void;
  /** Every ledger of this store that was ever noted, whether the database still knows it or not. */
  list(): readonly (KnownHead & { readonly ledger: string })[];
  /** Writes what is not written yet. */
  flush(): void;
}

interface HeadNotesDeps {
  readonly dataDir: string;
  /** Tells stores apart that share a data folder: address of the database, without credentials. */
  readonly store: string;
  /** The file could not be written; the notes are kept and tried again with the next one. */
  readonly onError: (error: unknown) => void;
}

const note = z.object({ seq: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) });
const file = z.record(z.string(), z.record(z.string(), note));
type Notes = z.infer<typeof file>;

const FLUSH_MS = 1_000;

export function createHeadNotes({ dataDir, store, onError }: HeadNotesDeps): HeadNotes {
  const where = path.join(dataDir, 'heads.json');
  const fresh = new Map<string, { readonly seq: number; readonly hash: string }>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (fresh.size === 0) return;
    try {
      write();
      fresh.clear();
    } catch (error) {
      onError(error);
    }
  }

  /** Another process may have noted a later head: a note never moves back. */
  function write(): void {
    const notes = readNotes(where);
    const ours = { ...notes[store] };
    for (const [ledger, head] of fresh) if (head.seq > (ours[ledger]?.seq ?? 0)) ours[ledger] = head;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const partial = `${where}.${process.pid}`;
    writeFileSync(partial, `${JSON.stringify({ ...notes, [store]: ours }, null, 2)}\n`, { mode: 0o600 });
    renameSync(partial, where);
  }

  return {
    note(ledger, seq, hash) {
      if ((fresh.get(ledger)?.seq ?? 0) >= seq) return;
      fresh.set(ledger, { seq, hash });
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    list: () =>
      Object.entries(readNotes(where)[store] ?? {}).map(([ledger, head]) => ({
        ledger,
        ...head,
        where: path.basename(where),
      })),
    flush,
  };
}

function readNotes(where: string): Notes {
  try {
    return file.parse(JSON.parse(readFileSync(where, 'utf8')));
  } catch {
    // Missing on the first run, unreadable after a crash of the disk: both mean that nothing is noted.
    return {};
  }
}
