import { storedTime } from '../../core/stored-time';
import type { Break, Verdict } from '../../core/verify';
import { isSameHash } from '../../core/chain';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';
import { sealBreak, sealReport, type BreakRow, type VerificationRow } from './report-seal';
import type { Mark } from './verified-mark';
import type { LedgerReport, VerifyScope } from './verify-service';

/** A dated report. `broken` of it is asked for by page. */
export interface Verification extends Omit<LedgerReport, 'broken'> {
  readonly id: number;
  /** `admin:7`, where only one actor's entries were looked at. */
  readonly actor: string | null;
  readonly brokenCount: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly requestedBy: string;
  /** False when somebody changed the report after it was saved: nothing that it says can be relied on. */
  readonly isAuthentic: boolean;
}

/** What is known of a ledger: `broken` stays until a whole verification finds nothing any more. */
export interface ChainState {
  readonly verdict: Verdict;
  /** When the latest verification of all, or of all that was new, ended. */
  readonly at: string;
  readonly report: Verification;
}

/** Where a report is begun; the same job gives the same report again. */
interface ReportStart {
  readonly jobId: string | null;
  readonly actor: string | null;
  readonly startedAt: Date;
  readonly requestedBy: string;
}

/** What verifications found, kept beside the chain, sealed so that an edited report is noticed. */
export interface VerificationStore {
  open(ledger: Ledger, start: ReportStart): Promise<number>;
  /** Drops what was added from `position` on. */
  truncateBreaks(id: number, position: number): Promise<void>;
  addBreaks(id: number, position: number, breaks: readonly Break[]): Promise<void>;
  close(
    id: number,
    report: LedgerReport,
    end: { readonly brokenCount: number; readonly finishedAt: Date },
  ): Promise<void>;
  /** All of a report that was made in one go. */
  save(
    ledger: Ledger,
    report: LedgerReport,
    run: { readonly startedAt: Date; readonly finishedAt: Date; readonly requestedBy: string },
  ): Promise<number>;
  /** Reports that were begun and never saved, by their jobs. */
  listOpen(): Promise<{ readonly id: number; readonly jobId: string | null }[]>;
  drop(id: number): Promise<void>;
  find(ledger: Ledger, id: number): Promise<Verification | undefined>;
  /** Newest first. */
  list(
    ledger: Ledger,
    options: { readonly limit: number; readonly beforeId?: number | undefined },
  ): Promise<Verification[]>;
  /** In the order in which they were found. `isAuthentic` is false when one of them was changed or is missing. */
  listBreaks(
    report: Verification,
    options: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly breaks: LedgerReport['broken']; readonly isAuthentic: boolean }>;
  findState(ledger: Ledger): Promise<ChainState | undefined>;
  findMark(ledger: Ledger): Promise<Mark | undefined>;
}

