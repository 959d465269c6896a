/** A row of `entries` with the erasable values beside it. Times are milliseconds since 1970 (UTC). */
export interface StoredEntry {
  readonly ledgerId: number;
  readonly seq: number;
  readonly id: string;
  readonly tenantId: number;
  readonly eventId: string;
  readonly part: number;
  readonly epoch: number;
  readonly occurredAt: number;
  readonly receivedAt: number;
  readonly category: string;
  readonly severity: string;
  readonly action: string;
  readonly outcome: string;
  readonly actorType: string;
  readonly actorId: string | null;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly clientId: string | null;
  readonly via: string | null;
  readonly hook: string | null;
  readonly prevHash: string;
  readonly hash: string;
  readonly record: string;
  /** As `sealDigest` made it; null for events of our own, which nobody sends twice. */
  readonly digest: string | null;
  readonly actorSalt: string | null;
  readonly actorBody: string | null;
  readonly subjectSalt: string | null;
  readonly subjectBody: string | null;
}
