import { compareQuarantine, type QuarantineFault, type SetAside } from '../../../core/quarantine-seal';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { readOwnRecords, type OwnRecord } from './own-records';
import { projectionBreak } from './projection-break';

const ACTION = 'audit.event_quarantined';

/** Compares a tenant's quarantine with what its chain says was put there. The entries themselves are taken as genuine. */
export async function checkQuarantine(database: Database, ledger: Ledger): Promise<Break[]> {
  const { rows, sealed } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[]) => database.dialect.selectArrays(trx, sql, bindings); // prettier-ignore
    const stored = await select(
      'SELECT bridge_id, digest, event_id, reason, detail, item, received_at FROM quarantine WHERE tenant_id = ? ORDER BY id',
      [ledger.tenant.id],
    );
    const records = await readOwnRecords(database, trx, ledger, [ACTION]);
    return {
      rows: stored.map(toSetAside),
      sealed: records.flatMap(sealsIn),
    };
  });
  const seqs = new Map(sealed.map((one) => [one.digest, one.seq]));
  return compareQuarantine(rows, sealed).map(({ digest, fault }) =>
    projectionBreak(seqs.get(digest) ?? 0, `quarantine, item ${digest.slice(0, 16)}: ${WORDS[fault]}`),
  );
}

const WORDS: Readonly<Record<QuarantineFault['fault'], string>> = {
  changed: 'differs from what the entry about it says',
  missing: 'is gone, and the entry about it says that it was set aside',
  unknown: 'no entry says that it was set aside',
};

function toSetAside(cells: readonly unknown[]): SetAside {
  const [bridgeId, digest, eventId, reason, detail, item, receivedAt] = cells as [string, string, string | null, string, string, string, number]; // prettier-ignore
  return { bridgeId, digest, eventId, reason, detail, item, receivedAt };
}

function sealsIn({ seq, record }: OwnRecord) {
  const items: unknown = record.source.payload['items'];
  const bridgeId = record.target.id ?? '';
  return (Array.isArray(items) ? (items as { digest: string; seal: string }[]) : []).map((one) => ({ seq, bridgeId, ...one })); // prettier-ignore
}
