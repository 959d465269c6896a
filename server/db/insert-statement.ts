import { PACKET_HEADER, type Cell } from './execute-packet';

/** What we use of a connection of mysql2. */
export interface PreparingConnection {
  prepare(sql: string, done: (error: Error | null, statement: { readonly id: number }) => void): void;
  addCommand(command: object): void;
}

/** What the driver gives a command: itself and the answer of the server. */
export interface Wire {
  _resetSequenceId(): void;
  _bumpSequenceId(packets: number): void;
  readonly clientEncoding: string;
  writePacket(packet: object): void;
}
export interface Answer {
  isError(): boolean;
  asError(encoding: string): Error;
}

export type Rows = readonly (readonly Cell[])[];

/** Rows of one statement; each power of two up to it is a statement of its own, prepared once for a connection. */
export const MOST_ROWS = 64;
/** Characters of one statement: a packet stays well below the smallest usual max_allowed_packet (16 MiB). */
const MOST_TEXT = 2_000_000;

/** As many rows from `from` on as one statement takes: a power of two. */
export function nextRows(rows: Rows, from: number): Rows {
  const most = Math.min(rows.length - from, MOST_ROWS);
  let fitting = 0;
  for (let text = 0; fitting < most; fitting += 1) {
    for (const cell of rows[from + fitting] as readonly Cell[])
      text += cell === null || typeof cell === 'number' ? 8 : cell.length;
    if (text > MOST_TEXT) break;
  }
  const count = 1 << (31 - Math.clz32(Math.max(fitting, 1)));
  return count === rows.length ? rows : rows.slice(from, from + count);
}

/** An INSERT, but for its lists of values. */
export interface InsertText {
  readonly before: string;
  readonly after: string;
  /** Values of a row. */
  readonly columns: number;
}

const statements = new WeakMap<InsertText, string[]>();

/** The statement for so many rows, their values as parameters. Thousands of characters: the same text is found faster than made. */
export function insertOf(insert: InsertText, rows: number): string {
  const made = statements.get(insert) ?? [];
  statements.set(insert, made);
  return (made[rows] ??= writeInsert(insert, rows));
}

function writeInsert({ before, after, columns }: InsertText, rows: number): string {
  const row = `(${'?,'.repeat(columns - 1)}?)`;
  return `${before}${`${row},`.repeat(rows - 1)}${row}${after}`;
}

const ids = new WeakMap<PreparingConnection, Map<string, number>>();

/** The number of a statement that this connection has prepared. The driver would answer only behind what it sent before. */
export function preparedId(connection: PreparingConnection, sql: string): number | undefined {
  return ids.get(connection)?.get(sql);
}

/** Prepared once for a connection; there are few texts, and the driver closes none of them. */
export function prepare(connection: PreparingConnection, sql: string): Promise<number> {
  return new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => {
      if (error) return reject(error);
      const known = ids.get(connection) ?? new Map<string, number>();
      ids.set(connection, known.set(sql, statement.id));
      resolve(statement.id);
    });
  });
}

/** As `Connection.writePacket` of mysql2 reads one: room for the header, then the bytes. */
export function asPacket(buffer: Buffer): object {
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequenceId: number) {
      buffer.writeUIntLE(buffer.length - PACKET_HEADER, 0, 3);
      buffer[3] = sequenceId;
    },
  };
}
