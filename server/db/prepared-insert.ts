import { executePacket, PACKET_HEADER, type Cell } from './execute-packet';

/** What we use of a connection of mysql2. */
export interface PreparingConnection {
  prepare(sql: string, done: (error: Error | null, statement: { readonly id: number }) => void): void;
  addCommand(command: object): void;
}

type Rows = readonly (readonly Cell[])[];

/** Rows of one statement; each power of two up to it is a statement of its own, prepared once for a connection. */
const MOST_ROWS = 64;
/** Characters of one statement: a packet stays well below the smallest usual max_allowed_packet (16 MiB). */
const MOST_TEXT = 2_000_000;

/**
 * Inserts rows by prepared statements of many rows. `before` and `after` stand around the list of values. A literal must be read
 * by the server character by character: as parameters the same rows cost it two thirds (docs/bench.md).
 */
export async function insertPrepared(
  connection: PreparingConnection,
  [before, after]: readonly [string, string],
  rows: Rows,
): Promise<void> {
  let sent = Promise.resolve();
  for (let at = 0; at < rows.length;) {
    const some = nextRows(rows, at);
    at += some.length;
    const sql = `${before}${valuesOf(some)}${after}`;
    const id = await prepare(connection, sql);
    // Written while the server works on the rows before.
    const packet = executePacket(id, some);
    // Never sent behind a statement that failed: what the server rolled back would be followed by a commit of its own.
    await sent;
    sent = execute(connection, sql, packet);
    // Awaited a turn later, and then it is told.
    sent.catch(() => undefined);
  }
  await sent;
}

function nextRows(rows: Rows, from: number): Rows {
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

function valuesOf(rows: Rows): string {
  const row = `(${'?,'.repeat((rows[0]?.length ?? 1) - 1)}?)`;
  return `${`${row},`.repeat(rows.length - 1)}${row}`;
}

/** The driver remembers what is prepared on a connection. */
function prepare(connection: PreparingConnection, sql: string): Promise<number> {
  return new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => (error ? reject(error) : resolve(statement.id)));
  });
}

function execute(connection: PreparingConnection, sql: string, packet: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.addCommand(new ExecuteCommand(sql, packet, (error) => (error ? reject(error) : resolve())));
  });
}

/** What the driver gives a command: itself and the answer of the server. */
interface Wire {
  _resetSequenceId(): void;
  readonly clientEncoding: string;
  writePacket(packet: object): void;
}
interface Answer {
  isError(): boolean;
  asError(encoding: string): Error;
}

/** A command of mysql2 (its lib/commands) that sends a finished packet; the driver's own builds one object for each parameter. */
class ExecuteCommand {
  /** Told by the driver too, when the connection is lost. */
  readonly onResult: (error: Error | null) => void;
  private readonly sql: string;
  private readonly packet: Buffer;
  private isSent = false;

  constructor(sql: string, packet: Buffer, onResult: (error: Error | null) => void) {
    this.sql = sql;
    this.packet = packet;
    this.onResult = onResult;
  }

  /** True when it is over. */
  execute(answer: Answer | undefined, wire: Wire): boolean {
    if (!this.isSent) {
      this.isSent = true;
      wire._resetSequenceId();
      wire.writePacket(asPacket(this.packet));
      return false;
    }
    if (answer?.isError()) this.onResult(Object.assign(answer.asError(wire.clientEncoding), { sql: this.sql }));
    else this.onResult(null);
    return true;
  }

  stateName(): string {
    return 'execute';
  }
}

/** As `Connection.writePacket` reads one. */
function asPacket(buffer: Buffer): object {
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequenceId: number) {
      buffer.writeUIntLE(buffer.length - PACKET_HEADER, 0, 3);
      buffer[3] = sequenceId;
    },
  };
}
