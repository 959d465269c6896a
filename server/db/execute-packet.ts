/** A value of a row. Numbers are safe integers. */
export type Cell = string | number | null | Buffer;

/** Bytes in front of a packet that the driver fills with its length and number. */
export const PACKET_HEADER = 4;

const COM_STMT_EXECUTE = 0x17;
const LONGLONG = 0x08;
const VAR_STRING = 0xfd;
const BLOB = 0xfc;

/**
 * Rows as the parameters of a prepared statement, row by row: a COM_STMT_EXECUTE packet behind room for its header (MySQL manual,
 * "Binary Protocol: COM_STMT_EXECUTE"; without CLIENT_QUERY_ATTRIBUTES, which connection.ts does not ask for).
 */
export function executePacket(statementId: number, rows: readonly (readonly Cell[])[]): Buffer {
  const columns = rows[0]?.length ?? 0;
  const count = rows.length * columns;
  const nulls = PACKET_HEADER + 10;
  const types = nulls + ((count + 7) >> 3) + 1;
  const writer = new ValueWriter(types + count * 2, rows);
  writer.bytes.fill(0, 0, types + count * 2);
  writer.bytes[PACKET_HEADER] = COM_STMT_EXECUTE;
  writer.bytes.writeUInt32LE(statementId, PACKET_HEADER + 1);
  writer.bytes[PACKET_HEADER + 6] = 1; // executed once
  writer.bytes[types - 1] = 1; // the types follow
  for (let at = 0, row = 0; row < rows.length; row += 1) {
    const cells = rows[row] as readonly Cell[];
    for (let column = 0; column < columns; column += 1, at += 1) {
      const cell = cells[column] as Cell;
      // Written first: the bytes may move to a larger place.
      const type = cell === null ? VAR_STRING : writer.write(cell);
      if (cell === null)
        writer.bytes[nulls + (at >> 3)] = (writer.bytes[nulls + (at >> 3)] as number) | (1 << (at & 7));
      writer.bytes[types + at * 2] = type;
    }
  }
  return writer.finish();
}

/** As long as one byte surely tells the length of the text, whatever its characters are. */
const SHORT = 83;

class ValueWriter {
  bytes: Buffer;
  private at: number;

  constructor(start: number, rows: readonly (readonly Cell[])[]) {
    this.at = start;
    this.bytes = Buffer.allocUnsafe(start + likelySize(rows));
  }

  /**
   * The type that it was written as. A text in ASCII goes as bytes: it is the same in the character sets of all columns, and a server
   * looks through a text of the connection's, and converts it for each column, for a tenth of the time of an INSERT (docs/bench.md).
   */
  write(cell: string | number | Buffer): number {
    if (typeof cell === 'number') return this.number(cell);
    if (typeof cell !== 'string') return this.blob(cell);
    return cell.length <= SHORT ? this.shortText(cell) : this.longText(cell);
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  private number(value: number): number {
    this.reserve(8);
    const low = value >>> 0;
    const high = Math.floor(value / 0x1_0000_0000);
    this.at = this.bytes.writeInt32LE(high, this.bytes.writeUInt32LE(low, this.at));
    return LONGLONG;
  }

  /** Most columns are short and ASCII: byte by byte is faster than a call into the runtime. */
  private shortText(text: string): number {
    this.reserve(1 + text.length * 3);
    const { bytes } = this;
    const start = this.at + 1;
    let size = 0;
    for (; size < text.length; size += 1) {
      const code = text.charCodeAt(size);
      if (code > 0x7f) break;
      bytes[start + size] = code;
    }
    const isAscii = size === text.length;
    if (!isAscii) size = bytes.write(text, start, 'utf8');
    bytes[this.at] = size;
    this.at = start + size;
    return isAscii ? BLOB : VAR_STRING;
  }

  private longText(text: string): number {
    const most = text.length * 3;
    this.reserve(9 + most);
    const start = this.at + lengthSize(most);
    const size = this.bytes.write(text, start, 'utf8');
    this.length(size, start - this.at);
    this.at = start + size;
    return size === text.length ? BLOB : VAR_STRING;
  }

  private blob(value: Buffer): number {
    this.reserve(9 + value.length);
    const start = this.at + lengthSize(value.length);
    this.length(value.length, start - this.at);
    this.at = start + value.copy(this.bytes, start);
    return BLOB;
  }

  /** A length in `size` bytes, the first of which tells how many follow. A short one may be written long. */
  private length(value: number, size: number): void {
    this.bytes[this.at] = size === 3 ? 0xfc : size === 4 ? 0xfd : 0xfe;
    if (size === 9) this.bytes.writeBigUInt64LE(BigInt(value), this.at + 1);
    else this.bytes.writeUIntLE(value, this.at + 1, size - 1);
  }

  private reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(this.bytes.length * 2 + size);
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}

function lengthSize(value: number): number {
  return value < 0x1_0000 ? 3 : value < 0x100_0000 ? 4 : 9;
}

/** Enough for texts of ASCII, and for one long text of anything else. */
function likelySize(rows: readonly (readonly Cell[])[]): number {
  let size = 0;
  let longest = 0;
  for (const row of rows) {
    for (const cell of row) {
      const length = cell === null ? 0 : typeof cell === 'number' ? 8 : cell.length + 9;
      size += length;
      if (length > longest) longest = length;
    }
  }
  return size + longest * 2 + SHORT * 3;
}
