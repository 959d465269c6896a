import { constants, createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** One line of a file that checkpoints are appended to. `root` is lower-case hex, `signed_at` milliseconds since 1970. */
export interface CheckpointLine {
  readonly ledger: string;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly note: string;
  readonly signed_at: number;
}

const line = z.object({
  ledger: z.string(),
  origin: z.string(),
  size: z.int().nonnegative(),
  root: z.string().regex(/^[0-9a-f]{64}$/),
  note: z.string(),
  signed_at: z.int().nonnegative(),
});

function formatLine(one: CheckpointLine): string {
  const { ledger, origin, size, root, note, signed_at: signedAt } = one;
  return `${JSON.stringify({ ledger, origin, size, root, note, signed_at: signedAt })}\n`;
}

/** Every line of a file in its order, with its number from 1; `found` is undefined for a line that is none of ours. */
export async function* readLines(
  file: string,
): AsyncGenerator<{ readonly number: number; readonly found: CheckpointLine | undefined }> {
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    number += 1;
    if (text !== '') yield { number, found: parseLine(text) };
  }
}

function parseLine(text: string): CheckpointLine | undefined {
  try {
    const parsed = line.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const LINE_FEED = 0x0a;

/** Appends a line and waits for the disk. A file that is not there is an error, unless it may be made (mode 0600). */
export async function appendLine(
  file: string,
  one: CheckpointLine,
  options: { readonly make: boolean },
): Promise<void> {
  const handle = await open(
    file,
    constants.O_RDWR | constants.O_APPEND | (options.make ? constants.O_CREAT : 0),
    0o600,
  );
  try {
    // A line that a crash cut short must not swallow this one.
    const text = Buffer.from(`${(await endsLine(handle)) ? '' : '\n'}${formatLine(one)}`, 'utf8');
    const { bytesWritten } = await handle.write(text);
    if (bytesWritten < text.length)
      throw new Error(`only ${bytesWritten} of ${text.length} bytes were written to ${file}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function endsLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] === LINE_FEED;
}
