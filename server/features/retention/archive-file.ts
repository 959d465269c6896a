import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, type ZlibOptions } from 'node:zlib';
import {
  ARCHIVE_MAGIC,
  CHUNK_BYTES,
  formatArchiveHead,
  MAX_HEADER_BYTES,
  openChunk,
  parseArchiveHeader,
  sealChunk,
  TAG_BYTES,
  type ArchiveHeader,
} from '../../core/archive-format';

/** The key of one archive file, from the salt in its header. */
export type ArchiveKey = (salt: string) => Buffer;

/** The file is not what we wrote, or not whole. The message is plain English. */
export class ArchiveError extends Error {
  override name = 'ArchiveError';
}

/** A better level costs more time than everything else of a prune. */
const GZIP_LEVEL = 1;
/** Bytes that wait to be packed, in a thread beside: two segments, so that the next is read and checked meanwhile. */
const WAITING = 2 ** 21;
/** Packed bytes that the thread gives at once: it asks this one for more, which may be busy with the next segment. */
const PACKED = 2 ** 18;

/**
 * Writes lines (each text holds whole lines) as an archive file; resolves with the SHA-256 of the file when file and folder are
 * on the disk. It is complete under its name or not there: what fails leaves nothing behind.
 */
export async function writeArchive(
  file: string,
  header: Omit<ArchiveHeader, 'salt'>,
  keyOf: ArchiveKey,
  lines: AsyncIterable<string>,
): Promise<string> {
  const salt = randomBytes(32).toString('hex');
  const head = formatArchiveHead({ ...header, salt });
  const digest = createHash('sha256');
  const partial = `${file}.part`;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    await pipeline(
      lines,
      createGzip({ level: GZIP_LEVEL, highWaterMark: WAITING, chunkSize: PACKED } as ZlibOptions),
      (packed: AsyncIterable<Buffer>) => sealed(packed, keyOf(salt), head, digest),
      createWriteStream(partial, { mode: 0o600 }),
    );
    await settleFile(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return digest.digest('hex');
}

async function* sealed(
  packed: AsyncIterable<Buffer>,
  key: Buffer,
  head: Buffer,
  digest: ReturnType<typeof createHash>,
) {
  const told = (bytes: Buffer) => {
    digest.update(bytes);
    return bytes;
  };
  yield told(head);
  let index = 0;
  let waiting = Buffer.alloc(0);
  for await (const part of packed) {
    waiting = Buffer.concat([waiting, part]);
    // The last chunk is known only at the end: one is always kept back.
    while (waiting.length > CHUNK_BYTES) {
      yield told(framed(sealChunk(key, head, { index, isLast: false }, waiting.subarray(0, CHUNK_BYTES))));
      index += 1;
      waiting = waiting.subarray(CHUNK_BYTES);
    }
  }
  yield told(framed(sealChunk(key, head, { index, isLast: true }, waiting)));
}

function framed(chunk: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length);
  return Buffer.concat([length, chunk]);
}

/** Gives a written file its name; file and folder are on the disk then. */
async function settleFile(partial: string, file: string): Promise<void> {
  await syncPath(partial);
  await rename(partial, file);
  await syncPath(path.dirname(file));
}

async function syncPath(where: string): Promise<void> {
  const handle = await open(where, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The same bytes at another place, as durable. */
export async function copyArchive(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
  const partial = `${to}.part`;
  try {
    await pipeline(createReadStream(from), createWriteStream(partial, { mode: 0o600 }));
    await settleFile(partial, to);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** SHA-256 of a file, hex. */
export async function digestFile(file: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const part of createReadStream(file)) digest.update(part as Buffer);
  return digest.digest('hex');
}

/** Throws ArchiveError where the file has none. */
export async function readArchiveHeader(file: string): Promise<ArchiveHeader> {
  const handle = await open(file, 'r');
  try {
    return (await readHead(handle)).header;
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function readHead(handle: Handle): Promise<{ header: ArchiveHeader; head: Buffer }> {
  const start = await readAt(handle, 0, ARCHIVE_MAGIC.length + 4);
  const length = start.length === ARCHIVE_MAGIC.length + 4 ? start.readUInt32BE(ARCHIVE_MAGIC.length) : 0;
  const isOurs = start.toString('latin1', 0, ARCHIVE_MAGIC.length) === ARCHIVE_MAGIC;
  if (!isOurs || length === 0 || length > MAX_HEADER_BYTES) throw new ArchiveError('it is no archive of Sealtrail');
  const text = await readAt(handle, start.length, length);
  const header = parseArchiveHeader(text.toString('utf8'));
  const head = Buffer.concat([start, text]);
  if (!header || !formatArchiveHead(header).equals(head)) throw new ArchiveError('its header cannot be read');
  return { header, head };
}

async function readAt(handle: Handle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The lines of an archive, some at a time, never the whole. Throws ArchiveError at the first byte that is not as we wrote it. */
export async function* readArchive(file: string, keyOf: ArchiveKey): AsyncGenerator<string[]> {
  const handle = await open(file, 'r');
  try {
    const { header, head } = await readHead(handle);
    const gunzip = createGunzip();
    // What goes wrong on the way in comes out of the reading end.
    const feeding = pipeline(openedChunks(handle, keyOf(header.salt), head), gunzip).catch((error: unknown) => {
      gunzip.destroy(error as Error);
    });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    try {
      for await (const part of gunzip) {
        const lines = (rest + decoder.decode(part as Buffer, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (lines.length > 0) yield lines;
      }
    } catch (error) {
      throw error instanceof ArchiveError ? error : new ArchiveError('what it holds cannot be read', { cause: error });
    } finally {
      gunzip.destroy();
      await feeding;
    }
    if (rest !== '') throw new ArchiveError('its last line is not whole');
  } finally {
    await handle.close();
  }
}

async function* openedChunks(handle: Handle, key: Buffer, head: Buffer): AsyncGenerator<Buffer> {
  const { size } = await handle.stat();
  let position = head.length;
  for (let index = 0; ; index += 1) {
    const frame = await readAt(handle, position, 4);
    const length = frame.length === 4 ? frame.readUInt32BE() : 0;
    if (length < TAG_BYTES || length > CHUNK_BYTES + TAG_BYTES) throw new ArchiveError('it is cut off or was changed');
    const sealedChunk = await readAt(handle, position + 4, length);
    position += 4 + length;
    const isLast = position >= size;
    const plain = openChunk(key, head, { index, isLast }, sealedChunk);
    if (!plain) throw new ArchiveError('it was changed, cut off, or is sealed under another master key');
    yield plain;
    if (isLast) return;
  }
}
