import { UNINSTALLED } from '../../../core/purge-request';
import { parseRecord, type SealedRecord } from '../../../core/sealed-record';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';

/** A bridge or a token as it stands in its table. */
interface Door {
  readonly tenantId: number;
  readonly isRevoked: boolean;
  /** Of a token. */
  readonly scopes: string | null;
}

/** What the tables hold, by id. */
interface Kept {
  readonly doors: ReadonlyMap<string, Door>;
  /** True: it was removed. */
  readonly anchors: ReadonlyMap<string, boolean>;
  readonly reports: ReadonlySet<string>;
}

const DOORS = ['audit.bridge_added', 'audit.token_created'];
const REVOCATIONS = ['audit.bridge_revoked', 'audit.token_revoked'];
const ANCHORS = 'audit.destination_changed';
const REPORTS = ['audit.chain_verified', 'audit.chain_broken', 'audit.chain_unverifiable'];

/**
 * Looks for rows that entries speak of: a bridge that was paired, a token that was made, an anchor that was added, a report that was
 * saved. Who writes the database could else take one away, give a revoked one back, hand it to another tenant or widen its scopes.
 * Only what contradicts an entry is found: a row is written before its entry, and the program may end between the two.
 */
export async function checkStatedRows(database: Database, ledger: Ledger): Promise<Break[]> {
  const { kept, records } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[] = []) =>
      database.dialect.selectArrays(trx, sql, bindings);
    const actions = [...DOORS, ...REVOCATIONS, ANCHORS, ...REPORTS, UNINSTALLED];
    const bridges = await select('SELECT id, tenant_id, revoked_at, NULL FROM bridges');
    const tokens = await select('SELECT id, tenant_id, revoked_at, scopes FROM api_tokens');
    const anchors = await select('SELECT id, removed_at FROM anchors');
    const reports = await select('SELECT id FROM verifications WHERE ledger_id = ?', [ledger.id]);
    return {
      kept: {
        doors: new Map(
          [...bridges, ...tokens].map(([id, tenantId, revokedAt, scopes]) => [
            String(id),
            {
              tenantId: Number(tenantId),
              isRevoked: revokedAt !== null,
              scopes: scopes === null ? null : String(scopes),
            },
          ]),
        ),
        anchors: new Map(anchors.map(([id, removedAt]) => [String(id), removedAt !== null])),
        reports: new Set(reports.map(([id]) => String(id))),
      } satisfies Kept,
      records: await select(
        `SELECT seq, record FROM entries ${database.dialect.useIndex('entries_action')} WHERE ledger_id = ? AND action IN (${actions.map(() => '?').join(',')}) ORDER BY seq`,
        [ledger.id, ...actions],
      ),
    };
  });
  const stated = records.flatMap(([seq, text]) => {
    const record = parseRecord(String(text));
    // What a bridge sends under such a name says nothing.
    return record?.source.kind === 'own' ? [{ seq: Number(seq), record }] : [];
  });
  const uninstalled = new Set(
    stated.filter(({ record }) => record.action === UNINSTALLED).map(({ record }) => record.source.payload['request']),
  );
  const breaks = new Map<string, Break>();
  const gone = new Set(
    stated.filter(({ record }) => isRemovalOfAnchor(record)).map(({ record }) => record.target.id ?? ''),
  );
  for (const { seq, record } of stated) {
    const told = contradictionOf(record);
    // The latest entry about a thing speaks of it.
    if (told !== undefined) breaks.set(told, { seq, id: null, kind: 'projection', detail: told, receivedAt: null });
  }
  return [...breaks.values()];

  function contradictionOf(record: SealedRecord): string | undefined {
    const { action, target, source } = record;
    const id = target.id ?? '';
    if (DOORS.includes(action)) return missingDoor(action, id, source.payload['scopes']);
    if (REVOCATIONS.includes(action)) {
      const { request } = source.payload;
      // An uninstallation says so first; until it is over, one may still be open.
      if (request !== undefined && !uninstalled.has(request)) return undefined;
      const door = kept.doors.get(id);
      return door?.isRevoked === false ? `${nameOf(action, id)} is active, and an entry says that it was revoked` : undefined; // prettier-ignore
    }
    if (action === ANCHORS && source.payload['anchor'] === 'added' && !gone.has(id))
      return kept.anchors.get(id) === false
        ? undefined
        : `the anchor ${id} is gone, and an entry says that it was added`;
    const { report } = source.payload;
    if (REPORTS.includes(action) && typeof report === 'string' && !kept.reports.has(report))
      return `report ${report} is gone, and an entry says what it found`;
    return undefined;
  }

  function missingDoor(action: string, id: string, scopes: unknown): string | undefined {
    const door = kept.doors.get(id);
    const name = nameOf(action, id);
    if (!door) return `${name} is gone, and an entry says that it was made`;
    if (door.tenantId !== ledger.tenant.id) return `${name} belongs to another tenant than the entry about it`;
    if (door.scopes !== null && door.scopes !== scopes)
      return `${name} may do other things than the entry about it says`;
    return undefined;
  }
}

function isRemovalOfAnchor({ action, source }: SealedRecord): boolean {
  return action === ANCHORS && source.payload['anchor'] === 'removed';
}

function nameOf(action: string, id: string): string {
  return action.startsWith('audit.bridge') ? `the bridge ${id}` : `the token ${id}`;
}
