import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { KnownHead } from '../../core/verify';

/**
 * The newest head of each ledger, noted in a file outside the database: a cut tail, an emptied table or a restored old backup
 * is shorter than what stands here, or differs from it. A note moves on only while the entry that it names is still there, so
 * that new entries do not make it forget. It is a memory, not a proof: who can write the data folder can change it.
 */
export interface HeadNotes {
  note(ledger: string, seq: number, hash: string): void;
  /** Every ledger of this store that was ever noted, whether the database still knows it or not. */
  list(): readonly (KnownHead & { readonly ledger: string })[];
  /** Writes what is not written yet. */
  flush(): Promise<void>;
}

interface HeadNotesDeps {
  readonly dataDir: string;
  /** Tells stores apart that share a data folder: address of the database, without credentials. */
  readonly store: string;
  /** The hash of the entry that stands at a place now. */
  readonly findHash: (ledger: string, seq: number) => Promise<string | undefined>;
  /** The file could not be written, or a note does not fit the ledger any more; it is tried again with the next one. */
  readonly onError: (error: unknown) => void;
}

const note = z.object({ seq: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) });
const file = z.record(z.string(), z.record(z.string(), note));
type Notes = z.infer<typeof file>;

interface Head {
  readonly seq: number;
  readonly hash: string;
}

const FLUSH_MS = 1_000;

export function createHeadNotes({ dataDir, store, findHash, onError }: HeadNotesDeps): HeadNotes {
  const where = path.join(dataDir, 'heads.json');
  const fresh = new Map<string, Head>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (fresh.size === 0) return;
    const latest = new Map(fresh);
    fresh.clear();
    try {
      await write(latest);
    } catch (error) {
      for (const [ledger, head] of latest) if (!fresh.has(ledger)) fresh.set(ledger, head);
      onError(error);
    }
  }

  async function write(latest: ReadonlyMap<string, Head>): Promise<void> {
    const notes = readNotes(where);
    const ours = { ...notes[store] };
    for (const [ledger, head] of latest) {
      const noted = ours[ledger];
      // Another process may have noted a later head.
      if (noted && noted.seq >= head.seq) continue;
      if (!noted || (await findHash(ledger, noted.seq)) === noted.hash) ours[ledger] = head;
      else onError(new Error(`ledger ${ledger} differs from its noted entry ${noted.seq}: run verify`));
    }
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const partial = `${where}.${process.pid}`;
    writeFileSync(partial, `${JSON.stringify({ ...notes, [store]: ours }, null, 2)}\n`, { mode: 0o600 });
    renameSync(partial, where);
  }

  return {
    note(ledger, seq, hash) {
      if ((fresh.get(ledger)?.seq ?? 0) >= seq) return;
      fresh.set(ledger, { seq, hash });
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
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
