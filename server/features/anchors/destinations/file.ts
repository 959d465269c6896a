import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Outcome, Send } from '../anchor';
import { appendLine, readLines, type CheckpointLine } from '../checkpoint-lines';

/**
 * Appends checkpoints to a file, one JSON line each, and waits for the disk. The file must be there: `createCheckpointFile` makes it
 * when the anchor is added, and a mount that is away must not be mistaken for an empty one.
 */
export function createFileSend(): Send {
  return async (anchor, outgoing) => {
    const newest = await findNewest(anchor.target, outgoing.origin);
    if (newest && newest.size > outgoing.size)
      return { kind: 'refused', detail: `the file holds a later checkpoint, of size ${newest.size}, and does not go back to ${outgoing.size}` }; // prettier-ignore
    if (newest?.size === outgoing.size) return sameSize(newest, outgoing.root);
    const { ledger, origin, size, root, note, signedAt } = outgoing;
    await appendLine(anchor.target, { ledger, origin, size, root, note, signed_at: signedAt }, { make: false });
    return { kind: 'taken', answer: null };
  };
}

function sameSize(newest: CheckpointLine, root: string): Outcome {
  if (newest.root === root) return { kind: 'taken', answer: null };
  return { kind: 'refused', detail: `the file holds another checkpoint of the same size ${newest.size}` };
}

async function findNewest(file: string, origin: string): Promise<CheckpointLine | undefined> {
  let newest: CheckpointLine | undefined;
  for await (const { found } of readLines(file))
    if (found?.origin === origin && (!newest || found.size > newest.size)) newest = found;
  return newest;
}

/** Makes the file, mode 0600, where there is none. Throws when its folder is not there. Tells whether it lies on the same file system as `dataDir`. */
export async function createCheckpointFile(file: string, dataDir: string): Promise<{ readonly isOnSameDisk: boolean }> {
  const handle = await open(file, 'a', 0o600);
  let made: Stats;
  try {
    await handle.sync();
    made = await handle.stat();
  } finally {
    await handle.close();
  }
  if (!made.isFile()) throw new Error(`${file} is not a plain file`);
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  const ours = await stat(dataDir).catch(() => undefined);
  return { isOnSameDisk: ours?.dev === made.dev };
}
