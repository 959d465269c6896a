import { createCipheriv, createDecipheriv } from 'node:crypto';
import { canonicalJson } from './canonical-json';

/** First line of an archive file; docs/format.md has the layout. */
export const ARCHIVE_MAGIC = 'sealtrail-archive/1\n';

/** What an archive says of itself in the clear. Bound to every chunk of it. */
export interface ArchiveHeader {
  /** Of the prune. */
  readonly id: string;
  readonly ledger: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** 64 hex digits, random: context of the file's own key, so that nonces may be counted. */
  readonly salt: string;
}

/** Bytes of plain text in a chunk; the last one may have fewer, even none. */
export const CHUNK_BYTES = 65_536;
export const TAG_BYTES = 16;
/** A longer header is none of ours. */
export const MAX_HEADER_BYTES = 4_096;

/** Magic line, length and text of the header: how a file begins, and the additional data of its chunks. */
export function formatArchiveHead(header: ArchiveHeader): Buffer {
  const { id, ledger, salt } = header;
  const text = canonicalJson({ from_seq: String(header.fromSeq), id, ledger, salt, to_seq: String(header.toSeq) });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text, 'utf8'));
  return Buffer.concat([Buffer.from(ARCHIVE_MAGIC, 'latin1'), length, Buffer.from(text, 'utf8')]);
}

/** `text`: the header alone. Undefined where it is not written as we write it. */
export function parseArchiveHeader(text: string): ArchiveHeader | undefined {
  try {
    const json = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const { id, ledger, salt, from_seq: from, to_seq: to } = json ?? {};
    if (typeof id !== 'string' || typeof ledger !== 'string' || typeof salt !== 'string') return undefined;
    if (!/^[0-9a-f]{64}$/.test(salt) || !isCount(from) || !isCount(to)) return undefined;
    return { id, ledger, salt, fromSeq: Number(from), toSeq: Number(to) };
  } catch {
    return undefined;
  }
}

/** AES-256-GCM: cipher text || tag. Position and end are in the nonce: chunks can be neither moved nor cut off. */
export function sealChunk(key: Buffer, head: Buffer, place: ChunkPlace, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(place));
  cipher.setAAD(head);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined where the chunk was not sealed with this key for this place. */
export function openChunk(key: Buffer, head: Buffer, place: ChunkPlace, sealed: Buffer): Buffer | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(place), { authTagLength: TAG_BYTES });
  decipher.setAAD(head);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

export interface ChunkPlace {
  /** From 0. */
  readonly index: number;
  readonly isLast: boolean;
}

/** u32be(1 for the last chunk, else 0) || u64be(index). */
function nonceOf({ index, isLast }: ChunkPlace): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(isLast ? 1 : 0);
  nonce.writeBigUInt64BE(BigInt(index), 4);
  return nonce;
}

function isCount(value: unknown): value is string {
  return typeof value === 'string' && /^[1-9]\d{0,15}$/.test(value);
}
