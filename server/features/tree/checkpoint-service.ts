import type { Ledger } from '../../entries/entry-store';

export type CheckpointReason = 'interval' | 'prune' | 'rotation' | 'export' | 'shutdown' | 'request';

/** A checkpoint as it was signed. `root` is hex, `note` the whole signed note, `signedAt` milliseconds since 1970. */
export interface StoredCheckpoint {
  readonly ledger: string;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly note: string;
  readonly reason: CheckpointReason;
  readonly signedAt: number;
}

export interface CheckpointStatus {
  readonly ledger: string;
  readonly origin: string;
  readonly state: 'open' | 'stopped';
  /** Why it is stopped, in plain English. */
  readonly stoppedDetail: string | null;
  readonly stoppedAt: number | null;
  readonly latest: StoredCheckpoint | undefined;
  /** Entries behind the latest checkpoint. */
  readonly behind: number;
}

/**
 * Signs what the tree of a ledger is. Nothing is signed that does not continue everything signed before under the same origin,
 * by the word of the database and of the data folder; a ledger for which that cannot be is stopped until it gets a new origin.
 * A checkpoint is on the disk of both before anybody is given it.
 */
export interface CheckpointService {
  /** Catches up first; gives the newest one again when nothing was added since. Throws StoppedLedgerError. */
  sign(ledger: Ledger, reason: CheckpointReason): Promise<StoredCheckpoint>;
  /** The newest, whatever its origin. */
  latest(ledger: Ledger): Promise<StoredCheckpoint | undefined>;
  /** The first that covers an entry, of the origin under which the newest one was signed. */
  findCovering(ledger: Ledger, seq: number): Promise<StoredCheckpoint | undefined>;
  /** Largest first. May give some more than `limit`, never only some of one size. */
  list(
    ledger: Ledger,
    options: { readonly limit: number; readonly beforeSize?: number },
  ): Promise<readonly StoredCheckpoint[]>;
  /** Verifier keys of all origins of the ledger, the present one first. */
  vkeys(ledger: Ledger): Promise<readonly string[]>;
  status(ledger: Ledger): Promise<CheckpointStatus>;
  /**
   * Starts the next origin of a stopped ledger: an entry names the old one and what was signed last under it, the tree is built
   * again from the records (where an entry was pruned, from its leaf), then the first checkpoint is signed. Throws KnownError where the ledger is not stopped.
   */
  startOrigin(ledger: Ledger, reason: string): Promise<StoredCheckpoint>;
  /** Called after each new checkpoint is on the disk. A listener neither throws nor waits. */
  onSigned(listener: (checkpoint: StoredCheckpoint) => void): void;
}

/** No checkpoint is signed for this ledger until an operator starts a new origin. */
export class StoppedLedgerError extends Error {
  override name = 'StoppedLedgerError';
  readonly ledger: string;
  readonly detail: string;
  constructor(ledger: string, detail: string) {
    super(`ledger ${ledger} signs no checkpoints: ${detail}`);
    this.ledger = ledger;
    this.detail = detail;
  }
}
