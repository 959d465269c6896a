import { executePacket } from './execute-packet';
import { asPacket, insertOf, nextRows, prepare, preparedId, type Answer, type InsertText, type PreparingConnection, type Rows, type Wire } from './insert-statement'; // prettier-ignore

/**
 * Inserts rows by prepared statements of many rows. A literal must be read by the server character by character: as parameters
 * the same rows cost it two thirds (docs/bench.md).
 */
export async function insertPrepared(connection: PreparingConnection, insert: InsertText, rows: Rows): Promise<void> {
  let sent = Promise.resolve();
  for (let at = 0; at < rows.length;) {
    const some = nextRows(rows, at);
    at += some.length;
    const sql = insertOf(insert, some.length);
    const id = preparedId(connection, sql) ?? (await prepare(connection, sql));
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

function execute(connection: PreparingConnection, sql: string, packet: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.addCommand(new ExecuteCommand(sql, packet, (error) => (error ? reject(error) : resolve())));
  });
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
