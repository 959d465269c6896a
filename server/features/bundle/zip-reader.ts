import { open, type Entry, type ZipFile } from 'yauzl';
import type { Readable } from 'node:stream';

/** The files in a zip, found by name and streamed one at a time. */
export interface ZipReader {
  /** Names in the order of the directory. */
  readonly names: readonly string[];
  read(name: string): Promise<Readable>;
  /** The whole content; throws where it is longer than `maxBytes`. */
  readAll(name: string, maxBytes: number): Promise<Buffer>;
  close(): void;
}

/** The file is there and is no whole zip: cut off, written over, or something else. */
export class BadZipError extends Error {
  override name = 'BadZipError';
}

/** Throws BadZipError, or the error of the file system where the file cannot be opened. */
export async function openZip(file: string): Promise<ZipReader> {
  const zip = await promised<ZipFile>((done) => open(file, { lazyEntries: true, autoClose: false, strictFileNames: true }, done)).catch(asBadZip); // prettier-ignore
  const entries = await readDirectory(zip).catch((error: unknown) => {
    zip.close();
    return asBadZip(error);
  });
  async function read(name: string): Promise<Readable> {
    const entry = entries.get(name);
    if (!entry) throw new BadZipError(`${name} is not in it`);
    return promised<Readable>((done) => zip.openReadStream(entry, done)).catch(asBadZip);
  }
  return {
    names: [...entries.keys()],
    read,
    async readAll(name, maxBytes) {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of await read(name)) {
        size += (chunk as Buffer).length;
        if (size > maxBytes) throw new BadZipError(`${name} is longer than ${maxBytes} bytes`);
        chunks.push(chunk as Buffer);
      }
      return Buffer.concat(chunks);
    },
    close: () => zip.close(),
  };
}

function readDirectory(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    zip.on('entry', (entry: Entry) => {
      // Two files of one name: each reader would see another one.
      if (entries.has(entry.fileName)) return reject(new BadZipError(`${entry.fileName} is in it twice`));
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.once('end', () => resolve(entries));
    zip.once('error', reject);
    zip.readEntry();
  });
}

function promised<T>(call: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value as T))));
}

function asBadZip(error: unknown): never {
  if (error instanceof BadZipError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
  throw new BadZipError((error as Error).message, { cause: error });
}
