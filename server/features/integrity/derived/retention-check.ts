import { canonicalJson } from '../../../core/canonical-json';
import { holdEventOf, scopeToJson, type HoldScope } from '../../../core/legal-hold';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import type { Cell } from '../../../db/dialect';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { retentionInWords } from '../../retention/retention-service';
import { readOwnRecords, type OwnRecord } from './own-records';
import { projectionBreak } from './projection-break';

const RETENTION = 'audit.retention_changed';
const ACTIONS = [RETENTION, 'audit.hold_placed', 'audit.hold_released'];

interface StatedHold {
  readonly seq: number;
  readonly scope: HoldScope;
  isReleased: boolean;
}

/**
 * Compares the limit of a ledger and its legal holds with what its chain says was set. A prune believes only the chain; the page of both
 * reads the tables. What the program leaves for a moment, or for good when it ends there, is no break: a hold that only the table knows,
 * one that only the chain released, and the limit before the last. Reasons are not compared: the entry's may have been erased.
 */
export async function checkRetention(database: Database, ledger: Ledger): Promise<Break[]> {
  const { policies, holds, stated } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    return {
      policies: await select('SELECT days FROM retention_policies WHERE ledger_id = ?', [ledger.id]),
      holds: await select('SELECT id, scope, released_at FROM holds WHERE ledger_id = ?', [ledger.id]),
      stated: await readOwnRecords(database, trx, ledger, ACTIONS),
    };
  });
  return [
    ...limitFault(
      (policies[0]?.[0] ?? null) as number | null,
      stated.filter(({ record }) => record.action === RETENTION),
    ),
    ...holdFaults(holds, holdsIn(stated)),
  ];
}

function limitFault(days: number | null, stated: readonly OwnRecord[]): Break[] {
  const kept = retentionInWords(days);
  const unset = retentionInWords(null);
  const [last = unset, before = unset] = stated.map(({ record }) => record.source.payload['days'] as string).reverse(); // prettier-ignore
  if (kept === last || kept === before) return [];
  return [projectionBreak(stated.at(-1)?.seq ?? 0, `the retention is ${kept} in its table, and ${last} as the last entry about it says`)]; // prettier-ignore
}

function holdsIn(stated: readonly OwnRecord[]): ReadonlyMap<string, StatedHold> {
  const holds = new Map<string, StatedHold>();
  for (const { seq, record } of stated) {
    const event = holdEventOf(record.action, record.source.payload);
    if (event?.kind === 'placed') holds.set(event.hold, { seq, scope: event.scope, isReleased: false });
    const hold = event?.kind === 'released' ? holds.get(event.hold) : undefined;
    if (hold) hold.isReleased = true;
  }
  return holds;
}

function holdFaults(rows: readonly (readonly Cell[])[], stated: ReadonlyMap<string, StatedHold>): Break[] {
  const kept = new Map(rows.map(([id, ...cells]) => [String(id), cells]));
  return [...stated].flatMap(([id, hold]) => {
    const row = kept.get(id);
    const fault = row === undefined ? 'is gone, and an entry says that it was placed' : rowFault(row, hold);
    return fault === undefined ? [] : [projectionBreak(hold.seq, `the hold ${id} ${fault}`)];
  });
}

function rowFault([scope, releasedAt]: readonly (Cell | undefined)[], stated: StatedHold): string | undefined {
  if (scope !== canonicalJson(scopeToJson(stated.scope))) return 'keeps other entries than the entry about it says';
  if (releasedAt !== null && !stated.isReleased) return 'was released, and no entry says so';
  return undefined;
}
