import { hash } from 'node:crypto';
import { canonicalJson, type JsonObject } from './canonical-json';

/** An item in quarantine, with everything a page shows of it. Times are milliseconds since 1970. */
export interface SetAside {
  readonly bridgeId: string;
  /** Of the item, as it tells a resend. */
  readonly digest: string;
  readonly eventId: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly item: string;
  readonly receivedAt: number;
}

/** SHA-256 over the canonical text of the whole row, lower-case hex: what the chain keeps of an item that it cannot hold. */
export function sealSetAside(row: SetAside): string {
  return hash(
    'sha256',
    canonicalJson({
      bridge: row.bridgeId,
      detail: row.detail,
      digest: row.digest,
      event_id: row.eventId,
      item: hash('sha256', row.item),
      reason: row.reason,
      received_at: String(row.receivedAt),
    }),
  );
}

/** The payload of `audit.event_quarantined`: how many for which reason, and a seal for each. */
export function quarantinePayload(rows: readonly SetAside[]): JsonObject {
  const reasons: Record<string, number> = {};
  for (const { reason } of rows) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return { reasons, items: rows.map((row) => ({ digest: row.digest, seal: sealSetAside(row) })) };
}

export interface QuarantineFault {
  readonly digest: string;
  readonly fault: 'changed' | 'missing' | 'unknown';
}

/**
 * Compares what lies in quarantine with what the chain says was put there. An item may be named more than once: a bridge sends it
 * again until it is answered, and only the first row stays.
 */
export function compareQuarantine(
  rows: readonly SetAside[],
  sealed: readonly { readonly bridgeId: string; readonly digest: string; readonly seal: string }[],
): QuarantineFault[] {
  const keyOf = (one: { readonly bridgeId: string; readonly digest: string }) => `${one.bridgeId}\0${one.digest}`;
  const known = new Map<string, Set<string>>();
  for (const one of sealed) known.set(keyOf(one), (known.get(keyOf(one)) ?? new Set()).add(one.seal));
  const faults: QuarantineFault[] = [];
  const present = new Set<string>();
  for (const row of rows) {
    const seals = known.get(keyOf(row));
    present.add(keyOf(row));
    if (!seals) faults.push({ digest: row.digest, fault: 'unknown' });
    else if (!seals.has(sealSetAside(row))) faults.push({ digest: row.digest, fault: 'changed' });
  }
  for (const key of known.keys())
    if (!present.has(key)) faults.push({ digest: key.slice(key.indexOf('\0') + 1), fault: 'missing' });
  return faults;
}
