import { mkdirSync } from 'node:fs';
import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** A line of the file. `root` is hex, `signed_at` milliseconds since 1970; `store` tells stores apart that share a folder. */
const line = z.object({
  store: z.string().optional(),
  ledger: z.string(),
  origin: z.string(),
  size: z.int().nonnegative(),
  root: z.string().regex(/^[0-9a-f]{64}$/),
  note: z.string(),
  signed_at: z.int(),
});
export type CheckpointLine = z.infer<typeof line>;

/**
 * Checkpoints in a folder outside the database, one file a ledger (`default.jsonl`), one JSON line each. Lines are only appended.
 * It is a memory, not a proof: who can write the folder can change it.
 */
export interface CheckpointFile {
  /** Resolves when the line is on the disk; rejects when the folder cannot be written. */
  append(checkpoint: CheckpointLine): Promise<void>;
  /** The newest lines of a ledger, oldest first; enough for the newest of every store that shares the folder. */
  readNewest(ledger: string): Promise<CheckpointLine[]>;
  readAll(ledger: string): Promise<CheckpointLine[]>;
}

const TAIL_BYTES = 262_144;

export function createCheckpointFile(folder: string): CheckpointFile {
  // An installation may name its ledgers as it likes; a file name may not hold everything.
  const fileOf = (ledger: string) => path.join(folder, `${encodeURIComponent(ledger)}.jsonl`);

  async function append(checkpoint: CheckpointLine): Promise<void> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const isNew = !(await readdir(folder)).includes(path.basename(fileOf(checkpoint.ledger)));
    const file = await open(fileOf(checkpoint.ledger), 'a+', 0o600);
    try {
      // A crash may have left half a line behind, which must not swallow this one.
      const before = (await endsInLine(file)) ? '' : '\n';
      await file.write(`${before}${JSON.stringify(checkpoint)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await syncFolder(folder);
  }

  async function readNewest(ledger: string): Promise<CheckpointLine[]> {
    const file = await unlessMissing(open(fileOf(ledger), 'r'));
    if (!file) return [];
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - TAIL_BYTES);
      const tail = Buffer.alloc(size - from);
      await file.read(tail, 0, tail.length, from);
      return parseLines(tail.toString('utf8'));
    } finally {
      await file.close();
    }
  }

  return {
    append,
    readNewest,
    async readAll(ledger) {
      return parseLines((await unlessMissing(readFile(fileOf(ledger), 'utf8'))) ?? '');
    },
  };
}

/** What is no line of ours is passed over: it may be half of one. */
function parseLines(text: string): CheckpointLine[] {
  return text.split('\n').flatMap((one) => {
    try {
      const parsed = line.safeParse(JSON.parse(one));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

async function endsInLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}

async function unlessMissing<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** So that the name of a new file survives a crash too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
