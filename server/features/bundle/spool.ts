import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';

/** A folder of files that are written while something else is streamed, and gone afterwards. Readable by us alone. */
export interface Spool {
  open(name: string): SpoolFile;
  remove(): void;
}

export interface SpoolFile {
  readonly path: string;
  /** Resolves when more may be written. */
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

export function createSpool(parent: string): Spool {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(path.join(parent, 'bundle-'));
  const streams: ReturnType<typeof createWriteStream>[] = [];
  return {
    open(name) {
      const file = path.join(folder, name);
      const stream = createWriteStream(file, { mode: 0o600 });
      streams.push(stream);
      // Told to whoever writes or closes next.
      let failure: Error | undefined;
      stream.on('error', (error) => (failure = error));
      return {
        path: file,
        async write(text) {
          if (failure) throw failure;
          if (text !== '' && !stream.write(text)) await once(stream, 'drain');
        },
        async close() {
          if (failure) throw failure;
          stream.end();
          await finished(stream);
        },
      };
    },
    remove() {
      for (const stream of streams) stream.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
