import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { FileFacts } from './manifest';

/** A zip that is written while it is read; what goes in is measured for the manifest. */
export interface BundleZip {
  readonly output: Readable;
  /** Resolves when the reader of `output` has taken all of it; rejects when it went away. */
  addStream(name: string, chunks: AsyncIterable<Buffer>): Promise<void>;
  addFile(name: string, path: string): Promise<void>;
  addText(name: string, content: string | Buffer, options?: { readonly listed?: boolean }): void;
  /** What was added so far, by name. */
  files(): FileFacts[];
  end(): void;
  fail(error: Error): void;
}

class ReaderGoneError extends Error {
  override name = 'ReaderGoneError';
}

export function createBundleZip(mtime: Date): BundleZip {
  const zip = new ZipFile();
  const output = new PassThrough();
  const files: FileFacts[] = [];
  const options = { mtime, mode: 0o100644 };
  const gone = new Promise<never>((_resolve, reject) => output.once('close', () => reject(new ReaderGoneError('nobody reads the bundle any more')))); // prettier-ignore
  gone.catch(() => undefined);
  zip.on('error', (error: Error) => output.destroy(error));
  // Whoever takes the bundle hears of a failure; there is nobody else to tell.
  pipeline(zip.outputStream, output).catch(() => undefined);

  async function addStream(name: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const sha256 = createHash('sha256');
    let size = 0;
    const source = Readable.from(measured(), { objectMode: false });
    async function* measured() {
      for await (const chunk of chunks) {
        sha256.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    }
    const done = new Promise<void>((resolve, reject) => source.once('end', resolve).once('error', reject));
    zip.addReadStream(source, name, options);
    try {
      await Promise.race([done, gone]);
    } finally {
      source.destroy();
    }
    files.push({ name, sha256: sha256.digest('hex'), size });
  }

  return {
    output,
    addStream,
    addFile: (name, path) => addStream(name, createReadStream(path)),
    addText(name, content, { listed = true } = {}) {
      const bytes = Buffer.from(content);
      zip.addBuffer(bytes, name, options);
      if (listed) files.push({ name, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length });
    },
    files: () => [...files].sort((a, b) => (a.name < b.name ? -1 : 1)),
    end: () => zip.end(),
    fail: (error) => void output.destroy(error),
  };
}