export function createVerificationStore(database: Database, sealKey: Buffer): VerificationStore {
  const { knex: db, dialect } = database;
  const rows = () => db<VerificationRow>('verifications');
  const saved = (ledger: Ledger) => rows().where({ ledger_id: ledger.id, state: 'saved' });
  const isSealed = ({ mac, ...row }: VerificationRow) => mac !== null && isSameHash(sealReport(sealKey, row), mac);

  function fromRow(ledger: Ledger, row: VerificationRow): Verification {
    return {
      id: row.id,
      ledger: ledger.name,
      verdict: row.verdict as Verdict,
      scope: row.scope as VerifyScope,
      from: row.from_seq,
      to: row.to_seq,
      actor: row.actor,
      size: row.size,
      scanned: row.scanned,
      valid: row.valid,
      unverifiable: row.unverifiable,
      by_proof: row.by_proof,
      pruned: row.pruned,
      brokenCount: row.broken,
      head: row.head_seq === null || row.head_hash === null ? null : { seq: row.head_seq, hash: row.head_hash },
      tree: row.tree_size === null || row.tree_root === null ? null : { size: row.tree_size, root: row.tree_root },
      startedAt: storedTime(row.started_at),
      finishedAt: storedTime(row.finished_at),
      requestedBy: row.requested_by,
      isAuthentic: isSealed(row),
    };
  }

  const reports: VerificationStore = {
    async open(ledger, { jobId, actor, startedAt, requestedBy }) {
      const known = jobId === null ? undefined : await rows().where({ job_id: jobId }).first('id');
      if (known) return known.id;
      const [id] = await rows().insert({
        ledger_id: ledger.id,
        state: 'open',
        job_id: jobId,
        actor,
        verdict: 'cannot_tell',
        size: 0,
        scanned: 0,
        valid: 0,
        unverifiable: 0,
        by_proof: 0,
        broken: 0,
        started_at: startedAt.getTime(),
        finished_at: 0,
        requested_by: requestedBy.slice(0, 191),
      });
      return id ?? 0;
    },
    async truncateBreaks(id, position) {
      await db<BreakRow>('verification_breaks')
        .where({ verification_id: id })
        .where('position', '>=', position)
        .delete();
    },
    async addBreaks(id, position, breaks) {
      const cells = breaks.map((one, at) => {
        const row = {
          verification_id: id,
          position: position + at,
          seq: one.seq,
          entry_id: one.id?.slice(0, 36) ?? null,
          kind: one.kind,
          detail: one.detail.slice(0, 1000),
          received_at: one.receivedAt === null ? null : Date.parse(one.receivedAt),
        };
        return [...Object.values(row), sealBreak(sealKey, row)];
      });
      const columns = ['verification_id', 'position', 'seq', 'entry_id', 'kind', 'detail', 'received_at', 'mac'];
      await db.transaction((trx) => dialect.insertRows(trx, 'verification_breaks', columns, cells));
    },
    async close(id, report, { brokenCount, finishedAt }) {
      const begun = await rows().where({ id }).first();
      if (!begun || begun.state === 'saved') return;
      const row: VerificationRow = {
        ...begun,
        state: 'saved',
        scope: report.scope,
        from_seq: report.from,
        to_seq: report.to,
        verdict: report.verdict,
        size: report.size,
        scanned: report.scanned,
        valid: report.valid,
        unverifiable: report.unverifiable,
        by_proof: report.by_proof,
        pruned: report.pruned,
        broken: brokenCount,
        head_seq: report.head?.seq ?? null,
        head_hash: report.head?.hash ?? null,
        tree_size: report.tree?.size ?? null,
        tree_root: report.tree?.root ?? null,
        finished_at: finishedAt.getTime(),
      };
      await rows()
        .where({ id })
        .update({ ...row, mac: sealReport(sealKey, row) });
    },
    async save(ledger, report, { startedAt, finishedAt, requestedBy }) {
      const id = await reports.open(ledger, { jobId: null, actor: null, startedAt, requestedBy });
      const breaks = report.broken.map(({ received_at: receivedAt, ...one }) => ({ ...one, receivedAt }) as Break);
      await reports.addBreaks(id, 0, breaks);
      await reports.close(id, report, { brokenCount: breaks.length, finishedAt });
      return id;
    },
    async listOpen() {
      const open = await rows().where({ state: 'open' }).select('id', 'job_id');
      return open.map((row) => ({ id: row.id, jobId: row.job_id }));
    },
    async drop(id) {
      await db<BreakRow>('verification_breaks').where({ verification_id: id }).delete();
      await rows().where({ id, state: 'open' }).delete();
    },
    async find(ledger, id) {
      const row = await saved(ledger).where({ id }).first();
      return row && fromRow(ledger, row);
    },
    async list(ledger, { limit, beforeId }) {
      const found = saved(ledger).orderBy('id', 'desc').limit(limit);
      if (beforeId !== undefined) void found.where('id', '<', beforeId);
      return (await found).map((row) => fromRow(ledger, row));
    },
    async listBreaks({ id, brokenCount }, { offset, limit }) {
      const found = await db<BreakRow>('verification_breaks')
        .where({ verification_id: id })
        .where('position', '>=', offset)
        .where('position', '<', offset + limit)
        .orderBy('position');
      const isWhole = found.length === Math.min(limit, Math.max(0, brokenCount - offset));
      const isAuthentic =
        isWhole && found.every(({ mac, ...row }) => mac !== null && isSameHash(sealBreak(sealKey, row), mac));
      return { isAuthentic, breaks: found.map(toBreak) };
    },
    async findState(ledger) {
      const overall = await saved(ledger).whereIn('scope', ['whole', 'new']).orderBy('id', 'desc').first();
      if (!overall) return undefined;
      const whole = await saved(ledger).where({ scope: 'whole' }).max<{ id: number | null }[]>({ id: 'id' });
      const broken = await saved(ledger)
        .where({ verdict: 'broken' })
        .where('id', '>=', whole[0]?.id ?? 0)
        .orderBy('id', 'desc')
        .first();
      const report = fromRow(ledger, broken ?? overall);
      const verdict = report.isAuthentic ? report.verdict : 'cannot_tell';
      return { verdict, at: storedTime(overall.finished_at), report };
    },
    async findMark(ledger) {
      const latest = await saved(ledger)
        .whereIn('scope', ['whole', 'new'])
        .where({ verdict: 'intact' })
        .orderBy('id', 'desc')
        .limit(20);
      const mark = latest.map((row) => fromRow(ledger, row)).find((one) => one.isAuthentic && one.head && one.tree);
      if (!mark?.head || !mark.tree) return undefined;
      return { seq: mark.head.seq, hash: mark.head.hash, root: mark.tree.root, finishedAt: mark.finishedAt };
    },
  };
  return reports;
}

function toBreak(row: BreakRow): LedgerReport['broken'][number] {
  return {
    seq: row.seq,
    id: row.entry_id,
    kind: row.kind,
    detail: row.detail,
    received_at: row.received_at === null ? null : storedTime(row.received_at),
  };
}
