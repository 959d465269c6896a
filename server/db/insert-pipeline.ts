import { executePacket } from './execute-packet';
import { asPacket, insertOf, MOST_ROWS, nextRows, prepare, preparedId, type Answer, type InsertText, type PreparingConnection, type Rows, type Wire } from './insert-statement'; // prettier-ignore

/** Hands rows over; whether they are in is told at the end. */
export type SendRows = (insert: InsertText, rows: Rows) => void;

/**
 * Inserts of one transaction, sent without a wait for each answer: the server works while `work` makes the next rows ready.
 * `inserts` are all that `work` may send. Rejects with the first refusal.
 *
 * A refusal may end the transaction on the server (a deadlock does), and what is on its way behind it would commit by itself. So this
 * is for connections that were noted as never doing so: what comes behind waits for a commit that never comes. Throws for others.
 */
export async function pipelineInserts(
  connection: PreparingConnection,
  inserts: readonly InsertText[],
  work: (send: SendRows) => Promise<void>,
): Promise<void> {
  if (!manual.has(connection)) throw new Error('rows are pipelined only where nothing commits by itself');
  // In between, the driver could not ask: it would wait for the answers before.
  for (const insert of inserts)
    for (let rows = 1; rows <= MOST_ROWS; rows *= 2) {
      const sql = insertOf(insert, rows);
      if (preparedId(connection, sql) === undefined) await prepare(connection, sql);
    }
  const pipeline = new Pipeline();
  connection.addCommand(pipeline);
  try {
    await work((insert, rows) => {
      for (let at = 0; at < rows.length;) {
        const some = nextRows(rows, at);
        at += some.length;
        pipeline.send(executePacket(preparedId(connection, insertOf(insert, some.length)) ?? 0, some));
      }
    });
  } finally {
    pipeline.end();
    await pipeline.ended;
  }
  if (pipeline.refusal) throw pipeline.refusal;
}

const manual = new WeakSet<object>();

/** The session has autocommit off for good. */
export function noteNoAutocommit(connection: object): void {
  manual.add(connection);
}

const COM_PING = 0x0e;

/** A command of mysql2 (its lib/commands) that sends packets as they come and is over when the last one has its answer. */
class Pipeline {
  /** The first that the server or the driver told. */
  refusal: Error | undefined;
  readonly ended: Promise<void>;
  private readonly unsent: Buffer[] = [];
  private wire: Wire | undefined;
  private answers = 0;
  private isClosed = false;
  private finish: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.finish = resolve));
  }

  send(packet: Buffer): void {
    if (this.refusal) return;
    this.unsent.push(packet);
    if (this.wire) this.write(this.wire);
  }

  /** The driver takes a command for over only at an answer, so that there must be one after everything. */
  end(): void {
    this.isClosed = true;
    this.unsent.push(Buffer.from([0, 0, 0, 0, COM_PING]));
    if (this.wire) this.write(this.wire);
  }

  /** Called by the driver at the command's turn and with each answer. True when it is over. */
  execute(answer: Answer | undefined, wire: Wire): boolean {
    this.wire = wire;
    if (answer === undefined) {
      this.write(wire);
      return false;
    }
    if (answer.isError()) this.refusal ??= answer.asError(wire.clientEncoding);
    this.answers -= 1;
    // Each answer is the first packet after the packet that it answers.
    wire._resetSequenceId();
    wire._bumpSequenceId(1);
    const isOver = this.isClosed && this.answers === 0;
    if (isOver) this.finish();
    return isOver;
  }

  /** Told by the driver when the connection is lost. */
  onResult(error: Error): void {
    this.refusal ??= error;
    this.isClosed = true;
    this.finish();
  }

  stateName(): string {
    return 'pipeline';
  }

  private write(wire: Wire): void {
    for (const packet of this.unsent.splice(0)) {
      wire._resetSequenceId();
      wire.writePacket(asPacket(packet));
      this.answers += 1;
    }
  }
}
