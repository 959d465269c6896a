import { createWriteStream, openSync, renameSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** To the standard output, or to a file that is complete or not there: a half-written one would pass for the whole. */
export async function writeOutput(stream: Readable, output: string | undefined): Promise<void> {
  if (output === undefined) return pipeline(stream, process.stdout, { end: false });
  const partial = `${output}.part`;
  try {
    // Before anything is read: what reads would still be at it while the store is closed behind an error.
    const file = createWriteStream(partial, { fd: openSync(partial, 'w', 0o600) });
    await pipeline(stream, file);
    renameSync(partial, output);
  } catch (error) {
    stream.destroy();
    rmSync(partial, { force: true });
    throw error;
  }
}
