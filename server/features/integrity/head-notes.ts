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
  find(ledger: string): KnownHead | undefined;
  /** Every ledger that was ever noted, whether the database still knows it or not. */
  list(): readonly (KnownHead & { readonly ledger: string })[];
  /** Writes what is not written yet. */
  flush(): void;
}

const file = z.record(z.string(), z.object({ seq: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) }));
const FLUSH_MS = 1_000;

export function createHeadNotes(dataDir: string): HeadNotes {
  const where = path.join(dataDir, 'heads.json');
  let notes = readNotes(where);
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    // Another process may have noted a later head: a note never moves back.
    for (const [ledger, other] of Object.entries(readNotes(where))) {
      if (other.seq > (notes[ledger]?.seq ?? 0)) notes = { ...notes, [ledger]: other };
    }
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const fresh = `${where}.${process.pid}`;
    writeFileSync(fresh, `${JSON.stringify(notes, null, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, where);
  }

  return {
    note(ledger, seq, hash) {
      if ((notes[ledger]?.seq ?? 0) >= seq) return;
      notes = { ...notes, [ledger]: { seq, hash } };
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    find(ledger) {
      const note = readNotes(where)[ledger];
      return note && { ...note, where: path.basename(where) };
    },
    list: () =>
      Object.entries(readNotes(where)).map(([ledger, note]) => ({ ledger, ...note, where: path.basename(where) })),
    flush,
  };
}

function readNotes(where: string): Record<string, { readonly seq: number; readonly hash: string }> {
  try {
    return file.parse(JSON.parse(readFileSync(where, 'utf8')));
  } catch {
    // Missing on the first run, unreadable after a crash of the disk: both mean that nothing is noted.
    return {};
  }
}
