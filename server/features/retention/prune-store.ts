import type { Knex } from 'knex';
import type { Ledger } from '../../entries/entry-store';

/**
 * How far a prune is. `planned`: nothing but the row. `archived`: archive and certificate are written. `certified`: its
 * `audit.pruned` entry is committed, from here on it is finished whatever happens. `deleting`: the trigger lets its entries go.
 */
export const PRUNE_STATES = ['planned', 'archived', 'certified', 'deleting', 'done'] as const;
export type PruneState = (typeof PRUNE_STATES)[number];

export interface Prune {
  readonly id: string;
  readonly ledgerId: number;
  readonly state: PruneState;
  /** Whole segments. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Entries that go. */
  readonly entries: number;
  readonly days: number;
  /** Path of the archive below the archive folder. */
  readonly archive: string | null;
  readonly archiveDigest: string | null;
  /** The signed note. */
  readonly certificate: string | null;
  /** Where the chain has it. */
  readonly certificateSeq: number | null;
  /** Up to here, and so many, are deleted. */
  readonly deletedTo: number;
  readonly deleted: number;
  readonly requestedBy: string;
  readonly startedAt: number;
  readonly finishedAt: number | null;
}

type Archived = Required<Pick<Prune, 'entries' | 'archive' | 'archiveDigest' | 'certificate'>>;

/** The rows of `prunes`. Takes a knex or a transaction alike where a `trx` is asked for. */
export interface PruneStore {
  plan(ledger: Ledger, prune: Pick<Prune, 'id' | 'fromSeq' | 'toSeq' | 'entries' | 'days' | 'requestedBy' | 'startedAt'>): Promise<void>; // prettier-ignore
  archived(id: string, archived: Archived): Promise<void>;
  certified(id: string, certificateSeq: number): Promise<void>;
  deleting(id: string): Promise<void>;
  /** Adds to what is deleted. */
  moveOn(trx: Knex, id: string, deletedTo: number, more: number): Promise<void>;
  done(trx: Knex, id: string, finishedAt: number): Promise<void>;
  /** A prune that never became final is forgotten; false where it is further than that. */
  discard(id: string): Promise<boolean>;
  find(id: string): Promise<Prune | undefined>;
  /** The row locked for this transaction. */
  lock(trx: Knex, id: string): Promise<Prune | undefined>;
  /** In the order of their ranges. */
  list(ledger: Ledger): Promise<Prune[]>;
}

interface PruneRow {
  id: string;
  ledger_id: number;
  state: string;
  from_seq: number;
  to_seq: number;
  entries: number;
  days: number;
  archive: string | null;
  archive_digest: string | null;
  certificate: string | null;
  certificate_seq: number | null;
  deleted_to: number;
  deleted: number;
  requested_by: string;
  started_at: number;
  finished_at: number | null;
}

export function createPruneStore(db: Knex): PruneStore {
  const prunes = (on: Knex = db) => on<PruneRow>('prunes');

  return {
    async plan(ledger, prune) {
      await prunes().insert({
        id: prune.id,
        ledger_id: ledger.id,
        state: 'planned',
        from_seq: prune.fromSeq,
        to_seq: prune.toSeq,
        entries: prune.entries,
        days: prune.days,
        deleted_to: prune.fromSeq - 1,
        deleted: 0,
        requested_by: prune.requestedBy.slice(0, 191),
        started_at: prune.startedAt,
      });
    },
    async archived(id, { entries, archive, archiveDigest, certificate }) {
      const row = { state: 'archived', entries, archive, archive_digest: archiveDigest, certificate };
      await prunes().where({ id, state: 'planned' }).update(row);
    },
    async certified(id, certificateSeq) {
      await prunes().where({ id, state: 'archived' }).update({ state: 'certified', certificate_seq: certificateSeq });
    },
    async deleting(id) {
      await prunes().where({ id, state: 'certified' }).update({ state: 'deleting' });
    },
    async moveOn(trx, id, deletedTo, more) {
      await prunes(trx)
        .where({ id })
        .update({ deleted_to: deletedTo, deleted: trx.raw('deleted + ?', [more]) });
    },
    async done(trx, id, finishedAt) {
      await prunes(trx)
        .where({ id })
        .update({ state: 'done', finished_at: finishedAt, deleted: trx.raw('entries') });
    },
    async discard(id) {
      return (await prunes().where({ id }).whereIn('state', ['planned', 'archived']).delete()) === 1;
    },
    async find(id) {
      const row = await prunes().where({ id }).first();
      return row && fromRow(row);
    },
    async lock(trx, id) {
      const row = await prunes(trx).where({ id }).forUpdate().first();
      return row && fromRow(row);
    },
    async list(ledger) {
      return (await prunes().where({ ledger_id: ledger.id }).orderBy('from_seq')).map(fromRow);
    },
  };
}

/** The state of a prune that can only be finished, not taken back. */
export function isFinal({ state }: Pick<Prune, 'state'>): boolean {
  return state === 'certified' || state === 'deleting' || state === 'done';
}

function fromRow(row: PruneRow): Prune {
  return {
    id: row.id,
    ledgerId: row.ledger_id,
    state: row.state as PruneState,
    fromSeq: row.from_seq,
    toSeq: row.to_seq,
    entries: row.entries,
    days: row.days,
    archive: row.archive,
    archiveDigest: row.archive_digest,
    certificate: row.certificate,
    certificateSeq: row.certificate_seq,
    deletedTo: row.deleted_to,
    deleted: row.deleted,
    requestedBy: row.requested_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
