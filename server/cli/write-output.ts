import { createWriteStream, renameSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** To the standard output, or to a file that is complete or not there: a half-written one would pass for the whole. */
export async function writeOutput(stream: Readable, output: string | undefined): Promise<void> {
  if (output === undefined) return pipeline(stream, process.stdout, { end: false });
  const partial = `${output}.part`;
  try {
    await pipeline(stream, createWriteStream(partial, { mode: 0o600 }));
    renameSync(partial, output);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
