import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';
import type { LedgerReport } from './verify-service';

export interface Verification extends LedgerReport {
  /** How many breaks there were; `broken` lists the first SHOWN_BREAKS of them. */
  readonly broken_count: number;
  readonly id: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly requestedBy: string;
}

/** What verifications found, kept beside the chain. */
export interface VerificationStore {
  save(
    ledger: Ledger,
    report: LedgerReport,
    run: { readonly startedAt: Date; readonly finishedAt: Date; readonly requestedBy: string },
  ): Promise<void>;
  findLatest(ledger: Ledger): Promise<Verification | undefined>;
}

interface VerificationRow {
  id: number;
  ledger_id: number;
  verdict: LedgerReport['verdict'];
  size: number;
  scanned: number;
  valid: number;
  unverifiable: number;
  pruned: number;
  broken: number;
  head_seq: number | null;
  head_hash: string | null;
  started_at: number;
  finished_at: number;
  requested_by: string;
}

interface BreakRow {
  verification_id: number;
  position: number;
  seq: number;
  entry_id: string | null;
  kind: string;
  detail: string;
  received_at: number | null;
}

/** Breaks read back with a result; all are stored, and the command line lists every one. */
export const SHOWN_BREAKS = 1_000;

export function createVerificationStore(database: Database): VerificationStore {
  const db = database.knex;
  return {
    async save(ledger, report, run) {
      await db.transaction(async (trx) => {
        const [id] = await trx<VerificationRow>('verifications').insert({
          ledger_id: ledger.id,
          verdict: report.verdict,
          size: report.size,
          scanned: report.scanned,
          valid: report.valid,
          unverifiable: report.unverifiable,
          pruned: report.pruned,
          broken: report.broken.length,
          head_seq: report.head?.seq ?? null,
          head_hash: report.head?.hash ?? null,
          started_at: run.startedAt.getTime(),
          finished_at: run.finishedAt.getTime(),
          requested_by: run.requestedBy,
        });
        await database.dialect.insertRows(
          trx,
          'verification_breaks',
          ['verification_id', 'position', 'seq', 'entry_id', 'kind', 'detail', 'received_at'],
          report.broken.map((one, position) => [
            id ?? 0,
            position,
            one.seq,
            one.id?.slice(0, 36) ?? null,
            one.kind,
            one.detail.slice(0, 1000),
            one.received_at === null ? null : Date.parse(one.received_at),
          ]),
        );
      });
    },
    async findLatest(ledger) {
      const row = await db<VerificationRow>('verifications')
        .where({ ledger_id: ledger.id })
        .orderBy('id', 'desc')
        .first();
      if (!row) return undefined;
      const breaks = await db<BreakRow>('verification_breaks')
        .where({ verification_id: row.id })
        .orderBy('position')
        .limit(SHOWN_BREAKS);
      return {
        id: row.id,
        ledger: ledger.name,
        verdict: row.verdict,
        size: row.size,
        scanned: row.scanned,
        valid: row.valid,
        unverifiable: row.unverifiable,
        pruned: row.pruned,
        head: row.head_seq === null || row.head_hash === null ? null : { seq: row.head_seq, hash: row.head_hash },
        broken_count: row.broken,
        broken: breaks.map((one) => ({
          seq: one.seq,
          id: one.entry_id,
          kind: one.kind,
          detail: one.detail,
          received_at: one.received_at === null ? null : new Date(one.received_at).toISOString(),
        })),
        startedAt: new Date(row.started_at).toISOString(),
        finishedAt: new Date(row.finished_at).toISOString(),
        requestedBy: row.requested_by,
      };
    },
  };
}
