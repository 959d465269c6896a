import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { onceId } from '../../capture/own-events-service';
import { readOwnRecords, type OwnRecord } from './own-records';
import { projectionBreak } from './projection-break';

const TOLD = 'audit.gap_detected';
const CLOSED = 'audit.gap_closed';

/** Somebody was told of a gap, or that it closed: by an entry, or by a report that is still to become one. */
interface Statement {
  readonly eventId: string;
  readonly seq: number;
  readonly action: string;
  readonly bridge: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Compares the gaps that pages and metrics count with the entries that tell of them, and of their end: who writes the database
 * could else hide a gap that was told, or make one up. One that was not told yet is not compared.
 */
export async function checkGaps(database: Database, ledger: Ledger): Promise<Break[]> {
  const { rows, statements } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    const tenant = [ledger.tenant.id];
    const open = await select(
      'SELECT g.bridge_id, g.from_seq, g.to_seq, g.missing FROM bridge_gaps g JOIN bridges b ON b.id = g.bridge_id WHERE b.tenant_id = ? AND g.detected_at IS NOT NULL AND g.closed_at IS NULL',
      tenant,
    );
    const waiting = await select(
      'SELECT r.once, r.action, r.bridge_id, r.payload FROM watch_reports r JOIN bridges b ON b.id = r.bridge_id WHERE b.tenant_id = ? ORDER BY r.id',
      tenant,
    );
    const records = await readOwnRecords(database, trx, ledger, [TOLD, CLOSED]);
    return {
      rows: open.map(([bridge, from, to, missing]) => nameOf(String(bridge), { from, to, missing })),
      statements: [...records.map(statementIn), ...waiting.map(reported)],
    };
  });

  const open = openGaps(statements);
  const breaks: Break[] = [];
  for (const row of rows) {
    const seqs = open.get(row);
    if (seqs && seqs.length > 0) seqs.pop();
    else breaks.push(projectionBreak(0, `${row}: no entry tells of it, or one says that it closed`));
  }
  for (const [name, seqs] of open)
    for (const seq of seqs)
      breaks.push(projectionBreak(seq, `${name}: is not shown, and no entry says that it closed`));
  return breaks;
}

/** By name, the entries about gaps that nothing says are closed: two runs of a bridge may lack the same numbers. */
function openGaps(statements: readonly Statement[]): Map<string, number[]> {
  const seen = new Set<string>();
  const open = new Map<string, number[]>();
  for (const { eventId, seq, action, bridge, payload } of statements) {
    // A report stays until its entry is there.
    if (seen.has(eventId) || payload['to'] === undefined) continue;
    seen.add(eventId);
    const name = nameOf(bridge, payload);
    const seqs = open.get(name) ?? [];
    if (action === TOLD) open.set(name, [...seqs, seq]);
    else if (action === CLOSED) open.set(name, seqs.slice(1));
  }
  return open;
}

function nameOf(bridge: string, { from, to, missing }: Readonly<Record<string, unknown>>): string {
  return `the gap ${String(from)}-${String(to)} of bridge ${bridge} (${String(missing)} missing)`;
}

function statementIn({ seq, record }: OwnRecord): Statement {
  const { event_id: eventId, payload } = record.source;
  return { eventId, seq, action: record.action, bridge: record.target.id ?? '', payload };
}

/** The id is the one that its entry will have. */
function reported([once, action, bridge, payload]: readonly unknown[]): Statement {
  return {
    eventId: onceId(String(action), String(once)),
    seq: 0,
    action: String(action),
    bridge: String(bridge),
    payload: readObject(String(payload)),
  };
}

/** Of what somebody else wrote there: nothing, so that it tells of no gap. */
function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
