import { storedTime } from '../core/stored-time';
import type { AnchorStatus } from '../features/anchors/anchor-service';

/** What a checkpoint may take longer than the pause of its anchor. */
const LATE_MS = 86_400_000;

/** What a person should look at, in words; the server records outages, here the same is seen without it. */
export function anchorTroubles({ anchor, refused, taken, behind }: AnchorStatus, at: number): string[] {
  const since = Math.max(taken?.doneAt ?? 0, anchor.createdAt);
  const isKnown = refused !== undefined || anchor.haltedAt !== null || anchor.failingSince !== null;
  const isLate = !isKnown && behind > 0 && at - since > anchor.everyMs + LATE_MS;
  return [
    ...(anchor.isGenuine ? [] : ['changed in the database: remove it and add it again']),
    ...(anchor.haltedAt === null ? [] : [`the receiver wants no more since ${storedTime(anchor.haltedAt)}`]),
    ...(refused ? [`refused the checkpoint of size ${refused.size}: ${refused.answer ?? ''}`] : []),
    ...(isLate ? [`${behind} entries behind, and nothing has come there since ${storedTime(since)}`] : []),
    ...(anchor.failingSince === null || refused ? [] : [`failing since ${storedTime(anchor.failingSince)}: ${anchor.lastError ?? ''}`]), // prettier-ignore
  ];
}

export function anchorLine(status: AnchorStatus, at: number): string {
  const { anchor, ledger, taken, behind } = status;
  const state = taken
    ? `size ${taken.size}, ${minutes(at - (taken.doneAt ?? at))} ago${behind > 0 ? `, ${behind} behind` : ''}`
    : 'nothing there yet';
  return [`${anchor.id}  ${anchor.kind}  ${anchor.name}  ${ledger}: ${state}`, ...anchorTroubles(status, at)].join(
    '; ',
  );
}

export function outcomeLine(row: {
  readonly kind: string;
  readonly name: string;
  readonly ledger: string;
  readonly size: number;
  readonly outcome: string;
  readonly detail: string | null;
}): string {
  return `${row.kind}  ${row.name}  ${row.ledger} at ${row.size}: ${row.outcome}${row.detail === null ? '' : ` (${row.detail})`}`; // prettier-ignore
}

function minutes(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 60_000));
  if (whole < 120) return `${whole} min`;
  return whole < 2_880 ? `${Math.round(whole / 60)} h` : `${Math.round(whole / 1_440)} days`;
}
