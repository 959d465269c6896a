import { hmacSha256 } from '../../core/hmac';

/** A row of `verifications`. */
export interface VerificationRow {
  id: number;
  ledger_id: number;
  state: 'open' | 'saved';
  job_id: string | null;
  scope: string;
  from_seq: number;
  to_seq: number;
  actor: string | null;
  verdict: string;
  size: number;
  scanned: number;
  valid: number;
  unverifiable: number;
  pruned: number;
  by_proof: number;
  broken: number;
  head_seq: number | null;
  head_hash: string | null;
  tree_size: number | null;
  tree_root: string | null;
  started_at: number;
  finished_at: number;
  requested_by: string;
  mac: string | null;
}

/** A row of `verification_breaks`. */
export interface BreakRow {
  verification_id: number;
  position: number;
  seq: number;
  entry_id: string | null;
  kind: string;
  detail: string;
  received_at: number | null;
  mac: string | null;
}

const REPORT_TAG = Buffer.from('sealtrail.verification.v1\0', 'latin1');
const BREAK_TAG = Buffer.from('sealtrail.break.v1\0', 'latin1');

/** MAC over everything a report says; `key` comes from the master key, so that the database alone cannot make one. */
export function sealReport(key: Buffer, row: Omit<VerificationRow, 'mac' | 'state'>): string {
  const fields = [
    row.id, row.ledger_id, row.job_id, row.scope, row.from_seq, row.to_seq, row.actor, row.verdict, row.size, row.scanned, row.valid, row.unverifiable, row.by_proof, row.pruned,
    row.broken, row.head_seq, row.head_hash, row.tree_size, row.tree_root, row.started_at, row.finished_at, row.requested_by,
  ]; // prettier-ignore
  return hmacSha256(key, REPORT_TAG, JSON.stringify(fields));
}

export function sealBreak(key: Buffer, row: Omit<BreakRow, 'mac'>): string {
  const fields = [row.verification_id, row.position, row.seq, row.entry_id, row.kind, row.detail, row.received_at];
  return hmacSha256(key, BREAK_TAG, JSON.stringify(fields));
}
