import type { EntryView } from '../browse/browse-service';
import type { JsonValue } from '../../core/canonical-json';

/** A column of the CSV: its raw name and its cell. Readers' headers are `export:<name>` in locales. */
export interface ExportColumn {
  readonly name: string;
  readonly cell: (entry: EntryView) => string;
}

const text = (value: string | number | null) => (value === null ? '' : String(value));
const json = (value: JsonValue) => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));

export const EXPORT_COLUMNS: readonly ExportColumn[] = [
  { name: 'seq', cell: (e) => text(e.seq) },
  { name: 'id', cell: (e) => e.id },
  { name: 'occurred_at', cell: (e) => e.occurred_at },
  { name: 'received_at', cell: (e) => e.received_at },
  { name: 'category', cell: (e) => e.category },
  { name: 'action', cell: (e) => e.action },
  { name: 'severity', cell: (e) => e.severity },
  { name: 'outcome', cell: (e) => e.outcome },
  { name: 'actor_type', cell: (e) => e.actor.type },
  { name: 'actor_id', cell: (e) => text(e.actor.id) },
  { name: 'actor_name', cell: (e) => text(e.actor.name) },
  { name: 'actor_role', cell: (e) => text(e.actor.role) },
  { name: 'acting_as', cell: (e) => text(e.actor.acting_as) },
  { name: 'target_type', cell: (e) => e.target.type },
  { name: 'target_id', cell: (e) => text(e.target.id) },
  { name: 'target_label', cell: (e) => text(e.target.label) },
  { name: 'client', cell: (e) => text(e.client) },
  { name: 'ip', cell: (e) => text(e.ip) },
  { name: 'user_agent', cell: (e) => text(e.user_agent) },
  { name: 'via', cell: (e) => text(e.via) },
  { name: 'reason', cell: (e) => text(e.reason) },
  {
    name: 'changes',
    cell: (e) =>
      e.changes.map((change) => `${change.field}: ${json(change.before)} → ${json(change.after)}`).join('; '),
  },
  { name: 'source_kind', cell: (e) => e.source.kind },
  { name: 'hook', cell: (e) => text(e.source.hook) },
  { name: 'bridge', cell: (e) => text(e.source.bridge) },
  { name: 'source_seq', cell: (e) => text(e.source.seq) },
  { name: 'event_id', cell: (e) => e.source.event_id },
  { name: 'part', cell: (e) => text(e.source.part) },
  { name: 'skew_ms', cell: (e) => text(e.source.skew_ms) },
  { name: 'script', cell: (e) => text(e.source.script) },
  { name: 'payload', cell: (e) => JSON.stringify(e.source.payload) },
  { name: 'erased', cell: (e) => e.erased.join(' ') },
  { name: 'erased_at', cell: (e) => e.erasures.map((one) => one.at).join(' ') },
  { name: 'erased_by', cell: (e) => e.erasures.map((one) => String(one.seq)).join(' ') },
  { name: 'tenant', cell: (e) => e.tenant },
  { name: 'ledger', cell: (e) => e.ledger },
  { name: 'hash', cell: (e) => e.integrity.hash },
  { name: 'prev_hash', cell: (e) => e.integrity.prev_hash },
  { name: 'epoch', cell: (e) => text(e.integrity.epoch) },
  { name: 'chain_status', cell: (e) => e.integrity.status },
];

/**
 * Makes a cell harmless that a spreadsheet would run as a formula (OWASP "CSV Injection"): an apostrophe in front keeps the
 * text readable and stops Excel, LibreOffice and Google Sheets alike. Also where the sign follows white space.
 */
export function harmless(cell: string): string {
  // eslint-disable-next-line no-control-regex -- a NUL in front does not stop every spreadsheet
  return /^[\s\u0000]*[=+\-@|%＝＋－＠]/.test(cell) || /^[\t\r\n]/.test(cell) ? `'${cell}` : cell;
}
