import { existsSync } from 'node:fs';
import { appendLine, readLines } from '../checkpoint-lines';

export interface Remembered {
  readonly size: number;
  readonly root: string;
}

/**
 * What this witness has signed, in a file outside the database: where the database was put back to an older state, the file
 * still knows more, and nothing is signed under it.
 */
export interface WitnessMemory {
  newest(origin: string): Promise<Remembered | undefined>;
  /** Resolves when it is on the disk. */
  note(line: Remembered & { readonly origin: string; readonly note: string; readonly signedAt: number }): Promise<void>;
}

export function createWitnessMemory(file: string): WitnessMemory {
  let known: Promise<Map<string, Remembered>> | undefined;

  async function read(): Promise<Map<string, Remembered>> {
    const newest = new Map<string, Remembered>();
    if (!existsSync(file)) return newest;
    for await (const { found } of readLines(file))
      if (found && (newest.get(found.origin)?.size ?? -1) <= found.size) newest.set(found.origin, found);
    return newest;
  }

  return {
    async newest(origin) {
      known ??= read();
      return (await known).get(origin);
    },
    async note({ origin, size, root, note, signedAt }) {
      known ??= read();
      const newest = await known;
      await appendLine(file, { ledger: '', origin, size, root, note, signed_at: signedAt }, { make: true });
      if ((newest.get(origin)?.size ?? -1) <= size) newest.set(origin, { size, root });
    },
  };
}
