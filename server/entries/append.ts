import type { PresealedEntry } from '../core/sealed-record';

export interface Head {
  /** Sequence number of the newest entry; 0 in a ledger without any. */
  readonly seq: number;
  readonly hash: string;
  readonly mac: string;
  readonly epoch: number;
}

/** The entries that one item of a delivery makes, stored together or not at all; parts are numbered from 0. */
export interface AppendItem {
  readonly eventId: string;
  /** Tells a resend from another event under the same id. */
  readonly digest: string;
  readonly entries: readonly PresealedEntry[];
}

export interface QuarantinedItem {
  readonly bridgeId: string;
  readonly eventId: string | null;
  readonly reason: string;
  readonly detail: string;
  /** The item as it came. */
  readonly item: string;
  readonly digest: string;
  readonly receivedAt: number;
}

export interface Receipt {
  readonly id: string;
  readonly part: number;
  readonly ledger: string;
  readonly seq: number;
  readonly hash: string;
}

/** `conflict`: the id was used before for another event; nothing of this item was stored as an entry. */
export interface AppendResult {
  readonly outcome: 'appended' | 'duplicate' | 'conflict';
  readonly receipts: readonly Receipt[];
}
