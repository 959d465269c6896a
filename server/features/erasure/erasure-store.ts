import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/ledger';

/** How far one erasure has come. It explains nothing and starts nothing: that is for its entries. */
export interface ErasureRun {
  /** The event id of its entries. */
  readonly id: string;
  readonly ref: string;
  /** Entries up to here have been looked at. */
  readonly doneSeq: number;
  /** Entries that lost values on each side. */
  readonly actorEntries: number;
  readonly subjectEntries: number;
  readonly isFinished: boolean;
}

interface RunRow {
  id: string;
  ledger_id: number;
  subject_ref: string;
  entry_seq: number;
  done_seq: number;
  actor_entries: number;
  subject_entries: number;
  started_at: number;
  finished_at: number | null;
}

export interface ErasureStore {
  /** Nothing where it is known already. */
  begin(ledger: Ledger, run: { readonly id: string; readonly ref: string; readonly entrySeq: number; readonly at: number }): Promise<void>; // prettier-ignore
  find(ledger: Ledger, id: string): Promise<ErasureRun | undefined>;
  listFinished(ledger: Ledger): Promise<ReadonlySet<string>>;
  /** Locks the run until the transaction ends; undefined where it is finished. */
  lock(trx: Knex.Transaction, ledger: Ledger, id: string): Promise<ErasureRun | undefined>;
  advance(trx: Knex.Transaction, ledger: Ledger, run: Omit<ErasureRun, 'isFinished' | 'ref'>): Promise<void>;
  finish(ledger: Ledger, id: string, at: number): Promise<void>;
}

const COLUMNS = ['id', 'ledger_id', 'subject_ref', 'entry_seq', 'done_seq', 'actor_entries', 'subject_entries', 'started_at']; // prettier-ignore

export function createErasureStore({ knex: db, dialect }: Database): ErasureStore {
  const runs = (ledger: Ledger, on: Knex = db) => on<RunRow>('erasures').where({ ledger_id: ledger.id });
  return {
    async begin(ledger, { id, ref, entrySeq, at }) {
      const cells = [id, ledger.id, ref, entrySeq, 0, 0, 0, at];
      await dialect.insertRows(db, 'erasures', COLUMNS, [cells], { onConflict: 'ignore' });
    },
    async find(ledger, id) {
      const row = await runs(ledger).where({ id }).first();
      return row && fromRow(row);
    },
    async listFinished(ledger) {
      return new Set(await runs(ledger).whereNotNull('finished_at').pluck<string[]>('id'));
    },
    async lock(trx, ledger, id) {
      const row = await runs(ledger, trx).where({ id }).forUpdate().first();
      return row?.finished_at === null ? fromRow(row) : undefined;
    },
    async advance(trx, ledger, { id, doneSeq, actorEntries, subjectEntries }) {
      const progress = { done_seq: doneSeq, actor_entries: actorEntries, subject_entries: subjectEntries };
      await runs(ledger, trx).where({ id }).update(progress);
    },
    async finish(ledger, id, at) {
      await runs(ledger).where({ id, finished_at: null }).update({ finished_at: at });
    },
  };
}

function fromRow(row: RunRow): ErasureRun {
  return {
    id: row.id,
    ref: row.subject_ref,
    doneSeq: row.done_seq,
    actorEntries: row.actor_entries,
    subjectEntries: row.subject_entries,
    isFinished: row.finished_at !== null,
  };
}
