import type { SealedRecord } from '../../../core/sealed-record';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { readOwnRecords } from './own-records';
import { projectionBreak } from './projection-break';

/** What the tables hold, by id. */
interface Kept {
  /** True: it was removed. */
  readonly anchors: ReadonlyMap<string, boolean>;
  readonly reports: ReadonlySet<string>;
}

const ANCHORS = 'audit.destination_changed';
const REPORTS = ['audit.chain_verified', 'audit.chain_broken', 'audit.chain_unverifiable'];

/**
 * Looks for rows that entries speak of: an anchor that was added, a report that was saved. Who writes the database could else
 * take one away. Only what contradicts an entry is found: a row is written before its entry, and the program may end between
 * the two.
 */
export async function checkStatedRows(database: Database, ledger: Ledger): Promise<Break[]> {
  const { kept, stated } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[] = []) =>
      database.dialect.selectArrays(trx, sql, bindings);
    const anchors = await select('SELECT id, removed_at FROM anchors');
    const reports = await select('SELECT id FROM verifications WHERE ledger_id = ?', [ledger.id]);
    return {
      kept: {
        anchors: new Map(anchors.map(([id, removedAt]) => [String(id), removedAt !== null])),
        reports: new Set(reports.map(([id]) => String(id))),
      } satisfies Kept,
      stated: await readOwnRecords(database, trx, ledger, [ANCHORS, ...REPORTS]),
    };
  });
  const breaks = new Map<string, Break>();
  const gone = new Set(
    stated.filter(({ record }) => isRemovalOfAnchor(record)).map(({ record }) => record.target.id ?? ''),
  );
  for (const { seq, record } of stated) {
    const told = contradictionOf(record);
    // The latest entry about a thing speaks of it.
    if (told !== undefined) breaks.set(told, projectionBreak(seq, told));
  }
  return [...breaks.values()];

  function contradictionOf(record: SealedRecord): string | undefined {
    const { action, target, source } = record;
    const id = target.id ?? '';
    if (action === ANCHORS && source.payload['anchor'] === 'added' && !gone.has(id))
      return kept.anchors.get(id) === false
        ? undefined
        : `the anchor ${id} is gone, and an entry says that it was added`;
    const { report } = source.payload;
    if (REPORTS.includes(action) && typeof report === 'string' && !kept.reports.has(report))
      return `report ${report} is gone, and an entry says what it found`;
    return undefined;
  }
}

function isRemovalOfAnchor({ action, source }: SealedRecord): boolean {
  return action === ANCHORS && source.payload['anchor'] === 'removed';
}
